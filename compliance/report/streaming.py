"""A PDF file that is written page by page and forgets each page once it is written."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFIndirectObject, PDFStream

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Sheet
from compliance.report.character_maps import without_empty_entries
from compliance.report.cross_reference import BUNDLE, COMPRESSION, PACKED, write_table
from compliance.report.signature_field import SignatureField
from compliance.report.structure import Element, Structure, text_string
from compliance.report.typefaces import Face, Weight

_BRANCHES: Final = 64
"""Children of a node in the page tree: a flat tree makes signing a long file slow."""


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
        self._places = array("Q", [0])
        self._packed: list[tuple[int, str]] = []
        self._structure: Structure | None = None
        self._nodes: list[tuple[int, list[int]]] = []
        self._fields: list[tuple[int, int, SignatureField]] = []
        self._root = self._allot()
        self._resources = self._allot()
        self._total = self._allot()
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def begin_structure(self) -> Structure:
        """Make the file a tagged one; before its first page."""
        self._structure = Structure(self._allot, self._put)
        return self._structure

    @property
    def page_count(self) -> int:
        return sum(len(pages) for _, pages in self._nodes)

    def add_page(
        self, sheet: Sheet, page: int, size: tuple[float, float] = (PAGE_WIDTH, PAGE_HEIGHT)
    ) -> None:
        """Write a finished sheet under an object number from ``next_page``."""
        node = self._nodes[-1][0]
        contents = self._allot()
        tagged = ""
        if self._structure is not None:
            tagged = f"/StructParents {self._structure.end_page(sheet.marks)}/Tabs/S"
        if sheet.annotations:
            tagged += f"/Annots[{' '.join(f'{one} 0 R' for one in sheet.annotations)}]"
        self._put(
            page,
            f"<</Type/Page/Parent {node} 0 R/MediaBox[0 0 {size[0]} {size[1]}]"
            f"/Resources {self._resources} 0 R/Contents {contents} 0 R{tagged}>>",
        )
        self._put_stream(contents, "", sheet.operators())

    def leave_field(self, page: int, field: SignatureField, element: Element) -> int:
        """Leave a field on a page that is not written yet; return its object number.

        Args:
            element: what it is in the tree of this tagged file.
        """
        number = self._allot()
        if self._structure is not None:
            self._structure.annotate(element, page, number)
        self._fields.append((number, page, field))
        return number

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
            total.bare(),
        )
        self._write_page_tree()
        outline = self._write_outline(bookmarks)
        tagged = self._write_form()
        if self._structure is not None:
            tagged += f"/StructTreeRoot {self._structure.finish()} 0 R/MarkInfo<</Marked true>>"
        self._write_reportlab_objects()
        self._flush()
        # The catalog comes last, because finishing puts a fuller one in its place.
        catalog = self._allot()
        self._put_plain(
            catalog,
            f"<</Type/Catalog/Pages {self._root} 0 R/Outlines {outline} 0 R/PageMode/UseOutlines"
            f"/PageLabels<</Nums[0<</S/D>>]>>{tagged}>>",
        )
        self._write_table(catalog)

    def _write_form(self) -> str:
        """Write the fields and the form, and return the entry that the catalog has for it."""
        if not self._fields:
            return ""
        for key, (number, page, field) in enumerate(self._fields, start=self.page_count):
            appearance = self._allot()
            self._put(number, field.widget(page=page, key=key, appearance=appearance))
            self._put_stream(appearance, field.appearance(), "")
        form = self._allot()
        numbers = " ".join(f"{number} 0 R" for number, _, _ in self._fields)
        self._put(form, f"<</Fields[{numbers}]/SigFlags 3>>")
        return f"/AcroForm {form} 0 R"

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
        self._put(
            number,
            f"<</Title<{text_string(mark.title)}>/Parent {parent} 0 R/Dest[{mark.page} 0 R/XYZ 0 {mark.top:g} null]"
            f"{links}>>",
        )

    def _write_reportlab_objects(self) -> None:
        # Formatting one object may number further ones, hence no loop over a fixed list.
        number = 0
        while number < self.objectcounter:
            number += 1
            if number in self.numberToId:
                name = self.numberToId[number]
                drawn = self.idToObject[name]
                if isinstance(drawn, PDFStream) and "beginbfchar" in str(drawn.content):
                    drawn.content = without_empty_entries(drawn.content)
                value = PDFIndirectObject(name, drawn).format(self)
                if isinstance(drawn, PDFStream):
                    # reportlab leaves out the line end that PDF/A wants after the data.
                    data, end, rest = value.rpartition(b"endstream")
                    value = data + b"\n" + end + rest
                self._begin(number)
                self._write(value)

    def _write_table(self, catalog: int) -> None:
        """Write the cross-reference stream, which finishing reads back and writes anew."""
        number = self._allot()
        start = self._position
        self._begin(number)
        write_table(self._file, number=number, start=start, places=self._places, root=catalog)

    def _allot(self) -> int:
        self.objectcounter += 1
        return self.objectcounter

    def _put(self, number: int, value: str) -> None:
        """Write an object into a compressed bundle; the many small ones shrink to a tenth."""
        self._packed.append((number, value))
        if len(self._packed) == BUNDLE:
            self._flush()

    def _flush(self) -> None:
        if not self._packed:
            return
        bundle, heads, at = self._allot(), [], 0
        self._reserve(bundle)
        for index, (number, value) in enumerate(self._packed):
            heads.append(f"{number} {at}")
            at += len(value) + 1
            self._reserve(number)
            self._places[number] = PACKED | bundle * BUNDLE + index
        head = " ".join(heads) + "\n"
        body = "\n".join([value for _, value in self._packed])
        entries = f"/Type/ObjStm/N {len(self._packed)}/First {len(head)}"
        self._packed = []
        self._put_stream(bundle, entries, head + body)

    def _put_plain(self, number: int, value: str) -> None:
        self._begin(number)
        self._write(f"{number} 0 obj\n{value}\nendobj\n".encode("ascii"))

    def _begin(self, number: int) -> None:
        self._reserve(number)
        self._places[number] = self._position

    def _reserve(self, number: int) -> None:
        missing = number + 1 - len(self._places)
        if missing > 0:
            self._places.extend([0] * missing)

    def _put_stream(self, number: int, entries: str, operators: str) -> None:
        data = zlib.compress(operators.encode("latin-1"), COMPRESSION)
        self._begin(number)
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
