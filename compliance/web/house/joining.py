"""The page behind a one-time link. Anybody may open it; only the link itself says who they are."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.people.invitations import RESET
from compliance.operations.people.joining import (
    AcceptInvitation,
    OpenInvitation,
    accept_invitation,
    read_invitation,
)
from compliance.web.context import plain_page, services
from compliance.web.house.doors import explain
from compliance.web.house.people_forms import JoinForm
from compliance.web.house.wording import ROLES
from compliance.web.identity import end_browser_session

blueprint = Blueprint("house_joining", __name__)


@blueprint.get("/invitation/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    try:
        invitation = _read(token)
    except NotFound:
        return _gone()
    form = JoinForm(formdata=None)
    form.display_name.data = invitation.display_name
    return _page(invitation, form)


@blueprint.post("/invitation/<token>")
def accept(token: str) -> ResponseReturnValue:
    try:
        invitation = _read(token)
    except NotFound:
        return _gone()
    form = JoinForm()
    if not form.validate():
        return _page(invitation, form), HTTPStatus.UNPROCESSABLE_ENTITY
    command = AcceptInvitation(
        token=token,
        display_name=form.display_name.data or "",
        password=form.password.data,
        pin=form.pin.data or "",
    )
    try:
        username = accept_invitation(
            services().database, command, keyring=services().keyring, now=services().clock()
        )
    except NotFound:
        return _gone()
    except (Refused, Conflict) as error:
        explain(form, error)
        return _page(invitation, form), HTTPStatus.UNPROCESSABLE_ENTITY
    # Whoever was signed in at this browser is not the person who just chose a password.
    end_browser_session()
    flash(f"All is set. Sign in as {username}.", "good")
    return redirect("/login", HTTPStatus.SEE_OTHER)


def _read(token: str) -> OpenInvitation:
    with services().database.reading() as tx:
        return read_invitation(tx, token, now=services().clock())


def _page(invitation: OpenInvitation, form: JoinForm) -> str:
    form.pin.flags.required = invitation.needs_pin
    form.display_name.flags.required = True
    title = "Choose a new password" if invitation.purpose == RESET else "Welcome"
    return render_template(
        "house/join.html",
        page=plain_page(title),
        invitation=invitation,
        is_reset=invitation.purpose == RESET,
        roles=", ".join(ROLES[role] for role in invitation.roles),
        form=form,
    )


def _gone() -> ResponseReturnValue:
    return render_template("house/gone.html", page=plain_page("Link")), HTTPStatus.NOT_FOUND
