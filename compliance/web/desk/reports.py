"""Audit reports: what one would say, asking for it, watching it being made, taking it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor, Role
from compliance.domain.words import SessionState
from compliance.errors import Refused
from compliance.operations.overview import find_last_report
from compliance.operations.people.listing import read_names
from compliance.operations.reporting.preview import ReportPreview, preview_report
from compliance.operations.reporting.requests import (
    RequestReport,
    cancel_report,
    find_report,
    list_reports,
    report_path,
    request_report,
)
from compliance.operations.reporting.traced_keeping import list_traces
from compliance.operations.things import list_devices
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_clinic, page_values, services
from compliance.web.desk.doors import at_desk
from compliance.web.desk.listing import read_titles
from compliance.web.desk.periods import Preset, list_presets
from compliance.web.desk.report_values import (
    file_values,
    preview_values,
    report_line,
    show_period,
)
from compliance.web.desk.roots import root_fingerprint
from compliance.web.desk.wording import STATES, capital
from compliance.web.recalls.handing_out import list_lines
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.wording import say_refusal

blueprint = Blueprint("desk_reports", __name__)

_PAGE: Final = 20
_DIGITS: Final = 16
"""Of a place in the log; a longer number is none."""
_FILTERS: Final = ("practitioner", "device", "template", "state")
_MAKERS: Final = (Role.MANAGER,)
_READERS: Final = (Role.MANAGER, Role.INSPECTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the form says: a period, or why there is none."""

    first: date | None
    last: date | None
    filters: Mapping[str, str]
    countersign: bool = False
    problem: str = ""


@blueprint.get("/reports")
def show_reports() -> ResponseReturnValue:
    actor = at_desk(*_READERS)
    return _page(actor, request.args)


@blueprint.post("/reports")
def ask_for_report() -> ResponseReturnValue:
    actor = at_desk(*_MAKERS)
    now = services().clock()
    wanted = _read_wanted(request.form, None)
    if wanted.first is None or wanted.last is None:
        return _page(actor, request.form), HTTPStatus.UNPROCESSABLE_ENTITY
    command = RequestReport(
        first=wanted.first,
        last=wanted.last,
        filters=wanted.filters,
        countersign=wanted.countersign,
    )
    try:
        with services().database.writing() as tx:
            report_id: str = once(
                tx,
                actor,
                lambda: request_report(tx, command, actor=actor, now=now).report_id,
                now=now,
            )
    except Refused as error:
        page = _page(actor, request.form, problem=say_refusal(error))
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    # Only now can a worker see the request. A repeated one is started at most once.
    services().start_report(actor.clinic_id, report_id)
    return redirect(f"/reports/{report_id}", HTTPStatus.SEE_OTHER)


def _read_wanted(args: Mapping[str, str], preset: Preset | None) -> Wanted:
    """Read the form; without any dates the preset's."""
    filters = {name: args.get(name, "").strip()[:60] for name in _FILTERS}
    texts = args.get("from", "").strip(), args.get("to", "").strip()
    if preset is not None and not any(texts):
        return Wanted(first=preset.first, last=preset.last, filters=filters)
    try:
        first, last = (date.fromisoformat(text) for text in texts)
    except ValueError:
        problem = "Give the first and the last day, such as 2026-11-01 and 2026-11-30."
        return Wanted(first=None, last=None, filters=filters, problem=problem)
    countersign = args.get("countersign") == "yes"
    return Wanted(first=first, last=last, filters=filters, countersign=countersign)


def _page(actor: Actor, args: Mapping[str, str], problem: str = "") -> str:
    now = services().clock()
    today = now.astimezone(ZoneInfo(current_clinic().time_zone)).date()
    maker = actor.may(Action.EXPORT_REPORTS)
    with services().database.reading() as tx:
        last = find_last_report(tx, actor=actor)
        presets = list_presets(today, None if last is None else last.period_to)
        wanted = _read_wanted(args, presets[-1])
        preview = None
        if maker and not (problem or wanted.problem):
            preview, problem = _try_preview(tx, wanted, actor)
        found = list_reports(
            tx,
            actor=actor,
            after=read_moment_cursor(request.args.get("cursor")),
            limit=_PAGE + 1,
        )
        names = read_names(tx, clinic_id=actor.clinic_id)
        choices = _choices(tx, wanted, names, actor=actor) if maker else ()
        lists = _lists(tx, names, actor)
    reports, cursor = cut_page(found, _PAGE, lambda row: (row.requested_at, row.report_id))
    return render_template(
        "desk/reports.html",
        page=page_values("Reports", section="reports"),
        maker=maker,
        presets=tuple(_preset_values(preset, wanted) for preset in presets),
        first="" if wanted.first is None else wanted.first.isoformat(),
        last="" if wanted.last is None else wanted.last.isoformat(),
        period=show_period(wanted.first, wanted.last),
        choices=choices,
        chosen={name: value for name, value in wanted.filters.items() if value},
        countersign=wanted.countersign,
        problem=problem or wanted.problem,
        preview=None if preview is None else preview_values(preview),
        key=fresh_key(now),
        reports=tuple(report_line(row, names) for row in reports),
        next_href=f"/reports?cursor={cursor}" if cursor else None,
        **lists,
    )


