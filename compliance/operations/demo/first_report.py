"""The demo's first report, so that manager and inspector find one at their desks."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.operations.demo.stage import ZONE, Stage
from compliance.operations.reporting.requests import RequestReport, make_requested, request_report
from compliance.operations.reporting.workshop import Workshop


def make_first_report(workshop: Workshop, stage: Stage, *, now: datetime) -> str:
    """Let the manager ask for the report of the last thirty days, and make it.

    Returns the report's id.
    """
    stage.go_to(now - timedelta(minutes=1))
    manager = stage.arrive("manager")
    today = now.astimezone(ZONE).date()
    command = RequestReport(first=today - timedelta(days=30), last=today - timedelta(days=1))
    row = stage.act(lambda tx: request_report(tx, command, actor=manager, now=stage.now))
    make_requested(workshop, row.clinic_id, row.report_id, now=stage.now)
    stage.leave()
    return row.report_id
