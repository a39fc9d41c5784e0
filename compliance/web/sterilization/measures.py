"""The numbers that somebody reads off a display, and the indicators they hold in their hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.errors import Refused

_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9])")
_NUMBER_KEYS: Final = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 8}

CHANGED: Final = (("yes", "Changed completely"), ("no", "Not changed, or only in part"))
TYPES: Final = (
    ("4", "Type 4, several values"),
    ("5", "Type 5, integrator"),
    ("6", "Type 6, emulator"),
    ("1", "Type 1, outside only"),
)
"""ISO 11140-1; those of a load. Type 2 is the Bowie-Dick or Helix of the day test."""


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Pairs of value and label as a field of wtforms takes them."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


class ReadingForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What display or printout say that a run achieved."""

    number = StringField(
        "Cycle number",
        validators=[InputRequired("Give the number that the display shows."), Length(max=40)],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    lowest = StringField(
        "Lowest temperature",
        validators=[InputRequired("Give the lowest temperature of the hold.")],
        render_kw=_NUMBER_KEYS,
    )
    highest = StringField("Highest temperature", render_kw=_NUMBER_KEYS)
    hold = StringField(
        "Hold time",
        validators=[InputRequired("Give how long the temperature was held.")],
        render_kw={"autocomplete": "off", "maxlength": 8},
    )
    pressure = StringField("Lowest pressure", render_kw=_NUMBER_KEYS)
    ended = StringField("Ended at")
    machine_failed = BooleanField("The sterilizer showed an error")
    indicator = RadioField(
        "Chemical indicator inside", choices=options((("", "None read yet"), *TYPES)), default=""
    )
    changed = RadioField("Its end point", choices=options(CHANGED), validate_choice=False)
    lot = StringField(
        "Lot of the indicator", validators=[Length(max=40)], render_kw={"autocomplete": "off"}
    )
    idempotency_key = HiddenField()

    def indicators(self) -> tuple[ChemicalIndicator, ...]:
        """The strip that was read, if one was.

        Raises:
            Refused: a type without its end point.
        """
        return read_strip(self.indicator.data or "", self.changed.data or "", self.lot.data or "")


def read_strip(kind: str, changed: str, lot: str) -> tuple[ChemicalIndicator, ...]:
    """One chemical indicator as a form names it; none without a type.

    Raises:
        Refused: a type without its end point, or an unknown one.
    """
    if not kind:
        return ()
    if kind not in {"1", "2", "3", "4", "5", "6"}:
        raise Refused("indicator", kind, "is no type of indicator", allowed="1 to 6")
    if changed not in ("yes", "no"):
        raise Refused("changed", changed, "is missing", allowed="changed completely, or not")
    return (ChemicalIndicator(type=int(kind), changed=changed == "yes", lot=lot.strip()),)


def read_scaled(field: str, text: str | None, *, scale: int) -> int | None:
    """A decimal number in its smallest unit; None for nothing.

    Args:
        field: named in the refusal.
        text: with a point or a comma.
        scale: 10 for tenths of a degree, 100 for hundredths of a bar.

    Raises:
        Refused: no number, or finer than the unit.
    """
    clean = (text or "").strip().replace(",", ".")
    if not clean:
        return None
    try:
        value = Decimal(clean) * scale
    except InvalidOperation as error:
        raise Refused(field, text, "is no number", allowed="as on the display: 134.5") from error
    if not value.is_finite() or value != value.to_integral_value() or not 0 <= value < 100_000:
        places = len(str(scale)) - 1
        raise Refused(
            field, text, "is not possible", allowed=f"a number with at most {places} decimals"
        )
    return int(value)


def read_seconds(field: str, text: str | None) -> int | None:
    """Seconds, or minutes and seconds as 3:30; None for nothing.

    Raises:
        Refused: neither.
    """
    clean = (text or "").strip()
    if not clean:
        return None
    found = _CLOCK.fullmatch(clean)
    if found is not None:
        return int(found[1]) * 60 + int(found[2])
    if not (clean.isascii() and clean.isdigit() and len(clean) <= 5):
        raise Refused(field, text, "is no time", allowed="seconds, or minutes as 3:30")
    return int(clean)


def put_beside(form: Any, error: Refused, words: str) -> None:
    """Show a refusal at the field it is about, or above the form."""
    name = error.field.rpartition(".")[2]
    if name in form:
        form[name].errors = [words]
    else:
        form.form_errors.append(words)
