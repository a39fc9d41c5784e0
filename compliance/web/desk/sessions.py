"""One session at the manager's desk and at the inspector's."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Role
from compliance.operations.overview import find_access_end
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.desk.doors import at_desk
from compliance.web.desk.listing import list_values, read_asked, refuse_unknown_format
from compliance.web.desk.record import record_values
from compliance.web.desk.spreadsheets import csv_response

blueprint = Blueprint("desk_sessions", __name__)


@blueprint.get("/manager/sessions/<session_id>")
def show_at_manager(session_id: str) -> ResponseReturnValue:
    actor = at_desk(Role.MANAGER, Role.PRACTITIONER)
    with services().database.reading() as tx:
        values = record_values(tx, session_id, actor=actor, base="/manager/sessions")
    # A practitioner comes here to amend; the list of everybody's sessions is the manager's.
    back = "/manager/sessions" if Role.MANAGER in actor.roles else "/tablet"
    return render_template(
        "desk/session.html",
        page=page_values("Session", section="manager"),
        back=back,
        back_label="All sessions" if Role.MANAGER in actor.roles else "Back to the tablet",
        **values,
    )


@blueprint.get("/inspector")
def show_inspector() -> ResponseReturnValue:
    actor = at_desk(Role.INSPECTOR, Role.MANAGER)
    refuse_unknown_format(request.args.get("format"))
    asked = read_asked(request.args)
    if request.args.get("format") == "csv":
        return csv_response(asked, actor=actor)
    with services().database.reading() as tx:
        values = list_values(tx, asked, actor=actor, path="/inspector", base="/inspector/sessions")
        ends = find_access_end(tx, actor=actor, now=services().clock())
    return render_template(
        "desk/inspector.html",
        page=page_values("Inspection", section="inspector"),
        clinic=current_clinic().name,
        zone=current_clinic().time_zone,
        ends=None if ends is None else show_time(ends),
        visiting=Role.INSPECTOR in actor.roles,
        **values,
    )


@blueprint.get("/inspector/sessions/<session_id>")
def show_at_inspector(session_id: str) -> ResponseReturnValue:
    actor = at_desk(Role.INSPECTOR, Role.MANAGER)
    with services().database.reading() as tx:
        values = record_values(tx, session_id, actor=actor, base="/inspector/sessions", amend=False)
    return render_template(
        "desk/session.html",
        page=page_values("Session", section="inspector"),
        back="/inspector",
        back_label="All sessions",
        **values,
    )
