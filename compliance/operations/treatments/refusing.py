"""Keeping what a refused answer says was used: the client of a late entry is called all the same.

A tablet without network goes on with a pack or a lot that is taken back meanwhile. Its answer
is refused when it arrives, but what it tells of has happened: the recall's list must show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.answers import read_performed_at
from compliance.domain.tracing import Trace, find_refused, normal_gtin, normal_lot
from compliance.domain.words import EvidenceKind, PackState
from compliance.errors import ComplianceError, Refused
from compliance.ledger.entry import format_time
from compliance.operations.sealing import append, hold_log
from compliance.operations.treatments.answering import AnswerItem
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.operations.treatments.loading import SessionEnded, find_row
from compliance.scanning.gs1 import parse_gs1
from compliance.store import evidence, recalls, session_notes, things
from compliance.store.session import Tx
from compliance.store.session_notes import REFUSED, NoteRow

ON_THE_WAY: Final = timedelta(minutes=1)
"""What was done less long ago was entered at once, and its refusal came before any use."""

MOST_PIECES: Final = 40


def may_matter(command: AnswerItem, error: ComplianceError, *, now: datetime) -> bool:
    """Whether a refused answer came late, and was refused for what it names or for its lateness."""
    if not isinstance(error, EvidenceRefused | SessionEnded) or command.performed_at is None:
        return False
    return command.performed_at.tzinfo is not None and now - command.performed_at >= ON_THE_WAY


def enter_refused(tx: Tx, command: AnswerItem, *, actor: Actor, now: datetime) -> int | None:
    """Enter that a refused answer tells of something recalled that was used before it arrived.

    The answer itself stays refused, and the session as it is. What is entered puts the
    session on the list of every recall that takes the thing back, and is entered once.

    Args:
        tx: a transaction of its own: that of the answer was undone by its refusal.
        command: the refused answer; ask `may_matter` first.
        actor: who gave the answer.
        now: when it arrived.

    Returns:
        The index of the entry; None where nothing of it belongs on a list.
    """
    actor.require(Action.RECORD_SESSION)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, command.session_id, actor=actor)
    try:
        done = read_performed_at(command.performed_at, opened_at=row.opened_at, now=now)
    except Refused:
        return None
    known = evidence.list_met(tx, row.clinic_id, row.session_id)
    used = [
        thing
        for thing in _recalled(tx, row.clinic_id, command)
        if any((mark.kind, mark.value) not in known for mark in find_refused([thing]))
    ]
    if not used:
        return None
    told = {"item": command.item, "used": used, "performed_at": format_time(done)}
    opened = {"index": row.opened_index, "at": format_time(row.opened_at)}
    entry = {"session": row.session_id, "opened": opened, **told}
    index = append(tx, actor, "session.refused", entry, now=now)
    kept = {**told, "at": format_time(now)}
    note = NoteRow(index=index, kind=REFUSED, item=command.item, data=kept)
    session_notes.insert_note(tx, row.clinic_id, row.session_id, note)
    evidence.insert_met(tx, row.clinic_id, row.session_id, index, find_refused(used))
    return index


def _recalled(tx: Tx, clinic_id: str, command: AnswerItem) -> list[dict[str, Any]]:
    """The packs and lots of an answer that are taken back, each once."""
    raw = command.evidence if command.evidence is not None else command.result
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for piece in raw[:MOST_PIECES]:
        if isinstance(piece, Mapping):
            for thing in _of_piece(tx, clinic_id, piece):
                found[thing["kind"], thing["code"]] = thing
    return list(found.values())


def _of_piece(tx: Tx, clinic_id: str, piece: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    ref = piece.get("ref")
    if piece.get("kind") == EvidenceKind.PACK.value:
        named = ref.get("pack") or ref.get("code") if isinstance(ref, Mapping) else ref
        pack = things.find_pack(tx, clinic_id, str(named).strip())
        if pack is not None and pack.state is PackState.RECALLED:
            yield {"kind": Trace.PACK.value, "pack": pack.pack_id, "code": pack.code, "gtin": None}
        return
    lot, gtin = _lot(ref)
    if lot and any(each.takes_back(lot, gtin) for each in recalls.list_notices(tx, clinic_id)):
        yield {"kind": Trace.LOT.value, "pack": None, "code": lot, "gtin": gtin or None}


def _lot(ref: object) -> tuple[str, str]:
    """The lot as it was typed or scanned, and its article; empty where the piece names none."""
    if isinstance(ref, Mapping):
        named = ref.get("lot")
        lot = named.strip()[:120] if isinstance(named, str) and normal_lot(named) else ""
        return lot, normal_gtin(ref.get("udi"))
    try:
        scan = parse_gs1(ref) if isinstance(ref, str) else None
    except Refused:
        scan = None
    return ("", "") if scan is None else (scan.lot or "", normal_gtin(scan.udi))
