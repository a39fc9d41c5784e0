"""Page 1: what an inspector can judge in a minute, and how far the paper may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from compliance.report.canvas import PAGE_HEIGHT
from compliance.report.content.values import ReportContent
from compliance.report.countersign_box import BOX, draw_countersign_box
from compliance.report.document import PRODUCT, Document
from compliance.report.front_foot import SIDE, code_side, log_facts
from compliance.report.pieces import Piece
from compliance.report.qr_code import CODE, draw_code
from compliance.report.structure import Element
from compliance.report.styles import (
    BODY_QUIET,
    BODY_STRONG,
    BODY_TEXT,
    BOTTOM,
    CELL_QUIET,
    CLINIC,
    FIGURE,
    FIGURE_ZERO,
    FINE,
    FURNITURE_STRONG,
    HAIR,
    HEADING,
    HEAVY,
    LEFT,
    PERIOD,
    RIGHT,
    SECTION,
    VERDICT,
)

_COLUMNS: Final = 5
_COLUMN: Final = (RIGHT - LEFT) / _COLUMNS
_NAME_LINES: Final = 3
"""A longer name is set smaller, so that page 1 stays one page."""

_NUMBER: Final = 38.0
"""Room for the number of an entry, to a million."""

_FOOT_GAP: Final = 11.0
"""Between the rule and the QR code: its quiet zone of four modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the front page shows of the keys: the maker of the report knows it, the entries do not."""

    checkpoint_note: str
    root_fingerprint: str
    """SHA-256 of the root certificate in hex, with or without separators."""
    countersign: bool = False
    """Leaves a field for the inspector's own signature, in a box above the foot."""


def draw_front_page(document: Document, content: ReportContent, evidence: Evidence) -> None:
    """Draw page 1. Exceptions fill the room that is left and go on from page 2."""
    document.new_page(running_header=False)
    document.top = PAGE_HEIGHT - 50
    document.bookmark(f"{content.words.report}: {content.clinic}")
    _draw_title(document, content)
    _draw_counts(document, content)
    foot = _foot(document, content, evidence)
    _draw_exceptions(document, content, foot.height + 14)
    _draw_foot(document, content, foot, evidence)


