"""A sheet of paper and the few marks a report puts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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

    Furniture and rules are kept apart from text because a tagged file must mark them as
    artifacts, and because text then always lies on top.
    """

    def __init__(self, faces: Mapping[Weight, Face]) -> None:
        self._faces = faces
        self._shapes: list[str] = []
        self._texts: list[str] = []
        self._font = ("", 0.0)
        self._grey = 0.0

    def text(self, x: float, y: float, text: str, style: Style) -> None:
        """Draw one line of printable text with its baseline at y."""
        out = self._texts
        if style.grey != self._grey:
            self._grey = style.grey
            out.append(f"{style.grey:g} g")
        position = f"1 0 0 1 {x:.2f} {y:.2f} Tm"
        for resource, literal in self._faces[style.weight].show(text):
            if self._font != (resource, style.size):
                self._font = (resource, style.size)
                out.append(f"{resource} {style.size:g} Tf")
            out.append(f"{position} {literal} Tj")
            position = ""

    def text_right(self, x: float, y: float, text: str, style: Style) -> None:
        """Draw one line of printable text that ends at x."""
        self.text(x - self._faces[style.weight].width(text) * style.size, y, text, style)

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
        """Put operators under everything else on the page."""
        self._shapes.insert(0, operators)

    def total(self, x: float, y: float) -> None:
        """Draw the number of pages, which is known only when the file is finished."""
        self._shapes.append(f"q 1 0 0 1 {x:.2f} {y:.2f} cm /Total Do Q")

    def operators(self) -> str:
        artifacts = "\n".join(self._shapes)
        texts = "\n".join(self._texts)
        return f"/Artifact BMC\n{artifacts}\nEMC\nBT\n0 g\n{texts}\nET\n"
