"""Rows of treatment sessions and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from compliance.domain.answers import Answer
from compliance.domain.words import SessionState
from compliance.store.models.people import Clinic
from compliance.store.models.things import Device, TemplateVersion
from compliance.store.models.treatments import (
    Client,
    SessionAnswer,
    TreatmentSession,
)
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A treatment session with what the gate needs of its clinic, device and client."""

    clinic_id: str
    session_id: str
    state: SessionState
    version: int
    template_id: str
    template_version: int
    template_hash: str
    client_id: str
    client_commitment: bytes
    device_id: str
    device_label: str
    device_components: Sequence[Mapping[str, Any]]
    device_max_depth_mm: str | None
    practitioner_id: str
    opened_at: datetime
    opened_index: int
    started_at: datetime | None
    finished_at: datetime | None
    ended_at: datetime | None
    signed_index: int | None
    closed_index: int | None
    late: bool
    amended: bool
    warnings: Sequence[Mapping[str, str]]
    follow_up_on: date | None
    time_zone: str
    profiles: tuple[str, ...]


_SESSION_COLUMNS = (
    TreatmentSession.clinic_id,
    TreatmentSession.session_id,
    TreatmentSession.state,
    TreatmentSession.version,
    TreatmentSession.template_id,
    TreatmentSession.template_version,
    TemplateVersion.hash.label("template_hash"),
    TreatmentSession.client_id,
    Client.ref_commitment.label("client_commitment"),
    TreatmentSession.device_id,
    Device.label.label("device_label"),
    Device.components.label("device_components"),
    Device.max_depth_mm.label("device_max_depth_mm"),
    TreatmentSession.practitioner_id,
    TreatmentSession.opened_at,
    TreatmentSession.opened_index,
    TreatmentSession.started_at,
    TreatmentSession.finished_at,
    TreatmentSession.ended_at,
    TreatmentSession.signed_index,
    TreatmentSession.closed_index,
    TreatmentSession.late,
    TreatmentSession.amended,
    TreatmentSession.warnings,
    TreatmentSession.follow_up_on,
    Clinic.time_zone,
    Clinic.profiles,
)
_SESSION = (
    select(*_SESSION_COLUMNS)
    .join(Clinic, Clinic.clinic_id == TreatmentSession.clinic_id)
    .join(
        TemplateVersion,
        (TemplateVersion.clinic_id == TreatmentSession.clinic_id)
        & (TemplateVersion.template_id == TreatmentSession.template_id)
        & (TemplateVersion.version == TreatmentSession.template_version),
    )
    .join(
        Device,
        (Device.clinic_id == TreatmentSession.clinic_id)
        & (Device.device_id == TreatmentSession.device_id),
    )
    .join(
        Client,
        (Client.clinic_id == TreatmentSession.clinic_id)
        & (Client.client_id == TreatmentSession.client_id),
    )
)
_ANSWER_COLUMNS = (
    SessionAnswer.item,
    SessionAnswer.result,
    SessionAnswer.evidence,
    SessionAnswer.user_id,
    SessionAnswer.auth,
    SessionAnswer.recorded_at,
    SessionAnswer.performed_at,
    SessionAnswer.late,
    SessionAnswer.idx,
)

# A statement built once costs a tenth of one built for each call: SQLAlchemy then neither
# makes the expression again nor looks for the columns of its rows.
_CLINIC: BindParameter[Any] = bindparam("in_clinic")
_OF: BindParameter[Any] = bindparam("of_session")
_ROW: Final = (TreatmentSession.clinic_id == _CLINIC, TreatmentSession.session_id == _OF)
_FIND: Final = _SESSION.where(*_ROW)
_MANY: BindParameter[Any] = bindparam("of_sessions", expanding=True)
_FIND_MANY: Final = _SESSION.where(
    TreatmentSession.clinic_id == _CLINIC, TreatmentSession.session_id.in_(_MANY)
)
_INSERT: Final = insert(TreatmentSession)
_UPDATE: Final = update(TreatmentSession).where(*_ROW)
_ANSWERS: Final = select(*_ANSWER_COLUMNS).where(
    SessionAnswer.clinic_id == _CLINIC, SessionAnswer.session_id == _OF
)
_ANSWERS_OF: Final = select(*_ANSWER_COLUMNS, SessionAnswer.session_id).where(
    SessionAnswer.clinic_id == _CLINIC,
    SessionAnswer.session_id.in_(_MANY),
)
_ANSWER: Final = (
    SessionAnswer.clinic_id == _CLINIC,
    SessionAnswer.session_id == _OF,
    SessionAnswer.item == bindparam("of_item"),
)
_UPDATE_ANSWER: Final = update(SessionAnswer).where(*_ANSWER)
_INSERT_ANSWER: Final = insert(SessionAnswer)
_DELETE_ANSWER: Final = delete(SessionAnswer).where(*_ANSWER)


