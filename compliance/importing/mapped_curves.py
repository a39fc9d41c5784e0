"""The readings of a run in a text log, by the part of a mapping that tells where they stand.

Every reading is a line of columns. Only those of the hold are wanted, for what is heated up
or dried is not in saturated steam: the words of the phases before and after bound them, or
words with which each of their lines begins.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from compliance.domain.sterilization.judging import Reading
from compliance.errors import Refused

BLANKS: Final = " "
"""Columns that stand apart by any number of blanks or tabs."""

SEPARATORS: Final = (BLANKS, ";", ",", "\t", "|")
MOST_READINGS: Final = 20_000
"""Of one run; more are not taken, and said so."""

_LONGEST: Final = 80
_MOST_COLUMNS: Final = 40
_DAY: Final = 86_400
_VALUE: Final = re.compile(r"[-+]?\d{1,5}(?:[.,]\d{1,4})?")
_CLOCK: Final = re.compile(r"(?:(\d{1,2})[:.-])?(\d{1,3})[:.-](\d{2})")
_ATMOSPHERE: Final = Decimal("101.325")
"""Hundredths of a bar that a gauge leaves out, at sea level."""


class TimeForm(enum.StrEnum):
    """What the column of times holds; kept by value."""

    CLOCK = "clock"
    """The time of day: 14:05:30."""
    ELAPSED = "elapsed"
    """Since the start: 5:30 or 1:05:30."""
    SECONDS = "seconds"
    MINUTES = "minutes"


class PressureUnit(enum.StrEnum):
    """What the column of pressures holds; kept by value."""

    BAR = "bar"
    BAR_GAUGE = "bar_gauge"
    KILOPASCAL = "kpa"
    KILOPASCAL_GAUGE = "kpa_gauge"
    MILLIBAR = "mbar"
    PSI_GAUGE = "psi_gauge"


_CENTIBAR: Final[Mapping[PressureUnit, tuple[Decimal, bool]]] = {
    PressureUnit.BAR: (Decimal(100), False),
    PressureUnit.BAR_GAUGE: (Decimal(100), True),
    PressureUnit.KILOPASCAL: (Decimal(1), False),
    PressureUnit.KILOPASCAL_GAUGE: (Decimal(1), True),
    PressureUnit.MILLIBAR: (Decimal("0.1"), False),
    PressureUnit.PSI_GAUGE: (Decimal("6.894757"), True),
}
"""Hundredths of a bar in one of each unit, and whether the atmosphere comes on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveMapping:
    """Where the readings of the hold stand. Words are compared without regard to case."""

    from_words: str
    """How the line begins after which readings count; empty: from the start of the cycle."""
    until_words: str
    """How the line begins from which they do not; empty: to the end of the cycle."""
    begins_with: str
    """How each line of a reading begins; empty: with the first column."""
    separator: str
    time: int
    temperature: int
    pressure: int
    """Columns, counted from one behind `begins_with`."""
    time_form: TimeForm
    pressure_unit: PressureUnit


def curve_to_json(curve: CurveMapping | None) -> dict[str, Any] | None:
    """The form that the record keeps; `read_curve_mapping` reads it back."""
    if curve is None:
        return None
    plain = {"time_form": curve.time_form.value, "pressure_unit": curve.pressure_unit.value}
    return {**asdict(curve), **plain}


def read_curve_mapping(body: Mapping[str, Any] | None) -> CurveMapping | None:
    """Build it from what the record keeps; mappings from before curves were read have none."""
    if body is None:
        return None
    return CurveMapping(
        **{
            **body,
            "time_form": TimeForm(body["time_form"]),
            "pressure_unit": PressureUnit(body["pressure_unit"]),
        }
    )


