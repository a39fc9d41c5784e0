"""The sterilization room drawn anew from the signed bytes: tables, and curves as vectors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from compliance.report.content.room_values import (
    CurveFigure,
    CycleLine,
    RoomContent,
    SterilizerBlock,
)
from compliance.report.content.room_words import RoomWords
from compliance.report.content.values import ReportContent
from compliance.report.curve_scale import Scale, ticks

WIDTH: Final = 320
HEIGHT: Final = 140
"""Of a picture, in its own units; the page scales it."""

_LEFT: Final = 46
_FOOT: Final = 18
_MOST_POINTS: Final = 600
_APART: Final = " · "

T = TypeVar("T")
Cell = str | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTable:
    title: str
    explained: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCurve:
    """One picture; lines are points of a polyline, or a height."""

    title: str
    note: str
    described: str
    warm: str
    steam: str
    limits: tuple[float, ...]
    degrees: tuple[tuple[float, str], ...]
    minutes: tuple[tuple[float, str], ...]
    off: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRoom:
    tables: tuple[DrawnTable, ...]
    curves: tuple[DrawnCurve, ...]
    rules: tuple[DrawnTable, ...]


def redraw_room(content: ReportContent, most: int) -> DrawnRoom:
    """Draw at most so many lines of each table.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    words, room = content.words.room, content.room
    return DrawnRoom(
        tables=tuple(_tables(words, room, most)),
        curves=tuple(_curve(figure) for figure in itertools.islice(room.curves, most)),
        rules=tuple(
            _table(
                f"{words.rules_in_force}: {span.days}",
                words.rule_heads,
                ((one.rule, one.value, one.profile, one.source) for one in span.lines),
                (most, len(span.lines)),
                words.rules_text,
            )
            for span in room.rules
        ),
    )


def _tables(words: RoomWords, room: RoomContent, most: int) -> Iterator[DrawnTable]:
    for block in room.sterilizers:
        title = f"{words.sterilizers}: {block.title}"
        explained = _APART.join((block.facts, *block.programs))
        yield _table(title, words.state_heads, _states(block), (most, len(block.states)), explained)
    cycles = (_cycle(line) for line in room.cycles)
    yield _table(
        words.cycles, words.cycle_heads, cycles, (most, len(room.cycles)), words.cycles_text
    )
    tests = (_cycle(line) for line in room.tests)
    yield _table(words.tests, words.cycle_heads, tests, (most, len(room.tests)), words.tests_text)
    spores = (
        (
            str(line.index),
            f"{line.name}, {line.when.text}",
            line.lot,
            line.test,
            line.control,
            line.read,
            line.outcome,
        )
        for line in room.spores
    )
    size = (most, len(room.spores))
    yield _table(words.spores, words.spore_heads, spores, size, words.spores_text)
    for recall in room.recalls:
        facts = _APART.join(f"{label}: {value}" for label, value in recall.facts)
        met = (
            (line.number, line.client, line.when, line.by, " ".join(line.calls))
            for line in recall.worklist
        )
        title = f"{words.recalls}: {recall.title}, {recall.state}"
        yield _table(title, words.met_heads, met, (most, len(recall.worklist)), facts)
    files = (
        (
            str(line.index),
            f"{line.when.text}, {line.who}",
            f"{line.name}, {line.details}, SHA-256 {_grouped(line.sha256)}",
            "; ".join(line.cycles) or None,
        )
        for line in room.files
    )
    yield _table(words.files, words.file_heads, files, (most, len(room.files)), words.files_text)


def _grouped(digits: str) -> str:
    """Hex digits in groups of four, which can be compared and break at a line's end."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _table(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Row],
    size: tuple[int, int],
    explained: str,
) -> DrawnTable:
    most, count = size
    return DrawnTable(
        title=title,
        explained=explained,
        heads=tuple((head, "text") for head in heads),
        rows=tuple(itertools.islice(rows, most)),
        left_out=max(0, count - most),
    )


def _states(block: SterilizerBlock) -> Iterator[Row]:
    for line in block.states:
        yield str(line.index), line.when.text, line.state, line.why or None, line.who


def _cycle(line: CycleLine) -> Row:
    return (
        str(line.index),
        _APART.join((line.name, line.when.text, line.run)),
        ", ".join(line.set),
        ", ".join(line.achieved),
        _APART.join(line.contents),
        " ".join((f"{line.outcome}.", *line.notes)),
    )


def _curve(figure: CurveFigure) -> DrawnCurve:
    degrees = [value for _, warm, steam in figure.points for value in (warm, steam)]
    degrees += [limit for limit in (figure.lower, figure.upper) if limit is not None]
    up = Scale.over(degrees, start=HEIGHT - _FOOT, end=4, least=4.0)
    times = [at / 60 for at, _, _ in figure.points]
    across = Scale.over(times, start=_LEFT, end=WIDTH - 4, least=1.0)
    step = -(-len(figure.points) // _MOST_POINTS)
    shown = [
        (round(across.at(at / 60), 1), round(up.at(warm), 1), round(up.at(steam), 1))
        for at, warm, steam in figure.points[::step]
    ]
    return DrawnCurve(
        title=figure.title,
        note=figure.note,
        described=figure.described,
        warm=" ".join(f"{x},{warm}" for x, warm, _ in shown),
        steam=" ".join(f"{x},{steam}" for x, _, steam in shown),
        limits=tuple(
            round(up.at(limit), 1) for limit in (figure.lower, figure.upper) if limit is not None
        ),
        degrees=tuple(
            (round(up.at(value), 1), f"{value:g} °C") for value in ticks(up.low, up.high)
        ),
        minutes=tuple(
            (round(across.at(value), 1), f"{value:g} min")
            for value in ticks(across.low, across.high)
        ),
        off=tuple(
            (round(across.at(figure.points[at][0] / 60), 1), round(up.at(figure.points[at][1]), 1))
            for at in figure.off[:_MOST_POINTS]
        ),
    )
