"""The password that signs an act: asked for at the act, checked in a request of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Actor
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.passwords import LONGEST_PASSWORD
from compliance.operations.signing import MEANINGS, Act
from compliance.web.context import current_sign_in, services, show_time


class SigningForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What every signature needs."""

    password = PasswordField(
        "Your password",
        validators=[InputRequired("Give your password to sign."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    version = HiddenField()
    """The version that was on the screen: nothing else may be signed."""
    idempotency_key = HiddenField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs what, printed beside the password."""

    name: str
    meaning: str
    time: str


class NotSigned(Exception):
    """The password was not accepted; the form says why and nothing has happened."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__("the password was not accepted")
        self.status = status


def read_signer(verb: str, now: datetime) -> Signer:
    return Signer(name=current_sign_in().display_name, meaning=MEANINGS[verb], time=show_time(now))


def get_grant(form: SigningForm, act: Act, *, actor: Actor, now: datetime) -> str:
    """Check the password of a form and return leave to sign exactly this act.

    Takes transactions of its own; a wrong password is counted even though the
    act then does not happen.

    Raises:
        NotSigned: with the reason beside the field.
    """
    try:
        return issue_grant(
            services().database,
            actor=actor,
            password=form.password.data or "",
            act_hash=act.hash(),
            now=now,
        )
    except TooManyAttempts as error:
        form.password.errors = [
            f"Too many wrong attempts. Try again after {show_time(error.until)}."
        ]
        raise NotSigned(HTTPStatus.TOO_MANY_REQUESTS) from error
    except WrongSecret as error:
        form.password.errors = ["This password is not right. Nothing was signed; try again."]
        raise NotSigned(HTTPStatus.UNPROCESSABLE_ENTITY) from error
