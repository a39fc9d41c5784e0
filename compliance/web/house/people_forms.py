"""Forms about people. They check shape only; what may be is for the operations."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from compliance.operations.people.passwords import LONGEST_PASSWORD, LONGEST_PIN, SHORTEST_PIN
from compliance.operations.people.tokens import Scope
from compliance.web.house.fields import (
    DIGITS,
    NEW_PASSWORD,
    ChecksField,
    choices,
    day_field,
    some,
    text_field,
)
from compliance.web.house.wording import (
    QUALIFICATIONS,
    ROLE_CHOICES,
)


class InviteForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Somebody to invite."""

    username = StringField(
        "Username",
        validators=[InputRequired("Give a username."), Length(max=60)],
        filters=[lambda text: text.strip().lower() if text else text],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = text_field("Name as it is printed")
    roles = ChecksField(
        "Roles",
        choices=choices(ROLE_CHOICES),
        validators=[some("Choose at least one role.")],
    )
    entitled_override = BooleanField("May decide to treat although a contraindication was found")
    last_day = day_field("Last day of the access")


class NameForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What a person is called from now on."""

    display_name = text_field("Name as it is printed", needed="Give the person's name.")


class RolesForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The roles a person shall have from now on."""

    roles = ChecksField("Roles", choices=choices(ROLE_CHOICES), validators=[Optional()])
    entitled_override = BooleanField("May decide to treat although a contraindication was found")
    last_day = day_field("Last day of the access")


class BringForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Somebody of another clinic who shall work here too."""

    username = text_field("Username", needed="Give the username.", most=60)
    roles = ChecksField(
        "Roles",
        choices=choices(ROLE_CHOICES),
        validators=[some("Choose at least one role.")],
    )
    last_day = day_field("Last day of the access")


class JoinForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What an invited person chooses."""

    display_name = text_field("Your name as it is printed")
    password = PasswordField(
        "Password",
        validators=[InputRequired("Choose a password."), Length(max=LONGEST_PASSWORD)],
        render_kw=NEW_PASSWORD,
    )
    again = PasswordField(
        "Password again",
        validators=[
            InputRequired("Give the password again."),
            EqualTo("password", message="The two passwords differ."),
        ],
        render_kw=NEW_PASSWORD,
    )
    pin = PasswordField(
        f"PIN, {SHORTEST_PIN} to {LONGEST_PIN} digits",
        validators=[Optional(), Length(max=LONGEST_PIN)],
        render_kw=DIGITS,
    )


class QualificationForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A licence or certificate."""

    kind = SelectField("Kind", choices=choices(QUALIFICATIONS.items()))
    title = text_field("What it is", needed="Say what it is.")
    number = text_field("Number", most=80)
    valid_from = day_field("Valid from", "Give the first day.")
    valid_to = day_field("Valid to")
    depth_limit_mm = text_field("Deepest needle it allows, mm", most=5, inputmode="decimal")
    scan = FileField("Scan")


class TokenForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A token for a program that acts in one's own name."""

    label = text_field("What it is for", needed="Say what it is for.", most=80)
    scopes = ChecksField(
        "May",
        choices=choices(
            (
                (Scope.READ.value, "Read"),
                (Scope.WRITE.value, "Write"),
                (Scope.SIGN.value, "Sign in your name, without your password"),
                (Scope.EXPORT.value, "Make reports"),
            )
        ),
        validators=[some("Choose at least one.")],
    )
    last_day = day_field("Last day", "Give the last day; a token without an end is forgotten.")
