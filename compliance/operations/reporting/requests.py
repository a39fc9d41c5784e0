"""Asking for a report and following it: the row that page, API and worker share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from compliance.domain.access import Action, Actor, Auth, Role
from compliance.errors import ComplianceError, Conflict, NotFound
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.reporting.exporting import (
    Cancelled,
    ExportedReport,
    ExportReport,
    check_filters,
    export_report,
)
from compliance.operations.reporting.ranges import read_period
from compliance.operations.reporting.workshop import Workshop, clinic_folder
from compliance.store import reports
from compliance.store.reports import ReportRow
from compliance.store.session import Tx

__all__ = ["ReportRow"]

DEAD_AFTER: Final = timedelta(minutes=5)
"""A running report whose worker has not been heard of for so long has failed."""

_BEAT_EVERY: Final = 50
"""Sessions between two notes of progress, so that progress costs next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReport:
    """Whole days of the clinic's zone, both inclusive."""

    first: date
    last: date
    filters: Mapping[str, str] = field(default_factory=dict)
    countersign: bool = False
    """Leaves a field in every file for an inspector's own signature."""


def request_report(tx: Tx, command: RequestReport, *, actor: Actor, now: datetime) -> ReportRow:
    """Queue a report; the caller starts the worker after the commit.

    Raises:
        NotPermitted, Refused: a bad period or filter.
    """
    actor.require(Action.EXPORT_REPORTS)
    read_period(command.first, command.last, clinic_of(tx, actor).time_zone)
    row = ReportRow(
        clinic_id=actor.clinic_id,
        report_id=new_id(now),
        period_from=command.first,
        period_to=command.last,
        filters=check_filters(command.filters),
        state="queued",
        done=0,
        total=0,
        problem=None,
        files=(),
        log_size=None,
        requested_by=actor.user_id,
        requested_at=now,
        beat_at=now,
        countersign=command.countersign,
    )
    reports.insert_report(tx, row)
    return row


def find_report(tx: Tx, report_id: str, *, actor: Actor) -> ReportRow:
    """Find a report of the actor's clinic; raises ``NotFound`` for any other."""
    actor.require(Action.READ_REPORTS)
    row = reports.find_report(tx, actor.clinic_id, report_id)
    if row is None:
        raise NotFound("there is no such report in this clinic")
    return row


def list_reports(
    tx: Tx,
    *,
    actor: Actor,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[ReportRow]:
    """A keyset page, newest first."""
    actor.require(Action.READ_REPORTS)
    return reports.list_reports(tx, actor.clinic_id, after=after, limit=limit)


def cancel_report(tx: Tx, report_id: str, *, actor: Actor, now: datetime) -> ReportRow:
    """Stop a report that is not done; the worker notices within a few sessions."""
    actor.require(Action.EXPORT_REPORTS)
    row = find_report(tx, report_id, actor=actor)
    if row.state not in ("queued", "running"):
        raise Conflict(f"the report is {row.state} already")
    reports.update_report(tx, row.clinic_id, report_id, {"state": "cancelled", "beat_at": now})
    return find_report(tx, report_id, actor=actor)


def report_path(reports_folder: Path, row: ReportRow, number: int | None) -> Path:
    """Where a finished file lies: None for the report or index, 1… for a volume.

    Raises:
        NotFound: it is not done, has no such volume, or the file is gone.
    """
    position = number or 0
    if row.state != "done" or not 0 <= position < len(row.files):
        raise NotFound("there is no such file of this report")
    path = reports_folder / row.clinic_id / str(row.files[position]["name"])
    if not path.is_file():
        raise NotFound("the file of this report is no longer on this machine")
    return path


def make_requested(workshop: Workshop, clinic_id: str, report_id: str, *, now: datetime) -> None:
    """Make a queued report; what a worker runs. Never raises for an expected failure.

    Taking the report from ``queued`` to ``running`` is one transaction, so two
    workers never make the same report.
    """
    with workshop.database.writing() as tx:
        row = reports.find_report(tx, clinic_id, report_id)
        if row is None or row.state != "queued":
            return
        reports.update_report(tx, clinic_id, report_id, {"state": "running", "beat_at": now})
    actor = Actor(
        user_id=row.requested_by,
        clinic_id=clinic_id,
        roles=frozenset({Role.MANAGER}),
        # The request was authorised when it was made; the worker carries it out.
        auth=Auth.SYSTEM,
    )
    command = ExportReport(
        first=row.period_from,
        last=row.period_to,
        output=clinic_folder(workshop, clinic_id) / f"{file_stem(row)}.pdf",
        filters=row.filters,
        report_id=report_id,
        countersign=row.countersign,
    )
    try:
        made = export_report(
            workshop,
            command,
            actor=actor,
            now=now,
            progress=lambda done, total: _note_progress(workshop, row, done, total, now),
        )
    except Cancelled:
        return
    except ComplianceError as error:
        _settle(workshop, row, {"state": "failed", "problem": str(error)[:400]})
        return
    except Exception:
        _settle(workshop, row, {"state": "failed", "problem": "an unexpected error; see the log"})
        raise
    _finish(workshop, row, made)


def _finish(workshop: Workshop, row: ReportRow, made: ExportedReport) -> None:
    values = {
        "state": "done",
        "files": [file.to_json() for file in made.files],
        "log_size": made.log_size,
        "done": 1,
        "total": 1,
    }
    with workshop.database.writing() as tx:
        reports.update_report(tx, row.clinic_id, row.report_id, values)


def file_stem(row: ReportRow) -> str:
    """How the names of a report's files begin."""
    return f"audit-{row.period_from.isoformat()}-{row.period_to.isoformat()}-{row.report_id[-8:]}"


def _settle(workshop: Workshop, row: ReportRow, values: Mapping[str, object]) -> None:
    with workshop.database.writing() as tx:
        reports.update_report(tx, row.clinic_id, row.report_id, values)


def _note_progress(
    workshop: Workshop, row: ReportRow, done: int, total: int, now: datetime
) -> None:
    if done % _BEAT_EVERY and done != total:
        return
    with workshop.database.writing() as tx:
        current = reports.find_report(tx, row.clinic_id, row.report_id)
        if current is None or current.state == "cancelled":
            raise Cancelled("the report was cancelled")
        values = {"done": done, "total": total, "beat_at": now}
        reports.update_report(tx, row.clinic_id, row.report_id, values)


def sweep_reports(tx: Tx, *, now: datetime) -> list[tuple[str, str]]:
    """Fail reports whose worker died, and return the queued ones to start again."""
    queued = []
    for row in reports.list_unfinished(tx):
        if row.state == "queued":
            queued.append((row.clinic_id, row.report_id))
        elif now - row.beat_at > DEAD_AFTER:
            values = {"state": "failed", "problem": "the worker stopped; ask for it again"}
            reports.update_report(tx, row.clinic_id, row.report_id, values)
    return queued
