"""The form of the first run. It checks shape; what may be recorded is for the operations."""

from __future__ import annotations

import re
import unicodedata
import uuid
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import Form as PlainForm
from wtforms import (
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from compliance.operations.people.passwords import (
    LONGEST_PASSWORD,
    LONGEST_PIN,
    SHORTEST_PASSWORD,
    SHORTEST_PIN,
)
from compliance.web.profile_words import choosable_names

_LONGEST_NAME: Final = 120
_LONGEST_SLUG: Final = 40
_LONGEST_USERNAME: Final = 60
_LANGUAGES: Final = (
    SelectChoice(value="en", label="English"),
    SelectChoice(value="de", label="Deutsch"),
)
_AREAS: Final = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/",
    "Europe/", "Indian/", "Pacific/",
)  # fmt: skip
"""The rest of the database are old names and abbreviations."""

_TRANSLITERATED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae"})
_LOCAL_TIME: Final = Path("/etc/localtime")


class CodeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The code from the terminal."""

    code = StringField(
        "Code from the terminal",
        validators=[InputRequired("Give the code."), Length(max=100)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class PersonForm(PlainForm):  # type: ignore[misc]  # wtforms has no types
    """One account."""

    display_name = StringField(
        "Name",
        validators=[InputRequired("Give the person's name."), Length(max=_LONGEST_NAME)],
        render_kw={"autocomplete": "off"},
    )
    username = StringField(
        "Username",
        validators=[InputRequired("Give a username."), Length(max=_LONGEST_USERNAME)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        f"Password, at least {SHORTEST_PASSWORD} characters",
        validators=[InputRequired("Give a password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "Password again",
        validators=[
            InputRequired("Give the password again."),
            EqualTo("password", message="The two passwords differ."),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    pin = PasswordField(
        f"Tablet PIN, {SHORTEST_PIN} to {LONGEST_PIN} digits",
        validators=[MayBeEmpty(), Length(max=LONGEST_PIN)],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST_PIN},
    )


class FoundingForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Clinic, rules, and the first two people."""

    submission = HiddenField(validators=[InputRequired()])
    """Tells the same form sent twice from two forms."""

    name = StringField(
        "Name of the clinic",
        validators=[InputRequired("Give the clinic's name."), Length(max=_LONGEST_NAME)],
        render_kw={"autocomplete": "organization"},
    )
    slug = StringField(
        "Short name",
        validators=[MayBeEmpty(), Length(max=_LONGEST_SLUG)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    time_zone = SelectField("Time zone", validators=[InputRequired("Choose a time zone.")])
    language = RadioField(
        "Language of reports and checklists", choices=_LANGUAGES, validators=[InputRequired()]
    )
    profiles = SelectMultipleField("Rule profiles", validators=[MayBeEmpty()])
    admin = FormField(PersonForm)
    manager = FormField(PersonForm)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = [
            SelectChoice(value=name, label=name) for name in list_time_zones()
        ]
        self.profiles.choices = [SelectChoice(value=name, label=name) for name in choosable_names()]

    def chosen_slug(self) -> str:
        """The short name as given, or one made of the clinic's name."""
        return (self.slug.data or "").strip() or suggest_slug(self.name.data or "")


def fresh_form() -> FoundingForm:
    """An empty form with the usual answers chosen."""
    form = FoundingForm(formdata=None)
    form.submission.data = str(uuid.uuid4())
    form.time_zone.data = machine_time_zone()
    form.language.data = "en"
    return form


def suggest_slug(name: str) -> str:
    """A short name for commands and file names: ``Kosmetik Möwe`` becomes ``kosmetik-moewe``."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_TRANSLITERATED))
    ascii_only = plain.encode("ascii", "ignore").decode("ascii")
    return "-".join(re.findall(r"[a-z0-9]+", ascii_only))[:_LONGEST_SLUG].strip("-")


def list_time_zones() -> list[str]:
    """The zones people know by a city, and UTC."""
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(_AREAS))]


def machine_time_zone() -> str:
    """The zone this machine is set to; UTC when it does not say."""
    if not _LOCAL_TIME.is_symlink():
        return "UTC"
    parts = _LOCAL_TIME.resolve().as_posix().partition("zoneinfo/")
    return parts[2] if parts[2] in available_timezones() and parts[2].startswith(_AREAS) else "UTC"
