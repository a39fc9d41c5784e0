"""The steps of a session: start, finish, close, abort. All of them ask the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.answers import Answer, asked_items
from compliance.domain.gate import Blocked, ask_close, ask_finish, ask_start
from compliance.domain.template import Item
from compliance.domain.words import SessionState
from compliance.errors import Conflict, Refused
from compliance.ledger.entry import format_time
from compliance.operations.inventory.taking import take_from_shelf
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.operations.treatments.loading import (
    Loaded,
    Outcome,
    SessionEnded,
    find_row,
    load_facts,
)
from compliance.operations.treatments.tracing import enter_met
from compliance.store import anchors, sessions, things
from compliance.store.session import Tx
from compliance.store.sessions import SessionRow
from compliance.store.things import WaitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """A closing, signed."""

    session_id: str
    grant: str | None
    """The one-time leave to sign exactly this version; None for an API token."""
    idempotency_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortSession:
    """Ending without completing. After a treatment began, the deviation is demanded whole."""

    session_id: str
    what: str
    why: str
    corrective_action: str
    grant: str | None


def start_session(tx: Tx, session_id: str, *, actor: Actor, now: datetime) -> Outcome:
    """Start the treatment if the gate allows it; raises ``Blocked`` with every blocker."""
    actor.require(Action.RECORD_SESSION)
    loaded = load_facts(tx, _open(tx, session_id, actor), now=now)
    answer = ask_start(loaded.facts)
    if not answer.open:
        raise Blocked(answer.blockers)
    index = append(tx, actor, "session.started", {"session": session_id}, now=now)
    enter_met(tx, loaded, index)
    values = {"state": SessionState.IN_PROGRESS.value, "started_at": now}
    sessions.update_session(tx, loaded.row, values)
    return _outcome(loaded.row, SessionState.IN_PROGRESS, index)


def finish_session(tx: Tx, session_id: str, *, actor: Actor, now: datetime) -> Outcome:
    """End the treatment; the items of the phase ``after`` can be answered from now on."""
    actor.require(Action.RECORD_SESSION)
    loaded = load_facts(tx, _open(tx, session_id, actor), now=now)
    answer = ask_finish(loaded.facts)
    if not answer.open:
        raise Blocked(answer.blockers)
    index = append(tx, actor, "session.finished", {"session": session_id}, now=now)
    today = now.astimezone(ZoneInfo(loaded.row.time_zone)).date()
    values = {
        "state": SessionState.TREATED.value,
        "finished_at": now,
        "follow_up_on": today + timedelta(days=loaded.facts.template.follow_up_days),
    }
    sessions.update_session(tx, loaded.row, values)
    return _outcome(loaded.row, SessionState.TREATED, index)


def close_session(tx: Tx, command: CloseSession, *, actor: Actor, now: datetime) -> Outcome:
    """Close the session, or keep the signature while a device is being reprocessed.

    The gate, the signature, the entry and the projection are one transaction.

    Raises:
        Blocked: with every blocker; nothing is written.
        SignatureRequired: no valid grant for this version.
        SessionEnded: it is closed or aborted already.
    """
    actor.require(Action.SIGN_SESSION)
    loaded = load_facts(tx, _open(tx, command.session_id, actor), now=now)
    answer = ask_close(loaded.facts)
    if not answer.open:
        raise Blocked(answer.blockers)
    row = loaded.row
    act = Act(verb="close", thing=row.session_id, version=row.version)
    signature = sign_act(tx, act, actor=actor, grant=command.grant, now=now)
    record = closed_record(tx, loaded, signature=signature, key=command.idempotency_key)
    if answer.waiting:
        return _wait(tx, loaded, record, answer.waiting, actor=actor, now=now)
    index = append(tx, actor, "session.closed", record, now=now)
    take_from_shelf(tx, row.clinic_id, record)
    values = {"state": SessionState.CLOSED.value, "closed_index": index, "ended_at": now}
    sessions.update_session(tx, row, values)
    return _outcome(row, SessionState.CLOSED, index)


def _wait(
    tx: Tx,
    loaded: Loaded,
    record: Mapping[str, Any],
    waiting: tuple[str, ...],
    *,
    actor: Actor,
    now: datetime,
) -> Outcome:
    row = loaded.row
    data = {**record, "state": SessionState.AWAITING_REPROCESSING.value}
    index = append(tx, actor, "session.signed", data, now=now)
    for component in waiting:
        wait = WaitRow(
            clinic_id=row.clinic_id,
            session_id=row.session_id,
            component=component,
            device_id=row.device_id,
            since=now,
            pack_id="",
        )
        things.insert_wait(tx, wait)
    returned = {"device": row.device_id, "session": row.session_id}
    index = append(tx, actor, "device.returned", returned, now=now)
    values = {"state": SessionState.AWAITING_REPROCESSING.value, "signed_index": index - 1}
    sessions.update_session(tx, row, values)
    return _outcome(row, SessionState.AWAITING_REPROCESSING, index)


def abort_session(
    tx: Tx, command: AbortSession, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """End the session without completing it; it is kept and shown in every report.

    Raises:
        Refused: a part of the deviation is missing.
        SessionEnded, SignatureRequired.
    """
    actor.require(Action.SIGN_SESSION)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, command.session_id, actor=actor)
    if row.state.ended:
        raise SessionEnded(f"the session is {row.state.value} already")
    loaded = load_facts(tx, row, now=now)
    signature = sign_act(
        tx,
        Act(verb="abort", thing=row.session_id, version=row.version),
        actor=actor,
        grant=command.grant,
        now=now,
    )
    deviation = {
        name: commit_value(
            tx,
            keyring,
            subject=(row.clinic_id, row.client_id),
            field=f"deviation.{name}",
            value=_sentence(f"deviation.{name}", text),
        )
        for name, text in (
            ("what", command.what),
            ("why", command.why),
            ("corrective_action", command.corrective_action),
        )
    }
    record = closed_record(tx, loaded, signature=signature, key=None)
    data = {**record, "state": SessionState.ABORTED.value, "deviation": deviation}
    index = append(tx, actor, "session.aborted", data, now=now)
    take_from_shelf(tx, row.clinic_id, data)
    things.delete_waits(tx, row.clinic_id, row.session_id)
    values = {"state": SessionState.ABORTED.value, "closed_index": index, "ended_at": now}
    sessions.update_session(tx, row, values)
    return _outcome(row, SessionState.ABORTED, index)


def close_after_release(
    tx: Tx, session_id: str, *, signed: Mapping[str, Any], actor: Actor, now: datetime
) -> int:
    """Close a signed session whose last component was released; a system entry.

    ``signed`` is the data of its ``session.signed`` entry with the releases
    filled in. Returns the index of the new entry.
    """
    row = find_row(tx, session_id, actor=actor)
    if row.state is not SessionState.AWAITING_REPROCESSING:
        raise Conflict(f"session {session_id} does not wait for reprocessing")
    data = {
        **signed,
        "state": SessionState.CLOSED.value,
        "signed": {"index": row.signed_index},
    }
    index = append(tx, actor, "session.closed", data, now=now)
    take_from_shelf(tx, row.clinic_id, data)
    values = {"state": SessionState.CLOSED.value, "closed_index": index, "ended_at": now}
    sessions.update_session(tx, row, values)
    return index


def closed_record(
    tx: Tx, loaded: Loaded, *, signature: Mapping[str, Any], key: str | None
) -> dict[str, Any]:
    """The data of ``session.closed``: docs/record-format.md section 3."""
    row, facts = loaded.row, loaded.facts
    # The newest time-stamp there is: these bytes cannot be older than it. Nobody is asked
    # for a new one, for closing never waits.
    anchor = anchors.find_last(tx, row.clinic_id)
    return {
        "session": row.session_id,
        "state": SessionState.CLOSED.value,
        "opened": {"index": row.opened_index, "at": format_time(row.opened_at)},
        "started_at": _time(row.started_at),
        "finished_at": _time(row.finished_at),
        "template": {
            "id": row.template_id,
            "version": row.template_version,
            "hash": row.template_hash,
        },
        "client": {"id": row.client_id, "ref": {"commit": row.client_commitment.hex()}},
        "device": {
            "id": row.device_id,
            "label": row.device_label,
            "components": [component.to_json() for component in facts.components],
        },
        "practitioner": row.practitioner_id,
        "items": [
            _item_record(item, facts.answers[item.code])
            for item in asked_items(facts.template, facts.answers)
            if item.code in facts.answers
        ],
        "overrides": [dict(note.data) for note in loaded.notes if note.kind == "override"],
        "consent": next(
            ({"index": note.index} for note in reversed(loaded.notes) if note.kind == "consent"),
            None,
        ),
        "warnings": [dict(warning) for warning in row.warnings],
        "signature": dict(signature),
        "signed": None,
        "idempotency_key": key,
        "tablet": None,
        "anchor": None if anchor is None else anchor.token_sha256,
    }


def _item_record(item: Item, answer: Answer) -> dict[str, Any]:
    at = format_time(answer.recorded_at)
    same = answer.performed_at == answer.recorded_at
    return {
        "code": item.code,
        "phase": item.phase.value,
        "kind": item.kind.value,
        "result": answer.result,
        "evidence": [dict(piece) for piece in answer.evidence],
        "by": answer.user_id,
        "auth": answer.auth,
        "at": at,
        "performed_at": at if same else format_time(answer.performed_at),
        "late": answer.late,
    }


def _open(tx: Tx, session_id: str, actor: Actor) -> SessionRow:
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, session_id, actor=actor)
    if row.state.ended:
        raise SessionEnded(f"the session is {row.state.value} already")
    return row


def _sentence(field: str, text: str) -> str:
    if not 3 <= len(text.strip()) <= 2000:
        raise Refused(field, text, "is missing", allowed="3 to 2000 characters")
    return text.strip()


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _outcome(row: SessionRow, state: SessionState, index: int) -> Outcome:
    return Outcome(session_id=row.session_id, state=state, version=row.version + 1, index=index)
