"""Rows beside a session's answers: notes, amendments, and the events that cite it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, insert, select, update

from compliance.store.models.treatments import (
    ClinicEvent,
    SessionAmendment,
    SessionNote,
    TreatmentSession,
)
from compliance.store.session import Tx

REFUSED: Final = "refused"
"""The kind of a note on a late answer that was refused, and on what it says was used."""

CHUNK: Final = 500
"""Values in one IN list."""

_CLINIC: BindParameter[Any] = bindparam("in_clinic")
_OF: BindParameter[Any] = bindparam("of_session")
_NOTES: Final = (
    select(SessionNote.idx, SessionNote.kind, SessionNote.item, SessionNote.data)
    .where(SessionNote.clinic_id == _CLINIC, SessionNote.session_id == _OF)
    .order_by(SessionNote.idx)
)
_AMENDMENTS: Final = (
    select(SessionAmendment.idx, SessionAmendment.item, SessionAmendment.data, SessionAmendment.at)
    .where(SessionAmendment.clinic_id == _CLINIC, SessionAmendment.session_id == _OF)
    .order_by(SessionAmendment.idx)
)
_EVENTS: Final = (
    select(
        ClinicEvent.idx,
        ClinicEvent.kind,
        ClinicEvent.session_id,
        ClinicEvent.data,
        ClinicEvent.at,
    )
    .where(ClinicEvent.clinic_id == _CLINIC, ClinicEvent.session_id == _OF)
    .order_by(ClinicEvent.idx)
)


def _of(clinic_id: str, session_id: str) -> dict[str, Any]:
    return {"in_clinic": clinic_id, "of_session": session_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """An override, a consent, a take-over or a correction of an open session, or a refused answer."""

    index: int
    kind: str
    item: str | None
    data: Mapping[str, Any]


def insert_note(tx: Tx, clinic_id: str, session_id: str, note: NoteRow) -> None:
    tx.execute(
        insert(SessionNote),
        {
            "clinic_id": clinic_id,
            "session_id": session_id,
            "idx": note.index,
            "kind": note.kind,
            "item": note.item,
            "data": dict(note.data),
        },
    )


def read_notes(tx: Tx, clinic_id: str, session_id: str) -> list[NoteRow]:
    rows = tx.execute(_NOTES, _of(clinic_id, session_id))
    return [NoteRow(index=row[0], kind=row[1], item=row[2], data=row[3]) for row in rows]


def read_notes_of(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> dict[str, list[NoteRow]]:
    """The notes of several sessions in one query, for lists."""
    found: dict[str, list[NoteRow]] = {session_id: [] for session_id in session_ids}
    rows = tx.execute(
        select(
            SessionNote.session_id,
            SessionNote.idx,
            SessionNote.kind,
            SessionNote.item,
            SessionNote.data,
        )
        .where(SessionNote.clinic_id == clinic_id, SessionNote.session_id.in_(session_ids))
        .order_by(SessionNote.idx)
    )
    for row in rows:
        found[row[0]].append(NoteRow(index=row[1], kind=row[2], item=row[3], data=row[4]))
    return found


def read_refused(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> dict[str, list[NoteRow]]:
    """The refused answers that put sessions on the list of a recall; few sessions have any."""
    found: dict[str, list[NoteRow]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(SessionNote.session_id, SessionNote.idx, SessionNote.item, SessionNote.data)
            .where(
                SessionNote.clinic_id == clinic_id,
                SessionNote.session_id.in_(session_ids[start : start + CHUNK]),
                SessionNote.kind == REFUSED,
            )
            .order_by(SessionNote.idx)
        )
        for row in rows:
            note = NoteRow(index=row[1], kind=REFUSED, item=row[2], data=row[3])
            found.setdefault(row[0], []).append(note)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentRow:
    index: int
    item: str
    data: Mapping[str, Any]
    at: datetime


def insert_amendment(tx: Tx, clinic_id: str, session_id: str, amendment: AmendmentRow) -> None:
    tx.execute(
        insert(SessionAmendment),
        {
            "clinic_id": clinic_id,
            "session_id": session_id,
            "idx": amendment.index,
            "item": amendment.item,
            "data": dict(amendment.data),
            "at": amendment.at,
        },
    )


def mark_amended(tx: Tx, clinic_id: str, session_id: str) -> None:
    """The only column of an ended session that may still change."""
    tx.execute(
        update(TreatmentSession)
        .where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.session_id == session_id,
            TreatmentSession.amended.is_(False),
        )
        .values(amended=True)
    )


def read_amendments(tx: Tx, clinic_id: str, session_id: str) -> list[AmendmentRow]:
    rows = tx.execute(_AMENDMENTS, _of(clinic_id, session_id))
    return [AmendmentRow(index=row[0], item=row[1], data=row[2], at=row[3]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An adverse event, a follow-up or a finding: it cites a session, and is no part of it."""

    index: int
    kind: str
    session_id: str | None
    data: Mapping[str, Any]
    at: datetime


def insert_event(tx: Tx, clinic_id: str, event: EventRow) -> None:
    tx.execute(
        insert(ClinicEvent),
        {
            "clinic_id": clinic_id,
            "idx": event.index,
            "kind": event.kind,
            "session_id": event.session_id,
            "data": dict(event.data),
            "at": event.at,
        },
    )


def read_events(tx: Tx, clinic_id: str, session_id: str) -> list[EventRow]:
    rows = tx.execute(_EVENTS, _of(clinic_id, session_id))
    return [
        EventRow(index=row[0], kind=row[1], session_id=row[2], data=row[3], at=row[4])
        for row in rows
    ]
