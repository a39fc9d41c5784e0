"""The foot of page 1: the log's facts, what the trust level says and does not, and what is compared by eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from compliance.report.content.values import ReportContent
from compliance.report.document import Document, grouped
from compliance.report.pieces import Piece
from compliance.report.qr_code import CODE
from compliance.report.structure import Element
from compliance.report.styles import (
    BODY_QUIET,
    BODY_STRONG,
    BODY_TEXT,
    CELL_QUIET,
    HEX,
    LEFT,
    RIGHT,
    SECTION,
)

SIDE: Final = RIGHT - CODE
"""Left edge of the narrow column with what is compared by eye."""

_FACT: Final = LEFT + 96.0


def log_facts(document: Document, content: ReportContent) -> Piece:
    """Return the wide column: the log's facts, then what its trust level says and does not."""
    words = content.words
    piece = Piece()
    last = content.end - 1
    count = content.end - content.start
    span = words.range_text.format(first=content.start, last=last, count=count) if count else "0"
    if content.single is not None:
        span = content.single.entries
    half = len(content.root) // 2
    facts: Sequence[tuple[str, Sequence[str]]] = (
        (words.range, (span,)),
        (words.size, (str(content.size),)),
        (words.root, (grouped(content.root[:half]), grouped(content.root[half:]))),
        (words.incarnation, (str(content.incarnation),)),
        *(_stamped(content)),
        (words.profiles, ("; ".join(content.profiles) or words.no_profile,)),
        (words.software, (content.software,)),
    )
    right = SIDE - 22
    y = 0.0
    for label, values in facts:
        fact = piece.tag()
        name = document.type.wrap(label, _FACT - LEFT - 6, BODY_QUIET)
        piece.add(LEFT, y, name, BODY_QUIET, fact)
        for value in values:
            y = piece.add(_FACT, y, document.type.wrap(value, right - _FACT, HEX), HEX, fact)
        y += 1.5
    level, said, does_not, listed = _level(content)
    y = piece.add(LEFT, y + 8, (level,), SECTION, piece.tag("H2"))
    says = document.type.wrap(said, right - LEFT, BODY_TEXT)
    y = piece.add(LEFT, y, says, BODY_TEXT)
    y = piece.add(LEFT, y + 3, (does_not,), BODY_STRONG)
    limits = piece.tag("L")
    for limit in listed:
        item = Element("LI", limits)
        piece.add(LEFT, y, ("–",), BODY_TEXT, Element("Lbl", item))
        lines = document.type.wrap(limit, right - LEFT - 9, BODY_TEXT)
        y = piece.add(LEFT + 9, y, lines, BODY_TEXT, Element("LBody", item))
    return piece


def _stamped(content: ReportContent) -> Sequence[tuple[str, Sequence[str]]]:
    anchored = content.anchored
    return () if anchored is None else ((anchored.words.label, (anchored.summary,)),)


def _level(content: ReportContent) -> tuple[str, str, str, Sequence[str]]:
    """Title, what the level says, how what it does not prove begins, and that."""
    words, anchored = content.words, content.anchored
    if anchored is None:
        return words.level, words.level_says, words.level_not, words.level_limits
    return anchored.words.level, anchored.says, anchored.words.does_not, anchored.limits


def code_side(document: Document, content: ReportContent, root_fingerprint: str) -> Piece:
    """Return the text under the QR code.

    Args:
        root_fingerprint: in hex, with or without separators.
    """
    words, width = content.words, RIGHT - SIDE
    piece = Piece()
    y = piece.add(SIDE, 9, document.type.wrap(words.checkpoint, width, BODY_STRONG), BODY_STRONG)
    note = document.type.wrap(words.checkpoint_text, width, CELL_QUIET)
    y = piece.add(SIDE, y, note, CELL_QUIET)
    title = document.type.wrap(words.fingerprint, width, BODY_STRONG)
    y = piece.add(SIDE, y + 8, title, BODY_STRONG)
    digits = "".join(one for one in root_fingerprint if one.isalnum())
    shown = piece.tag()
    for start in range(0, len(digits), 16):
        y = piece.add(SIDE, y, (grouped(digits[start : start + 16]),), HEX, shown)
    hint = document.type.wrap(words.fingerprint_text, width, CELL_QUIET)
    piece.add(SIDE, y, hint, CELL_QUIET)
    return piece
