"""Exceptions first: every one in a sentence, grouped by kind, most serious first."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from compliance.report.content.values import ExceptionLine, ReportContent
from compliance.report.document import Document
from compliance.report.pieces import Piece
from compliance.report.session_block import BlockSetter
from compliance.report.styles import (
    BODY,
    BODY_STRONG,
    BODY_TEXT,
    FINE,
    HAIR,
    LEFT,
    RIGHT,
    SECTION,
)

_SENTENCE: Final = BODY + 96


def draw_exceptions(document: Document, content: ReportContent) -> None:
    """Draw the pages of exceptions; nothing if there are none, as page 1 says so."""
    if not content.exceptions:
        return
    words = content.words
    document.heading(words.exceptions, explained=words.exceptions_text)
    for kind, lines in groupby(content.exceptions, key=lambda line: line.kind):
        group = list(lines)
        title = _kind_title(document, f"{words.kinds[kind]} · {len(group)}")
        first = _exception(document, group[0])
        if title.height + first.height > document.room:
            # A title alone at the foot of a page belongs to nothing.
            document.new_page()
        document.place(title, after=2)
        document.place(first)
        for line in group[1:]:
            document.place(_exception(document, line))
        document.top -= 12


def draw_later_amendments(document: Document, content: ReportContent) -> None:
    """Draw amendments of the period to sessions that an earlier report shows as they were."""
    if not content.later_amendments:
        return
    document.heading(content.words.later_amendments, explained=content.words.later_text)
    setter = BlockSetter(document.type, content.words)
    for line in content.later_amendments:
        document.place(setter.amendment(line, with_label=True), after=6)


def _kind_title(document: Document, text: str) -> Piece:
    piece = Piece()
    end = piece.add(
        LEFT, 0, document.type.wrap(text, RIGHT - LEFT, SECTION), SECTION, piece.tag("H2")
    )
    piece.rule(end + 1, FINE)
    piece.height += 3
    return piece


def _exception(document: Document, line: ExceptionLine) -> Piece:
    piece = Piece()
    said = piece.tag()
    piece.add(LEFT, 2, (str(line.number),), BODY_STRONG, said)
    if line.when is not None:
        piece.add(BODY, 2, document.type.wrap(line.when.text, 90, BODY_TEXT), BODY_TEXT, said)
    sentence = document.type.wrap(line.sentence, RIGHT - _SENTENCE, BODY_TEXT)
    piece.add(_SENTENCE, 2, sentence, BODY_TEXT, said)
    piece.height += 3
    piece.rule(piece.height, HAIR)
    return piece
