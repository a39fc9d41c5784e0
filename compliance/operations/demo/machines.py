"""The demo's two sterilizers: what they are, what a run of theirs achieves, and the log of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.steam import saturation_pressure
from compliance.domain.sterilization.words import SterilizerType
from compliance.operations.sterilization.machines import AddSterilizer

TYPED: Final = AddSterilizer(
    code="A1",
    name="Autoclave 1",
    type=SterilizerType.B,
    serial="B18-20871",
    programs=(
        Program(
            name="134 °C wrapped", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=240
        ),
        Program(
            name="Helix 134 °C", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=210
        ),
    ),
    installed_on=date(2024, 3, 4),
    chamber_litres=18,
)
"""The operator types in what its display shows."""

LOGGING: Final = AddSterilizer(
    code="A2",
    name="DAC Universal",
    type=SterilizerType.S,
    serial="708114",
    programs=(
        Program(
            name="Universal/134°C/3min",
            hold_decicelsius=1340,
            upper_decicelsius=1370,
            hold_seconds=180,
        ),
    ),
    installed_on=date(2025, 1, 20),
    chamber_litres=1,
)
"""It writes a log onto a card, which is imported."""

_RULE: Final = "-" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a display shows after a run."""

    lowest_decicelsius: int
    highest_decicelsius: int
    hold_seconds: int
    lowest_centibar: int


def run_typed(random: Random) -> Achieved:
    """A good run of the sterilizer whose values are typed in."""
    lowest = random.randint(1344, 1351)
    return Achieved(
        lowest_decicelsius=lowest,
        highest_decicelsius=lowest + random.randint(3, 7),
        hold_seconds=random.randint(241, 249),
        lowest_centibar=round(saturation_pressure(lowest / 10) * 100),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRun:
    """One run as the log of the other sterilizer shows it."""

    number: int
    start: datetime
    """The wall clock of the clinic."""
    readings: tuple[tuple[int, int, int], ...]
    """Seconds since the start, tenths of a degree, hundredths of a bar."""
    failed: bool = False

    def text(self) -> bytes:
        """The lines of this run; the degree sign is lost on the way to the card."""
        return "".join(f"{line}\r\n" for line in self._lines()).encode("ascii")

    def _lines(self) -> Iterator[str]:
        warm = [reading[1] for reading in self.readings]
        bars = [reading[2] for reading in self.readings]
        held = self.readings[-1][0] - self.readings[0][0] + 4
        end = "FEHL" if self.failed else "Ok  "
        yield "DAC Universal"
        yield f"Serien Nr:  {LOGGING.serial}"
        yield "Programm:   Universal/134?C/3min"
        yield "Deckel:     Standard"
        yield f"Zyklus:     {self.number}"
        yield f"Dat.(T-M-J) {self.start:%d-%m-%Y}"
        yield f"Zeit(H-M-S) {self.start:%H:%M:%S}"
        yield from (
            _RULE,
            "Phase:             Uhrzeit: Erg:",
            f"Start              {self._at(31)} Ok  ",
        )
        yield f"Beginn Haltezeit   {self._at(self.readings[0][0] - 8)} Ok  "
        yield from (_RULE, "Uhrzeit:           ?C:      bar:")
        for at, celsius, bar in self.readings:
            yield f"{self._at(at)}           {celsius / 10:.1f}    {bar / 100:.2f}"
        yield f"Maximum            {max(warm) / 10:.1f}    {max(bars) / 100:.2f}"
        yield f"Minimum            {min(warm) / 10:.1f}    {min(bars) / 100:.2f}"
        yield f"Dauer (m-s)        {held // 60:02d}-{held % 60:02d}"
        if self.failed:
            yield "Error code         22"
        yield _RULE
        yield f"Sterilisation      {self._at(self.readings[-1][0] + 1)} {end}"
        yield _RULE
        yield f"Zyklusende         {self._at(self.readings[-1][0] + 216)} Ok  "
        yield ""

    def _at(self, seconds: int) -> str:
        return f"{self.start + timedelta(seconds=seconds):%H:%M:%S}"


def run_logged(random: Random, number: int, start: datetime, *, failed: bool = False) -> LoggedRun:
    """A run with readings of its own: steam a few tenths above what was set, or too cold."""
    at, readings = random.randint(690, 765), []
    level = random.randint(1350, 1355) - (38 if failed else 0)
    for _ in range(7 if not failed else 4):
        celsius = level + random.randint(-1, 1)
        bar = round(saturation_pressure(celsius / 10) * 100) + random.randint(0, 1)
        readings.append((at, celsius, bar))
        at += random.choice((30, 30, 30, 31))
    return LoggedRun(number=number, start=start, readings=tuple(readings), failed=failed)
