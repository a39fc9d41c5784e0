"""Answering checklist items: every answer is an entry, the newest one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.answers import Answer, is_asked, read_performed_at, read_result
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, PackState, Phase, SessionState
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.ledger.entry import format_time
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append
from compliance.operations.treatments.evidence_reading import EvidenceReader, Piece, serial_key
from compliance.operations.treatments.loading import Loaded, Outcome, find_open_row, load_facts
from compliance.operations.treatments.tracing import enter_traces
from compliance.store import clients, sessions, things
from compliance.store.session import Tx
from compliance.store.sessions import SessionRow


class TooEarly(Conflict):
    """An item of a later phase: its turn has not come."""

    code = "too_early"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerItem:
    """One answer as a tablet sends it."""

    session_id: str
    item: str
    result: Any
    evidence: Sequence[Any] | None = None
    performed_at: datetime | None = None
    """When it was done, if that is not now; both times are kept."""
    reason: str | None = None
    version: int | None = None
    """The session's version the person saw; None accepts any."""


def answer_item(
    tx: Tx, command: AnswerItem, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Record an answer in the caller's transaction; the former one stays in the log.

    Evidence that may be used once is reserved for this session with the answer.

    Raises:
        NotPermitted, NotFound: no such session or item.
        SessionEnded, VersionMismatch, TooEarly.
        Refused: result or evidence is not allowed; the message says what is.
        EvidenceRefused: a used, expired, unreleased or recalled thing.
    """
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, command.session_id, actor=actor, version=command.version)
    loaded = load_facts(tx, row, now=now)
    item = _item(loaded, command.item)
    result, raw_evidence = _result_and_evidence(item, command)
    performed_at = read_performed_at(command.performed_at, opened_at=row.opened_at, now=now)
    day_of_use = performed_at.astimezone(ZoneInfo(row.time_zone)).date()
    evidence = EvidenceReader(tx, row, item, today=day_of_use).read(raw_evidence)
    if result == "present" and item.evidence == "contraindications" and not evidence:
        raise Refused(item.code, result, "names no contraindication", allowed="at least one")
    old = loaded.answers.get(item.code)
    late = _is_late(loaded, item, performed_at, now)
    entry = {
        "session": row.session_id,
        "item": item.code,
        "old": None if old is None else old.result,
        "new": result,
        "evidence": list(evidence),
        "performed_at": format_time(performed_at),
        "late": late,
        "reason": _commit_reason(tx, keyring, row, command.reason),
        "undo": False,
    }
    index = append(tx, actor, "session.answered", entry, now=now)
    answer = Answer(
        item=item.code,
        result=result,
        evidence=evidence,
        user_id=actor.user_id,
        auth=actor.auth.value,
        recorded_at=now,
        performed_at=performed_at,
        late=late,
        index=index,
    )
    _move_uses(tx, row, old, evidence)
    enter_traces(tx, row, index, evidence)
    sessions.put_answer(tx, row.clinic_id, row.session_id, answer, known=old is not None)
    sessions.update_session(tx, row, _columns(row, item, result, late=late))
    if item.code == "steel_allergy":
        clients.remember_allergy(tx, row.clinic_id, row.client_id, allergic=result == "yes")
    return Outcome(session_id=row.session_id, state=row.state, version=row.version + 1, index=index)


def undo_answer(tx: Tx, session_id: str, item_code: str, *, actor: Actor, now: datetime) -> Outcome:
    """Take an answer back; the log keeps both. Only the person who gave it may.

    Raises:
        NotFound: the item has no answer.
        NotPermitted: somebody else answered it.
    """
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, session_id, actor=actor)
    loaded = load_facts(tx, row, now=now)
    item = _item(loaded, item_code)
    old = loaded.answers.get(item.code)
    if old is None:
        raise NotFound(f"{item_code} has no answer to take back")
    if old.user_id != actor.user_id:
        raise NotPermitted("only the person who answered can take the answer back")
    index = take_back(tx, row, old, actor=actor, now=now)
    return Outcome(session_id=row.session_id, state=row.state, version=row.version + 1, index=index)


def take_back(tx: Tx, row: SessionRow, old: Answer, *, actor: Actor, now: datetime) -> int:
    """Enter that an answer no longer counts, and return the entry's index."""
    entry: dict[str, Any] = {
        "session": row.session_id,
        "item": old.item,
        "old": old.result,
        "new": None,
        "evidence": [],
        "performed_at": format_time(now),
        "late": False,
        "reason": None,
        "undo": True,
    }
    index = append(tx, actor, "session.answered", entry, now=now)
    _move_uses(tx, row, old, ())
    sessions.delete_answer(tx, row.clinic_id, row.session_id, old.item)
    cleared = {"needle_material": None} if old.item == "needle_material" else {}
    sessions.update_session(tx, row, cleared)
    return index


def _item(loaded: Loaded, code: str) -> Item:
    item = loaded.facts.template.item(code)
    if item is None:
        allowed = ", ".join(item.code for item in loaded.facts.template.items)
        raise Refused("item", code, "is not an item of this checklist", allowed=allowed)
    if not is_asked(item, loaded.facts.answers):
        other, value = item.required_when or ("", "")
        raise Refused("item", code, f"is asked only when {other} is {value}")
    state = loaded.row.state
    if item.phase is Phase.AFTER and state is not SessionState.TREATED:
        raise TooEarly(f"{code} is confirmed after the treatment has ended; finish it first")
    if item.phase is Phase.DURING and state is SessionState.DRAFT:
        raise TooEarly(f"{code} is confirmed during the treatment; start it first")
    return item


def _result_and_evidence(item: Item, command: AnswerItem) -> tuple[Any, Any]:
    """An evidence item may be answered by its evidence alone."""
    if item.kind.value == "evidence" and isinstance(command.result, list):
        return "yes", command.result
    return read_result(item, command.result), command.evidence


def _commit_reason(
    tx: Tx, keyring: Keyring, row: SessionRow, text: str | None
) -> dict[str, str] | None:
    if not text:
        return None
    subject = (row.clinic_id, row.client_id)
    return commit_value(tx, keyring, subject=subject, field="reason", value=_reason(text))


def _reason(text: str) -> str:
    if not 3 <= len(text.strip()) <= 2000:
        raise Refused("reason", text, "is no reason", allowed="3 to 2000 characters")
    return text.strip()


def _is_late(loaded: Loaded, item: Item, performed_at: datetime, now: datetime) -> bool:
    """Late: claimed long before it was entered, or entered after its phase was over."""
    minutes = int(loaded.facts.rules.values.get("late_after_minutes", 10))
    if now - performed_at > timedelta(minutes=minutes):
        return True
    state = loaded.row.state
    if item.phase is Phase.BEFORE:
        return state is not SessionState.DRAFT
    return item.phase is Phase.DURING and state is not SessionState.IN_PROGRESS


def _columns(row: SessionRow, item: Item, result: Any, *, late: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if late and not row.late:
        values["late"] = True
    if item.code == "needle_material":
        values["needle_material"] = result
    return values


def _move_uses(tx: Tx, row: SessionRow, old: Answer | None, new: Sequence[Piece]) -> None:
    """Reserve what the new evidence uses up; free what an unstarted session gives back.

    After the start a pack is open: replacing it in the checklist does not make
    it sterile again, so it stays used.
    """
    kept = {_use(piece) for piece in new} - {None}
    before = {_use(piece) for piece in (old.evidence if old else ())} - {None}
    if row.state is SessionState.DRAFT:
        for use in before - kept:
            if use is not None:
                _free(tx, row, use)
    for use in kept - before:
        if use is not None and things.find_use(tx, row.clinic_id, *use) is None:
            things.insert_use(tx, row.clinic_id, *use, row.session_id)
            if use[0] == EvidenceKind.PACK.value:
                things.update_pack(
                    tx,
                    row.clinic_id,
                    use[1],
                    {"state": PackState.USED.value, "used_in": row.session_id},
                )


def _free(tx: Tx, row: SessionRow, use: tuple[str, str]) -> None:
    things.delete_use(tx, row.clinic_id, *use)
    if use[0] == EvidenceKind.PACK.value:
        pack = things.find_pack(tx, row.clinic_id, use[1])
        values: dict[str, Any] = {"used_in": None}
        # A pack that was recalled meanwhile does not come back with the answer.
        if pack is not None and pack.state is not PackState.RECALLED:
            values["state"] = PackState.RELEASED.value
        things.update_pack(tx, row.clinic_id, use[1], values)


def _use(piece: Mapping[str, Any]) -> tuple[str, str] | None:
    if piece["kind"] == EvidenceKind.PACK:
        return EvidenceKind.PACK.value, piece["ref"]["pack"]
    if piece["kind"] == EvidenceKind.LOT and piece["ref"].get("serial"):
        return EvidenceKind.LOT.value, serial_key(piece["ref"])
    return None
