"""A PDF file that is written page by page and forgets each page once it is written."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFIndirectObject

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Sheet
from compliance.report.typefaces import Face, Weight

_BRANCHES: Final = 64
"""Children of a node in the page tree: a flat tree makes signing a long file slow."""

_COMPRESSION: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """An entry of the outline. Level 1 hangs under the last of level 0."""

    title: str
    level: int
    page: int
    """Object number of the page."""

    top: float


class StreamingDocument(PDFDocument):
    """Writes pages to the file as they come; in memory stay 8 bytes an object and the fonts.

    reportlab keeps numbering, fonts and their subsets. Pages, page tree, outline and
    cross-reference table are written here, because reportlab's would all stay in memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(compression=1, invariant=1)
        self._file = file
        self._position = 0
        self._offsets: dict[int, int] = {}
        self._nodes: list[tuple[int, list[int]]] = []
        self._root = self._allot()
        self._resources = self._allot()
        self._total = self._allot()
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def page_count(self) -> int:
        return sum(len(pages) for _, pages in self._nodes)

    def add_page(self, sheet: Sheet, page: int) -> None:
        """Write a finished sheet under an object number from ``next_page``."""
        node = self._nodes[-1][0]
        contents = self._allot()
        self._put(
            page,
            f"<</Type/Page/Parent {node} 0 R/MediaBox[0 0 {PAGE_WIDTH} {PAGE_HEIGHT}]"
            f"/Resources {self._resources} 0 R/Contents {contents} 0 R>>",
        )
        self._put_stream(contents, "", sheet.operators())

    def next_page(self) -> int:
        """Return the object number of the page to come and place it in the page tree."""
        if not self._nodes or len(self._nodes[-1][1]) == _BRANCHES:
            self._nodes.append((self._allot(), []))
        page = self._allot()
        self._nodes[-1][1].append(page)
        return page

    def finish(self, bookmarks: Sequence[Bookmark], total: Sheet) -> None:
        """Write what all pages share, and the table that finds everything.

        Args:
            total: the number of pages, drawn at the origin.
        """
        for font in self.delayedFonts:
            font.addObjects(self)
        fonts = self.idToObjectNumberAndVersion["BasicFonts"][0]
        self._put(self._resources, f"<</Font {fonts} 0 R/XObject<</Total {self._total} 0 R>>>>")
        self._put_stream(
            self._total,
            f"/Type/XObject/Subtype/Form/BBox[0 -4 40 12]/Resources<</Font {fonts} 0 R>>",
            total.operators(),
        )
        self._write_page_tree()
        outline = self._write_outline(bookmarks)
        catalog = self._allot()
        self._put(
            catalog,
            f"<</Type/Catalog/Pages {self._root} 0 R/Outlines {outline} 0 R/PageMode/UseOutlines>>",
        )
        self._write_reportlab_objects()
        self._write_table(catalog)

    def _write_page_tree(self) -> None:
        level = [(node, pages, len(pages)) for node, pages in self._nodes]
        while len(level) > _BRANCHES:
            above = []
            for start in range(0, len(level), _BRANCHES):
                group = level[start : start + _BRANCHES]
                parent = self._allot()
                for node, kids, count in group:
                    self._put_node(node, kids, count, parent)
                above.append((parent, [one[0] for one in group], sum(one[2] for one in group)))
            level = above
        for node, kids, count in level:
            self._put_node(node, kids, count, self._root)
        self._put_node(self._root, [one[0] for one in level], sum(one[2] for one in level), None)

    def _put_node(self, node: int, kids: list[int], count: int, parent: int | None) -> None:
        references = " ".join(f"{kid} 0 R" for kid in kids)
        above = "" if parent is None else f"/Parent {parent} 0 R"
        self._put(node, f"<</Type/Pages{above}/Count {count}/Kids[{references}]>>")

    def _write_outline(self, bookmarks: Sequence[Bookmark]) -> int:
        outline = self._allot()
        numbers = [self._allot() for _ in bookmarks]
        tops = [at for at, mark in enumerate(bookmarks) if mark.level == 0]
        for place, at in enumerate(tops):
            end = tops[place + 1] if place + 1 < len(tops) else len(bookmarks)
            below = list(range(at + 1, end))
            links = _sibling_links(tops, place, numbers)
            if below:
                # A negative count keeps the days folded: a long period has many.
                links += (
                    f"/First {numbers[below[0]]} 0 R/Last {numbers[below[-1]]} 0 R"
                    f"/Count {-len(below)}"
                )
            self._put_bookmark(numbers[at], bookmarks[at], outline, links)
            for inner, child in enumerate(below):
                self._put_bookmark(
                    numbers[child],
                    bookmarks[child],
                    numbers[at],
                    _sibling_links(below, inner, numbers),
                )
        self._put(
            outline,
            f"<</Type/Outlines/First {numbers[tops[0]]} 0 R/Last {numbers[tops[-1]]} 0 R"
            f"/Count {len(tops)}>>",
        )
        return outline

    def _put_bookmark(self, number: int, mark: Bookmark, parent: int, links: str) -> None:
        title = ("\ufeff" + mark.title).encode("utf-16-be").hex()
        self._put(
            number,
            f"<</Title<{title}>/Parent {parent} 0 R/Dest[{mark.page} 0 R/XYZ 0 {mark.top:g} null]"
            f"{links}>>",
        )

    def _write_reportlab_objects(self) -> None:
        # Formatting one object may number further ones, hence no loop over a fixed list.
        number = 0
        while number < self.objectcounter:
            number += 1
            if number in self.numberToId:
                name = self.numberToId[number]
                self._offsets[number] = self._position
                self._write(PDFIndirectObject(name, self.idToObject[name]).format(self))

    def _write_table(self, catalog: int) -> None:
        start = self._position
        count = self.objectcounter + 1
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        for number in range(1, count):
            # reportlab sometimes skips a number; a skipped one is written as free.
            at = self._offsets.get(number)
            self._write(b"0000000000 65535 f \n" if at is None else b"%010d 00000 n \n" % at)
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, catalog, start)
        )

    def _allot(self) -> int:
        self.objectcounter += 1
        return self.objectcounter

    def _put(self, number: int, value: str) -> None:
        self._offsets[number] = self._position
        self._write(f"{number} 0 obj\n{value}\nendobj\n".encode("ascii"))

    def _put_stream(self, number: int, entries: str, operators: str) -> None:
        data = zlib.compress(operators.encode("latin-1"), _COMPRESSION)
        self._offsets[number] = self._position
        self._write(
            b"%d 0 obj\n<<%s/Filter/FlateDecode/Length %d>>\nstream\n"
            % (number, entries.encode("ascii"), len(data))
        )
        self._write(data)
        self._write(b"\nendstream\nendobj\n")

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)


def load_faces(fonts: Path, document: StreamingDocument) -> Mapping[Weight, Face]:
    """Return every weight for one document.

    Raises:
        FontsMissing: if the folder lacks a file.
    """
    return {weight: Face(fonts, weight, document) for weight in Weight}


def _sibling_links(siblings: list[int], place: int, numbers: list[int]) -> str:
    links = ""
    if place > 0:
        links += f"/Prev {numbers[siblings[place - 1]]} 0 R"
    if place + 1 < len(siblings):
        links += f"/Next {numbers[siblings[place + 1]]} 0 R"
    return links