def insert_session(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(_INSERT, dict(values))


def _of(clinic_id: str, session_id: str) -> dict[str, Any]:
    return {"in_clinic": clinic_id, "of_session": session_id}


def find_session(tx: Tx, clinic_id: str, session_id: str) -> SessionRow | None:
    row = tx.execute(_FIND, _of(clinic_id, session_id)).first()
    return None if row is None else session_row(row)


def find_sessions(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> list[SessionRow]:
    """Several sessions in one query; those that are not there are left out."""
    wanted = {"in_clinic": clinic_id, "of_sessions": list(session_ids)}
    return [session_row(row) for row in tx.execute(_FIND_MANY, wanted)]


def session_row(row: Any) -> SessionRow:
    values = dict(row._mapping)
    values["state"] = SessionState(values["state"])
    values["profiles"] = tuple(values["profiles"])
    return SessionRow(**values)


def update_session(tx: Tx, session: SessionRow, values: Mapping[str, Any]) -> None:
    """Set columns and raise the version by one."""
    row = _of(session.clinic_id, session.session_id)
    tx.execute(_UPDATE, {**row, "version": session.version + 1, **values})


def read_answers(tx: Tx, clinic_id: str, session_id: str) -> dict[str, Answer]:
    rows = tx.execute(_ANSWERS, _of(clinic_id, session_id))
    return {row[0]: _answer(row) for row in rows}


def read_answers_of(
    tx: Tx, clinic_id: str, session_ids: Sequence[str]
) -> dict[str, dict[str, Answer]]:
    """The answers of several sessions in one query, for lists."""
    found: dict[str, dict[str, Answer]] = {session_id: {} for session_id in session_ids}
    wanted = {"in_clinic": clinic_id, "of_sessions": list(session_ids)}
    rows = tx.execute(_ANSWERS_OF, wanted)
    for row in rows:
        found[row[9]][row[0]] = _answer(row)
    return found


def _answer(row: Any) -> Answer:
    return Answer(
        item=row[0],
        result=row[1],
        evidence=tuple(row[2]),
        user_id=row[3],
        auth=row[4],
        recorded_at=row[5],
        performed_at=row[6],
        late=row[7],
        index=row[8],
    )


def put_answer(tx: Tx, clinic_id: str, session_id: str, answer: Answer, *, known: bool) -> None:
    """Insert the answer, or replace the one that is ``known``; the old one stays in the log."""
    values = {
        "result": answer.result,
        "evidence": [dict(piece) for piece in answer.evidence],
        "user_id": answer.user_id,
        "auth": answer.auth,
        "recorded_at": answer.recorded_at,
        "performed_at": answer.performed_at,
        "late": answer.late,
        "idx": answer.index,
    }
    if known:
        row = _of(clinic_id, session_id)
        tx.execute(_UPDATE_ANSWER, {**row, "of_item": answer.item, **values})
    else:
        tx.execute(
            _INSERT_ANSWER,
            {"clinic_id": clinic_id, "session_id": session_id, "item": answer.item, **values},
        )


def delete_answer(tx: Tx, clinic_id: str, session_id: str, item: str) -> None:
    """Take an answer back; the log keeps both the answer and its taking back."""
    tx.execute(_DELETE_ANSWER, {**_of(clinic_id, session_id), "of_item": item})