def _lists(tx: Tx, names: Mapping[str, str], actor: Actor) -> dict[str, Any]:
    """The signed lists of recalls and searches, page by page."""
    place = request.args.get("lists", "")
    after = int(place) if place.isascii() and place.isdigit() and len(place) < _DIGITS else None
    found = list_traces(tx, actor=actor, after=after, limit=_PAGE + 1)
    page = found[:_PAGE]
    return {
        "lists": list_lines(tx, page, names, actor=actor),
        "lists_first": "/reports#lists" if after is not None else None,
        "lists_next": f"/reports?lists={page[-1].row.idx}#lists" if len(found) > _PAGE else None,
    }


def _try_preview(tx: Tx, wanted: Wanted, actor: Actor) -> tuple[ReportPreview | None, str]:
    if wanted.first is None or wanted.last is None:
        return None, ""
    try:
        return preview_report(tx, wanted.first, wanted.last, actor=actor), ""
    except Refused as error:
        words = {"to": "The last day", "from": "The period"}
        return None, say_refusal(error, words)


def _choices(
    tx: Tx, wanted: Wanted, names: Mapping[str, str], *, actor: Actor
) -> tuple[tuple[Any, ...], ...]:
    """Name, label, value and options of what the details can be narrowed to."""
    devices = [(row.device_id, row.label) for row in list_devices(tx, actor=actor, limit=200)]
    ended = (SessionState.CLOSED, SessionState.ABORTED, SessionState.AWAITING_REPROCESSING)
    options = {
        "practitioner": ("Practitioner", "Everybody", list(names.items())),
        "device": ("Device", "All devices", devices),
        "template": ("Protocol", "All protocols", list(read_titles(tx, actor=actor).items())),
        "state": ("State", "All states", [(state.value, STATES[state]) for state in ended]),
    }
    return tuple(
        (name, label, wanted.filters.get(name, ""), (("", everything), *given))
        for name, (label, everything, given) in options.items()
    )


def _preset_values(preset: Preset, wanted: Wanted) -> dict[str, Any]:
    days = {"from": preset.first.isoformat(), "to": preset.last.isoformat()}
    return {
        "label": preset.label,
        "days": show_period(preset.first, preset.last),
        "href": f"/reports?{urlencode(days)}",
        "current": (preset.first, preset.last) == (wanted.first, wanted.last),
    }


@blueprint.get("/reports/<report_id>")
def show_report(report_id: str) -> ResponseReturnValue:
    actor = at_desk(*_READERS)
    with services().database.reading() as tx:
        row = find_report(tx, report_id, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
    under_way = row.state in ("queued", "running")
    page = render_template(
        "desk/report.html",
        page=page_values("Report", section="reports"),
        report=report_line(row, names),
        report_id=row.report_id,
        state=row.state,
        under_way=under_way,
        done=row.done,
        total=row.total,
        problem=capital(row.problem or "it gave no reason"),
        filters=tuple(row.filters),
        countersign=row.countersign,
        files=tuple(file_values(row, number) for number in range(len(row.files))),
        maker=actor.may(Action.EXPORT_REPORTS),
        fingerprint=root_fingerprint() or "",
    )
    response = make_response(page)
    if "HX-Request" in request.headers and not under_way:
        # The page that polls shows progress only; what came of it is another page.
        response.headers["HX-Refresh"] = "true"
    return response


@blueprint.post("/reports/<report_id>/cancel")
def cancel(report_id: str) -> ResponseReturnValue:
    actor = at_desk(*_MAKERS)
    with services().database.writing() as tx:
        cancel_report(tx, report_id, actor=actor, now=services().clock())
    return redirect(f"/reports/{report_id}", HTTPStatus.SEE_OTHER)


@blueprint.get("/reports/<report_id>/pdf")
def download_report(report_id: str) -> ResponseReturnValue:
    return _download(report_id, None)


@blueprint.get("/reports/<report_id>/volumes/<int:number>")
def download_volume(report_id: str, number: int) -> ResponseReturnValue:
    return _download(report_id, number)


def _download(report_id: str, number: int | None) -> ResponseReturnValue:
    """The file as an attachment; every answer of the app says ``no-store``."""
    actor = at_desk(*_READERS)
    with services().database.reading() as tx:
        row = find_report(tx, report_id, actor=actor)
    path = report_path(services().workshop.reports_folder, row, number)
    name = f"{current_clinic().slug}-{path.name}"
    return send_file(path, mimetype="application/pdf", as_attachment=True, download_name=name)
