"""Spore tests: read with their control, and what a failed one sets off at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.judging import SporeReading, judge_spore_test
from compliance.domain.sterilization.words import CycleKind, Growth, SporeOutcome, SterilizerState
from compliance.errors import Conflict, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_lot_code
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.entering import as_recorded, house_of
from compliance.operations.sterilization.machines import apply_move, find_sterilizer
from compliance.operations.sterilization.recalling import recall_loads
from compliance.store import spore_tests
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow

__all__ = ["SporeRow"]

FIELDS: Final = (
    "run_at",
    "lot",
    "expires_on",
    "control_lot",
    "result",
    "control",
    "outcome",
    "read_at",
)
_IN_USE: Final = frozenset({SterilizerState.IN_SERVICE, SterilizerState.RETEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSporeTest:
    """A biological indicator of one load, as it was read, or still in incubation."""

    cycle_id: str
    lot: str
    expires_on: date
    result: Growth
    control: Growth | None
    control_lot: str | None
    read_at: datetime | None = None
    """None: now, once there is something to read."""


def record_spore_test(tx: Tx, command: RecordSporeTest, *, actor: Actor, now: datetime) -> SporeRow:
    """Enter a spore test, or the reading of one that was pending.

    Growth suspends the sterilizer in the same transaction and takes back every
    load since the run of its last valid negative test.

    Raises:
        NotFound: no such cycle.
        Conflict: a negative one from a load in which spores grew already.
        Refused: a bad lot, or a reading in the future or before the run.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    cycle = find_cycle(tx, command.cycle_id, actor=actor)
    check_lot_code("lot", command.lot)
    if command.control_lot is not None:
        check_lot_code("control_lot", command.control_lot)
    read_at = None if command.result is Growth.PENDING else command.read_at or now
    if read_at is not None and not cycle.run_at <= read_at <= now:
        raise Refused(
            "read_at", read_at.isoformat(), "is before the run or in the future", allowed="a time"
        )
    pending = spore_tests.find_pending_test(tx, actor.clinic_id, cycle.cycle_id, command.lot)
    row = SporeRow(
        clinic_id=actor.clinic_id,
        test_id=new_id(now) if pending is None else pending.test_id,
        sterilizer_id=cycle.sterilizer_id,
        cycle_id=cycle.cycle_id,
        run_at=cycle.run_at,
        lot=command.lot,
        expires_on=command.expires_on,
        control_lot=command.control_lot,
        result=command.result.value,
        control=None if command.control is None else command.control.value,
        outcome=_judge(tx, command, cycle.kind, cycle.run_at, actor),
        read_at=read_at,
        read_by=actor.user_id,
    )
    if row.outcome is SporeOutcome.PASS and spore_tests.has_failed(
        tx, actor.clinic_id, cycle.cycle_id
    ):
        raise Conflict(f"growth was read from cycle {cycle.number}; no other strip takes it back")
    data = {
        "indicator": "spore",
        "test": row.test_id,
        "cycle": row.cycle_id,
        "sterilizer": row.sterilizer_id,
        **as_recorded(asdict(row), FIELDS),
    }
    append(tx, actor, "indicator.read", data, now=now)
    if pending is None:
        spore_tests.insert_spore_test(tx, row)
    else:
        spore_tests.replace_spore_test(tx, row)
    if row.outcome is SporeOutcome.FAIL:
        _take_back(tx, row, actor=actor, now=now)
    return row


def _judge(
    tx: Tx, command: RecordSporeTest, kind: CycleKind, run_at: datetime, actor: Actor
) -> SporeOutcome:
    return judge_spore_test(
        SporeReading(
            test=command.result,
            control=command.control,
            same_lot=command.control_lot == command.lot,
            expired=command.expires_on < house_of(tx, actor, run_at).today,
            in_normal_load=kind is CycleKind.PRODUCTION,
        )
    )


def _take_back(tx: Tx, row: SporeRow, *, actor: Actor, now: datetime) -> None:
    machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    if machine.state in _IN_USE:
        why = {"reason": None, "cause": None, "test": row.test_id}
        apply_move(tx, machine, SterilizerState.SUSPENDED, why, actor=actor, now=now)
    recall_loads(tx, machine, row, actor=actor, now=now)


def list_spore_tests(
    tx: Tx, *, actor: Actor, after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[SporeRow]:
    """A keyset page, newest run first."""
    actor.require(Action.READ_THINGS)
    return spore_tests.list_spore_tests(tx, actor.clinic_id, after=after, limit=limit)
