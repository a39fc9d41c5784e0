"""One visit of a client, played tap by tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from compliance.domain.access import Actor
from compliance.domain.template import Item, Template
from compliance.domain.words import Phase, SessionState
from compliance.operations.demo.cases import DEVIATIONS, Case, Twist
from compliance.operations.demo.ink import draw_ink
from compliance.operations.demo.stage import Stage
from compliance.operations.demo.supplies import Supplies
from compliance.operations.signing import Act
from compliance.operations.templates import find_template
from compliance.operations.treatments.answering import AnswerItem, answer_item, undo_answer
from compliance.operations.treatments.closing import (
    AbortSession,
    CloseSession,
    abort_session,
    close_session,
    finish_session,
    start_session,
)
from compliance.operations.treatments.loading import Outcome
from compliance.operations.treatments.notes import (
    SignConsent,
    override_item,
    sign_consent,
    take_over_session,
)
from compliance.operations.treatments.opening import OpenSession, correct_client, open_session


class Visit:
    """A session under way; knows the version that a signature has to name."""

    def __init__(self, stage: Stage, supplies: Supplies, case: Case) -> None:
        self.stage = stage
        self.supplies = supplies
        self.case = case
        self.username = case.practitioner
        self.actor: Actor = stage.arrive(case.practitioner)
        self.session_id = ""
        self.version = 0
        self.state = SessionState.DRAFT
        self.answers: dict[str, Any] = {}
        self.template: Template = stage.read(
            lambda tx: find_template(tx, stage.clinic_id, case.template)[0]
        )

    def play(self) -> None:
        """Go through the visit until its end or until the script leaves it."""
        self._open()
        self._before()
        if self.case.leave_at is SessionState.DRAFT:
            return
        if self.case.twist in (Twist.ABORT_BEFORE, Twist.ABORT_SCREENING):
            self._abort()
            return
        self._step(start_session)
        self._during()
        if self.case.leave_at is SessionState.IN_PROGRESS:
            return
        if self.case.twist is Twist.ABORT_DURING:
            self._abort()
            return
        self._step(finish_session)
        self._after()
        if self.case.leave_at is not SessionState.TREATED:
            self._close()

    def _open(self) -> None:
        wrong = self.case.twist is Twist.WRONG_CLIENT
        command = OpenSession(
            client_ref="KM-0421" if wrong else self.case.client,
            template=self.case.template,
            device=self.case.device,
        )
        outcome = self.stage.act(lambda tx: open_session(tx, command, **self._common()))
        self.session_id = outcome.session_id
        self._note(outcome)
        if wrong:
            self.stage.wait_a_moment()
            self._note(
                self.stage.act(
                    lambda tx: correct_client(
                        tx, self.session_id, self.case.client, **self._common()
                    )
                )
            )

    def _before(self) -> None:
        self.stage.wait_a_moment()
        consent = SignConsent(
            session_id=self.session_id,
            text_id="microneedling_consent",
            ink_png=draw_ink(self.stage.random),
        )
        if self.case.leave_at is not SessionState.DRAFT:
            self._note(self.stage.act(lambda tx: sign_consent(tx, consent, **self._common())))
        items = self._items(Phase.BEFORE)
        if self.case.leave_at is SessionState.DRAFT:
            items = items[: 1 + len(self.case.client) % 4]
        for item in items:
            self._answer_item(item)

    def _during(self) -> None:
        items = self._items(Phase.DURING)
        for item in items[:1] if self.case.leave_at is SessionState.IN_PROGRESS else items:
            self._answer_item(item)
        if self.case.twist is Twist.TAKE_OVER:
            self._hand_over()
        if self.case.leave_at is not SessionState.IN_PROGRESS:
            self.stage.pass_time(minutes=self.stage.random.uniform(9, 16))

    def _after(self) -> None:
        finished_at = self.stage.now
        if self.case.twist is Twist.LATE_AFTER:
            self.stage.pass_time(minutes=34)
        items = self._items(Phase.AFTER)
        for item in items[:2] if self.case.leave_at is SessionState.TREATED else items:
            late = self.case.twist is Twist.LATE_AFTER and item.code == "skin_disinfected_after"
            done_at = finished_at + timedelta(minutes=1) if late else None
            self._answer_item(item, performed_at=done_at)

    def _hand_over(self) -> None:
        """The practitioner is called away; the colleague takes the tablet with a PIN."""
        self.username = "colleague"
        self.actor = self.stage.hand_over(self.username)
        reason = "Called away to a client who had fainted; handed over at the chair."
        self._note(
            self.stage.act(
                lambda tx: take_over_session(tx, self.session_id, reason, **self._common())
            )
        )

    def _items(self, phase: Phase) -> Sequence[Item]:
        return [item for item in self.template.items if item.phase is phase]

    def _answer_item(self, item: Item, *, performed_at: datetime | None = None) -> None:
        if item.required_when and self.answers.get(item.required_when[0]) != item.required_when[1]:
            return
        self.stage.wait_a_moment()
        twist = self.case.twist
        if twist is Twist.LATE_BEFORE and item.code == "mask_worn":
            performed_at = self.stage.now
            self.stage.pass_time(minutes=17)
        if twist is Twist.NO_CORRECTED and item.code == "gloves_worn":
            self._answer(item, "no")
            self.stage.wait_a_moment()
            reason = "Gloves put on before the skin was touched."
            self._answer(item, "yes", reason=reason)
            return
        if twist is Twist.UNDO and item.code == "body_site":
            self._answer(item, "hands")
            self.stage.pass_time(seconds=4)
            self._note(
                self.stage.act(
                    lambda tx: undo_answer(
                        tx, self.session_id, item.code, actor=self.actor, now=self.stage.now
                    )
                )
            )
            self.stage.wait_a_moment()
        self._answer(item, self._result(item), performed_at=performed_at)
        if twist is Twist.OVERRIDE and item.code == "contraindications_screened":
            self._override(item.code)

    def _answer(
        self,
        item: Item,
        result: Any,
        *,
        performed_at: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        evidence = self._evidence(item, result)
        command = AnswerItem(
            session_id=self.session_id,
            item=item.code,
            result=result,
            evidence=evidence,
            performed_at=performed_at,
            reason=reason,
            version=self.version,
        )
        self._note(self.stage.act(lambda tx: answer_item(tx, command, **self._common())))
        self.answers[item.code] = result

    def _result(self, item: Item) -> Any:
        if item.code == "contraindications_screened":
            found = self.case.twist in (Twist.OVERRIDE, Twist.ABORT_SCREENING)
            return "present" if found else "none"
        if item.code == "steel_allergy":
            return "yes" if self.case.twist is Twist.STEEL_ALLERGY else "no"
        if item.code == "body_site" and self.case.twist in (Twist.AMENDED, Twist.ADVERSE):
            return "face"
        if item.code == "reaction" and self.case.twist is Twist.ADVERSE:
            return "call_a_doctor"
        return self.supplies.result(item, self.case.device)

    def _evidence(self, item: Item, result: Any) -> Sequence[Mapping[str, Any]] | None:
        if result == "present":
            code = "rosacea" if self.case.twist is Twist.OVERRIDE else "herpes"
            return [{"component": "client", "kind": "contraindication", "ref": code}]
        if result == "no":
            return None
        return self.supplies.evidence(item, self.case.device, self.stage.today)

    def _override(self, item: str) -> None:
        self.stage.wait_a_moment()
        reason = "Rosacea in remission for two years; dermatologist's letter of this month seen."
        self._note(
            self.stage.act(
                lambda tx: override_item(tx, self.session_id, (item, reason), **self._common())
            )
        )

    def _step(self, step: Any) -> None:
        self.stage.wait_a_moment()
        self._note(
            self.stage.act(
                lambda tx: step(tx, self.session_id, actor=self.actor, now=self.stage.now)
            )
        )

    def _close(self) -> None:
        self.stage.wait_a_moment()
        act = Act(verb="close", thing=self.session_id, version=self.version)
        command = CloseSession(
            session_id=self.session_id,
            grant=self.stage.grant(act, self.actor, self.username),
            idempotency_key=None,
        )
        self._note(
            self.stage.act(
                lambda tx: close_session(tx, command, actor=self.actor, now=self.stage.now)
            )
        )

    def _abort(self) -> None:
        self.stage.wait_a_moment()
        what, why, corrective = DEVIATIONS[self.case.twist]
        act = Act(verb="abort", thing=self.session_id, version=self.version)
        command = AbortSession(
            session_id=self.session_id,
            what=what,
            why=why,
            corrective_action=corrective,
            grant=self.stage.grant(act, self.actor, self.username),
        )
        self._note(self.stage.act(lambda tx: abort_session(tx, command, **self._common())))

    def _common(self) -> Mapping[str, Any]:
        return self.stage.common(self.actor)

    def _note(self, outcome: Outcome) -> None:
        self.version, self.state = outcome.version, outcome.state
