"""Forms of the house. They check shape only; what a thing must be is for the operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.domain.evidence import Component
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.operations.people.passwords import LONGEST_PASSWORD, LONGEST_PIN, SHORTEST_PIN
from compliance.operations.people.tokens import Scope
from compliance.web.house.wording import (
    MATERIALS,
    MODES,
    PRODUCT_KINDS,
    QUALIFICATIONS,
    ROLE_CHOICES,
)

_NAME = {"autocomplete": "off", "maxlength": 120}
_CODE = {
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "maxlength": 40,
}
_DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST_PIN}
_NEW = {"autocomplete": "new-password"}
PART_ROWS = 4
"""Parts a device's form has room for; a spreadsheet takes up to eight."""


def _strip(text: str | None) -> str | None:
    return text.strip() if text else text


def _choices(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class ChecksField(SelectMultipleField):  # type: ignore[misc]  # wtforms has no types
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _text(label: str, *, needed: str = "", most: int = 120, **kw: Any) -> Field:
    checks: list[Any] = [InputRequired(needed)] if needed else [Optional()]
    return StringField(
        label,
        validators=[*checks, Length(max=most)],
        filters=[_strip],
        render_kw={**_NAME, "maxlength": most, **kw},
    )


def _code(label: str, needed: str) -> Field:
    return StringField(
        label, validators=[InputRequired(needed), Length(max=40)], filters=[_strip], render_kw=_CODE
    )


def _day(label: str, needed: str = "") -> Field:
    return DateField(label, validators=[InputRequired(needed) if needed else Optional()])


class InviteForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Somebody to invite."""

    username = StringField(
        "Username",
        validators=[InputRequired("Give a username."), Length(max=60)],
        filters=[lambda text: text.strip().lower() if text else text],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = _text("Name as it is printed")
    roles = ChecksField(
        "Roles",
        choices=_choices(ROLE_CHOICES),
        validators=[InputRequired("Choose at least one role.")],
    )
    entitled_override = BooleanField("May decide to treat although a contraindication was found")
    last_day = _day("Last day of the access")


class RolesForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The roles a person shall have from now on."""

    roles = ChecksField("Roles", choices=_choices(ROLE_CHOICES), validators=[Optional()])
    entitled_override = BooleanField("May decide to treat although a contraindication was found")
    last_day = _day("Last day of the access")


class BringForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Somebody of another clinic who shall work here too."""

    username = _text("Username", needed="Give the username.", most=60)
    roles = ChecksField(
        "Roles",
        choices=_choices(ROLE_CHOICES),
        validators=[InputRequired("Choose at least one role.")],
    )
    last_day = _day("Last day of the access")


class JoinForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What an invited person chooses."""

    display_name = _text("Your name as it is printed")
    password = PasswordField(
        "Password",
        validators=[InputRequired("Choose a password."), Length(max=LONGEST_PASSWORD)],
        render_kw=_NEW,
    )
    again = PasswordField(
        "Password again",
        validators=[
            InputRequired("Give the password again."),
            EqualTo("password", message="The two passwords differ."),
        ],
        render_kw=_NEW,
    )
    pin = PasswordField(
        f"PIN, {SHORTEST_PIN} to {LONGEST_PIN} digits",
        validators=[Optional(), Length(max=LONGEST_PIN)],
        render_kw=_DIGITS,
    )


class QualificationForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A licence or certificate."""

    kind = SelectField("Kind", choices=_choices(QUALIFICATIONS.items()))
    title = _text("What it is", needed="Say what it is.")
    number = _text("Number", most=80)
    valid_from = _day("Valid from", "Give the first day.")
    valid_to = _day("Valid to")
    depth_limit_mm = _text("Deepest needle it allows, mm", most=5, inputmode="decimal")
    scan = FileField("Scan")


class TokenForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A token for a program that acts in one's own name."""

    label = _text("What it is for", needed="Say what it is for.", most=80)
    scopes = ChecksField(
        "May",
        choices=_choices(
            (
                (Scope.READ.value, "Read"),
                (Scope.WRITE.value, "Write"),
                (Scope.SIGN.value, "Sign in your name, without your password"),
                (Scope.EXPORT.value, "Make reports"),
            )
        ),
        validators=[InputRequired("Choose at least one.")],
    )
    last_day = _day("Last day", "Give the last day; a token without an end is forgotten.")


class DeviceForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A new device with up to four parts."""

    code = _code("Code on its label", "Give a code.")
    label = _text("Name", needed="Give a name.")
    max_depth_mm = _text("Deepest setting its maker allows, mm", most=5, inputmode="decimal")
    settings = TextAreaField(
        "Other limits of the maker", validators=[Optional(), Length(max=400)], filters=[_strip]
    )

    def read_parts(self, form: Any) -> tuple[Component, ...]:
        """The rows of parts that were filled in; their names as codes."""
        return tuple(
            Component(
                component=name,
                mode=ReprocessingMode(form.get(f"part-{row}-mode", "")),
                material=form.get(f"part-{row}-material") or None,
            )
            for row, name in self.part_names(form)
        )

    def part_names(self, form: Any) -> list[tuple[int, str]]:
        """(row, code) of every row with a name."""
        typed = ((row, form.get(f"part-{row}-name", "").strip()) for row in range(PART_ROWS))
        return [(row, "_".join(name.lower().split())) for row, name in typed if name]


class DeviceChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    label = _text("Name", needed="Give a name.")
    max_depth_mm = _text("Deepest setting its maker allows, mm", most=5, inputmode="decimal")
    settings = TextAreaField(
        "Other limits of the maker", validators=[Optional(), Length(max=400)], filters=[_strip]
    )


class ProductChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    name = _text("Name", needed="Give a name.")
    maker = _text("Maker")
    listing = _text("Listing")
    contact_seconds = IntegerField("Contact time, seconds", validators=[Optional()])
    use = ChecksField(
        "For",
        choices=_choices((("skin", "Skin"), ("surface", "Surfaces and handpieces"))),
        validators=[Optional()],
    )
    material = SelectField("Needles of", choices=_choices((("", "–"), *MATERIALS.items())))
    open_days = IntegerField("Days of use after opening", validators=[Optional()])


class ProductForm(ProductChangeForm):
    """A new product."""

    code = _code("Code", "Give a code.")
    kind = RadioField(
        "Kind",
        choices=_choices((kind.value, words) for kind, words in PRODUCT_KINDS.items()),
        default=ProductKind.DISINFECTANT.value,
    )


class LotForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A lot that arrived."""

    product = SelectField("Product", validators=[InputRequired("Choose the product.")])
    code = StringField(
        "Lot",
        validators=[InputRequired("Give the lot."), Length(max=40)],
        filters=[_strip],
        render_kw=_CODE,
    )
    expires_on = _day("Expires")
    received_on = _day("Received")
    quantity = IntegerField("Pieces", validators=[Optional()])

    def offer(self, products: Sequence[tuple[str, str]]) -> None:
        self.product.choices = _choices(products)
        # Somebody else may archive a product meanwhile; the operation says so in words.
        self.product.validate_choice = False


class LotChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    expires_on = _day("Expires")
    received_on = _day("Received")


class OpenLotForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    opened_on = _day("Opened on", "Give the day.")


class CountForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    quantity = IntegerField("Pieces", validators=[InputRequired("Give the number of pieces.")])


class ContainerForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A fresh sharps container."""

    code = _code("Code on its label", "Give a code.")
    label = _text("Name", needed="Give a name.")
    room = SelectField("Room", validators=[Optional()])

    def offer(self, rooms: Sequence[tuple[str, str]]) -> None:
        self.room.choices = _choices((("", "No room"), *rooms))
        self.room.validate_choice = False


class ContainerChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    label = _text("Name", needed="Give a name.")
    room = SelectField("Room", validators=[Optional()])

    offer = ContainerForm.offer


class RoomForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    code = _code("Code", "Give a code.")
    label = _text("Name", needed="Give a name.")


class RoomChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    label = _text("Name", needed="Give a name.")


class ImportForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    file = FileField("CSV file")


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    verdict = HiddenField(validators=[InputRequired()])


class CopyForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A draft from a published version."""

    new_name = StringField(
        "Code of the new checklist",
        validators=[Optional(), Length(max=59)],
        filters=[_strip],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class PublishForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    revision = HiddenField(validators=[InputRequired()])
    password = PasswordField(
        "Your password",
        validators=[InputRequired("Give your password: it signs."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


MODE_CHOICES = tuple((mode.value, words) for mode, words in MODES.items())
MATERIAL_CHOICES = (("", "No needles"), *MATERIALS.items())
