"""Signs that a log was copied, edited or cut. A flag needs a named person's decision."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OLDEST: Final = timedelta(days=366)
"""A log older than this at its arrival is flagged; importing an archive is still possible."""

CLOCK_TOLERANCE: Final = timedelta(minutes=15)
"""An autoclave's clock may run ahead of ours by so much before its date counts as future."""


class FlagCode(enum.StrEnum):
    IDENTICAL_CURVE = "identical_curve"
    OVERLAP = "overlap"
    COUNTER_JUMP = "counter_jump"
    COUNTER_RESET = "counter_reset"
    FUTURE_DATE = "future_date"
    OLD_DATE = "old_date"
    NO_DATE = "no_date"
    SET_NOT_ACHIEVED = "set_not_achieved"
    OFF_STEAM_LINE = "off_steam_line"
    NO_END_LINE = "no_end_line"
    OTHER_SERIAL = "other_serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Why somebody must look: a code, and the facts in a sentence."""

    code: FlagCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToFlag:
    """What of a run is compared with other runs."""

    number: str
    serial: str
    started_at: datetime | None
    ended_at: datetime | None
    curve_hash: str | None
    set_decicelsius: int | None
    set_hold_seconds: int | None
    lowest_decicelsius: int | None
    hold_seconds: int | None
    ended: bool
    off_steam_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What is already known of this sterilizer."""

    serial: str
    same_curve: str | None
    """Number of an earlier run with the same curve, of any sterilizer of the clinic."""
    overlapping: str | None
    """Number of a run of this sterilizer that overlaps in time."""
    previous: str | None
    """Number of the newest run of this sterilizer that started earlier."""


def find_flags(run: RunToFlag, known: Neighbours, *, now: datetime) -> tuple[Flag, ...]:
    """Every flag of a run, each explained. ``now`` and the run's times are of one kind:
    both with a zone, or both the machine's own."""
    return (
        *_copy_flags(run, known),
        *_counter_flags(run, known),
        *_date_flags(run, now),
        *_value_flags(run),
    )


def _copy_flags(run: RunToFlag, known: Neighbours) -> list[Flag]:
    flags = []
    if known.same_curve is not None:
        reason = (
            f"Every reading equals that of cycle {known.same_curve}. Two real runs never do:"
            " one of the two logs was probably copied."
        )
        flags.append(Flag(code=FlagCode.IDENTICAL_CURVE, reason=reason))
    if known.overlapping is not None:
        reason = f"It overlaps in time with cycle {known.overlapping} of the same sterilizer."
        flags.append(Flag(code=FlagCode.OVERLAP, reason=reason))
    if run.serial and known.serial and run.serial != known.serial:
        reason = f"The log names serial {run.serial}; this sterilizer has {known.serial}."
        flags.append(Flag(code=FlagCode.OTHER_SERIAL, reason=reason))
    return flags


def _counter_flags(run: RunToFlag, known: Neighbours) -> list[Flag]:
    if known.previous is None or not (run.number.isdigit() and known.previous.isdigit()):
        return []
    step = int(run.number) - int(known.previous)
    if step == 1:
        return []
    if step <= 0:
        reason = f"The counter went from {known.previous} back to {run.number}."
        return [Flag(code=FlagCode.COUNTER_RESET, reason=reason)]
    reason = (
        f"The counter jumped from {known.previous} to {run.number}: {step - 1} runs are missing."
    )
    return [Flag(code=FlagCode.COUNTER_JUMP, reason=reason)]


def _date_flags(run: RunToFlag, now: datetime) -> list[Flag]:
    if run.started_at is None:
        return [Flag(code=FlagCode.NO_DATE, reason="The log has no readable date and time.")]
    if run.started_at > now + CLOCK_TOLERANCE:
        return [Flag(code=FlagCode.FUTURE_DATE, reason="The run lies in the future.")]
    if run.started_at < now - OLDEST:
        return [Flag(code=FlagCode.OLD_DATE, reason="The run is more than a year old.")]
    return []


def _value_flags(run: RunToFlag) -> list[Flag]:
    flags = []
    if not run.ended:
        reason = "The end line is missing: the run counts as failed."
        flags.append(Flag(code=FlagCode.NO_END_LINE, reason=reason))
    if run.off_steam_line:
        reason = "Temperature and pressure do not belong to saturated steam."
        flags.append(Flag(code=FlagCode.OFF_STEAM_LINE, reason=reason))
    short = (
        run.set_hold_seconds is not None
        and run.hold_seconds is not None
        and run.hold_seconds < run.set_hold_seconds
    )
    cool = (
        run.set_decicelsius is not None
        and run.lowest_decicelsius is not None
        and run.lowest_decicelsius < run.set_decicelsius
    )
    if short or cool:
        reason = "The printout shows set values that the run did not achieve."
        flags.append(Flag(code=FlagCode.SET_NOT_ACHIEVED, reason=reason))
    return flags
