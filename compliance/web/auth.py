"""Coming in, going out, locking and handing over a tablet, choosing a clinic."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.errors import NotPermitted
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.sign_in import (
    SignedIn,
    SignIn,
    choose_clinic,
    lock_login,
    sign_in,
    sign_out,
)
from compliance.operations.people.tablet import TakeOver, list_colleagues, take_over_tablet
from compliance.web.access_forms import ClinicForm, LockForm, LoginForm
from compliance.web.account import blueprint as account_blueprint
from compliance.web.context import (
    SignInRequired,
    current_actor,
    current_identity,
    current_sign_in,
    home_path,
    page_values,
    plain_page,
    require_unlocked,
    services,
    show_time,
)
from compliance.web.identity import begin_browser_session, end_browser_session

blueprint = Blueprint("auth", __name__)

_LONGEST_NEXT: Final = 500
_DOORS: Final = frozenset({"/login", "/logout", "/lock", "/clinic"})


def register_auth(app: Flask) -> None:
    """Add the pages of this module and of the account; after `register_identity`."""
    app.register_blueprint(blueprint)
    app.register_blueprint(account_blueprint)


def local_path(text: str | None) -> str | None:
    """Return the address to go on to if it is a page of this server, else None.

    Browsers read a backslash as a slash and drop control characters, so both are
    refused rather than understood. Nor does the way lead back to a door.
    """
    if not text or len(text) > _LONGEST_NEXT or not text.startswith("/"):
        return None
    if text.startswith("//") or any(char <= " " or char in "\\\x7f" for char in text):
        return None
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path in _DOORS:
        return None
    return text


@blueprint.get("/")
def start() -> ResponseReturnValue:
    return redirect(home_path(current_actor().roles), HTTPStatus.SEE_OTHER)


@blueprint.get("/login")
def show_login() -> ResponseReturnValue:
    target = local_path(request.args.get("next"))
    identity = current_identity()
    signed_in = None if identity is None else identity.signed_in
    if signed_in is not None and not signed_in.locked:
        return redirect(target or "/", HTTPStatus.SEE_OTHER)
    form = LoginForm(formdata=None)
    form.next.data = target or ""
    if signed_in is not None:
        form.username.data = signed_in.username
    return _login_page(form)


@blueprint.post("/login")
def do_login() -> ResponseReturnValue:
    form = LoginForm()
    if not form.validate():
        return _login_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    identity = current_identity()
    command = SignIn(
        username=form.username.data,
        password=form.password.data,
        user_agent=request.user_agent.string,
        replaces=None if identity is None else identity.token,
    )
    try:
        token = sign_in(services().database, command, now=services().clock())
    except WrongSecret:
        form.form_errors.append(
            "The username or the password is not right. After five wrong attempts the account "
            "waits for 15 minutes or longer."
        )
        return _login_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    except NotPermitted as error:
        form.form_errors.append(_sentence(error))
        return _login_page(form), HTTPStatus.FORBIDDEN
    begin_browser_session(token)
    return redirect(local_path(form.next.data) or "/", HTTPStatus.SEE_OTHER)


def _login_page(form: LoginForm) -> str:
    return render_template("auth/login.html", page=plain_page("Sign in"), form=form)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


@blueprint.post("/logout")
def do_logout() -> ResponseReturnValue:
    identity = current_identity()
    if identity is not None:
        with services().database.writing() as tx:
            sign_out(tx, identity.token, now=services().clock())
    end_browser_session()
    return redirect("/login", HTTPStatus.SEE_OTHER)


@blueprint.get("/lock")
def show_lock() -> ResponseReturnValue:
    """Lock the screen and ask who is there.

    Asking for this page locks: the tablet's own idle timer comes here, and so does
    whoever hands the tablet over. A locked screen that only looks locked would be
    opened by the back button.
    """
    signed_in, token = current_sign_in(), _token()
    if not signed_in.locked:
        with services().database.writing() as tx:
            lock_login(tx, token)
    form = LockForm(formdata=None)
    form.next.data = local_path(request.args.get("next")) or ""
    return _lock_page(form, signed_in)


@blueprint.post("/lock")
def do_unlock() -> ResponseReturnValue:
    signed_in = current_sign_in()
    form = LockForm()
    _offer_colleagues(form, signed_in)
    if not form.validate():
        return _lock_page(form, signed_in), HTTPStatus.UNPROCESSABLE_ENTITY
    command = TakeOver(token=_token(), username=form.username.data, pin=form.pin.data)
    try:
        token = take_over_tablet(
            services().database, command, signed_in=signed_in, now=services().clock()
        )
    except WrongSecret:
        form.pin.errors = ["This PIN is not right."]
        return _lock_page(form, signed_in), HTTPStatus.UNPROCESSABLE_ENTITY
    except TooManyAttempts as error:
        form.pin.errors = [f"Too many wrong attempts. Try again after {show_time(error.until)}."]
        return _lock_page(form, signed_in), HTTPStatus.TOO_MANY_REQUESTS
    begin_browser_session(token)
    # What the one person had open may not be for the other.
    same = command.username == signed_in.username
    target = local_path(form.next.data) if same else None
    return redirect(target or "/", HTTPStatus.SEE_OTHER)


def _lock_page(form: LockForm, signed_in: SignedIn) -> str:
    _offer_colleagues(form, signed_in)
    return render_template(
        "auth/lock.html",
        page=plain_page("Locked"),
        form=form,
        whose=signed_in.display_name,
        clinic_name="" if signed_in.clinic is None else signed_in.clinic.name,
    )


def _offer_colleagues(form: LockForm, signed_in: SignedIn) -> None:
    if signed_in.clinic is None:
        form.offer((), first="")
        return
    clinic_id = signed_in.clinic.clinic_id
    with services().database.reading() as tx:
        colleagues = list_colleagues(tx, clinic_id=clinic_id, now=services().clock())
    form.offer(colleagues, first=signed_in.username)


def _token() -> str:
    identity = current_identity()
    if identity is None:
        raise SignInRequired("sign in first")
    return identity.token


@blueprint.get("/clinic")
def show_clinic() -> ResponseReturnValue:
    signed_in = require_unlocked()
    form = ClinicForm(formdata=None)
    form.offer(signed_in.clinics)
    form.next.data = local_path(request.args.get("next")) or ""
    if signed_in.clinic is not None:
        form.clinic_id.data = signed_in.clinic.clinic_id
    return _clinic_page(form)


@blueprint.post("/clinic")
def do_choose_clinic() -> ResponseReturnValue:
    signed_in = require_unlocked()
    form = ClinicForm()
    form.offer(signed_in.clinics)
    if not form.validate():
        return _clinic_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    with services().database.writing() as tx:
        choose_clinic(tx, _token(), form.clinic_id.data, signed_in=signed_in)
    return redirect(local_path(form.next.data) or "/", HTTPStatus.SEE_OTHER)


def _clinic_page(form: ClinicForm) -> str:
    return render_template("auth/clinic.html", page=page_values("Choose a clinic"), form=form)
