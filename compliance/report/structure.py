"""The logical tree of a report, which says in which order and as what a page is read aloud.

The tree is made first and drawing refers to it. Elements are written as soon as nothing
more can come under them, so that a long report keeps only the open branch in memory.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

COLUMN_HEAD: Final = "/A<</O/Table/Scope/Column>>"
ROW_HEAD: Final = "/A<</O/Table/Scope/Row>>"


class Artifact(enum.StrEnum):
    """What is on a page and is not read aloud. Values are property lists."""

    LAYOUT = "<</Type/Layout>>"
    HEADER = "<</Type/Pagination/Subtype/Header>>"
    FOOTER = "<</Type/Pagination/Subtype/Footer>>"
    WATERMARK = "<</Type/Pagination/Subtype/Watermark>>"


class Element:
    """A node of the tree: its parts in reading order, whatever the order of drawing."""

    __slots__ = ("extra", "kids", "number", "page", "parent", "role")

    def __init__(self, role: str, parent: Element | None = None, extra: str = "") -> None:
        """Make an element as the last part of its parent.

        Args:
            role: a standard structure type.
            extra: further entries of its dictionary, as they stand in the file.
        """
        self.role = role
        self.parent = parent
        self.extra = extra
        self.kids: list[Element | int | tuple[int, int] | str] = []
        """Elements, marks on the page the element began on or on another, and annotations."""

        self.number = 0
        self.page = 0
        if parent is not None:
            parent.kids.append(self)

    def hold(self, page: int, mark: int) -> None:
        """Note that a marked sequence of a page is part of this element."""
        if not self.page:
            self.page = page
        self.kids.append(mark if page == self.page else (page, mark))


class Structure:
    """Writes the tree of one file."""

    def __init__(self, allot: Callable[[], int], pack: Callable[[int, str], None]) -> None:
        """Begin a tree.

        Args:
            allot: returns a new object number.
            pack: writes an object.
        """
        self._allot = allot
        self._pack = pack
        self._root = allot()
        self._pages: list[int] = []
        self._annotated: list[int] = []
        self.document = Element("Document")

    def end_page(self, marks: Sequence[Element]) -> int:
        """Write which element each mark of a page belongs to; return the page's key."""
        array = self._allot()
        references = " ".join([f"{self._number(element)} 0 R" for element in marks])
        self._pack(array, f"[{references}]")
        self._pages.append(array)
        return len(self._pages) - 1

    def annotate(self, element: Element, page: int, annotation: int) -> None:
        """Make an annotation of a page part of an element.

        In the tree that leads back from marks to elements it comes after all pages, in the
        order of these calls.
        """
        element.kids.append(f"<</Type/OBJR/Pg {page} 0 R/Obj {annotation} 0 R>>")
        self._annotated.append(self._number(element))

    def close(self, element: Element) -> None:
        """Write an element and all below it, none of which may be drawn into any more."""
        own, parts = self._number(element), []
        for kid in element.kids:
            if type(kid) is int:
                parts.append(str(kid))
            elif isinstance(kid, Element):
                if kid.role:
                    self.close(kid)
                parts.append(f"{kid.number} 0 R")
            elif isinstance(kid, str):
                parts.append(kid)
            elif isinstance(kid, tuple):
                parts.append(f"<</Type/MCR/Pg {kid[0]} 0 R/MCID {kid[1]}>>")
        above = self._root if element.parent is None else self._number(element.parent)
        page = f"/Pg {element.page} 0 R" if element.page else ""
        below = f"/K[{' '.join(parts)}]" if len(parts) > 1 else f"/K {parts[0]}" if parts else ""
        self._pack(
            own, f"<</Type/StructElem/S/{element.role}/P {above} 0 R{page}{element.extra}{below}>>"
        )
        # A written element stays in its parent's list by number alone.
        element.role, element.kids, element.extra = "", [], ""

    def finish(self) -> int:
        """Write what is open and return the number of the tree's root."""
        number = self._number(self.document)
        self.close(self.document)
        keyed = [*self._pages, *self._annotated]
        pages = " ".join(f"{key} {array} 0 R" for key, array in enumerate(keyed))
        tree = self._allot()
        self._pack(tree, f"<</Nums[{pages}]>>")
        self._pack(
            self._root,
            f"<</Type/StructTreeRoot/K {number} 0 R/ParentTree {tree} 0 R"
            f"/ParentTreeNextKey {len(keyed)}>>",
        )
        return self._root

    def _number(self, element: Element) -> int:
        if not element.number:
            element.number = self._allot()
        return element.number


@lru_cache(maxsize=2048)
def spoken(text: str) -> str:
    """Return the entry that has a sign read as this text."""
    return f"/ActualText<{text_string(text)}>"


def text_string(text: str) -> str:
    """Return the hexadecimal digits of a text string, between angle brackets in the file."""
    return ("\ufeff" + text).encode("utf-16-be", "replace").hex()


def spanning(*, rows: int = 1, columns: int = 1, head: bool = False) -> str:
    """Return the attributes of a cell that covers more than its own place."""
    scope = "/Scope/Row" if head else ""
    return f"/A<</O/Table{scope}/RowSpan {rows}/ColSpan {columns}>>"
