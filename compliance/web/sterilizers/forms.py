"""Forms of the sterilizers' pages. They check shape only; the rest is for the operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerState
from compliance.web.house.fields import choices, code_field, day_field, strip, text_field
from compliance.web.sterilizers.wording import DATE_ORDERS, MOVE_WORDS, SERVICES, TYPES

PROGRAM_ROWS: Final = 5
"""Programs a form has room for; the API takes up to forty."""


def _reason(label: str, needed: str) -> TextAreaField:
    checks: list[Any] = [InputRequired(needed)] if needed else [Optional()]
    return TextAreaField(
        label,
        validators=[*checks, Length(max=2000)],
        filters=[strip],
        render_kw={"rows": 3, "maxlength": 2000},
    )


class SterilizerForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A new sterilizer; its programs are rows of plain fields."""

    code = code_field("Code on its label", "Give a code.")
    name = text_field("Name", needed="Give a name.")
    serial = text_field("Serial number", needed="Give the serial number.", most=60)
    type = RadioField(
        "Type (EN 13060)",
        choices=choices(TYPES),
        default="B",
        validators=[InputRequired("Choose the type.")],
    )
    chamber_litres = IntegerField("Chamber, litres", validators=[Optional()])
    installed_on = day_field("Installed on", "Give the day.")
    date_order = SelectField(
        "Its logs write dates as",
        choices=choices(DATE_ORDERS),
        default="dmy",
        validators=[InputRequired("Choose the order.")],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRow:
    """A program as it was typed."""

    name: str = ""
    lowest: str = ""
    highest: str = ""
    seconds: str = ""


USUAL: Final = (
    ProgramRow(name="134 °C", lowest="134", highest="137", seconds="180"),
    ProgramRow(name="121 °C", lowest="121", highest="124", seconds="900"),
)
"""The two usual holds with the band of 3 K (EN 285)."""


def typed_programs(form: Mapping[str, str]) -> list[ProgramRow]:
    return [
        ProgramRow(
            **{
                name: form.get(f"program-{row}-{name}", "").strip()[:120]
                for name in ("name", "lowest", "highest", "seconds")
            }
        )
        for row in range(PROGRAM_ROWS)
    ]


def read_programs(rows: Sequence[ProgramRow]) -> tuple[Program, ...]:
    """The rows that were filled in.

    Raises:
        ValueError: a row without a name, or a number that is none.
    """
    programs = []
    for place, row in enumerate(rows, start=1):
        if not (row.name or row.lowest or row.highest or row.seconds):
            continue
        try:
            programs.append(
                Program(
                    name=row.name,
                    hold_decicelsius=_tenths(row.lowest),
                    upper_decicelsius=_tenths(row.highest),
                    hold_seconds=int(row.seconds),
                )
            )
        except ValueError as error:
            raise ValueError(
                f"Program {place} needs a name, two temperatures and a hold in seconds."
            ) from error
        if not row.name:
            raise ValueError(f"Program {place} needs a name.")
    return tuple(programs)


def _tenths(text: str) -> int:
    value = float(text.replace(",", "."))
    if not 0 <= value <= 1000:
        raise ValueError(text)
    return round(value * 10)


class MoveForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Where a sterilizer is to stand from now on."""

    to = RadioField("What is to be done", validators=[InputRequired("Choose what is to be done.")])
    reason = _reason("Reason", "Say why.")
    cause = _reason("Cause that was found and mended", "")

    def offer(self, states: Sequence[SterilizerState]) -> None:
        self.to.choices = choices((state.value, MOVE_WORDS[state].do) for state in states)


class ServiceForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    service = SelectField(
        "What was done",
        choices=choices(SERVICES),
        validators=[InputRequired("Choose what was done.")],
    )
    on = day_field("On", "Give the day.")


class FlagForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What a named person makes of a flag."""

    verdict = RadioField(
        "Your decision",
        choices=choices(
            (
                ("accept", "The run is what it says, in spite of this"),
                ("refuse", "This load is not used"),
            )
        ),
        validators=[InputRequired("Choose what you decide.")],
    )
    reason = _reason("Reason", "Say why.")


class UploadForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A log and the sterilizer it is of."""

    sterilizer = SelectField("Sterilizer", validators=[InputRequired("Choose the sterilizer.")])
    adapter = SelectField("Make", default="", validate_choice=False)
    file = FileField("Log file", validators=[FileRequired("Choose a file.")])

    def offer(self, machines: Sequence[tuple[str, str]], makes: Sequence[tuple[str, str]]) -> None:
        self.sterilizer.choices = choices(machines)
        self.sterilizer.validate_choice = False
        self.adapter.choices = choices((("", "Find it from the file"), *makes))


class SampleForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    sample = FileField("Sample file", validators=[FileRequired("Choose a file.")])
