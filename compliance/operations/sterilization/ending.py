"""How a started load ends: read out, found in a log, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.domain.sterilization.words import CycleKind
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.cycles import (
    CycleRow,
    RecordCycle,
    find_cycle,
    record_cycle,
)
from compliance.operations.sterilization.entering import commit_reason
from compliance.operations.sterilization.loading import LoadRow, demand_running
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.store import loads, sterilizers
from compliance.store.session import Tx

CLOCK_GAP: Final = timedelta(minutes=30)
"""A machine's clock may differ from ours by so much and still mean the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOut:
    """What display or printout says that the run achieved."""

    number: str
    lowest_decicelsius: int | None
    highest_decicelsius: int | None
    hold_seconds: int | None
    lowest_centibar: int | None
    ended_at: datetime | None
    machine_failed: bool
    indicators: tuple[ChemicalIndicator, ...]


def find_load(tx: Tx, load_id: str, *, actor: Actor) -> LoadRow:
    """Raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = loads.find_load(tx, actor.clinic_id, load_id)
    if row is None:
        raise NotFound("there is no such load in this clinic")
    return row


def read_out(tx: Tx, load_id: str, values: ReadOut, *, actor: Actor, now: datetime) -> CycleRow:
    """Record the cycle of a load by what was read, and judge it.

    Raises:
        Conflict: the load has ended.
        Refused: a value that no run has.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    load = find_load(tx, load_id, actor=actor)
    demand_running(load)
    machine = find_sterilizer(tx, load.sterilizer_id, actor=actor)
    demand_new_number(tx, machine, values.number)
    target = next((each for each in machine.programs if each["name"] == load.program), None)
    command = RecordCycle(
        sterilizer=load.sterilizer_id,
        number=values.number,
        program=load.program,
        run_at=load.started_at,
        ended_at=values.ended_at,
        set_decicelsius=None if target is None else target["hold_decicelsius"],
        set_hold_seconds=None if target is None else target["hold_seconds"],
        lowest_decicelsius=values.lowest_decicelsius,
        highest_decicelsius=values.highest_decicelsius,
        hold_seconds=values.hold_seconds,
        lowest_centibar=values.lowest_centibar,
        machine_failed=values.machine_failed,
        contents=tuple(load.contents),
        indicators=values.indicators,
    )
    row = record_cycle(tx, command, actor=actor, now=now)
    _end(tx, load, row.cycle_id, None, actor=actor, now=now)
    return row


def demand_new_number(tx: Tx, machine: SterilizerRow, number: str) -> None:
    """A number typed twice is a slip of the finger; a reset counter comes with a log.

    Raises:
        Refused: the sterilizer has a cycle of this number.
    """
    found = sterilizers.find_numbered(tx, machine.clinic_id, machine.sterilizer_id, number.strip())
    if found:
        raise Refused(
            "number", number, f"is the number of a cycle of {machine.code} that is on record"
        )


def suggest_number(tx: Tx, machine: SterilizerRow) -> str:
    """What the counter should show next; empty when it does not count in figures."""
    newest = sterilizers.list_cycles(
        tx, machine.clinic_id, sterilizer_id=machine.sterilizer_id, limit=1
    )
    if not newest or not newest[0].number.isdigit():
        return ""
    last = newest[0].number
    return str(int(last) + 1).zfill(len(last))


def fitting_cycles(tx: Tx, load: LoadRow) -> list[CycleRow]:
    """Cycles from logs that may be the run of this load, newest first."""
    runs = sterilizers.list_runs(
        tx,
        load.clinic_id,
        load.sterilizer_id,
        load.started_at - CLOCK_GAP,
        load.started_at + timedelta(hours=24),
    )
    return [
        run
        for run in reversed(runs)
        if _fits(run) and loads.find_load_of(tx, load.clinic_id, run.cycle_id) is None
    ]


def _fits(run: CycleRow) -> bool:
    return (
        run.raw_sha256 is not None
        and run.released_at is None
        and run.kind is CycleKind.PRODUCTION
        and not run.contents
    )


def take_from_log(tx: Tx, load_id: str, cycle_id: str, *, actor: Actor, now: datetime) -> CycleRow:
    """Say that a cycle of an imported log is the run of this load.

    Raises:
        NotFound, Conflict: no such cycle, or one that cannot be this load's.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    load = find_load(tx, load_id, actor=actor)
    demand_running(load)
    row = find_cycle(tx, cycle_id, actor=actor)
    if all(each.cycle_id != row.cycle_id for each in fitting_cycles(tx, load)):
        raise Conflict(f"cycle {row.number} cannot be the run of this load")
    _end(tx, load, row.cycle_id, None, actor=actor, now=now)
    # The log does not know what was inside; who loaded does.
    new = {"contents": list(load.contents), "version": row.version + 1}
    sterilizers.update_cycle(tx, row, new)
    return find_cycle(tx, cycle_id, actor=actor)


def give_up_load(
    tx: Tx, load_id: str, reason: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> None:
    """Say why a started load has no cycle: broken off, power lost, never begun.

    Raises:
        Conflict: the load has ended.
        Refused: no reason.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    load = find_load(tx, load_id, actor=actor)
    demand_running(load)
    why = commit_reason(tx, keyring, reason, actor=actor)
    _end(tx, load, None, why, actor=actor, now=now)


def _end(
    tx: Tx,
    load: LoadRow,
    cycle_id: str | None,
    reason: dict[str, str] | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    data = {"load": load.load_id, "cycle": cycle_id, "reason": reason}
    append(tx, actor, "load.ended", data, now=now)
    loads.end_load(tx, load, cycle_id=cycle_id, at=now)