def draw_checkpoint(document: Document, content: ReportContent, evidence: Evidence) -> None:
    """Draw the log's facts and the checkpoint at the foot of a page that has room for them."""
    foot = _foot(document, content, evidence)
    if document.top < foot.height + 14:
        document.new_page()
    _draw_foot(document, content, foot, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foot:
    main: Piece
    side: Piece
    rule: float
    """Where its rule lies, from the bottom of the page."""
    height: float
    """With the inspector's box above the rule, where there is one."""


def _foot(document: Document, content: ReportContent, evidence: Evidence) -> _Foot:
    main = log_facts(document, content)
    side = code_side(document, content, evidence.root_fingerprint)
    height = BOTTOM + max(main.height, side.height + CODE) + _FOOT_GAP
    return _Foot(main=main, side=side, rule=height, height=height + BOX * evidence.countersign)


def _draw_foot(document: Document, content: ReportContent, foot: _Foot, evidence: Evidence) -> None:
    document.sheet.rule(LEFT, RIGHT, foot.rule, HEAVY)
    top = foot.rule - _FOOT_GAP
    document.place_at(foot.main, top)
    draw_code(document, content, evidence.checkpoint_note, (SIDE, top))
    document.place_at(foot.side, top - CODE)
    if evidence.countersign:
        draw_countersign_box(document, content.language, foot.height)


def _draw_title(document: Document, content: ReportContent) -> None:
    words, type_ = content.words, document.type
    piece = Piece()
    note = " · ".join(
        part for part in (content.volume, words.demo_line if content.demo else "") if part
    )
    kicker = type_.line(f"{PRODUCT} · {words.report}", SECTION)
    y = piece.add(LEFT, 0, (kicker,), SECTION, piece.tag())
    if note:
        note = type_.line(note, FURNITURE_STRONG)
        piece.add(RIGHT - type_.width(note, FURNITURE_STRONG), 0, (note,), FURNITURE_STRONG)
    name, style = type_.wrap(content.clinic, RIGHT - LEFT, CLINIC), CLINIC
    if len(name) > _NAME_LINES:
        name, style = type_.wrap(content.clinic, RIGHT - LEFT, HEADING), HEADING
    y = piece.add(LEFT, y + 6, name, style, piece.tag("H1"))
    y = piece.add(LEFT, y + 1, type_.wrap(content.period, RIGHT - LEFT, PERIOD), PERIOD) + 5
    times = words.times.format(zone=content.zone)
    made = words.made.format(who=content.made_by, when=content.made_at.text)
    for text in (*content.formerly, f"{made}. {times}.", words.signed_file):
        y = piece.add(LEFT, y, type_.wrap(text, RIGHT - LEFT, BODY_QUIET), BODY_QUIET)
    if content.filters:
        drawn = words.filters_text.format(filters=", ".join(content.filters))
        lines = type_.wrap(f"{words.filters}: {drawn}", RIGHT - LEFT, BODY_STRONG)
        piece.add(LEFT, y + 3, lines, BODY_STRONG)
    document.place(piece, after=14)


def _draw_counts(document: Document, content: ReportContent) -> None:
    words, counts = content.words, content.counts
    figures = (
        (counts.closed, words.closed),
        (counts.aborted, words.aborted),
        (counts.late, words.late),
        (counts.amended, words.amended),
        (counts.awaiting, words.awaiting),
        (counts.still_open, words.still_open),
        (counts.recalled, words.recalled),
        (counts.erased, words.erased),
        (counts.clock_anomalies, words.clock),
    )
    counted = Element("L")
    pieces = []
    for start in range(0, len(figures) + 1, _COLUMNS):
        piece = Piece(under=counted)
        piece.rule(0, HEAVY if start == 0 else FINE)
        row = figures[start : start + _COLUMNS]
        for column, (figure, label) in enumerate(row):
            _add_count(document, piece, LEFT + column * _COLUMN, (str(figure), label))
        if len(row) < _COLUMNS:
            # Without any time-stamp a zero would promise what nobody checked.
            counted_gaps = words.no_anchors if content.anchored is None else content.anchored.gaps
            gaps = (counted_gaps, words.anchor_gaps)
            _add_note(document, piece, LEFT + len(row) * _COLUMN, gaps)
        piece.height += 6
        pieces.append(piece)
    document.place_together(pieces, continued=Piece, after=0)
    document.sheet.rule(LEFT, RIGHT, document.top, HEAVY)
    document.top -= 14


def _add_count(document: Document, piece: Piece, x: float, count: tuple[str, str]) -> None:
    figure, label = count
    style = FIGURE_ZERO if figure == "0" else FIGURE
    name, value = _pair(piece)
    y = piece.add(x, 5, (figure,), style, value)
    piece.add(x, y, document.type.wrap(label, _COLUMN - 8, BODY_TEXT), BODY_TEXT, name)


def _add_note(document: Document, piece: Piece, x: float, note: tuple[str, str]) -> None:
    text, label = note
    name, value = _pair(piece)
    lines = document.type.wrap(text, _COLUMN - 8, BODY_STRONG)
    top = 5 + FIGURE.leading - BODY_STRONG.leading * len(lines)
    piece.add(x, top, lines, BODY_STRONG, value)
    below = document.type.wrap(label, _COLUMN - 8, BODY_TEXT)
    piece.add(x, 5 + FIGURE.leading, below, BODY_TEXT, name)


def _pair(piece: Piece) -> tuple[Element, Element]:
    """Return the elements of a label and of its value, which stands above it and is read after it."""
    item = piece.tag("LI")
    return Element("Lbl", item), Element("LBody", item)


def _draw_exceptions(document: Document, content: ReportContent, foot: float) -> None:
    """Draw the verdict in a sentence, then as many exceptions as fit above ``foot``."""
    words = content.words
    count = len(content.exceptions)
    sentence = words.verdict_exceptions if count else words.verdict_clean
    verdict = sentence.format(closed=content.counts.closed, exceptions=count)
    document.place(document.type.paragraph(verdict, VERDICT, left=LEFT), after=4)
    shown = 0
    for kind, lines in groupby(content.exceptions, key=lambda line: line.kind):
        group = list(lines)
        title = f"{words.kinds[kind]} · {len(group)}"
        first = " ".join(part.sentence for part in group[:1])
        piece = _summary(document, title, (f"{group[0].number}", first))
        if document.top - piece.height < foot + BODY_TEXT.leading:
            break
        document.place(piece)
        shown += 1
    if shown < count:
        _draw_more(document, words.more.format(count=count - shown, page=2), foot)


def _summary(document: Document, title: str, first: tuple[str, str]) -> Piece:
    number, sentence = first
    piece = Piece()
    said = piece.tag()
    left = LEFT + _COLUMN * 1.5
    lines = document.type.wrap(title, left - LEFT - 8, BODY_STRONG)
    piece.add(LEFT, 2, lines, BODY_STRONG, said)
    piece.add(left, 2, (number,), BODY_STRONG, said)
    text = document.type.wrap(sentence, RIGHT - left - _NUMBER, BODY_TEXT)
    piece.add(left + _NUMBER, 2, text, BODY_TEXT, said)
    piece.height += 2
    piece.rule(piece.height, HAIR)
    return piece


def _draw_more(document: Document, text: str, foot: float) -> None:
    piece = document.type.paragraph(text, CELL_QUIET, left=LEFT + _COLUMN * 1.5 + _NUMBER)
    document.place_at(piece, max(document.top - 2, foot + piece.height))
