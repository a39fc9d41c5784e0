"""What a recall's page tells beside its lists: how it came about, and the way back into service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.people.listing import read_names
from compliance.operations.sterilization.recalling import TOLD, RecallRow
from compliance.operations.sterilization.worklist import Met
from compliance.store import meetings, recalls, spore_tests, sterilizers
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import CycleRow, SterilizerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How a recall came about, in rows."""

    test: SporeRow | None
    load: CycleRow | None
    """In which spores grew."""
    negative: CycleRow | None
    """The last one whose valid test did not grow before that."""
    proof: SporeRow | None
    """The negative retest that the way back can rest on, or None while it is missing."""
    names: Mapping[str, str]
    """Printed names by user id."""


def read_story(tx: Tx, row: RecallRow, machine: SterilizerRow | None, *, actor: Actor) -> Story:
    """Read what the first sentence and the next steps of a recall's page need."""
    actor.require(Action.TRACE)
    test = None if row.test_id is None else spore_tests.find_test(tx, row.clinic_id, row.test_id)
    proof = None
    if machine is not None and machine.state is SterilizerState.RETEST:
        last = spore_tests.last_negative(tx, row.clinic_id, machine.sterilizer_id)
        if last is not None and last.run_at >= machine.state_since:
            proof = last
    return Story(
        test=test,
        load=None if test is None else sterilizers.find_cycle(tx, row.clinic_id, test.cycle_id),
        negative=None
        if row.last_negative is None
        else sterilizers.find_cycle(tx, row.clinic_id, row.last_negative),
        proof=proof,
        names=read_names(tx, clinic_id=row.clinic_id),
    )


def find_told(tx: Tx, row: RecallRow, listed: tuple[Met, ...]) -> frozenset[str]:
    """Those of the listed clients to whom nothing more is owed, through whichever session."""
    clients = sorted({met.meeting.client_id for met in listed})
    return meetings.clients_among(tx, row.clinic_id, clients, recalls.told_by(row, TOLD))


def name_sterilizers(tx: Tx, *, actor: Actor) -> dict[str, str]:
    """Codes by id, for a list of recalls."""
    actor.require(Action.READ_THINGS)
    return {
        each.sterilizer_id: each.code for each in sterilizers.list_sterilizers(tx, actor.clinic_id)
    }
