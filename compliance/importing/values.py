"""What an autoclave's log says, before anybody judges it."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from compliance.domain.sterilization.judging import Reading


class DateOrder(enum.StrEnum):
    """How a sterilizer writes its dates; a setting of the sterilizer, never guessed."""

    DAY_MONTH_YEAR = "dmy"
    MONTH_DAY_YEAR = "mdy"
    YEAR_MONTH_DAY = "ymd"


class LineUse(enum.StrEnum):
    """What became of a range of lines. Nothing of a file is dropped silently."""

    CYCLE = "cycle"
    NOISE = "noise"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRange:
    """Lines of the file, counted from one, both inclusive."""

    first: int
    last: int
    use: LineUse
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCycle:
    """One run as the machine wrote it down. Times are the machine's own, without a zone."""

    lines: tuple[int, int]
    serial: str
    program: str
    number: str
    started_at: datetime | None
    ended_at: datetime | None
    set_decicelsius: int | None
    set_hold_seconds: int | None
    lowest_decicelsius: int | None
    highest_decicelsius: int | None
    hold_seconds: int | None
    curve: tuple[Reading, ...]
    ended: bool
    machine_failed: bool
    errors: tuple[str, ...]

    def curve_hash(self) -> str | None:
        """SHA-256 over the curve without its date, number and serial; None without readings.

        A cloned log has another date, number and serial, and the same curve: two
        real runs never agree in every reading and its offset from the start.
        """
        if not self.curve:
            return None
        text = ";".join(f"{r.at_seconds},{r.decicelsius},{r.centibar}" for r in self.curve)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    date_order: DateOrder = DateOrder.DAY_MONTH_YEAR


Found = LoggedCycle | LineRange
"""A cycle, or lines that are none with the reason; together they account for the file."""


class Adapter(Protocol):
    """One make of sterilizer. Reads a stream of lines in bounded memory."""

    name: str
    title: str
    verified: bool
    """False until a real sample of this make has been seen; shown on screen."""

    def read(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:
        """Yield what the lines hold, in their order; never raises for what they hold."""
        ...
