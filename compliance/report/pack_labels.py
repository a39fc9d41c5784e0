"""Labels of sterile packs: an A4 sheet of 24, or one after the other on a label printer's roll."""

from __future__ import annotations

import enum
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Sheet, Style
from compliance.report.labels import draw_code
from compliance.report.streaming import Bookmark, StreamingDocument, load_faces
from compliance.report.typefaces import Face, Weight

_MM: Final = 72 / 25.4


class Paper(enum.StrEnum):
    """What the printer holds."""

    SHEET = "sheet"
    ROLL = "roll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Lengths in points; a page holds ``columns`` times ``rows`` labels."""

    page: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int
    padding: float
    code: float
    """Edge of the QR code with its quiet zone."""

    @property
    def per_page(self) -> int:
        return self.columns * self.rows


FORMATS: Final[Mapping[Paper, Format]] = MappingProxyType(
    {
        # The common sheet of 70 by 37 mm: three columns without a gap, 24 labels.
        Paper.SHEET: Format(
            page=(PAGE_WIDTH, PAGE_HEIGHT),
            label=(PAGE_WIDTH / 3, 37 * _MM),
            columns=3,
            rows=8,
            padding=4 * _MM,
            code=28 * _MM,
        ),
        # 62 mm wide endless or die-cut labels, as most desk label printers take.
        Paper.ROLL: Format(
            page=(62 * _MM, 29 * _MM),
            label=(62 * _MM, 29 * _MM),
            columns=1,
            rows=1,
            padding=2 * _MM,
            code=25 * _MM,
        ),
    }
)

_CODE: Final = Style(weight=Weight.BOLD, size=10.5, leading=12.2)
_CONTENTS: Final = Style(weight=Weight.BOLD, size=8.2, leading=9.6)
_EXPIRY: Final = Style(weight=Weight.BOLD, size=8.2, leading=10)
_LINE: Final = Style(size=7.2, leading=8.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLabel:
    """One label; every line is printed as it is given."""

    code: str
    """What the QR code holds, and what is printed largest for whoever types it."""
    contents: str
    sterilized: str
    expires: str
    load: str
    """Sterilizer and cycle."""
    initials: str


def draw_pack_labels(
    labels: Sequence[PackLabel], *, paper: Paper, title: str, fonts: Path, skip: int = 0
) -> bytes:
    """Draw the labels as a PDF.

    Args:
        labels: in the order of the sheet, row by row.
        paper: a sheet, or one page for each label.
        title: of the PDF's outline.
        fonts: the folder with the TrueType files.
        skip: labels already taken from the first sheet; a roll has none.

    Raises:
        FontsMissing: if the folder lacks a file.
    """
    chosen = FORMATS[paper]
    file = io.BytesIO()
    pdf = StreamingDocument(file)
    faces = load_faces(fonts, pdf)
    first = 0
    taken = skip if paper is Paper.SHEET else 0
    for start in range(-taken, len(labels), chosen.per_page):
        sheet, page = Sheet(faces), pdf.next_page()
        first = first or page
        for place in range(chosen.per_page):
            if 0 <= start + place < len(labels):
                row, column = divmod(place, chosen.columns)
                top = chosen.page[1] - _margin(chosen) - row * chosen.label[1]
                corner = (column * chosen.label[0], top)
                _draw(sheet, faces, labels[start + place], chosen, corner)
        pdf.add_page(sheet, page, chosen.page)
    # The document always has an outline, which cannot be empty.
    pdf.finish([Bookmark(title=title, level=0, page=first, top=chosen.page[1])], Sheet(faces))
    return file.getvalue()


def _margin(chosen: Format) -> float:
    return (chosen.page[1] - chosen.rows * chosen.label[1]) / 2


def _draw(
    sheet: Sheet,
    faces: Mapping[Weight, Face],
    label: PackLabel,
    chosen: Format,
    corner: tuple[float, float],
) -> None:
    left, top = corner
    height, edge = chosen.label[1], chosen.code
    # The code's own quiet zone is its padding.
    draw_code(sheet, label.code, (left + chosen.padding / 2, top - (height - edge) / 2), edge)
    x = left + chosen.padding / 2 + edge + 0.5 * _MM
    width = left + chosen.label[0] - chosen.padding - x
    lines = [
        (_CODE, label.code, 1),
        (_CONTENTS, label.contents, 2),
        (_LINE, f"Sterilized {label.sterilized}", 1),
        (_EXPIRY, f"Use by {label.expires}", 1),
        (_LINE, label.load, 2),
        (_LINE, f"Operator {label.initials}", 1),
    ]
    shown = [
        (style, line)
        for style, text, most in lines
        for line in _lines(faces[style.weight], text, width / style.size, most)
    ]
    y = top - (height - sum(style.leading for style, _ in shown)) / 2
    for style, line in shown:
        y -= style.leading
        sheet.text(x, y + 0.25 * style.size, line, style)


def _lines(face: Face, text: str, width: float, most: int) -> Sequence[str]:
    """At most so many lines; what is left out shows as an ellipsis."""
    found = face.wrap(text, width)
    if len(found) <= most:
        return found
    last = found[most - 1].rstrip(" ,;")
    while last and face.width(f"{last}…") > width:
        last = last[:-1]
    return (*found[: most - 1], f"{last}…")
