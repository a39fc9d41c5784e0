"""Correcting one item of a closed record at the desk: the tablet's own page in the desk's frame."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, flash, make_response, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Role
from compliance.web.desk.doors import at_desk
from compliance.web.tablet.amended_parts import Place
from compliance.web.tablet.amending import enter_amendment, show_amendment

blueprint = Blueprint("desk_amending", __name__)

_ROLES: Final = (Role.MANAGER, Role.PRACTITIONER)


@blueprint.get("/manager/sessions/<session_id>/amend")
def show_form(session_id: str) -> ResponseReturnValue:
    at_desk(*_ROLES)
    return show_amendment(session_id, _code(), _place(session_id))


@blueprint.post("/manager/sessions/<session_id>/amend")
def amend(session_id: str) -> ResponseReturnValue:
    at_desk(*_ROLES)
    answer: Response = make_response(enter_amendment(session_id, _code(), _place(session_id)))
    if answer.status_code == HTTPStatus.SEE_OTHER:
        flash("The record is amended. The old value stays beside the new one.", "good")
    return answer


def _code() -> str:
    return request.args.get("item", "")


def _place(session_id: str) -> Place:
    record = f"/manager/sessions/{session_id}"
    return Place(
        frame="base.html",
        section="manager",
        record=record,
        action=f"{record}/amend?item={_code()}",
        done=record,
    )
