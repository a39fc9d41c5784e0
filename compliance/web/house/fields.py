"""The fields that the forms of the house are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wtforms import (
    DateField,
    Field,
    SelectChoice,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.operations.people.passwords import LONGEST_PIN

_NAME = {"autocomplete": "off", "maxlength": 120}
CODE_KEYS = {
    "autocomplete": "off",
    "autocapitalize": "characters",
    "spellcheck": "false",
    "maxlength": 40,
}
DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": LONGEST_PIN}
NEW_PASSWORD = {"autocomplete": "new-password"}


def strip(text: str | None) -> str | None:
    return text.strip() if text else text


def choices(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def some(message: str) -> Callable[[Any, Any], None]:
    """At least one box is ticked. ``InputRequired`` would make browsers demand every one."""

    def check(_form: Any, field: Any) -> None:
        if not field.data:
            raise ValidationError(message)

    return check


class ChecksField(SelectMultipleField):  # type: ignore[misc]  # wtforms has no types
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def text_field(label: str, *, needed: str = "", most: int = 120, **kw: Any) -> Field:
    checks: list[Any] = [InputRequired(needed)] if needed else [Optional()]
    return StringField(
        label,
        validators=[*checks, Length(max=most)],
        filters=[strip],
        render_kw={**_NAME, "maxlength": most, **kw},
    )


def code_field(label: str, needed: str) -> Field:
    return StringField(
        label,
        validators=[InputRequired(needed), Length(max=40)],
        filters=[strip],
        render_kw=CODE_KEYS,
    )


def day_field(label: str, needed: str = "") -> Field:
    return DateField(label, validators=[InputRequired(needed) if needed else Optional()])
