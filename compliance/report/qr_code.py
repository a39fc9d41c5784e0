"""The checkpoint as a picture that a phone reads, and as words for who cannot see it."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import segno

from compliance.report.content.values import ReportContent
from compliance.report.document import Document
from compliance.report.structure import Element, text_string

CODE: Final = 138.0
"""Edge of the QR code: about 0.8 mm a module, which a phone reads from a copy."""

_NAMES: Final = ("QR code", "QR-Code")
"""In English and in German."""


def draw_code(
    document: Document, content: ReportContent, note: str, corner: tuple[float, float]
) -> None:
    """Draw the checkpoint as a QR code with its upper left corner at a place.

    The four modules of white that ISO/IEC 18004 demands around it are the page's own
    white: the column's gap, the margin, and the lines above and below.
    """
    left, top = corner
    code = segno.make(note, error="m", micro=False)
    size = CODE / code.symbol_size(border=0)[0]
    boxes = []
    for row, line in enumerate(code.matrix_iter(border=0)):
        column = 0
        for dark, run in groupby(line):
            length = len(list(run))
            if dark:
                # A run is one box: between single modules, viewers would draw hairlines.
                x, y = left + column * size, top - (row + 1) * size
                boxes.append((x, y, length * size, size))
            column += length
    described = f"{_NAMES[content.language == 'de']}: {content.words.checkpoint}. {note}"
    corners = f"{left:.2f} {top - CODE:.2f} {left + CODE:.2f} {top:.2f}"
    element = Element(
        "Figure",
        extra=f"/Alt<{text_string(described)}>/A<</O/Layout/Placement/Block/BBox[{corners}]>>",
    )
    document.adopt((element,))
    document.sheet.figure(boxes, element)
