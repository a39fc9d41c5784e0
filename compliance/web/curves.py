"""A cycle's curve as the shared component takes it: the readings, the limits, the steam line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.steam import (
    LARGEST_GAP_KELVIN,
    saturation_temperature,
)

_SHOWN: Final = 400
"""Readings in the table; a longer curve shows every n-th, and those off the steam line always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """One reading in words; temperatures in °C, pressure absolute in bar."""

    at: str
    temperature: str
    pressure: str
    steam: str
    gap: str
    off: bool
    """More than 2 K off saturated steam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What ``templates/_components/curve.html`` draws."""

    data: str
    """JSON for js/curve.js: seconds, °C, bar, the steam line, and the program's limits or null."""
    summary: str
    """The curve in a sentence, for whoever cannot see it."""
    lines: tuple[CurveLine, ...]
    shortened: bool
    """The table leaves readings out; the picture never does."""


def curve_of(readings: Sequence[Sequence[int]], program: Program | None) -> Curve | None:
    """Build the curve of a cycle; None where its log has no readings.

    Args:
        readings: seconds since the start, tenths of a degree, hundredths of a bar absolute.
        program: whose limits are drawn; None where the program is not known.
    """
    if not readings:
        return None
    steam = [saturation_temperature(bar / 100) if bar > 0 else None for _, _, bar in readings]
    lines = [_line(each, line) for each, line in zip(readings, steam, strict=True)]
    data = {
        "at": [at for at, _, _ in readings],
        "temperature": [celsius / 10 for _, celsius, _ in readings],
        "pressure": [bar / 100 for _, _, bar in readings],
        "steam": [None if line is None else round(line, 2) for line in steam],
        "off": [position for position, line in enumerate(lines) if line.off],
        "lower": None if program is None else program.hold_decicelsius / 10,
        "upper": None if program is None else program.upper_decicelsius / 10,
    }
    step = -(-len(lines) // _SHOWN)
    shown = [line for place, line in enumerate(lines) if line.off or place % step == 0]
    return Curve(
        data=json.dumps(data, separators=(",", ":")),
        summary=_summary(readings, lines, program),
        lines=tuple(shown),
        shortened=len(shown) < len(lines),
    )


def _line(reading: Sequence[int], steam: float | None) -> CurveLine:
    at, celsius, bar = reading
    gap = None if steam is None else celsius / 10 - steam
    return CurveLine(
        at=show_span(at),
        temperature=f"{celsius / 10:.1f}",
        pressure=f"{bar / 100:.2f}",
        steam="–" if steam is None else f"{steam:.1f}",
        gap="–" if gap is None else f"{gap:+.1f}".replace("-", "−"),
        off=gap is None or abs(gap) > LARGEST_GAP_KELVIN,
    )


def _summary(
    readings: Sequence[Sequence[int]], lines: Sequence[CurveLine], program: Program | None
) -> str:
    warm = [celsius / 10 for _, celsius, _ in readings]
    off = sum(line.off for line in lines)
    said = (
        f"{len(lines)} readings over {show_span(readings[-1][0] - readings[0][0])} min:"
        f" {min(warm):.1f} to {max(warm):.1f} °C."
    )
    if program is not None:
        low, high = program.hold_decicelsius / 10, program.upper_decicelsius / 10
        said += f" The program asks for {low:.1f} to {high:.1f} °C."
    if off == 0:
        return f"{said} Every reading lies within 2 K of saturated steam."
    lies = "1 reading lies" if off == 1 else f"{off} readings lie"
    return f"{said} {lies} more than 2 K off saturated steam."


def show_span(seconds: int) -> str:
    """Minutes and seconds: 3:11; from an hour on with hours: 1:03:11."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
