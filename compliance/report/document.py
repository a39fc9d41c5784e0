"""The pages of a report: furniture, the place reached so far, and page breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Sheet
from compliance.report.content.values import ReportContent
from compliance.report.pieces import Piece, Typesetter
from compliance.report.signature_field import SignatureField
from compliance.report.streaming import Bookmark, StreamingDocument, load_faces
from compliance.report.structure import Artifact, Element
from compliance.report.styles import (
    BODY_QUIET,
    BOTTOM,
    FOOTER,
    FURNITURE,
    FURNITURE_STRONG,
    HAIR,
    HEADER,
    HEADING,
    LEFT,
    RIGHT,
    TOP,
)
from compliance.report.typefaces import Weight

PRODUCT: Final = "Aseptrail"

_ROOT_DIGITS: Final = 16
"""Hex digits of the root in the footer: enough to tell two logs apart at a glance."""

_ROOM_FOR_PART: Final = 160.0
"""Below this a new part would be torn; a session needs more and starts its own page."""

_WATERMARK_SIZE: Final = 150
_WATERMARK_GREY: Final = 0.94


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What every page repeats."""

    clinic: str
    header: str
    note: str
    page: str
    of: str
    checkpoint: str
    watermark: str
    """Empty for real records."""


class Document:
    """Places pieces one under another and starts a new page when one does not fit."""

    def __init__(self, file: BinaryIO, fonts: Path, content: ReportContent) -> None:
        self._pdf = StreamingDocument(file)
        self._structure = self._pdf.begin_structure()
        self._part = Element("Sect", self._structure.document)
        self._faces = load_faces(fonts, self._pdf)
        self._bookmarks: list[Bookmark] = []
        self._furniture = _furniture(content)
        self._page = 0
        self.type = Typesetter(self._faces)
        self.sheet = Sheet(self._faces)
        self.top = TOP
        """Where the next piece begins."""

    @property
    def pages(self) -> int:
        """Return how many pages there are, the one being drawn included."""
        return self._pdf.page_count

    @property
    def room(self) -> float:
        return self.top - BOTTOM

    def new_page(self, *, running_header: bool = True) -> None:
        self._end_page()
        self._page = self._pdf.next_page()
        self.sheet = Sheet(self._faces, self._page)
        self.top = TOP
        self._draw_furniture(running_header=running_header)

    def place(self, piece: Piece, *, after: float = 0.0) -> None:
        """Draw a piece, on a new page if it does not fit on this one."""
        self.adopt(piece.roots)
        self._place(piece)
        self.top -= after
        self._close(piece.roots)

    def place_at(self, piece: Piece, top: float) -> None:
        """Draw a piece at a place of its own on this page, read after all placed before."""
        self.adopt(piece.roots)
        piece.draw(self.sheet, top)
        self._close(piece.roots)

    def leave_field(self, field: SignatureField) -> None:
        """Leave an empty signature field on this page, read after all placed before."""
        element = Element("Form")
        number = self._pdf.leave_field(self._page, field, element)
        self.sheet.annotations.append(number)
        self.adopt((element,))

    def adopt(self, roots: Sequence[Element]) -> None:
        """Make elements the next ones of the part that the report has reached."""
        for root in roots:
            if root.parent is None:
                root.parent = self._part
                self._part.kids.append(root)

    def _close(self, roots: Sequence[Element]) -> None:
        for root in roots:
            if root.role:
                self._structure.close(root)

    def _place(self, piece: Piece) -> None:
        page = TOP - BOTTOM
        if piece.height > self.room and (piece.height <= page or self.room < page / 4):
            self.new_page()
        while piece.height > self.room:
            head, piece = piece.cut(self.room)
            head.draw(self.sheet, self.top)
            self.new_page()
        piece.draw(self.sheet, self.top)
        self.top -= piece.height

    def make_room(self, pieces: Sequence[Piece]) -> None:
        """Start a new page where that keeps pieces together which this one would split."""
        height = sum(piece.height for piece in pieces)
        page = TOP - BOTTOM
        # What no page can hold starts right here, unless only a strip is left of the page.
        if height > self.room and (height <= page or self.room < page / 3):
            self.new_page()

    def place_together(
        self, pieces: Sequence[Piece], *, continued: Callable[[], Piece], after: float
    ) -> None:
        """Draw the pieces of a block one under another.

        Args:
            continued: makes the line that says what goes on, on each further page.
            after: the gap below the last piece.
        """
        for piece in pieces:
            if piece.height > self.room:
                self.new_page()
                again = continued()
                again.hush()
                self.place(again, after=6)
            self.adopt(piece.roots)
            self._place(piece)
        for piece in pieces:
            self._close(piece.roots)
        self.top -= after

    def heading(self, text: str, *, explained: str = "", has_cover: bool = True) -> None:
        """Start a part of the report with a bookmark, on a new page unless much of this is free.

        Args:
            has_cover: keeps parts off the first page.
        """
        if (has_cover and self.pages == 1) or self.room < _ROOM_FOR_PART:
            self.new_page()
        elif self.top < TOP:
            self.top -= 20
        self.bookmark(text)
        self._begin_part()
        piece = Piece()
        y = piece.add(LEFT, 0, self.type.wrap(text, RIGHT - LEFT, HEADING), HEADING)
        if explained:
            lines = self.type.wrap(explained, RIGHT - LEFT, BODY_QUIET)
            piece.add(LEFT, y + 1, lines, BODY_QUIET)
        self.place(piece, after=10)

    def bookmark(self, title: str, *, level: int = 0) -> None:
        """Point to the place reached so far from the outline."""
        mark = Bookmark(title=title, level=level, page=self._page, top=round(self.top + 12))
        self._bookmarks.append(mark)

    def finish(self) -> int:
        """Write the rest of the file and return how many pages it has."""
        self._end_page()
        total = Sheet(self._faces)
        total.text(0, 0, str(self.pages), FURNITURE)
        self._pdf.finish(self._bookmarks, total)
        return self.pages

    def _begin_part(self) -> None:
        # What is drawn before the first heading is a part only if there is anything.
        if self._part.kids:
            self._structure.close(self._part)
            self._part = Element("Sect", self._structure.document)

    def _end_page(self) -> None:
        if self._page:
            self._pdf.add_page(self.sheet, self._page)

    def _draw_furniture(self, *, running_header: bool) -> None:
        sheet, furniture = self.sheet, self._furniture
        if furniture.watermark:
            sheet.background(self._watermark(furniture.watermark))
        if running_header:
            note = self.type.line(furniture.note, FURNITURE_STRONG)
            rest = self.type.line(f" · {furniture.header}", FURNITURE)
            used = self.type.width(note, FURNITURE_STRONG) + self.type.width(rest, FURNITURE)
            clinic = self.type.cut(furniture.clinic, RIGHT - LEFT - used - 12, FURNITURE)
            sheet.text(LEFT, HEADER, clinic + rest, FURNITURE, Artifact.HEADER)
            sheet.text_right(RIGHT, HEADER, note, FURNITURE_STRONG, Artifact.HEADER)
            sheet.rule(LEFT, RIGHT, HEADER - 7, HAIR)
        page = f"{furniture.page} {self.pages} {furniture.of} "
        sheet.text(LEFT, FOOTER, page, FURNITURE, Artifact.FOOTER)
        sheet.total(LEFT + self.type.width(page, FURNITURE), FOOTER)
        sheet.text_right(RIGHT, FOOTER, furniture.checkpoint, FURNITURE, Artifact.FOOTER)

    def _watermark(self, text: str) -> str:
        """Return the word across the page, pale enough to read text over it."""
        face = self._faces[Weight.BOLD]
        half = face.width(text) * _WATERMARK_SIZE / 2
        middle = f"{PAGE_WIDTH / 2:g} {PAGE_HEIGHT / 2:g}"
        shown = " ".join(
            f"{resource} {_WATERMARK_SIZE} Tf {literal} Tj" for resource, literal in face.show(text)
        )
        return (
            f"q {_WATERMARK_GREY} g 0.588 0.809 -0.809 0.588 {middle} cm "
            f"BT 1 0 0 1 {-half:.2f} -52 Tm {shown} ET Q"
        )


def _furniture(content: ReportContent) -> Furniture:
    words = content.words
    parts = [content.period, words.running, content.volume]
    return Furniture(
        clinic=content.clinic,
        header=" · ".join(part for part in parts if part),
        note=words.demo_line if content.demo else "",
        page=words.page,
        of=words.of,
        checkpoint=(
            f"{words.size} {content.size} · {words.root_short} "
            f"{grouped(content.root[:_ROOT_DIGITS])} …"
        ),
        watermark=words.demo if content.demo else "",
    )


def grouped(digits: str) -> str:
    """Return hex digits in groups of four, as people compare them."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
