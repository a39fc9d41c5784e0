"""Forms about access. They check shape only; what a password must be is for the operations."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

from compliance.operations.people.access import ClinicAccess
from compliance.operations.people.own_account import SetPassword, SetPin
from compliance.operations.people.passwords import LONGEST_PASSWORD, LONGEST_PIN, SHORTEST_PIN
from compliance.operations.people.tablet import Colleague

_LONGEST_USERNAME = 60

_DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST_PIN}
"""Makes a tablet show its big number pad, without any script."""


class LoginForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Name and password."""

    username = StringField(
        "Username",
        validators=[InputRequired("Give your username."), Length(max=_LONGEST_USERNAME)],
        render_kw={
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "autofocus": True,
        },
    )
    password = PasswordField(
        "Password",
        validators=[InputRequired("Give your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class LockForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Who is at the tablet, and their PIN."""

    username = RadioField("Who are you?", validators=[InputRequired("Choose your name.")])
    pin = PasswordField(
        "PIN",
        validators=[
            InputRequired("Give your PIN."),
            Regexp(r"[0-9]+\Z", message="A PIN has digits only."),
            Length(max=LONGEST_PIN),
        ],
        render_kw={**_DIGITS, "autofocus": True},
    )
    next = HiddenField()

    def offer(self, colleagues: Sequence[Colleague], *, first: str) -> None:
        """List these people, the one whose screen it is selected on a fresh form."""
        self.username.choices = [(each.username, each.display_name) for each in colleagues]
        names = {each.username for each in colleagues}
        if not self.is_submitted() and first in names:
            self.username.data = first


class ClinicForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The clinic to work in."""

    clinic_id = RadioField("Clinic", validators=[InputRequired("Choose a clinic.")])
    next = HiddenField()

    def offer(self, clinics: Sequence[ClinicAccess]) -> None:
        """List these clinics."""
        self.clinic_id.choices = [(each.clinic_id, each.name) for each in clinics]
        # A clinic that is not on the list must be "not found", not "not a valid choice".
        self.clinic_id.validate_choice = False


class PasswordForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A new password for oneself."""

    current = PasswordField(
        "Current password",
        validators=[InputRequired("Give your current password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        "New password",
        validators=[InputRequired("Give a new password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "New password again",
        validators=[
            InputRequired("Give the new password again."),
            EqualTo("new", message="The two new passwords differ."),
        ],
        render_kw={"autocomplete": "new-password"},
    )

    def to_command(self) -> SetPassword:
        """Return the command for a form that has validated."""
        return SetPassword(current=self.current.data, new=self.new.data)


class PinForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A new PIN for oneself."""

    password = PasswordField(
        "Password",
        validators=[InputRequired("Give your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    pin = PasswordField(
        f"New PIN, {SHORTEST_PIN} to {LONGEST_PIN} digits",
        validators=[InputRequired("Give a new PIN."), Length(max=LONGEST_PIN)],
        render_kw=_DIGITS,
    )
    again = PasswordField(
        "New PIN again",
        validators=[
            InputRequired("Give the new PIN again."),
            EqualTo("pin", message="The two PINs differ."),
        ],
        render_kw=_DIGITS,
    )

    def to_command(self) -> SetPin:
        """Return the command for a form that has validated."""
        return SetPin(password=self.password.data, pin=self.pin.data)
