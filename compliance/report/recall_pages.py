"""Recalls with their worklists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.report.content.room_values import RecallBlock
from compliance.report.content.values import ReportContent
from compliance.report.document import Document
from compliance.report.pieces import Piece
from compliance.report.styles import (
    BODY,
    BODY_QUIET,
    BODY_TEXT,
    HEAVY,
    LEFT,
    NUMBER,
    RIGHT,
    STATE,
    STATE_STRONG,
    TITLE,
)
from compliance.report.tables import Row, TableSetter, plain, strong

_WORKLIST: Final = (40.0, 74.0, 74.0, 116.0)
_FACT: Final = BODY + 86
_ROOM_FOR_LIST: Final = 60.0
_ROOM_FOR_HEADING: Final = 80.0
"""A heading stands on the page of what it heads."""


def draw_recalls(document: Document, content: ReportContent) -> None:
    """Draw every recall: what it takes back, whose clients met it, and each call."""
    words, recalls = content.words.room, content.room.recalls
    if not recalls:
        return
    first = _title(document, recalls[0])
    if document.room < _ROOM_FOR_HEADING + first.height + _ROOM_FOR_LIST:
        document.new_page()
    document.heading(words.recalls, explained=words.recalls_text)
    for recall in recalls:
        title = _title(document, recall)
        if document.room < title.height + _ROOM_FOR_LIST:
            document.new_page()
        document.place(title, after=6)
        if recall.worklist:
            setter = TableSetter(document, _WORKLIST, words.met_heads)
            setter.draw(_worklist(recall))
        else:
            document.place(document.type.paragraph(words.nobody_met, BODY_TEXT), after=14)


def _title(document: Document, recall: RecallBlock) -> Piece:
    type_ = document.type
    piece = Piece()
    head = piece.tag("H2")
    piece.rule(0, HEAVY)
    style = STATE_STRONG if recall.open else STATE
    state = type_.wrap(recall.state, 200, style)
    width = max((type_.width(line, style) for line in state), default=0) + (
        10 if recall.open else 0
    )
    piece.add(LEFT, 6, (str(recall.index),), NUMBER, head)
    piece.add(BODY, 6, type_.wrap(recall.title, RIGHT - width - 14 - BODY, TITLE), TITLE, head)
    piece.add(RIGHT - width + (5 if recall.open else 0), 6, state, style, head)
    if recall.open:
        piece.frame(RIGHT - width, RIGHT, 6, 19)
    y = piece.height + 3
    for label, value in recall.facts:
        fact = piece.tag()
        end = piece.add(BODY, y, type_.wrap(label, _FACT - BODY - 6, BODY_QUIET), BODY_QUIET, fact)
        y = piece.add(_FACT, y, type_.wrap(value, RIGHT - _FACT, BODY_TEXT), BODY_TEXT, fact)
        y = max(y, end)
    return piece


def _worklist(recall: RecallBlock) -> Iterator[Row]:
    for line in recall.worklist:
        calls = plain(*line.calls) if line.told else strong(*line.calls)
        yield Row(
            cells=(
                strong(line.number),
                plain(line.client),
                plain(line.when),
                plain(line.by),
                calls,
            ),
            marked=not line.told,
        )
