"""Lists of sessions: keyset pages over an index for every filter, never a count of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from compliance.domain.words import SessionState
from compliance.store.models.people import UserAccount
from compliance.store.models.things import Device
from compliance.store.models.treatments import Client, ClinicEvent, TreatmentSession
from compliance.store.session import Tx

COUNT_CAP = 1000
"""Counts stop here and are shown as “more than 1000”: a list page costs the same for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """What to list; times are inclusive at the start and exclusive at the end."""

    states: tuple[SessionState, ...] = ()
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    practitioner_id: str | None = None
    client_id: str | None = None
    late: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One line of a list."""

    session_id: str
    state: SessionState
    template_id: str
    template_version: int
    client_id: str
    client_commitment: bytes
    device_id: str
    device_label: str
    practitioner_id: str
    practitioner_name: str
    opened_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    ended_at: datetime | None
    closed_index: int | None
    version: int
    late: bool
    amended: bool


_COLUMNS = (
    TreatmentSession.session_id,
    TreatmentSession.state,
    TreatmentSession.template_id,
    TreatmentSession.template_version,
    TreatmentSession.client_id,
    Client.ref_commitment.label("client_commitment"),
    TreatmentSession.device_id,
    Device.label.label("device_label"),
    TreatmentSession.practitioner_id,
    func.coalesce(UserAccount.display_name, TreatmentSession.practitioner_id).label(
        "practitioner_name"
    ),
    TreatmentSession.opened_at,
    TreatmentSession.started_at,
    TreatmentSession.finished_at,
    TreatmentSession.ended_at,
    TreatmentSession.closed_index,
    TreatmentSession.version,
    TreatmentSession.late,
    TreatmentSession.amended,
)


def list_sessions(
    tx: Tx,
    clinic_id: str,
    wanted: SessionFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[SessionLine]:
    """Newest first; ``after`` is the (opened_at, session_id) of the last line already seen.

    The page is found by the narrow index first and joined afterwards, so that
    its cost does not depend on how many sessions there are.
    """
    page = (
        _filtered(select(TreatmentSession.session_id), clinic_id, wanted)
        .order_by(TreatmentSession.opened_at.desc(), TreatmentSession.session_id.desc())
        .limit(limit)
    )
    if after is not None:
        moment, session_id = after
        page = page.where(
            or_(
                TreatmentSession.opened_at < moment,
                and_(
                    TreatmentSession.opened_at == moment,
                    TreatmentSession.session_id < session_id,
                ),
            ),
            TreatmentSession.opened_at <= moment,
        )
    return _read_lines(tx, clinic_id, TreatmentSession.session_id.in_(page.scalar_subquery()))


def list_oldest(
    tx: Tx,
    clinic_id: str,
    wanted: SessionFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[SessionLine]:
    """The same with the oldest first."""
    page = (
        _filtered(select(TreatmentSession.session_id), clinic_id, wanted)
        .order_by(TreatmentSession.opened_at, TreatmentSession.session_id)
        .limit(limit)
    )
    if after is not None:
        moment, session_id = after
        page = page.where(
            or_(
                TreatmentSession.opened_at > moment,
                and_(
                    TreatmentSession.opened_at == moment, TreatmentSession.session_id > session_id
                ),
            )
        )
    lines = _read_lines(tx, clinic_id, TreatmentSession.session_id.in_(page.scalar_subquery()))
    return sorted(lines, key=lambda line: (line.opened_at, line.session_id))


def read_lines(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> Sequence[SessionLine]:
    """The lines of a few sessions known by id, newest first."""
    return _read_lines(tx, clinic_id, TreatmentSession.session_id.in_(session_ids))


def list_ended_since(
    tx: Tx, clinic_id: str, since: datetime, *, limit: int
) -> Sequence[SessionLine]:
    """Closed and aborted ones, found from the end of the log backwards."""
    ended = _ended_since(clinic_id, since, limit)
    return _read_lines(tx, clinic_id, TreatmentSession.session_id.in_(ended.scalar_subquery()))


def count_ended_since(tx: Tx, clinic_id: str, since: datetime) -> int:
    """Count at most ``COUNT_CAP`` + 1."""
    ended = _ended_since(clinic_id, since, COUNT_CAP + 1)
    return tx.scalar(select(func.count()).select_from(ended.subquery())) or 0


def _ended_since(clinic_id: str, since: datetime, limit: int) -> Select[tuple[str]]:
    # Sessions end in the order of the log, and the log is indexed; the time of ending is not.
    newest = (
        select(TreatmentSession.session_id, TreatmentSession.ended_at)
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.closed_index.is_not(None))
        .order_by(TreatmentSession.closed_index.desc())
        .limit(limit)
        .subquery()
    )
    return select(newest.c.session_id).where(newest.c.ended_at >= since)


def _read_lines(tx: Tx, clinic_id: str, chosen: ColumnElement[bool]) -> Sequence[SessionLine]:
    rows = tx.execute(
        select(*_COLUMNS)
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
        .outerjoin(UserAccount, UserAccount.user_id == TreatmentSession.practitioner_id)
        .where(
            TreatmentSession.clinic_id == clinic_id,
            chosen,
        )
        .order_by(TreatmentSession.opened_at.desc(), TreatmentSession.session_id.desc())
    )
    return [_line(row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """A treated client whom somebody still has to ask how they are."""

    session_id: str
    client_commitment: bytes
    practitioner_id: str
    due_on: date


def list_follow_ups_due(
    tx: Tx, clinic_id: str, *, opened_from: datetime, due_to: date, limit: int
) -> Sequence[DueLine]:
    """Treatments without a recorded follow-up, due up to and including a day, oldest first.

    ``opened_from`` bounds the scan: the index is on the time of opening.
    """
    recorded = (
        select(ClinicEvent.idx)
        .where(
            ClinicEvent.clinic_id == TreatmentSession.clinic_id,
            ClinicEvent.session_id == TreatmentSession.session_id,
            ClinicEvent.kind == "followup.recorded",
        )
        .exists()
    )
    rows = tx.execute(
        select(
            TreatmentSession.session_id,
            Client.ref_commitment.label("client_commitment"),
            TreatmentSession.practitioner_id,
            TreatmentSession.follow_up_on.label("due_on"),
        )
        .join(
            Client,
            (Client.clinic_id == TreatmentSession.clinic_id)
            & (Client.client_id == TreatmentSession.client_id),
        )
        .where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.opened_at >= opened_from,
            TreatmentSession.follow_up_on <= due_to,
            ~recorded,
        )
        .order_by(TreatmentSession.follow_up_on, TreatmentSession.session_id)
        .limit(limit)
    )
    return [DueLine(**row._mapping) for row in rows]


def count_sessions(tx: Tx, clinic_id: str, wanted: SessionFilter) -> int:
    """Count at most ``COUNT_CAP`` + 1."""
    capped = (
        _filtered(select(TreatmentSession.session_id), clinic_id, wanted)
        .limit(COUNT_CAP + 1)
        .subquery()
    )
    return tx.scalar(select(func.count()).select_from(capped)) or 0


def _filtered(
    statement: Select[tuple[str]], clinic_id: str, wanted: SessionFilter
) -> Select[tuple[str]]:
    conditions = [TreatmentSession.clinic_id == clinic_id]
    if len(wanted.states) == 1:
        conditions.append(TreatmentSession.state == wanted.states[0].value)
    elif wanted.states:
        conditions.append(TreatmentSession.state.in_([state.value for state in wanted.states]))
    if wanted.opened_from is not None:
        conditions.append(TreatmentSession.opened_at >= wanted.opened_from)
    if wanted.opened_to is not None:
        conditions.append(TreatmentSession.opened_at < wanted.opened_to)
    if wanted.practitioner_id is not None:
        conditions.append(TreatmentSession.practitioner_id == wanted.practitioner_id)
    if wanted.client_id is not None:
        conditions.append(TreatmentSession.client_id == wanted.client_id)
    if wanted.late is not None:
        conditions.append(TreatmentSession.late.is_(wanted.late))
    return statement.where(*conditions)


def _line(row: object) -> SessionLine:
    values = dict(row)  # type: ignore[call-overload]  # RowMapping is a Mapping of columns.
    values["state"] = SessionState(values["state"])
    return SessionLine(**values)
