"""What comes after the demo's visits: follow-ups, amendments, adverse events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from compliance.domain.access import Actor
from compliance.operations.demo.cases import ABORTS, Twist
from compliance.operations.demo.stage import Stage
from compliance.operations.demo.visit import Visit
from compliance.operations.treatments.amending import (
    AmendSession,
    RecordFollowUp,
    RecordIncident,
    amend_session,
    amendment_act,
    record_follow_up,
    record_incident,
)

_NEVER_REACHED = 9
"""Every so manieth client does not answer the call of day two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    due: date
    visit: Visit


class Aftermath:
    """The list on the practitioner's desk each morning."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._calls: list[_Call] = []
        self._to_amend: list[Visit] = []
        self._seen = 0

    def expect(self, visit: Visit) -> None:
        """Note what a visit leaves to do; a call-a-doctor sign is entered at once."""
        self._seen += 1
        if visit.case.twist is Twist.ADVERSE:
            self._enter_incident(visit)
        if visit.case.twist is Twist.ABORT_DURING:
            self._enter_injury(visit)
        if visit.case.twist in (Twist.AMENDED, Twist.AMENDED_DEPTH):
            self._to_amend.append(visit)
        if visit.case.twist not in ABORTS and self._seen % _NEVER_REACHED:
            due = self._stage.today + timedelta(days=visit.template.follow_up_days)
            self._calls.append(_Call(due=due, visit=visit))

    def catch_up(self) -> None:
        """Make the calls that are due and correct what was noticed overnight."""
        today = self._stage.today
        due = [call for call in self._calls if call.due <= today]
        if not due and not self._to_amend:
            return
        practitioner = self._stage.arrive("practitioner")
        for call in due:
            self._calls.remove(call)
            self._stage.pass_time(minutes=self._stage.random.uniform(1, 4))
            self._follow_up(call.visit, practitioner)
        while self._to_amend:
            self._amend(self._to_amend.pop(), practitioner)

    def _follow_up(self, visit: Visit, practitioner: Actor) -> None:
        signs = visit.case.twist is Twist.SIGNS_LATER
        command = RecordFollowUp(
            session_id=visit.session_id,
            outcome="signs" if signs else "well",
            signs=("peeling",) if signs else (),
            note="Peeling on the third day; seen by her doctor, treated with balm."
            if signs
            else "",
        )
        common: Any = self._stage.common(practitioner)
        self._stage.act(lambda tx: record_follow_up(tx, command, **common))

    def _amend(self, visit: Visit, practitioner: Actor) -> None:
        self._stage.wait_a_moment()
        act = self._stage.read(lambda tx: amendment_act(tx, visit.session_id, actor=practitioner))
        grant = self._stage.grant(act, practitioner, "practitioner")
        item, result, reason = (
            ("body_site", "neck", "The neck was treated; face was tapped by mistake.")
            if visit.case.twist is Twist.AMENDED
            else (
                "depth",
                {"value": "0.25", "unit": "mm"},
                "The pen's display was read wrongly; the setting sheet says 0.25 mm.",
            )
        )
        command = AmendSession(
            session_id=visit.session_id, item=item, result=result, reason=reason, grant=grant
        )
        common: Any = self._stage.common(practitioner)
        self._stage.act(lambda tx: amend_session(tx, command, **common))

    def _enter_incident(self, visit: Visit) -> None:
        self._stage.pass_time(minutes=3)
        command = RecordIncident(
            session_id=visit.session_id,
            grade="moderate",
            signs=("bruising",),
            description="Bruise of 3 cm below the left eye; cooled, photographed, doctor called.",
        )
        common: Any = self._stage.common(visit.actor)
        self._stage.act(lambda tx: record_incident(tx, command, **common))

    def _enter_injury(self, visit: Visit) -> None:
        self._stage.pass_time(minutes=6)
        command = RecordIncident(
            session_id=None,
            grade="minor",
            signs=(),
            description="Glove pricked while the cartridge was discarded; no skin break, rinsed.",
        )
        common: Any = self._stage.common(visit.actor)
        self._stage.act(lambda tx: record_incident(tx, command, **common))
