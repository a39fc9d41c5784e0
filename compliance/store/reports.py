"""Rows of reports, and which sessions were open at a place in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from compliance.domain.words import SessionState
from compliance.store.models.treatments import Report, TreatmentSession
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report asked for. ``state``: queued, running, done, failed or cancelled."""

    clinic_id: str
    report_id: str
    period_from: date
    period_to: date
    filters: Mapping[str, str]
    state: str
    done: int
    total: int
    problem: str | None
    files: Sequence[Mapping[str, Any]]
    log_size: int | None
    requested_by: str
    requested_at: datetime
    beat_at: datetime
    countersign: bool = False
    """Whether its files leave a field for an inspector's own signature."""


def insert_report(tx: Tx, report: ReportRow) -> None:
    tx.execute(
        insert(Report).values(
            clinic_id=report.clinic_id,
            report_id=report.report_id,
            period_from=report.period_from,
            period_to=report.period_to,
            filters=dict(report.filters),
            state=report.state,
            done=report.done,
            total=report.total,
            problem=report.problem,
            files=[dict(file) for file in report.files],
            log_size=report.log_size,
            requested_by=report.requested_by,
            requested_at=report.requested_at,
            beat_at=report.beat_at,
            countersign=report.countersign,
        )
    )


def find_report(tx: Tx, clinic_id: str, report_id: str) -> ReportRow | None:
    row = tx.execute(
        select(Report.__table__).where(Report.clinic_id == clinic_id, Report.report_id == report_id)
    ).first()
    return None if row is None else ReportRow(**row._mapping)


def list_reports(
    tx: Tx, clinic_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[ReportRow]:
    """Newest first, keyset page by (requested_at, id)."""
    statement = select(Report.__table__).where(Report.clinic_id == clinic_id)
    if after is not None:
        moment, report_id = after
        statement = statement.where(
            or_(
                Report.requested_at < moment,
                and_(Report.requested_at == moment, Report.report_id < report_id),
            )
        )
    rows = tx.execute(
        statement.order_by(Report.requested_at.desc(), Report.report_id.desc()).limit(limit)
    )
    return [ReportRow(**row._mapping) for row in rows]


def list_unfinished(tx: Tx) -> Sequence[ReportRow]:
    """Reports of all clinics that are queued or running, for the worker's sweep."""
    rows = tx.execute(
        select(Report.__table__)
        .where(Report.state.in_(("queued", "running")))
        .order_by(Report.requested_at)
        .limit(100)
    )
    return [ReportRow(**row._mapping) for row in rows]


def list_unmade(tx: Tx, clinic_id: str) -> Sequence[ReportRow]:
    """Reports of a clinic that were never finished: under way, failed or cancelled."""
    rows = tx.execute(
        select(Report.__table__).where(Report.clinic_id == clinic_id, Report.state != "done")
    )
    return [ReportRow(**row._mapping) for row in rows]


def update_report(tx: Tx, clinic_id: str, report_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Report)
        .where(Report.clinic_id == clinic_id, Report.report_id == report_id)
        .values(**values)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    session_id: str
    opened_index: int
    started_at: datetime | None
    finished_at: datetime | None
    signed_index: int | None


def sessions_open_at(tx: Tx, clinic_id: str, end: int) -> Sequence[OpenSession]:
    """The sessions opened before entry ``end`` and not ended before it."""
    columns = (
        TreatmentSession.session_id,
        TreatmentSession.opened_index,
        TreatmentSession.started_at,
        TreatmentSession.finished_at,
        TreatmentSession.signed_index,
    )
    still_open = [state.value for state in SessionState if not state.ended]
    rows = tx.execute(
        select(*columns)
        .where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.opened_index < end,
            or_(
                TreatmentSession.state.in_(still_open),
                TreatmentSession.closed_index >= end,
            ),
        )
        .order_by(TreatmentSession.opened_index)
    )
    return [OpenSession(**row._mapping) for row in rows]
