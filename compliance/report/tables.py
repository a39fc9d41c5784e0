"""Tables that run over pages: each page has its own column heads, and memory one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.report.canvas import Style
from compliance.report.document import Document
from compliance.report.pieces import Piece
from compliance.report.structure import COLUMN_HEAD, ROW_HEAD, Element
from compliance.report.styles import CELL, CELL_STRONG, FINE, HAIR, LABEL, LEFT, RIGHT

_GAP: Final = 6.0
"""Between two columns."""

_PADDING: Final = 2.0
_BAR: Final = 4.0
"""How far left of a row its mark stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column from its left edge to the next one's."""

    left: float
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Paragraphs under one another."""

    lines: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    cells: tuple[Cell, ...]
    marked: bool = False
    """A bar in the margin; what it marks is also said in words."""


def plain(*lines: str) -> Cell:
    return Cell(lines=lines)


def strong(*lines: str) -> Cell:
    return Cell(lines=lines, strong=True)


class TableSetter:
    """Draws the rows of one table, page by page."""

    def __init__(self, document: Document, widths: Sequence[float], heads: Sequence[str]) -> None:
        """Lay out columns.

        Args:
            document: where the table is drawn.
            widths: of the columns in points; the last one takes what is left.
            heads: one for each column.
        """
        self._document = document
        lefts = [LEFT]
        for width in widths[: len(heads) - 1]:
            lefts.append(lefts[-1] + width)
        self._columns = [
            Column(left=left, head=head) for left, head in zip(lefts, heads, strict=True)
        ]
        self._table = Element("Table")

    def draw(self, rows: Iterable[Row], *, after: float = 14.0) -> None:
        """Draw all rows; nothing but the column heads where there are none."""
        pieces = self._begin()
        for row in rows:
            piece = self._row(row)
            if sum(one.height for one in pieces) + piece.height > self._document.room:
                # The row belongs to the table of the next page.
                self._table.kids.pop()
                if len(pieces) > 1:
                    self._end(pieces)
                self._document.new_page()
                pieces = self._begin()
                piece = self._row(row)
            pieces.append(piece)
        self._end(pieces)
        self._document.top -= after

    def _begin(self) -> list[Piece]:
        self._table = Element("Table")
        head = Piece(under=Element("TR", self._table))
        for at, column in enumerate(self._columns):
            lines = self._wrap(at, column.head, LABEL)
            head.add(column.left, 0, lines, LABEL, head.tag("TH", COLUMN_HEAD))
        head.height += 1
        head.rule(head.height, FINE)
        return [head]

    def _end(self, pieces: Sequence[Piece]) -> None:
        self._document.place_together(pieces, continued=Piece, after=0)

    def _row(self, row: Row) -> Piece:
        piece = Piece(under=Element("TR", self._table))
        for at, (column, cell) in enumerate(zip(self._columns, row.cells, strict=True)):
            style = CELL_STRONG if cell.strong else CELL
            lines = [line for one in cell.lines for line in self._wrap(at, one, style)]
            tag = piece.tag("TH", ROW_HEAD) if at == 0 else piece.tag("TD")
            piece.add(column.left, _PADDING, lines, style, tag)
        if row.marked:
            piece.margin_bar(LEFT - _BAR, _PADDING, piece.height)
        piece.height += _PADDING
        piece.rule(piece.height, HAIR)
        return piece

    def _wrap(self, at: int, text: str, style: Style) -> Sequence[str]:
        after = at + 1 < len(self._columns)
        end = self._columns[at + 1].left - _GAP if after else RIGHT
        return self._document.type.wrap(text, end - self._columns[at].left, style)
