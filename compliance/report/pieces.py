"""Pieces of a page: laid out first, so that their height is known, and drawn when placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from compliance.report.canvas import Rule, Sheet, Style
from compliance.report.structure import Artifact, Element
from compliance.report.styles import BODY, CLINIC, HEADING, LEFT, MARK, RIGHT
from compliance.report.typefaces import Face, Weight

_ASCENT: Final = 0.78
"""Of the type size: how far below the top of a line its baseline lies."""

_DESCENT: Final = 0.28
"""Of the type size: how far letters reach below their baseline."""

_BAR: Final = 7.0
"""Distance of the change bar from the text."""


_TEXT_ROLE: Final = "P"
_ROLES: Final = ((CLINIC, "H1"), (HEADING, "H1"))
"""What text is by its look, where nobody says."""

_JOINED: Final = ("-", "/")
"""A word broken after one of these goes on without a space."""


class Piece:
    """A part that a page break cuts only where no page could hold it: texts and rules below its own top edge."""

    __slots__ = ("_bars", "_frames", "_rules", "_texts", "height", "roots", "under")

    def __init__(self, height: float = 0.0, *, under: Element | None = None) -> None:
        """Begin a piece.

        Args:
            under: the element its own elements are parts of; by default the part of the
                report that the piece is placed in.
        """
        self.height = height
        self.under = under
        self.roots: list[Element] = [] if under is None else [_root(under)]
        """Elements that have no parent until the piece is placed."""

        self._texts: list[tuple[float, float, str, Style, Element | Artifact]] = []
        self._rules: list[tuple[float, float, float, Rule]] = []
        self._frames: list[tuple[float, float, float, float]] = []
        self._bars: list[tuple[float, float, float]] = []

    def tag(self, role: str = _TEXT_ROLE, extra: str = "") -> Element:
        """Return a new element that comes after all others of this piece."""
        element = Element(role, self.under, extra)
        if self.under is None:
            self.roots.append(element)
        return element

    def add(
        self,
        x: float,
        top: float,
        lines: Sequence[str],
        style: Style,
        tag: Element | None = None,
    ) -> float:
        """Put lines under one another and return where the next would begin.

        Args:
            top: distance from the piece's top edge to the first line's.
            tag: what the lines are part of; by default an element of their own.
        """
        if tag is None and any(lines):
            tag = self.tag(next((role for look, role in _ROLES if look is style), _TEXT_ROLE))
        mark = tag or Artifact.LAYOUT
        baseline = top + style.size * _ASCENT + (style.leading - style.size) / 2
        for line in lines:
            self._texts.append((x, baseline, line, style, mark))
            baseline += style.leading
        end = top + len(lines) * style.leading
        self.height = max(self.height, end)
        return end

    def hush(self) -> None:
        """Have the piece passed over by who listens, because it only repeats."""
        self.roots = []
        self._texts = [(*text[:4], Artifact.LAYOUT) for text in self._texts]

    def rule(self, top: float, rule: Rule, *, left: float = LEFT) -> None:
        """Draw a line from ``left`` to the right edge."""
        self._rules.append((left, RIGHT, top, rule))

    def frame(self, left: float, right: float, top: float, bottom: float) -> None:
        self._frames.append((left, right, top, bottom))

    def bar(self, top: float, bottom: float) -> None:
        """Put a change bar into the margin beside what a mark speaks of."""
        self.margin_bar(LEFT - _BAR, top, bottom)

    def margin_bar(self, left: float, top: float, bottom: float) -> None:
        """Put a bar at a place of its own."""
        self._bars.append((left, top, bottom))

    def cut(self, height: float) -> tuple[Piece, Piece]:
        """Return what fits above ``height`` and the rest, cutting between lines of text.

        For a piece that no page can hold: somebody's very long free text.
        """
        head, rest = Piece(), Piece()
        # The elements are the same ones: they go on over the page break.
        head.roots = rest.roots = self.roots
        kept = [text for text in self._texts if text[1] + _DESCENT * text[3].size <= height]
        moved = [text for text in self._texts if text[1] + _DESCENT * text[3].size > height]
        at = min((text[1] - _ASCENT * text[3].size for text in moved), default=height)
        head._texts = kept
        rest._texts = [(x, down - at, line, style, mark) for x, down, line, style, mark in moved]
        head._frames = list(self._frames)
        for x1, x2, down, rule in self._rules:
            part, shift = (head, 0.0) if down <= at else (rest, at)
            part._rules.append((x1, x2, down - shift, rule))
        for left, start, end in self._bars:
            if start < at:
                head._bars.append((left, start, min(end, at)))
            if end > at:
                rest._bars.append((left, max(start, at) - at, end - at))
        head.height, rest.height = min(at, height), self.height - at
        return head, rest

    def draw(self, sheet: Sheet, top: float) -> None:
        """Draw with the top edge at y = ``top``."""
        for x1, x2, down, rule in self._rules:
            sheet.rule(x1, x2, top - down, rule)
        for left, right, start, end in self._frames:
            sheet.frame(left, top - end, right - left, end - start, thick=0.9)
        for left, start, end in self._bars:
            sheet.box(left, top - end, 1.6, end - start)
        for x, down, line, style, mark in self._texts:
            # Who listens or copies hears words, and a line's end is no space by itself.
            shown = line if not line or line.endswith(_JOINED) else line + " "
            sheet.text(x, top - down, shown, style, mark)


_BESIDE: Final = 5.0
"""Between two texts on one line."""


class Typesetter:
    """Breaks text to widths in points and lays pieces out."""

    def __init__(self, faces: Mapping[Weight, Face]) -> None:
        self._faces = faces

    def wrap(self, text: str, width: float, style: Style) -> Sequence[str]:
        """Return printable lines no wider than ``width``."""
        return self._faces[style.weight].wrap(text, width / style.size)

    def width(self, text: str, style: Style) -> float:
        """Return the width of printable text."""
        return self._faces[style.weight].width(text) * style.size

    def line(self, text: str, style: Style) -> str:
        """Return text as one printable line, whatever its width."""
        return self._faces[style.weight].printable(text)

    def cut(self, text: str, width: float, style: Style) -> str:
        """Return text as one line, with an ellipsis where it is too long.

        For running headers only, whose whole text stands elsewhere.
        """
        line = self.line(text, style)
        if self.width(line, style) <= width:
            return line
        return self.wrap(text, width - self.width("…", style), style)[0].rstrip(" .,-") + "…"

    def paragraph(
        self, text: str, style: Style, *, left: float = BODY, right: float = RIGHT
    ) -> Piece:
        piece = Piece()
        piece.add(left, 0, self.wrap(text, right - left, style), style)
        return piece

    def run_on(
        self, piece: Piece, top: float, texts: Sequence[tuple[str, Style]], *, left: float
    ) -> float:
        """Put each text beside the one before where it fits, or else below; return the end."""
        x, beside, end = left, top, top
        for text, style in texts:
            if not text:
                continue
            lines = self.wrap(text, RIGHT - left, style)
            width = self.width(lines[-1], style)
            if x > left and (len(lines) > 1 or x + width > RIGHT):
                x, beside = left, end
            end = max(end, piece.add(x, beside, lines, style))
            x, beside = x + width + _BESIDE, end - style.leading
        return end

    def mark(
        self, piece: Piece, words: Sequence[str], top: float, tag: Element | None = None
    ) -> None:
        """Say in the margin, in words, what is unusual about the piece beside it."""
        for word in words:
            lines = self.wrap(word, BODY - LEFT - _BAR - 3, MARK)
            top = piece.add(LEFT, top, lines, MARK, tag)


def _root(element: Element) -> Element:
    while element.parent is not None:
        element = element.parent
    return element
