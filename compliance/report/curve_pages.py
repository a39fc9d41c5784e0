"""Steam curves, drawn as vectors: told apart by the form of their lines, not by colour."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

from compliance.report.canvas import Sheet
from compliance.report.content.room_values import CurveFigure
from compliance.report.content.room_words import RoomWords
from compliance.report.content.values import ReportContent
from compliance.report.curve_scale import Scale, ticks
from compliance.report.document import Document
from compliance.report.pieces import Piece, Typesetter
from compliance.report.structure import Artifact, Element, text_string
from compliance.report.styles import CELL, CELL_STRONG, LABEL, LEFT, RIGHT

_GUTTER: Final = 24.0
_WIDTH: Final = (RIGHT - LEFT - _GUTTER) / 2
_PLOT_LEFT: Final = 26.0
"""Room for the degrees beside the plot."""

_PLOT_HEIGHT: Final = 92.0
_FOOT: Final = 16.0
"""Room for the minutes below the plot."""

_MOST_POINTS: Final = 600
"""Of a line; more than a printer can show."""

_WARM: Final = "0 G 1.1 w [] 0 d"
_STEAM: Final = "0 G 0.9 w [1.4 1.6] 0 d"
_LIMIT: Final = "0.35 G 0.5 w [7 2.5] 0 d"
_GRID: Final = "0.75 G 0.3 w [] 0 d"
_CROSS: Final = "0 G 0.9 w [] 0 d"


def draw_curves(document: Document, content: ReportContent) -> None:
    """Draw every curve the report holds, two side by side."""
    words, curves = content.words.room, content.room.curves
    if not len(curves):
        return
    document.heading(words.curves, explained=words.curves_text)
    document.place(_Legend(document.type, words), after=8)
    waiting = iter(curves)
    for first in waiting:
        pair = [first, *itertools.islice(waiting, 1)]
        document.place(_Pair(document.type, words, pair), after=14)


class _Legend(Piece):
    """What each line means, with a sample of it."""

    __slots__ = ("_samples",)

    def __init__(self, type_: Typesetter, words: RoomWords) -> None:
        super().__init__()
        self._samples: list[tuple[float, str]] = []
        x = LEFT
        said = self.tag()
        for text, state in (
            (words.curve_warm, _WARM),
            (words.curve_steam, _STEAM),
            (words.curve_limit, _LIMIT),
            (words.curve_off, ""),
        ):
            self._samples.append((x, state))
            line = type_.line(text, CELL)
            self.add(x + 28, 0, (line,), CELL, said)
            x += 28 + type_.width(line, CELL) + 18

    def draw(self, sheet: Sheet, top: float) -> None:
        super().draw(sheet, top)
        middle = top - self.height / 2
        for x, state in self._samples:
            drawn = f"{state} {_line([(x, middle), (x + 22, middle)])}" if state else ""
            sheet.drawing(drawn or f"{_CROSS} {_cross(x + 11, middle)}", Artifact.LAYOUT)


class _Pair(Piece):
    """One or two figures side by side."""

    __slots__ = ("_figures", "_top")

    def __init__(self, type_: Typesetter, words: RoomWords, figures: Sequence[CurveFigure]) -> None:
        super().__init__()
        self._figures: list[tuple[_Plot, Element]] = []
        heads = []
        for at, figure in enumerate(figures):
            left = LEFT + at * (_WIDTH + _GUTTER)
            caption = self.tag()
            y = self.add(
                left, 0, type_.wrap(figure.title, _WIDTH, CELL_STRONG), CELL_STRONG, caption
            )
            heads.append(self.add(left, y, type_.wrap(figure.note, _WIDTH, CELL), CELL, caption))
            alt = text_string(f"{figure.title}. {figure.described}")
            element = Element("Figure", extra=f"/Alt<{alt}>")
            self.roots.append(element)
            self._figures.append((_Plot(figure, left, type_, words.curve_time), element))
        self._top = max(heads) + 5
        self.height = self._top + _PLOT_HEIGHT + _FOOT

    def draw(self, sheet: Sheet, top: float) -> None:
        super().draw(sheet, top)
        for plot, element in self._figures:
            plot.draw(sheet, top - self._top, element)


class _Plot:
    """One curve with its axes, limits and the steam line."""

    def __init__(self, figure: CurveFigure, left: float, type_: Typesetter, unit: str) -> None:
        self._figure = figure
        self._left = left
        self._type = type_
        self._unit = unit
        degrees = [value for _, warm, steam in figure.points for value in (warm, steam)]
        degrees += [limit for limit in (figure.lower, figure.upper) if limit is not None]
        times = [at / 60 for at, _, _ in figure.points]
        self._across = Scale.over(times, start=left + _PLOT_LEFT, end=left + _WIDTH, least=1.0)
        self._degrees = degrees

    def draw(self, sheet: Sheet, top: float, element: Element) -> None:
        bottom = top - _PLOT_HEIGHT
        up = Scale.over(self._degrees, start=bottom, end=top, least=4.0)
        right = self._left + _WIDTH
        element.extra += (
            "/A<</O/Layout/Placement/Block"
            f"/BBox[{self._left:.2f} {bottom - _FOOT:.2f} {right:.2f} {top:.2f}]>>"
        )
        sheet.drawing("\n".join(self._operators(up, bottom, top)), element)
        for value in ticks(up.low, up.high):
            label = self._type.line(f"{value:g} °C", LABEL)
            y = up.at(value) - LABEL.size * 0.35
            sheet.text_right(self._left + _PLOT_LEFT - 3, y, label + " ", LABEL, element)
        for value in ticks(self._across.low, self._across.high):
            label = self._type.line(f"{value:g} {self._unit}", LABEL)
            x = self._across.at(value) - self._type.width(label, LABEL) / 2
            x = min(x, right - self._type.width(label, LABEL))
            sheet.text(x, bottom - 9, label + " ", LABEL, element)

    def _operators(self, up: Scale, bottom: float, top: float) -> Iterable[str]:
        figure, across = self._figure, self._across
        left, right = self._left + _PLOT_LEFT, self._left + _WIDTH
        yield _GRID
        for value in ticks(up.low, up.high):
            yield _line([(left, up.at(value)), (right, up.at(value))])
        for value in ticks(across.low, across.high):
            yield _line([(across.at(value), bottom), (across.at(value), top)])
        yield _LIMIT
        for limit in (figure.lower, figure.upper):
            if limit is not None:
                yield _line([(left, up.at(limit)), (right, up.at(limit))])
        kept = _thinned(figure)
        places = [(across.at(at / 60), up.at(warm), up.at(steam)) for at, warm, steam in kept]
        yield f"{_STEAM} {_line([(x, steam) for x, _, steam in places])}"
        yield f"{_WARM} {_line([(x, warm) for x, warm, _ in places])}"
        yield _CROSS
        for position in figure.off[:_MOST_POINTS]:
            at, warm, _ = figure.points[position]
            yield _cross(across.at(at / 60), up.at(warm))


def _thinned(figure: CurveFigure) -> list[tuple[int, float, float]]:
    """Return as many points as can be told apart; the extremes and faults are always kept."""
    step = -(-len(figure.points) // _MOST_POINTS)
    if step == 1:
        return list(figure.points)
    warm = [point[1] for point in figure.points]
    kept = {0, len(warm) - 1, warm.index(min(warm)), warm.index(max(warm))}
    kept |= set(figure.off[:_MOST_POINTS]) | set(range(0, len(warm), step))
    return [figure.points[at] for at in sorted(kept)]


def _line(points: Sequence[tuple[float, float]]) -> str:
    drawn = [f"{x:.2f} {y:.2f} {'l' if at else 'm'}" for at, (x, y) in enumerate(points)]
    if len(points) == 1:
        # A single reading is a dot, which a line of no length would not show.
        x, y = points[0]
        drawn.append(f"{x + 1.5:.2f} {y:.2f} l")
    return " ".join([*drawn, "S"])


def _cross(x: float, y: float) -> str:
    down = _line([(x - 2, y - 2), (x + 2, y + 2)])
    return f"{down} {_line([(x - 2, y + 2), (x + 2, y - 2)])}"
