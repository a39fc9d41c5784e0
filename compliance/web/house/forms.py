"""Forms of the house. They check shape only; what a thing must be is for the operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from compliance.domain.evidence import Component
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.operations.people.passwords import LONGEST_PASSWORD
from compliance.web.house.fields import (
    CODE_KEYS,
    ChecksField,
    choices,
    code_field,
    day_field,
    strip,
    text_field,
)
from compliance.web.house.wording import (
    MATERIALS,
    MODES,
    PRODUCT_KINDS,
)

PART_ROWS = 4
"""Parts a device's form has room for; a spreadsheet takes up to eight."""


class DeviceForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A new device with up to four parts."""

    code = code_field("Code on its label", "Give a code.")
    label = text_field("Name", needed="Give a name.")
    max_depth_mm = text_field("Deepest setting its maker allows, mm", most=5, inputmode="decimal")
    settings = TextAreaField(
        "Other limits of the maker", validators=[Optional(), Length(max=400)], filters=[strip]
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
    label = text_field("Name", needed="Give a name.")
    max_depth_mm = text_field("Deepest setting its maker allows, mm", most=5, inputmode="decimal")
    settings = TextAreaField(
        "Other limits of the maker", validators=[Optional(), Length(max=400)], filters=[strip]
    )


class ProductChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    name = text_field("Name", needed="Give a name.")
    maker = text_field("Maker")
    listing = text_field("Listing")
    contact_seconds = IntegerField("Contact time, seconds", validators=[Optional()])
    use = ChecksField(
        "For",
        choices=choices((("skin", "Skin"), ("surface", "Surfaces and handpieces"))),
        validators=[Optional()],
    )
    material = SelectField(
        "Needles of", default="", choices=choices((("", "–"), *MATERIALS.items()))
    )
    open_days = IntegerField("Days of use after opening", validators=[Optional()])


class ProductForm(ProductChangeForm):
    """A new product."""

    code = code_field("Code", "Give a code.")
    kind = RadioField(
        "Kind",
        choices=choices((kind.value, words) for kind, words in PRODUCT_KINDS.items()),
        default=ProductKind.DISINFECTANT.value,
        validators=[InputRequired("Choose a kind.")],
    )


class LotForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A lot that arrived."""

    product = SelectField("Product", validators=[InputRequired("Choose the product.")])
    code = StringField(
        "Lot",
        validators=[InputRequired("Give the lot."), Length(max=40)],
        filters=[strip],
        render_kw=CODE_KEYS,
    )
    expires_on = day_field("Expires")
    received_on = day_field("Received")
    quantity = IntegerField("Pieces", validators=[Optional()])

    def offer(self, products: Sequence[tuple[str, str]]) -> None:
        self.product.choices = choices(products)
        # Somebody else may archive a product meanwhile; the operation says so in words.
        self.product.validate_choice = False


class LotChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    expires_on = day_field("Expires")
    received_on = day_field("Received")


class OpenLotForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    opened_on = day_field("Opened on", "Give the day.")


class CountForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    quantity = IntegerField("Pieces", validators=[InputRequired("Give the number of pieces.")])


class ContainerForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A fresh sharps container."""

    code = code_field("Code on its label", "Give a code.")
    label = text_field("Name", needed="Give a name.")
    room = SelectField("Room", default="", validators=[Optional()])

    def offer(self, rooms: Sequence[tuple[str, str]]) -> None:
        self.room.choices = choices((("", "No room"), *rooms))
        self.room.validate_choice = False


class ContainerChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    label = text_field("Name", needed="Give a name.")
    room = SelectField("Room", default="", validators=[Optional()])

    offer = ContainerForm.offer


class RoomForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    code = code_field("Code", "Give a code.")
    label = text_field("Name", needed="Give a name.")


class RoomChangeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    label = text_field("Name", needed="Give a name.")


class ImportForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    file = FileField("CSV file", validators=[FileRequired("Choose a file.")])


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    verdict = HiddenField(validators=[InputRequired()])


class CopyForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A draft from a published version."""

    new_name = StringField(
        "Code of the new checklist",
        validators=[Optional(), Length(max=59)],
        filters=[strip],
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
