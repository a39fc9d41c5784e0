"""Pieces of a page: laid out first, so that their height is known, and drawn when placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from compliance.report.canvas import Rule, Sheet, Style
from compliance.report.styles import BODY, LEFT, MARK, RIGHT
from compliance.report.typefaces import Face, Weight

_ASCENT: Final = 0.78
"""Of the type size: how far below the top of a line its baseline lies."""

_DESCENT: Final = 0.28
"""Of the type size: how far letters reach below their baseline."""

_BAR: Final = 7.0
"""Distance of the change bar from the body."""


class Piece:
    """A part that a page break cuts only where no page could hold it: texts and rules below its own top edge."""

    __slots__ = ("_bars", "_frames", "_rules", "_texts", "height")

    def __init__(self, height: float = 0.0) -> None:
        self.height = height
        self._texts: list[tuple[float, float, str, Style]] = []
        self._rules: list[tuple[float, float, float, Rule]] = []
        self._frames: list[tuple[float, float, float, float]] = []
        self._bars: list[tuple[float, float]] = []

    def add(self, x: float, top: float, lines: Sequence[str], style: Style) -> float:
        """Put lines under one another and return where the next would begin.

        Args:
            top: distance from the piece's top edge to the first line's.
        """
        baseline = top + style.size * _ASCENT + (style.leading - style.size) / 2
        for line in lines:
            self._texts.append((x, baseline, line, style))
            baseline += style.leading
        end = top + len(lines) * style.leading
        self.height = max(self.height, end)
        return end

    def rule(self, top: float, rule: Rule, *, left: float = LEFT) -> None:
        """Draw a line from ``left`` to the right edge."""
        self._rules.append((left, RIGHT, top, rule))

    def frame(self, left: float, right: float, top: float, bottom: float) -> None:
        self._frames.append((left, right, top, bottom))

    def bar(self, top: float, bottom: float) -> None:
        """Put a change bar into the margin beside what a mark speaks of."""
        self._bars.append((top, bottom))

    def cut(self, height: float) -> tuple[Piece, Piece]:
        """Return what fits above ``height`` and the rest, cutting between lines of text.

        For a piece that no page can hold: somebody's very long free text.
        """
        head, rest = Piece(), Piece()
        kept = [text for text in self._texts if text[1] + _DESCENT * text[3].size <= height]
        moved = [text for text in self._texts if text[1] + _DESCENT * text[3].size > height]
        at = min((text[1] - _ASCENT * text[3].size for text in moved), default=height)
        head._texts = kept
        rest._texts = [(x, down - at, line, style) for x, down, line, style in moved]
        head._frames = list(self._frames)
        for x1, x2, down, rule in self._rules:
            part, shift = (head, 0.0) if down <= at else (rest, at)
            part._rules.append((x1, x2, down - shift, rule))
        for start, end in self._bars:
            if start < at:
                head._bars.append((start, min(end, at)))
            if end > at:
                rest._bars.append((max(start, at) - at, end - at))
        head.height, rest.height = min(at, height), self.height - at
        return head, rest

    def draw(self, sheet: Sheet, top: float) -> None:
        """Draw with the top edge at y = ``top``."""
        for x1, x2, down, rule in self._rules:
            sheet.rule(x1, x2, top - down, rule)
        for left, right, start, end in self._frames:
            sheet.frame(left, top - end, right - left, end - start, thick=0.9)
        for start, end in self._bars:
            sheet.box(BODY - _BAR, top - end, 1.6, end - start)
        for x, down, line, style in self._texts:
            sheet.text(x, top - down, line, style)


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

    def mark(self, piece: Piece, words: Sequence[str], top: float) -> None:
        """Say in the margin, in words, what is unusual about the piece beside it."""
        for word in words:
            lines = self.wrap(word, BODY - LEFT - _BAR - 3, MARK)
            top = piece.add(LEFT, top, lines, MARK)
