"""A4 sheets of QR labels, 21 on each: the common sheet of 63.5 by 38.1 mm, or plain paper to cut."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import segno

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Sheet, Style
from compliance.report.streaming import Bookmark, StreamingDocument, load_faces
from compliance.report.typefaces import Face, Weight

_MM: Final = 72 / 25.4
COLUMNS: Final = 3
ROWS: Final = 7
PER_PAGE: Final = COLUMNS * ROWS
_WIDTH: Final = 63.5 * _MM
_HEIGHT: Final = 38.1 * _MM
_GAP: Final = 2.5 * _MM
_LEFT: Final = (PAGE_WIDTH - COLUMNS * _WIDTH - (COLUMNS - 1) * _GAP) / 2
_TOP: Final = PAGE_HEIGHT - (PAGE_HEIGHT - ROWS * _HEIGHT) / 2
_PADDING: Final = 3.2 * _MM
_CODE: Final = 28 * _MM
_QUIET: Final = 4
"""Modules of white that ISO/IEC 18004 demands around a code."""

_TITLE: Final = Style(weight=Weight.BOLD, size=9.5, leading=11.4)
_NUMBER: Final = Style(weight=Weight.BOLD, size=8.2, leading=10)
_LINE: Final = Style(size=7, leading=8.8)
_CLINIC: Final = Style(size=6, leading=7.4, grey=0.35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label."""

    code: str
    """What the QR code holds, and what is printed under it."""
    title: str
    lines: tuple[str, ...] = ()
    """At most three are drawn."""


def draw_labels(labels: Sequence[Label], *, clinic: str, fonts: Path, skip: int = 0) -> bytes:
    """Draw the labels as an A4 PDF.

    Args:
        labels: in the order of the sheet, row by row.
        clinic: printed small on each label.
        fonts: the folder with the TrueType files.
        skip: labels already taken from the first sheet.

    Raises:
        FontsMissing: if the folder lacks a file.
    """
    file = io.BytesIO()
    pdf = StreamingDocument(file)
    faces = load_faces(fonts, pdf)
    first = 0
    places = range(skip, skip + len(labels))
    for _, on_page in groupby(zip(places, labels, strict=True), lambda each: each[0] // PER_PAGE):
        sheet = Sheet(faces)
        page = pdf.next_page()
        first = first or page
        for place, label in on_page:
            row, column = divmod(place % PER_PAGE, COLUMNS)
            left = _LEFT + column * (_WIDTH + _GAP)
            _draw(
                sheet,
                faces[Weight.REGULAR],
                faces[Weight.BOLD],
                label,
                clinic,
                (left, _TOP - row * _HEIGHT),
            )
        pdf.add_page(sheet, page)
    # The document always has an outline, which cannot be empty.
    mark = Bookmark(title=clinic, level=0, page=first, top=PAGE_HEIGHT)
    pdf.finish([mark], Sheet(faces))
    return file.getvalue()


def _draw(
    sheet: Sheet,
    regular: Face,
    bold: Face,
    label: Label,
    clinic: str,
    corner: tuple[float, float],
) -> None:
    left, top = corner
    # Faint corners guide a knife on plain paper and vanish between printed labels.
    for x in (left, left + _WIDTH):
        for y in (top, top - _HEIGHT):
            sheet.box(x - 2, y - 0.15, 4, 0.3, grey=0.75)
            sheet.box(x - 0.15, y - 2, 0.3, 4, grey=0.75)
    draw_code(sheet, label.code, (left + _MM, top - (_HEIGHT - _CODE) / 2), _CODE)
    x = left + _CODE + 1.5 * _MM
    width = left + _WIDTH - _PADDING + 1 * _MM - x
    y = top - _PADDING - _TITLE.size
    for style, face, text, most in (
        (_TITLE, bold, label.title, 3),
        (_NUMBER, bold, label.code, 2),
        *((_LINE, regular, line, 2) for line in label.lines[:3]),
    ):
        for line in face.wrap(text, width / style.size)[:most]:
            if y < top - _HEIGHT + _PADDING + _CLINIC.leading:
                break
            sheet.text(x, y, line, style)
            y -= style.leading
        y -= 1.5
    shown = regular.wrap(clinic, width / _CLINIC.size)[0]
    sheet.text(x, top - _HEIGHT + _PADDING, shown, _CLINIC)


def draw_code(sheet: Sheet, text: str, corner: tuple[float, float], edge: float) -> None:
    """Draw a QR code with its quiet zone; the corner is the upper left one."""
    left, top = corner
    code = segno.make(text, error="m", micro=False)
    size = edge / code.symbol_size(border=_QUIET)[0]
    for row, line in enumerate(code.matrix_iter(border=_QUIET)):
        column = 0
        for dark, run in groupby(line):
            length = len(list(run))
            if dark:
                # A run is one box: between single modules, viewers would draw hairlines.
                sheet.box(left + column * size, top - (row + 1) * size, length * size, size)
            column += length
