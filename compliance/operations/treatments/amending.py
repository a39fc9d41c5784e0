"""After closing: amendments, adverse events and follow-ups. Nothing is ever edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.answers import read_result
from compliance.domain.words import CALL_A_DOCTOR
from compliance.errors import Conflict, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.operations.templates import stored_template
from compliance.operations.treatments.evidence_reading import EvidenceReader
from compliance.operations.treatments.loading import Outcome, find_row
from compliance.operations.treatments.tracing import enter_amended
from compliance.store import session_notes, sessions
from compliance.store.session import Tx
from compliance.store.session_notes import AmendmentRow, EventRow
from compliance.store.sessions import SessionRow

GRADES: Final = ("minor", "moderate", "severe")
OUTCOMES: Final = ("well", "signs")


class NotEnded(Conflict):
    """Only a closed or aborted session is amended; an open one is answered again."""

    code = "session_not_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendSession:
    """A correction of one item of a closed session."""

    session_id: str
    item: str
    result: Any
    reason: str
    evidence: Sequence[Any] | None = None
    grant: str | None = None


def amend_session(
    tx: Tx, command: AmendSession, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Enter a signed correction; the closed record and its state stay as they are.

    Raises:
        NotEnded: the session is still open.
        Refused: an unknown item, a result that is not allowed, or no reason.
        SignatureRequired: no valid grant.
    """
    actor.require(Action.AMEND_SESSION)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, command.session_id, actor=actor)
    if not row.state.ended or row.closed_index is None:
        raise NotEnded("the session is not closed yet: answer the item again instead")
    template = stored_template(
        tx, row.clinic_id, row.template_id, row.template_version, row.template_hash
    )
    item = template.item(command.item)
    if item is None:
        allowed = ", ".join(each.code for each in template.items)
        raise Refused("item", command.item, "is no item of this checklist", allowed=allowed)
    result = read_result(item, command.result)
    used = as_used(tx, row)
    evidence = EvidenceReader(tx, used, item, today=day_of_use(row, now)).read(command.evidence)
    old, evidence_old = current_value(tx, row, item.code)
    amendments = session_notes.read_amendments(tx, row.clinic_id, row.session_id)
    act = Act(verb="amend", thing=row.session_id, version=len(amendments))
    signature = sign_act(tx, act, actor=actor, grant=command.grant, now=now)
    if not 3 <= len(command.reason.strip()) <= 2000:
        raise Refused("reason", command.reason, "is no reason", allowed="3 to 2000 characters")
    reason = commit_value(
        tx,
        keyring,
        subject=(row.clinic_id, row.client_id),
        field="reason",
        value=command.reason.strip(),
    )
    data = {
        "session": row.session_id,
        "closed_index": row.closed_index,
        "item": item.code,
        "old": old,
        "new": result,
        "evidence_old": evidence_old,
        "evidence_new": list(evidence),
        "reason": reason,
        "signature": signature,
    }
    index = append(tx, actor, "session.amended", data, now=now)
    session_notes.insert_amendment(
        tx,
        row.clinic_id,
        row.session_id,
        AmendmentRow(index=index, item=item.code, data=data, at=now),
    )
    enter_amended(tx, row, index, data)
    session_notes.mark_amended(tx, row.clinic_id, row.session_id)
    return Outcome(session_id=row.session_id, state=row.state, version=row.version, index=index)


def amendment_act(tx: Tx, session_id: str, *, actor: Actor) -> Act:
    """What a grant for the next amendment of this session must be bound to."""
    row = find_row(tx, session_id, actor=actor)
    amendments = session_notes.read_amendments(tx, row.clinic_id, row.session_id)
    return Act(verb="amend", thing=row.session_id, version=len(amendments))


def as_used(tx: Tx, row: SessionRow) -> SessionRow:
    """The session with the device that an amendment put in place of the recorded one."""
    device, _ = current_value(tx, row, "device")
    return row if device is None else with_device(row, device)


def with_device(row: SessionRow, device: Mapping[str, Any]) -> SessionRow:
    """The session as if it had been opened with a device that entries describe."""
    return replace(
        row,
        device_id=device["id"],
        device_label=device["label"],
        device_components=device["components"],
    )


