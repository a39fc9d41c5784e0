"""The queue of report jobs: huey on SQLite or PostgreSQL, with our own row as the truth.

Huey takes a task off the queue before running it, so a killed worker would lose
it: state, progress and heartbeat are in the ``report`` table, and the sweep
starts again what was queued and fails what died.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from huey import PostgresHuey, SqliteHuey

from compliance.operations.reporting.requests import make_requested, sweep_reports
from compliance.operations.reporting.workshop import Workshop
from compliance.settings import SettingInvalid

NAME: Final = "aseptrail-reports"

Start = Callable[[str, str], None]
"""Starts the making of (clinic id, report id) after the request was committed."""


def open_queue(jobs_url: str) -> Any:
    """Open the queue behind ``COMPLIANCE_JOBS_URL``; ``inline`` runs a task where it is asked for.

    Raises:
        SettingInvalid: for an address of another kind.
    """
    if jobs_url == "inline":
        return SqliteHuey(NAME, results=False, filename=":memory:", immediate=True)
    if jobs_url.startswith("sqlite:///"):
        return SqliteHuey(
            NAME, results=False, filename=jobs_url.removeprefix("sqlite:///"), fsync=True
        )
    if jobs_url.startswith("postgresql://"):
        return PostgresHuey(NAME, results=False, dsn=jobs_url)
    raise SettingInvalid(
        f"COMPLIANCE_JOBS_URL must be inline, sqlite:///… or postgresql://…, not {jobs_url!r}"
    )


def define_task(queue: Any, workshop: Workshop, clock: Callable[[], datetime]) -> Start:
    """Register the one task there is and return the function that starts it."""

    def make_report(clinic_id: str, report_id: str) -> None:
        make_requested(workshop, clinic_id, report_id, now=clock())

    task: Any = queue.task(name="make_report", context=False)(make_report)

    def start(clinic_id: str, report_id: str) -> None:
        task(clinic_id, report_id)

    return start


def sweep(workshop: Workshop, start: Start, *, now: datetime) -> None:
    """Fail reports whose worker died and start the queued ones again; at every worker start."""
    with workshop.database.writing() as tx:
        queued = sweep_reports(tx, now=now)
    for clinic_id, report_id in queued:
        start(clinic_id, report_id)