def check_curve(curve: CurveMapping) -> None:
    """Raise ``Refused`` for a mapping that could not find a reading."""
    words = (curve.from_words, curve.until_words, curve.begins_with)
    if any(len(each) > _LONGEST for each in words):
        raise Refused("curve", "", "has too long words", allowed="80 characters each")
    if not (curve.from_words.strip() or curve.begins_with.strip()):
        raise Refused("curve", "", "does not say where the hold begins")
    if curve.separator not in SEPARATORS:
        raise Refused("curve", curve.separator, "has an unknown separator")
    columns = (curve.time, curve.temperature, curve.pressure)
    if len(set(columns)) < len(columns) or not all(1 <= at <= _MOST_COLUMNS for at in columns):
        raise Refused("curve", columns, "needs three columns", allowed=f"1 to {_MOST_COLUMNS}")


@dataclass(slots=True)
class CurveReader:
    """Takes the lines of one cycle and keeps those that are readings."""

    mapping: CurveMapping
    unread: int = 0
    """Lines among the readings that look like one and are none."""
    _inside: bool | None = None
    _readings: list[tuple[int, int, int]] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Look at one line, in the order of the log."""
        folded, curve = line.casefold(), self.mapping
        begin, end = curve.from_words.strip().casefold(), curve.until_words.strip().casefold()
        if self._inside is None:
            self._inside = not begin
        if begin and folded.startswith(begin):
            self._inside = True
        elif end and folded.startswith(end):
            self._inside = False
        elif self._inside and folded.startswith(curve.begins_with.strip().casefold()):
            self._take_columns(line[len(curve.begins_with.strip()) :].strip(" :=\t"))

    def _take_columns(self, text: str) -> None:
        curve = self.mapping
        cells = text.split() if curve.separator == BLANKS else text.split(curve.separator)
        if len(cells) < max(curve.time, curve.temperature, curve.pressure):
            return
        at = _seconds(cells[curve.time - 1], curve.time_form)
        celsius = _decimal(cells[curve.temperature - 1])
        pressure = _decimal(cells[curve.pressure - 1])
        if at is None and celsius is None and pressure is None:
            return  # The heads of the columns, or words between them.
        if (
            at is None
            or celsius is None
            or pressure is None
            or len(self._readings) >= MOST_READINGS
        ):
            self.unread += 1
            return
        scale, gauge = _CENTIBAR[curve.pressure_unit]
        centibar = pressure * scale + (_ATMOSPHERE if gauge else 0)
        self._readings.append((at, _whole(celsius * 10), _whole(centibar)))

    def finish(self, started_second: int | None) -> tuple[Reading, ...]:
        """The readings since the start of the run.

        Args:
            started_second: of the day, for times of the clock; None counts from the first reading.
        """
        begin = 0
        if self.mapping.time_form is TimeForm.CLOCK and self._readings:
            begin = self._readings[0][0] if started_second is None else started_second
        found: list[Reading] = []
        for at, celsius, centibar in self._readings:
            seconds = at - begin
            # A run may pass midnight, where the clock begins again.
            if self.mapping.time_form is TimeForm.CLOCK:
                seconds %= _DAY
            if found and seconds < found[-1].at_seconds:
                self.unread += 1
                continue
            found.append(Reading(at_seconds=seconds, decicelsius=celsius, centibar=centibar))
        return tuple(found)


def _decimal(text: str) -> Decimal | None:
    """A number at the start of a cell; a unit may stand behind it."""
    found = _VALUE.match(text.strip().strip('"'))
    return None if found is None else Decimal(found[0].replace(",", "."))


def _whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _seconds(text: str, form: TimeForm) -> int | None:
    clean = text.strip().strip('"')
    if form in (TimeForm.SECONDS, TimeForm.MINUTES):
        value = _decimal(clean)
        return None if value is None else _whole(value * (60 if form is TimeForm.MINUTES else 1))
    found = _CLOCK.match(clean)
    if found is None:
        return None
    if form is TimeForm.CLOCK and found[1] is None:
        return int(found[2]) * 3600 + int(found[3]) * 60
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
