"""Asking for signed reports, following their making, and fetching the files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Response, send_file, url_for

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.people.tokens import Scope
from compliance.operations.reporting.requests import (
    RequestReport,
    cancel_report,
    find_report,
    list_reports,
    report_path,
    request_report,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.routing import Call, calling_actor, serve
from compliance.web.api.schemas.reports import ReportIn, ReportListOut, ReportOut
from compliance.web.api.schemas.shapes import PageQuery
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Reports"
PDF: Final = "application/pdf"
BINARY: Final = {"type": "string", "format": "binary"}


@serve(
    "GET",
    "/reports",
    Call(
        needs=Action.READ_REPORTS,
        scope=Scope.EXPORT,
        query=PageQuery,
        gives=ReportListOut,
        tag=TAG,
    ),
)
def get_reports(query: dict[str, Any]) -> Reply:
    """List the reports that were asked for, newest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_reports(tx, actor=asking.actor, after=after, limit=limit + 1)
        page, cursor = cut_page(rows, limit, lambda row: (row.requested_at, row.report_id))
        return Answer(body={"items": [_report(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/reports",
    Call(
        needs=Action.EXPORT_REPORTS,
        scope=Scope.EXPORT,
        takes=ReportIn,
        gives=ReportOut,
        status=202,
        tag=TAG,
        example={"from": "2026-10-01", "to": "2026-10-31"},
    ),
)
def post_report(body: dict[str, Any]) -> Reply:
    """Ask for a signed report

    Its making goes on by itself: read the report at `Location` until it is done.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RequestReport(
            first=body["from_"],
            last=body["to"],
            filters=body["filters"],
            countersign=body["countersign"],
        )
        row = request_report(tx, command, actor=asking.actor, now=asking.now)
        place = url_for("api.get_report", report_id=row.report_id)
        return Answer(body=_report(row), headers={"Location": place})

    reply = write(work, status=HTTPStatus.ACCEPTED)
    # Also for a retry: the start may be what got lost, and one that is made is not made again.
    services().start_report(calling_actor().clinic_id, reply[0]["id"])
    return reply


@serve(
    "GET",
    "/reports/<uuid:report_id>",
    Call(needs=Action.READ_REPORTS, scope=Scope.EXPORT, gives=ReportOut, tag=TAG),
)
def get_report(report_id: UUID) -> Reply:
    """Read how far a report is, and which files it has"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_report(find_report(tx, str(report_id), actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/reports/<uuid:report_id>/cancel",
    Call(needs=Action.EXPORT_REPORTS, scope=Scope.EXPORT, gives=ReportOut, tag=TAG),
)
def post_cancel(report_id: UUID) -> Reply:
    """Stop the making of a report; nothing of it is kept"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = cancel_report(tx, str(report_id), actor=asking.actor, now=asking.now)
        return Answer(body=_report(row))

    return write(work)


@serve(
    "GET",
    "/reports/<uuid:report_id>/pdf",
    Call(needs=Action.READ_REPORTS, scope=Scope.EXPORT, gives=BINARY, media_type=PDF, tag=TAG),
)
def get_pdf(report_id: UUID) -> Response:
    """Fetch the signed PDF, or the signed index where there are volumes"""
    return _file(str(report_id), None)


@serve(
    "GET",
    "/reports/<uuid:report_id>/volumes/<int:number>",
    Call(needs=Action.READ_REPORTS, scope=Scope.EXPORT, gives=BINARY, media_type=PDF, tag=TAG),
)
def get_volume(report_id: UUID, number: int) -> Response:
    """Fetch a signed volume; the first is number 1"""
    # A volume 0 would be the index under a second address; there is none.
    return _file(str(report_id), number or -1)


def _file(report_id: str, number: int | None) -> Response:
    with services().database.reading() as tx:
        row = find_report(tx, report_id, actor=calling_actor())
    path = report_path(services().workshop.reports_folder, row, number)
    return send_file(path, mimetype=PDF, as_attachment=True, download_name=path.name)


def _report(row: Any) -> dict[str, Any]:
    return {
        "id": row.report_id,
        "state": row.state,
        "period": {"from_": row.period_from.isoformat(), "to": row.period_to.isoformat()},
        "filters": dict(row.filters),
        "countersign": row.countersign,
        "done": row.done,
        "total": row.total,
        "problem": row.problem,
        "log_size": row.log_size,
        "requested_at": format_time(row.requested_at),
        "files": [_line(row.report_id, number, file) for number, file in enumerate(row.files)],
    }


def _line(report_id: str, number: int, file: dict[str, Any]) -> dict[str, Any]:
    href = url_for("api.get_pdf", report_id=report_id)
    if number:
        href = url_for("api.get_volume", report_id=report_id, number=number)
    facts = {name: file[name] for name in ("name", "sha256", "pages", "bytes")}
    return {**facts, "number": number, "href": href}
