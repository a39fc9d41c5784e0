"""Logs of the DAC Universal, as three real files of one machine show them (German menu).

A cycle begins with the line ``DAC Universal`` and ends with ``Zyklusende``. The
degree sign is often lost on the way to the file; error lines and empty lines
stand between cycles and are accounted for as noise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.sterilization.judging import Reading
from compliance.importing.values import (
    DateOrder,
    Found,
    ImportOptions,
    LineRange,
    LineUse,
    LoggedCycle,
)

_HEAD: Final = "DAC Universal"
_LABEL: Final = re.compile(
    r"^(Serien Nr|Programm|Zyklus|Dat\.\(T-M-J\)|Zeit\(H-M-S\)):?\s+(.+?)\s*$"
)
_PROGRAM: Final = re.compile(r"(\d{2,3})\D{0,2}C/(\d{1,3})\s*min")
_LOST_DEGREE: Final = re.compile(r"(?<=\d)[?\ufffd]C(?=/)")
"""The degree sign of a program's name, as the code pages on its way leave it."""

_PHASE: Final = re.compile(r"^(\D+?)\s+(\d\d):(\d\d):(\d\d)\s+(Ok|FEHL)\s*$")
_READING: Final = re.compile(r"^(\d\d):(\d\d):(\d\d)\s+(\d{2,3})[.,](\d)\s+(\d)[.,](\d\d)\s*$")
_EXTREME: Final = re.compile(r"^(Maximum|Minimum)\s+(\d{2,3})[.,](\d)\s+(\d)[.,](\d\d)\s*$")
_HOLD: Final = re.compile(r"^Dauer \(m-s\)\s+(\d{1,3})-(\d\d)\s*$")
_ERROR: Final = re.compile(r"^Error code\s+(\d+)\s*$")
_END: Final = "Zyklusende"
_DAY_SECONDS: Final = 86_400


@dataclass(slots=True)
class _Open:
    """A cycle while its lines go by."""

    first: int
    last: int
    labels: dict[str, str] = field(default_factory=dict)
    readings: list[tuple[int, int, int]] = field(default_factory=list)
    lowest: int | None = None
    highest: int | None = None
    hold: int | None = None
    errors: list[str] = field(default_factory=list)
    failed: bool = False
    end: int | None = None
    """Second of the day of the end line."""


class DacUniversal:
    """The adapter; ``verified``, for real samples were seen."""

    name = "dac_universal"
    title = "DAC Universal"
    verified = True

    def read(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:
        """Yield cycles and the noise between them; a cycle cut short has ``ended`` False."""
        current: _Open | None = None
        noise: int | None = None
        number = 0
        for number, line in enumerate(lines, start=1):
            if line.strip() == _HEAD:
                if current is not None:
                    yield _finished(current, options)
                elif noise is not None:
                    yield _noise(noise, number - 1)
                current, noise = _Open(first=number, last=number), None
            elif current is None:
                noise = number if noise is None else noise
            else:
                _take(current, number, line)
                if current.end is not None:
                    yield _finished(current, options)
                    current = None
        if current is not None:
            yield _finished(current, options)
        elif noise is not None:
            yield _noise(noise, number)


def _noise(first: int, last: int) -> LineRange:
    return LineRange(
        first=first, last=last, use=LineUse.NOISE, note="between cycles: messages and empty lines"
    )


def _take(cycle: _Open, number: int, line: str) -> None:
    cycle.last = number
    if line[:1].isdigit():
        _take_reading(cycle, line)
    elif match := _LABEL.match(line):
        cycle.labels[match[1]] = match[2]
    elif match := _PHASE.match(line):
        _take_phase(cycle, match)
    elif match := _EXTREME.match(line):
        value = int(match[2] + match[3])
        if match[1] == "Minimum":
            cycle.lowest = value
        else:
            cycle.highest = value
    elif match := _HOLD.match(line):
        cycle.hold = int(match[1]) * 60 + int(match[2])
    elif match := _ERROR.match(line):
        cycle.errors.append(f"error code {match[1]}")


def _take_reading(cycle: _Open, line: str) -> None:
    if match := _READING.match(line):
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        cycle.readings.append((seconds, int(match[4] + match[5]), int(match[6] + match[7])))


def _take_phase(cycle: _Open, match: re.Match[str]) -> None:
    if match[5] == "FEHL":
        cycle.failed = True
        cycle.errors.append(f"{match[1].strip()}: FEHL")
    if match[1].strip() == _END:
        cycle.end = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4])


def _finished(cycle: _Open, options: ImportOptions) -> Found:
    labels = cycle.labels
    if "Zyklus" not in labels:
        return LineRange(
            first=cycle.first,
            last=cycle.last,
            use=LineUse.UNREADABLE,
            note="a head line without a cycle number after it",
        )
    started = _start(labels.get("Dat.(T-M-J)", ""), labels.get("Zeit(H-M-S)", ""), options)
    begin = 0 if started is None else _second_of_day(started)
    wanted = _PROGRAM.search(labels.get("Programm", ""))
    return LoggedCycle(
        lines=(cycle.first, cycle.last),
        serial=labels.get("Serien Nr", ""),
        program=_LOST_DEGREE.sub("°C", labels.get("Programm", "")),
        number=labels["Zyklus"],
        started_at=started,
        ended_at=_end(started, cycle.end),
        set_decicelsius=int(wanted[1]) * 10 if wanted else None,
        set_hold_seconds=int(wanted[2]) * 60 if wanted else None,
        lowest_decicelsius=cycle.lowest,
        highest_decicelsius=cycle.highest,
        hold_seconds=cycle.hold,
        curve=tuple(
            # A run may pass midnight, where the second of the day begins again.
            Reading(at_seconds=(at - begin) % _DAY_SECONDS, decicelsius=celsius, centibar=bar)
            for at, celsius, bar in cycle.readings
        ),
        ended=cycle.end is not None,
        machine_failed=cycle.failed,
        errors=tuple(dict.fromkeys(cycle.errors)),
    )


_NUMBERS: Final = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{2,4})")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})")
_ORDER: Final = {
    DateOrder.DAY_MONTH_YEAR: (3, 2, 1),
    DateOrder.MONTH_DAY_YEAR: (3, 1, 2),
    DateOrder.YEAR_MONTH_DAY: (1, 2, 3),
}
"""Where year, month and day stand."""


def _start(day: str, time: str, options: ImportOptions) -> datetime | None:
    found, clock = _NUMBERS.fullmatch(day), _CLOCK.fullmatch(time)
    if found is None or clock is None:
        return None
    year, month, date = (int(found[place]) for place in _ORDER[options.date_order])
    if year < 1000:
        # The machine writes years in full: this is another order of the date.
        return None
    try:
        return datetime(  # noqa: DTZ001 (the machine's clock knows no zone)
            year, month, date, int(clock[1]), int(clock[2]), int(clock[3])
        )
    except ValueError:
        return None


def _second_of_day(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _end(started: datetime | None, second: int | None) -> datetime | None:
    if started is None or second is None:
        return None
    lasted = (second - _second_of_day(started)) % _DAY_SECONDS
    return started + timedelta(seconds=lasted)
