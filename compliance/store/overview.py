"""What the manager's first page asks of the tables, each answer from an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from compliance.store.models.treatments import ClinicEvent, Report
from compliance.store.session import Tx
from compliance.store.session_notes import EventRow

_INCIDENTS_LOOKED_AT = 500


def list_unanswered_incidents(tx: Tx, clinic_id: str) -> Sequence[EventRow]:
    """The newest incidents of sessions after which no follow-up was recorded, newest first.

    Looks at the newest 500 only: the cost of a page must not grow with the years.
    """
    later = aliased(ClinicEvent)
    answered = (
        select(later.idx)
        .where(
            later.clinic_id == ClinicEvent.clinic_id,
            later.session_id == ClinicEvent.session_id,
            later.kind == "followup.recorded",
            later.idx > ClinicEvent.idx,
        )
        .exists()
    )
    rows = tx.execute(
        select(
            ClinicEvent.idx,
            ClinicEvent.kind,
            ClinicEvent.session_id,
            ClinicEvent.data,
            ClinicEvent.at,
        )
        .where(
            ClinicEvent.clinic_id == clinic_id,
            ClinicEvent.kind == "incident.recorded",
            ClinicEvent.session_id.is_not(None),
            ~answered,
        )
        .order_by(ClinicEvent.at.desc())
        .limit(_INCIDENTS_LOOKED_AT)
    )
    return [EventRow(index=r[0], kind=r[1], session_id=r[2], data=r[3], at=r[4]) for r in rows]


def list_loose_incidents(tx: Tx, clinic_id: str, *, since: datetime) -> Sequence[EventRow]:
    """The newest incidents of no session recorded after a moment, newest first, at most 500."""
    rows = tx.execute(
        select(
            ClinicEvent.idx,
            ClinicEvent.kind,
            ClinicEvent.session_id,
            ClinicEvent.data,
            ClinicEvent.at,
        )
        .where(
            ClinicEvent.clinic_id == clinic_id,
            ClinicEvent.kind == "incident.recorded",
            ClinicEvent.session_id.is_(None),
            ClinicEvent.at > since,
        )
        .order_by(ClinicEvent.at.desc())
        .limit(_INCIDENTS_LOOKED_AT)
    )
    return [EventRow(index=r[0], kind=r[1], session_id=r[2], data=r[3], at=r[4]) for r in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReport:
    report_id: str
    period_to: date
    requested_at: datetime


def find_last_report(tx: Tx, clinic_id: str) -> LastReport | None:
    """The newest report that was made to the end."""
    row = tx.execute(
        select(Report.report_id, Report.period_to, Report.requested_at)
        .where(Report.clinic_id == clinic_id, Report.state == "done")
        .order_by(Report.requested_at.desc())
        .limit(1)
    ).first()
    return None if row is None else LastReport(**row._mapping)
