"""The last pages: who the people are, and which reports left the clinic."""

from __future__ import annotations

from typing import Final

from compliance.report.content.values import ReportContent
from compliance.report.document import Document, grouped
from compliance.report.pieces import Piece
from compliance.report.styles import (
    BODY,
    BODY_STRONG,
    BODY_TEXT,
    CELL_QUIET,
    HAIR,
    HEX,
    LEFT,
    RIGHT,
)

_ROLES: Final = BODY + 190
_DETAILS: Final = BODY + 110


def draw_people(document: Document, content: ReportContent) -> None:
    """Draw everyone the entries of the report name."""
    if not content.people:
        return
    document.heading(content.words.people)
    for person in content.people:
        piece = Piece()
        said = piece.tag()
        piece.add(LEFT, 2, (str(person.index),), CELL_QUIET, said)
        name = document.type.wrap(person.name, _ROLES - BODY - 8, BODY_STRONG)
        piece.add(BODY, 2, name, BODY_STRONG, said)
        told = " ".join((f"{person.roles}." if person.formerly else person.roles, *person.formerly))
        roles = document.type.wrap(told, RIGHT - _ROLES, BODY_TEXT)
        piece.add(_ROLES, 2, roles, BODY_TEXT, said)
        _underline(piece)
        document.place(piece)


def draw_exports(document: Document, content: ReportContent) -> None:
    """Draw the fingerprints by which an earlier report is recognised."""
    if not content.exports:
        return
    words = content.words
    document.heading(words.exports, explained=words.exports_text)
    for export in content.exports:
        piece = Piece()
        entry = piece.tag()
        piece.add(LEFT, 2, (str(export.index),), BODY_STRONG, entry)
        piece.add(BODY, 2, document.type.wrap(export.when.text, 104, BODY_TEXT), BODY_TEXT, entry)
        said = document.type.wrap(
            f"{words.period}: {export.period} · {export.who}", RIGHT - _DETAILS, BODY_TEXT
        )
        y = piece.add(_DETAILS, 2, said, BODY_TEXT, entry)
        digest = f"{words.sha256} {grouped(export.sha256)}"
        piece.add(_DETAILS, y, document.type.wrap(digest, RIGHT - _DETAILS, HEX), HEX, entry)
        _underline(piece)
        document.place(piece)


def _underline(piece: Piece) -> None:
    piece.height += 3
    piece.rule(piece.height, HAIR)
