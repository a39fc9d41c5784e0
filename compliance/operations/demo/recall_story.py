"""The demo's failed spore test: what it takes back, who is called, and the way back to service."""

from __future__ import annotations

from datetime import date
from functools import partial

from compliance.domain.access import Actor
from compliance.domain.sterilization.words import Growth, SterilizerState
from compliance.operations.demo import room_plan
from compliance.operations.demo.machines import TYPED
from compliance.operations.demo.stage import Stage
from compliance.operations.sterilization.affected import affected_meetings
from compliance.operations.sterilization.machines import (
    MoveSterilizer,
    move_sterilizer,
    service_sterilizer,
)
from compliance.operations.sterilization.pulling import pull_pack
from compliance.operations.sterilization.recalling import (
    NoteCall,
    RecallRow,
    close_recall,
    list_recalls,
    note_call,
)
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.operations.sterilization.worklist import list_to_pull

_LOT = "BI-4471"
_MOST_PACKS = 50
_EXPIRES = 500
"""Days from the day the strip goes in."""


class SporeTests:
    """Strips in incubation, and what their reading sets off."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._waiting: list[tuple[str, date, bool]] = []
        self._to_call_again: list[str] = []

    def put_in(self, cycle_id: str, operator: Actor, *, grows: bool = False) -> None:
        """Note that a strip of this load is in the incubator."""
        day = self._stage.today
        self._record(cycle_id, day, Growth.PENDING, operator)
        self._waiting.append((cycle_id, day, grows))

    def read_all(self, operator: Actor) -> bool:
        """Read what is due; returns whether spores grew."""
        grew = False
        while self._waiting:
            cycle_id, day, grows = self._waiting.pop(0)
            result = Growth.GROWTH if grows else Growth.NO_GROWTH
            self._stage.wait_a_moment()
            self._record(cycle_id, day, result, operator)
            grew = grew or grows
        return grew

    def _record(self, cycle_id: str, day: date, result: Growth, operator: Actor) -> None:
        stage, pending = self._stage, result is Growth.PENDING
        command = RecordSporeTest(
            cycle_id=cycle_id,
            lot=_LOT,
            expires_on=date.fromordinal(day.toordinal() // 90 * 90 + _EXPIRES),
            result=result,
            control=None if pending else Growth.GROWTH,
            control_lot=None if pending else _LOT,
        )
        stage.act(lambda tx: record_spore_test(tx, command, actor=operator, now=stage.now))

    def pull(self, packs: dict[str, str], operator: Actor) -> list[str]:
        """Put every recalled pack aside; returns the codes of the devices that were inside.

        Args:
            packs: the pack that lies ready, by the code of its device.
            operator: who does it.
        """
        stage, recall = self._stage, self._recall(operator)
        listed = stage.read(lambda tx: list_to_pull(tx, recall, limit=_MOST_PACKS))
        for each in listed:
            stage.pass_time(seconds=stage.random.uniform(6, 15))
            stage.act(
                partial(
                    pull_pack,
                    recall_id=recall.recall_id,
                    code=each.pack.code,
                    outcome="pulled",
                    actor=operator,
                    now=stage.now,
                )
            )
        codes = {each.pack.code for each in listed}
        return sorted(device for device, code in packs.items() if code in codes)

    def call_clients(self, manager: Actor) -> None:
        """Call everybody on the list once; who was not reached is called the day after."""
        recall = self._recall(manager)
        met = self._stage.read(lambda tx: affected_meetings(tx, recall))
        for at, each in enumerate(sorted(met, key=lambda one: one.opened_at)):
            outcome, note = room_plan.CALLS[at % len(room_plan.CALLS)]
            self._call(each.session_id, outcome, note, manager)
            if outcome == "not_reached":
                self._to_call_again.append(each.session_id)

    def call_again(self, manager: Actor) -> None:
        while self._to_call_again:
            self._call(self._to_call_again.pop(), *room_plan.SECOND_CALL, manager)

    def _call(self, session_id: str, outcome: str, note: str | None, manager: Actor) -> None:
        stage = self._stage
        stage.pass_time(minutes=stage.random.uniform(2, 5))
        command = NoteCall(
            recall_id=self._recall(manager).recall_id,
            session_id=session_id,
            outcome=outcome,
            note=note,
        )
        stage.act(
            lambda tx: note_call(tx, command, actor=manager, now=stage.now, keyring=stage.keyring)
        )

    def mend(self, manager: Actor) -> None:
        """The engineer has been: enter the repair and begin the retest."""
        stage = self._stage
        stage.wait_a_moment()
        stage.act(
            lambda tx: service_sterilizer(
                tx, TYPED.code, "repair", stage.today, actor=manager, now=stage.now
            )
        )
        self._move(SterilizerState.RETEST, room_plan.MENDING, room_plan.FAULT, manager)

    def go_back(self, manager: Actor) -> None:
        """Back into service; the recall ends, as everybody has been told."""
        stage = self._stage
        self._move(SterilizerState.IN_SERVICE, room_plan.BACK, None, manager)
        stage.wait_a_moment()
        recall = self._recall(manager)
        stage.act(lambda tx: close_recall(tx, recall.recall_id, actor=manager, now=stage.now))

    def _move(self, to: SterilizerState, reason: str, cause: str | None, manager: Actor) -> None:
        stage = self._stage
        stage.wait_a_moment()
        command = MoveSterilizer(sterilizer=TYPED.code, to=to, reason=reason, cause=cause)
        stage.act(
            lambda tx: move_sterilizer(
                tx, command, actor=manager, now=stage.now, keyring=stage.keyring
            )
        )

    def _recall(self, actor: Actor) -> RecallRow:
        return self._stage.read(lambda tx: list_recalls(tx, actor=actor))[0]