def day_of_use(row: SessionRow, now: datetime) -> date:
    """The clinic's day on which things were used, by which their evidence is judged."""
    zone = ZoneInfo(row.time_zone)
    moment = row.finished_at or row.started_at or row.opened_at
    return min(now.astimezone(zone).date(), moment.astimezone(zone).date())


def current_value(tx: Tx, row: SessionRow, item: str) -> tuple[Any, list[Mapping[str, Any]]]:
    """The value that counts now: the newest amendment, else the answer at closing."""
    for amendment in reversed(session_notes.read_amendments(tx, row.clinic_id, row.session_id)):
        if amendment.item == item:
            return amendment.data["new"], list(amendment.data["evidence_new"])
    answer = sessions.read_answers(tx, row.clinic_id, row.session_id).get(item)
    if answer is None:
        return None, []
    return answer.result, [dict(piece) for piece in answer.evidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIncident:
    """A side effect or sharps injury."""

    session_id: str | None
    grade: str
    signs: tuple[str, ...]
    description: str


def record_incident(
    tx: Tx, command: RecordIncident, *, actor: Actor, now: datetime, keyring: Keyring
) -> int:
    """Enter an adverse event; any call-a-doctor sign escalates it. Returns the entry's index.

    Raises:
        Refused: an unknown grade or sign, or no description.
    """
    actor.require(Action.RECORD_EVENT)
    row = find_row(tx, command.session_id, actor=actor) if command.session_id else None
    if command.grade not in GRADES:
        raise Refused("grade", command.grade, "is unknown", allowed=", ".join(GRADES))
    _check_signs(command.signs)
    if not 3 <= len(command.description.strip()) <= 2000:
        raise Refused(
            "description", command.description, "is missing", allowed="3 to 2000 characters"
        )
    incident = new_id(now)
    subject = row.client_id if row else actor.user_id
    data = {
        "incident": incident,
        "session": row.session_id if row else None,
        "cites": None if row is None else row.closed_index or row.opened_index,
        "grade": command.grade,
        "signs": list(command.signs),
        "escalated": bool(command.signs) or command.grade == "severe",
        "description": commit_value(
            tx,
            keyring,
            subject=(actor.clinic_id, subject),
            field="description",
            value=command.description.strip(),
        ),
    }
    index = append(tx, actor, "incident.recorded", data, now=now)
    event = EventRow(
        index=index,
        kind="incident.recorded",
        session_id=row.session_id if row else None,
        data=data,
        at=now,
    )
    session_notes.insert_event(tx, actor.clinic_id, event)
    return index


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFollowUp:
    """How the client was on day 2 or 3."""

    session_id: str
    outcome: str
    signs: tuple[str, ...] = ()
    note: str = ""


def record_follow_up(
    tx: Tx, command: RecordFollowUp, *, actor: Actor, now: datetime, keyring: Keyring
) -> int:
    """Enter a follow-up that cites the session; returns the entry's index."""
    actor.require(Action.RECORD_EVENT)
    row = find_row(tx, command.session_id, actor=actor)
    if command.outcome not in OUTCOMES:
        raise Refused("outcome", command.outcome, "is unknown", allowed=", ".join(OUTCOMES))
    _check_signs(command.signs)
    note = None
    if command.note.strip():
        note = commit_value(
            tx,
            keyring,
            subject=(row.clinic_id, row.client_id),
            field="note",
            value=command.note.strip()[:2000],
        )
    data = {
        "session": row.session_id,
        "cites": row.closed_index or row.opened_index,
        "outcome": command.outcome,
        "signs": list(command.signs),
        "note": note,
    }
    index = append(tx, actor, "followup.recorded", data, now=now)
    event = EventRow(
        index=index, kind="followup.recorded", session_id=row.session_id, data=data, at=now
    )
    session_notes.insert_event(tx, actor.clinic_id, event)
    return index


def _check_signs(signs: Sequence[str]) -> None:
    for sign in signs:
        if sign not in CALL_A_DOCTOR:
            raise Refused("signs", sign, "is unknown", allowed=", ".join(CALL_A_DOCTOR))
