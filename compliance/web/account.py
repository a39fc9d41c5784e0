"""One's own account: open browsers, attempts to sign in, password and PIN."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.errors import Refused
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.listing import (
    AttemptSummary,
    LoginSummary,
    list_attempts,
    list_logins,
)
from compliance.operations.people.own_account import revoke_login, set_password, set_pin
from compliance.web.access_forms import PasswordForm, PinForm
from compliance.web.browsers import name_browser
from compliance.web.context import (
    current_sign_in,
    page_values,
    require_unlocked,
    services,
    show_time,
)

blueprint = Blueprint("account", __name__)

_OUTCOMES: Final = {
    "accepted": "Signed in",
    "wrong": "Wrong password or PIN",
    "waiting": "Refused: the account was waiting",
    "disabled": "Refused: the account was off",
    "no_access": "Refused: the access had ended",
}
_WAYS: Final = {"password": "password", "pin": "PIN"}


@blueprint.get("/account")
def show() -> ResponseReturnValue:
    return _account_page(PasswordForm(formdata=None), PinForm(formdata=None, prefix="pin-"))


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    signed_in = require_unlocked()
    form = PasswordForm()
    if form.validate():
        try:
            set_password(
                services().database,
                form.to_command(),
                signed_in=signed_in,
                now=services().clock(),
            )
        except (Refused, WrongSecret, TooManyAttempts) as error:
            _explain(form.current, form.new, error)
        else:
            flash("Your password is changed. Every other browser of yours is signed out.", "good")
            return redirect("/account", HTTPStatus.SEE_OTHER)
    page = _account_page(form, PinForm(formdata=None, prefix="pin-"))
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/account/pin")
def change_pin() -> ResponseReturnValue:
    signed_in = require_unlocked()
    form = PinForm(prefix="pin-")
    if form.validate():
        try:
            set_pin(
                services().database,
                form.to_command(),
                signed_in=signed_in,
                now=services().clock(),
            )
        except (Refused, WrongSecret, TooManyAttempts) as error:
            _explain(form.password, form.pin, error)
        else:
            flash("Your PIN is set.", "good")
            return redirect("/account", HTTPStatus.SEE_OTHER)
    page = _account_page(PasswordForm(formdata=None), form)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post("/account/logins/<login_id>/revoke")
def end_login(login_id: str) -> ResponseReturnValue:
    signed_in = require_unlocked()
    with services().database.writing() as tx:
        revoke_login(tx, login_id, signed_in=signed_in, now=services().clock())
    flash("That browser is signed out.", "good")
    return redirect("/account", HTTPStatus.SEE_OTHER)


def _explain(current: object, new: object, error: Refused | WrongSecret | TooManyAttempts) -> None:
    """Put the refusal beside the field it is about."""
    field, sentence = current, "This password is not right."
    if isinstance(error, Refused):
        field = new
        sentence = f"This {error.problem}. Allowed: {error.allowed}."
    elif isinstance(error, TooManyAttempts):
        sentence = f"Too many wrong attempts. Try again after {show_time(error.until)}."
    setattr(field, "errors", [sentence])  # noqa: B010 (wtforms has no types to assign through)


def _account_page(password_form: PasswordForm, pin_form: PinForm) -> str:
    signed_in = require_unlocked()
    with services().database.reading() as tx:
        logins = list_logins(tx, user_id=signed_in.user_id, now=services().clock())
        attempts = list_attempts(tx, username=signed_in.username)
    return render_template(
        "auth/account.html",
        page=page_values("Your account", section="account"),
        username=signed_in.username,
        clinics=len(signed_in.clinics),
        has_pin=signed_in.has_pin,
        logins=tuple(_login_values(login) for login in logins),
        attempts=tuple(_attempt_values(attempt) for attempt in attempts),
        password_form=password_form,
        pin_form=pin_form,
    )


def _login_values(login: LoginSummary) -> dict[str, str | bool]:
    return {
        "login_id": login.login_id,
        "browser": name_browser(login.user_agent),
        "way": _WAYS[login.auth],
        "since": show_time(login.created_at),
        "seen": show_time(login.seen_at),
        "this": login.login_id == current_sign_in().login_id,
    }


def _attempt_values(attempt: AttemptSummary) -> tuple[str, str]:
    return show_time(attempt.at), _OUTCOMES[attempt.outcome]
