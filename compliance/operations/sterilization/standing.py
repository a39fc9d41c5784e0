"""Where the sterilization room stands now: each sterilizer, and the loads somebody must act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import CycleKind, SporeOutcome
from compliance.errors import NotFound
from compliance.operations.sterilization.entering import house_of
from compliance.operations.sterilization.machines import SporeDue, SterilizerRow, spore_test_due
from compliance.operations.sterilization.releasing import find_day_test
from compliance.store import loads, recalls, spore_tests, sterilizers
from compliance.store.loads import LoadRow
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import CycleRow

REMEMBERED: Final = timedelta(days=14)
"""An older load that nobody released is looked for in the list of cycles."""

_NEWEST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One sterilizer with everything that is due on it."""

    machine: SterilizerRow
    day_test: CycleRow | None
    """Today's, passed or not."""
    day_test_rule: str | None
    """Why a day test is demanded; None where no rule of the clinic demands one."""
    spore: SporeDue
    incubating: tuple[SporeRow, ...]
    running: LoadRow | None
    last: CycleRow | None
    recall_id: str | None
    """The open recall that its last failed spore test set off."""


def read_standings(tx: Tx, *, actor: Actor, now: datetime) -> list[Standing]:
    """Every sterilizer of the clinic, by code."""
    actor.require(Action.READ_THINGS)
    running = {load.sterilizer_id: load for load in loads.running_loads(tx, actor.clinic_id)}
    pending = list_incubating(tx, actor=actor)
    machines = sterilizers.list_sterilizers(tx, actor.clinic_id)
    return [_stand(tx, each, running, pending, actor=actor, now=now) for each in machines]


def _stand(
    tx: Tx,
    machine: SterilizerRow,
    running: dict[str, LoadRow],
    pending: list[SporeRow],
    *,
    actor: Actor,
    now: datetime,
) -> Standing:
    house = house_of(tx, actor, now)
    demanded = bool(house.rules.values.get("day_test_required"))
    newest = sterilizers.list_cycles(
        tx, actor.clinic_id, sterilizer_id=machine.sterilizer_id, limit=1
    )
    open_recalls = [
        recall
        for recall in recalls.recalls_of(tx, actor.clinic_id, machine.sterilizer_id)
        if recall.state == "open"
    ]
    return Standing(
        machine=machine,
        day_test=find_day_test(tx, machine, house),
        day_test_rule=str(house.rules.cite("day_test_required")) if demanded else None,
        spore=spore_test_due(tx, machine, actor=actor, now=now),
        incubating=tuple(t for t in pending if t.sterilizer_id == machine.sterilizer_id),
        running=running.get(machine.sterilizer_id),
        last=newest[0] if newest else None,
        recall_id=open_recalls[-1].recall_id if open_recalls else None,
    )


def list_incubating(tx: Tx, *, actor: Actor) -> list[SporeRow]:
    """Spore tests that nobody has read yet, oldest run first."""
    actor.require(Action.READ_THINGS)
    return spore_tests.pending_tests(tx, actor.clinic_id)


def tests_of(tx: Tx, cycle_id: str, *, actor: Actor) -> list[SporeRow]:
    """The spore tests of one load."""
    actor.require(Action.READ_THINGS)
    return spore_tests.tests_of_cycle(tx, actor.clinic_id, cycle_id)


def find_incubating(tx: Tx, test_id: str, *, actor: Actor) -> SporeRow:
    """A spore test by id, read or not; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    found = spore_tests.find_test(tx, actor.clinic_id, test_id)
    if found is None:
        raise NotFound("there is no such spore test in this clinic")
    return found


def recall_of(tx: Tx, test: SporeRow, *, actor: Actor) -> str | None:
    """The recall that a failed test opened, or counts for."""
    actor.require(Action.READ_THINGS)
    if test.outcome is not SporeOutcome.FAIL:
        return None
    found = [
        recall
        for recall in recalls.recalls_of(tx, actor.clinic_id, test.sterilizer_id)
        if recall.test_id == test.test_id or recalls.is_in_window(recall, test.run_at)
    ]
    own = [recall for recall in found if recall.test_id == test.test_id]
    return (own or found)[-1].recall_id if found else None


def list_to_release(tx: Tx, *, actor: Actor, now: datetime) -> list[CycleRow]:
    """Loads of the last days that were read out and not released, newest first."""
    actor.require(Action.READ_THINGS)
    newest = sterilizers.list_cycles(tx, actor.clinic_id, limit=_NEWEST)
    return [
        row
        for row in newest
        if row.released_at is None
        and row.kind is CycleKind.PRODUCTION
        and row.recorded_at > now - REMEMBERED
    ]
