"""Steam curves: the readings of a cycle beside its program's limits and saturated steam."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from compliance.domain.sterilization.steam import LARGEST_GAP_KELVIN, saturation_temperature
from compliance.report.content.fields import JsonObject, child, children, number, text
from compliance.report.content.naming import Naming
from compliance.report.content.room_cycles import cycle_name
from compliance.report.content.room_values import CurveFigure

_SIGNS: Final = re.compile(r"[^a-z0-9]+")
_COLDEST: Final = 2
"""Hundredths of a bar; below them steam has no saturation temperature above freezing."""


def shown_curves(naming: Naming, curves: Mapping[str, str]) -> list[str]:
    """Return the cycles whose readings the audit holds, in the order of the log."""
    cycles = naming.positions.room.cycles
    return [
        cycle
        for cycle, places in cycles.items()
        if child(naming.log.read(places.index), "data").get("curve_sha256") in curves
    ] if curves else []  # fmt: skip


def read_curve(naming: Naming, cycle: str, curves: Mapping[str, str]) -> CurveFigure:
    """Return the figure of one cycle.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    words = naming.words.room
    places = naming.positions.room.cycles[cycle]
    data = child(naming.log.read(places.index), "data")
    readings = list(_readings(curves[text(data, "curve_sha256")]))
    points = tuple(
        (at, warm / 10, saturation_temperature(max(bar, _COLDEST) / 100))
        for at, warm, bar in readings
    )
    off = tuple(
        position
        for position, (_, warm, steam) in enumerate(points)
        if abs(warm - steam) > LARGEST_GAP_KELVIN
    )
    limits = _limits(naming, data)
    outcome = words.outcomes["failed" if places.failed else "passed"]
    warm = [point[1] for point in points]
    described = words.curve_alt.format(
        count=len(points), lowest=f"{min(warm):.1f}", highest=f"{max(warm):.1f}", off=len(off)
    )
    if limits is not None:
        described += " " + words.curve_limits.format(
            lower=f"{limits[0]:.1f}", upper=f"{limits[1]:.1f}"
        )
    return CurveFigure(
        title=f"{cycle_name(naming, cycle)}, {naming.times.moment(places.run_at).text}",
        note=f"{outcome} · {naming.words.entry} {places.index}",
        described=described,
        points=points,
        lower=None if limits is None else limits[0],
        upper=None if limits is None else limits[1],
        off=off,
    )


def _readings(readings: str) -> Iterator[tuple[int, int, int]]:
    for reading in readings.split(";"):
        at, warm, bar = reading.split(",")
        yield int(at), int(warm), int(bar)


def _limits(naming: Naming, data: JsonObject) -> tuple[float, float] | None:
    """Return the limits of the program a cycle ran, in degrees; None if it is not known."""
    machine = naming.positions.room.sterilizers.get(text(data, "sterilizer"))
    if machine is None:
        return None
    programs = children(child(naming.log.read(machine.index), "data"), "programs")
    program = _find_program(programs, data)
    if program is None:
        return None
    return number(program, "hold_decicelsius") / 10, number(program, "upper_decicelsius") / 10


def _find_program(programs: Sequence[JsonObject], data: JsonObject) -> JsonObject | None:
    wanted = _plain(text(data, "program"))
    for program in programs:
        if _plain(text(program, "name")) == wanted:
            return program
    limits = (data.get("set_decicelsius"), data.get("set_hold_seconds"))
    for program in programs:
        if limits == (number(program, "hold_decicelsius"), number(program, "hold_seconds")):
            return program
    return None


def _plain(name: str) -> str:
    return _SIGNS.sub("", name.casefold())
