"""Judging a recorded cycle, and comparing it with what is known of its sterilizer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from compliance.domain.access import Actor
from compliance.domain.rules import EffectiveRules
from compliance.domain.sterilization.flags import Flag, Neighbours, RunToFlag, find_flags
from compliance.domain.sterilization.judging import (
    ChemicalIndicator,
    CycleReadings,
    CycleVerdict,
    Program,
    Reading,
    judge_cycle,
)
from compliance.domain.sterilization.words import CycleKind, CycleOutcome
from compliance.operations.sterilization.entering import house_of
from compliance.store import sterilizers
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, SterilizerRow

_NO_PROGRAM: Final = "The program is not one of this sterilizer's, so nothing says what to reach."
_SIGNS: Final = re.compile(r"[^a-z0-9]+")


def curve_hash(curve: Sequence[Reading]) -> str | None:
    """SHA-256 over the readings alone, without date, number and serial."""
    if not curve:
        return None
    text = ";".join(f"{r.at_seconds},{r.decicelsius},{r.centibar}" for r in curve)
    return hashlib.sha256(text.encode()).hexdigest()


def judge_row(
    tx: Tx, row: CycleRow, machine: SterilizerRow, *, actor: Actor, releasing: bool = False
) -> CycleVerdict:
    """Judge a cycle as it stands, by the rules of the day it ran.

    An indicator that nobody has read yet is no fault of the run: it is demanded
    when the load is released.
    """
    rules = house_of(tx, actor, row.run_at).rules
    return judge_by(rules, row, machine, releasing=releasing)


def judge_by(
    rules: EffectiveRules, row: CycleRow, machine: SterilizerRow, *, releasing: bool = False
) -> CycleVerdict:
    """Judge a cycle by rules that are at hand."""
    program = find_program(machine, row)
    if program is None:
        return CycleVerdict(outcome=CycleOutcome.FAILED, faults=(_NO_PROGRAM,))
    readings = CycleReadings(
        lowest_decicelsius=row.lowest_decicelsius,
        highest_decicelsius=row.highest_decicelsius,
        hold_seconds=row.hold_seconds,
        curve=tuple(
            Reading(at_seconds=each[0], decicelsius=each[1], centibar=each[2]) for each in row.curve
        ),
        ended=row.ended,
        machine_failed=row.machine_failed,
        indicators=tuple(ChemicalIndicator(**each) for each in row.indicators),
    )
    read = bool(row.indicators) or releasing
    return judge_cycle(
        program,
        readings,
        kind=row.kind if read else CycleKind.DAY_TEST,
        integrator_required=bool(rules.values.get("integrator_required")),
    )


def find_program(machine: SterilizerRow, row: CycleRow) -> Program | None:
    """The sterilizer's program by name, or by the temperature and hold that the log set."""
    programs = [Program(**each) for each in machine.programs]
    wanted = _SIGNS.sub("", row.program.casefold())
    for program in programs:
        if _SIGNS.sub("", program.name.casefold()) == wanted:
            return program
    for program in programs:
        limits = (program.hold_decicelsius, program.hold_seconds)
        if limits == (row.set_decicelsius, row.set_hold_seconds):
            return program
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a run says of itself, to be compared with its neighbours."""

    number: str
    serial: str
    run_at: datetime | None
    ended_at: datetime | None
    set_decicelsius: int | None
    set_hold_seconds: int | None
    lowest_decicelsius: int | None
    hold_seconds: int | None
    ended: bool
    curve: tuple[Reading, ...]


Earlier = tuple[str, datetime, datetime | None]
"""Number, start and end of a run."""


class Known(Protocol):
    """What is known of other runs when one is compared with them."""

    def find_earlier(self, before: datetime) -> Earlier | None:
        """The newest run of the same sterilizer that began earlier."""
        ...

    def find_same_curve(self, digest: str) -> str | None:
        """The number of a run of the clinic with this curve."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """The runs as they stand in the database."""

    tx: Tx
    machine: SterilizerRow

    def find_earlier(self, before: datetime) -> Earlier | None:
        return sterilizers.find_earlier(
            self.tx, self.machine.clinic_id, self.machine.sterilizer_id, before
        )

    def find_same_curve(self, digest: str) -> str | None:
        return sterilizers.find_same_curve(self.tx, self.machine.clinic_id, digest)


def flag_run(
    known: Known, machine: SterilizerRow, command: Claimed, *, now: datetime
) -> tuple[Flag, ...]:
    """Every sign that a run was copied, edited or cut."""
    digest = curve_hash(command.curve)
    run_at = command.run_at
    before = after = None
    if run_at is not None:
        before = known.find_earlier(run_at)
        if command.ended_at is not None:
            # The newest run that began before this one ended, if it is not the one before.
            after = known.find_earlier(command.ended_at)
    overlapping = None
    if before is not None and before[2] is not None and run_at is not None and before[2] > run_at:
        overlapping = before[0]
    elif after is not None and after != before:
        overlapping = after[0]
    run = RunToFlag(
        number=command.number,
        serial=command.serial,
        started_at=run_at,
        ended_at=command.ended_at,
        curve_hash=digest,
        set_decicelsius=command.set_decicelsius,
        set_hold_seconds=command.set_hold_seconds,
        lowest_decicelsius=command.lowest_decicelsius,
        hold_seconds=command.hold_seconds,
        ended=command.ended,
        off_steam_line=_is_off_steam(command.curve),
    )
    others = Neighbours(
        serial=machine.serial,
        same_curve=known.find_same_curve(digest) if digest else None,
        overlapping=overlapping,
        previous=None if before is None else before[0],
    )
    return find_flags(run, others, now=now)


def _is_off_steam(curve: tuple[Reading, ...]) -> bool:
    probe = Program(name="", hold_decicelsius=0, upper_decicelsius=9999, hold_seconds=0)
    readings = CycleReadings(
        lowest_decicelsius=0, highest_decicelsius=0, hold_seconds=0, curve=curve
    )
    return bool(judge_cycle(probe, readings, kind=CycleKind.DAY_TEST).faults)
