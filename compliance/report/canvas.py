"""A sheet of paper and the few marks a report puts on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.report.structure import Artifact, Element
from compliance.report.typefaces import Face, Weight

PAGE_WIDTH: Final = 595.28
PAGE_HEIGHT: Final = 841.89
"""A4 in points of 1/72 inch; all lengths in these modules are points, y grows upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How text looks. Grey is 0 for black; nothing lighter than 0.4 carries meaning."""

    weight: Weight = Weight.REGULAR
    size: float
    leading: float
    grey: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A horizontal line; what it parts is told by its weight."""

    thick: float
    grey: float = 0.0


class Sheet:
    """Collects the operators of one page.

    Shapes are kept apart from text because a reader must pass over them, and because
    text then always lies on top.
    """

    def __init__(self, faces: Mapping[Weight, Face], page: int = 0) -> None:
        """Take an empty sheet.

        Args:
            page: the page's object number, for elements to refer to.
        """
        self._faces = faces
        self._page = page
        self._shapes: list[str] = []
        self._under: list[str] = []
        self._figures: list[str] = []
        self._texts: list[str] = []
        self._font = ("", 0.0)
        self._grey = 0.0
        self._mark: Element | Artifact | None = None
        self.marks: list[Element] = []
        """The element of each marked sequence, in the order of their numbers."""

        self.annotations: list[int] = []
        """Object numbers."""

    def text(
        self,
        x: float,
        y: float,
        text: str,
        style: Style,
        mark: Element | Artifact = Artifact.LAYOUT,
    ) -> None:
        """Draw one line of printable text with its baseline at y.

        Args:
            mark: what the text is part of; by default nothing that is read aloud.
        """
        pairs = self._faces[style.weight].show(text)
        if not pairs:
            return
        out = self._texts
        if mark is not self._mark:
            if self._mark is not None:
                out.append("EMC")
            self._mark = mark
            out.append(self._begin(mark))
        if style.grey != self._grey:
            self._grey = style.grey
            out.append(f"{style.grey:g} g")
        position = f"1 0 0 1 {x:.2f} {y:.2f} Tm"
        for resource, literal in pairs:
            if self._font != (resource, style.size):
                self._font = (resource, style.size)
                out.append(f"{resource} {style.size:g} Tf")
            out.append(f"{position} {literal} Tj")
            position = ""

    def text_right(
        self,
        x: float,
        y: float,
        text: str,
        style: Style,
        mark: Element | Artifact = Artifact.LAYOUT,
    ) -> None:
        """Draw one line of printable text that ends at x."""
        self.text(x - self._faces[style.weight].width(text) * style.size, y, text, style, mark)

    def rule(self, x1: float, x2: float, y: float, rule: Rule) -> None:
        """Draw a horizontal line whose middle is at y."""
        self.box(x1, y - rule.thick / 2, x2 - x1, rule.thick, grey=rule.grey)

    def box(self, x: float, y: float, width: float, height: float, *, grey: float = 0.0) -> None:
        """Fill a rectangle."""
        self._shapes.append(f"{grey:g} g {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f")

    def frame(self, x: float, y: float, width: float, height: float, *, thick: float) -> None:
        """Draw the outline of a rectangle."""
        self._shapes.append(f"0 G {thick:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re S")

    def background(self, operators: str) -> None:
        """Put a watermark under everything else on the page."""
        self._under.append(f"/Artifact {Artifact.WATERMARK}BDC\n{operators}\nEMC")

    def figure(self, boxes: Sequence[tuple[float, float, float, float]], element: Element) -> None:
        """Fill black rectangles, each x, y, width and height, that together are one picture."""
        drawn = "\n".join(f"{x:.2f} {y:.2f} {wide:.2f} {high:.2f} re" for x, y, wide, high in boxes)
        self._figures.append(f"{self._begin(element)}\n0 g\n{drawn}\nf\nEMC")

    def drawing(self, operators: str, mark: Element | Artifact) -> None:
        """Draw lines; what they change of the state of drawing ends with them."""
        self._figures.append(f"{self._begin(mark)}\nq\n{operators}\nQ\nEMC")

    def total(self, x: float, y: float) -> None:
        """Draw the number of pages, which is known only when the file is finished."""
        self._figures.append(
            f"/Artifact {Artifact.FOOTER}BDC\nq 1 0 0 1 {x:.2f} {y:.2f} cm /Total Do Q\nEMC"
        )

    def operators(self) -> str:
        """Return the page's content, every part of it marked."""
        shapes = [f"/Artifact {Artifact.LAYOUT}BDC", *self._shapes, "EMC"] if self._shapes else []
        end = ["EMC"] if self._mark is not None else []
        texts = ["BT", "0 g", *self._texts, *end, "ET"] if self._texts else []
        return "\n".join([*self._under, *shapes, *self._figures, *texts, ""])

    def bare(self) -> str:
        """Return the text alone, for a form that stands in a marked sequence already."""
        inner = [one for one in self._texts if not one.endswith(("BDC", "EMC"))]
        return "\n".join(["BT", "0 g", *inner, "ET", ""])

    def _begin(self, mark: Element | Artifact) -> str:
        if isinstance(mark, Artifact):
            return f"/Artifact {mark}BDC"
        number = len(self.marks)
        self.marks.append(mark)
        mark.hold(self._page, number)
        return f"/{mark.role}<</MCID {number}>>BDC"
