"""The part of the mapping's screen that tells where the readings of the hold stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from compliance.errors import Refused
from compliance.importing.mapped_curves import BLANKS, CurveMapping, PressureUnit, TimeForm
from compliance.importing.values import LoggedCycle

CURVE_SEPARATORS: Final = (
    ("blanks", "Blanks"),
    (";", ";"),
    (",", ","),
    ("tab", "Tabs"),
    ("|", "|"),
)
TIME_FORMS: Final = (
    (TimeForm.CLOCK.value, "Clock: 14:05:30"),
    (TimeForm.ELAPSED.value, "Since start: 5:30"),
    (TimeForm.SECONDS.value, "Seconds"),
    (TimeForm.MINUTES.value, "Minutes"),
)
PRESSURE_UNITS: Final = (
    (PressureUnit.BAR.value, "bar, absolute"),
    (PressureUnit.BAR_GAUGE.value, "bar, gauge"),
    (PressureUnit.KILOPASCAL.value, "kPa, absolute"),
    (PressureUnit.KILOPASCAL_GAUGE.value, "kPa, gauge"),
    (PressureUnit.MILLIBAR.value, "mbar, absolute"),
    (PressureUnit.PSI_GAUGE.value, "psi, gauge"),
)
COLUMNS: Final = (("time", "Time"), ("temperature", "Temperature"), ("pressure", "Pressure"))
_WORDS: Final = ("from_words", "until_words", "begins_with")
_SIGNS: Final = {"blanks": BLANKS, "tab": "\t"}


def empty_curve() -> dict[str, str]:
    """The fields of the screen, with what most logs hold chosen."""
    names = (*_WORDS, *(name for name, _ in COLUMNS))
    return {
        **dict.fromkeys((f"curve-{name}" for name in names), ""),
        "curve-separator": "blanks",
        "curve-time_form": TimeForm.CLOCK.value,
        "curve-pressure_unit": PressureUnit.BAR.value,
    }


def typed_curve(curve: CurveMapping | None) -> dict[str, str]:
    """The fields of the screen for a mapping that is kept."""
    if curve is None:
        return empty_curve()
    signs = {sign: name for name, sign in _SIGNS.items()}
    return {
        **{f"curve-{name}": getattr(curve, name) for name in _WORDS},
        **{f"curve-{name}": str(getattr(curve, name)) for name, _ in COLUMNS},
        "curve-separator": signs.get(curve.separator, curve.separator),
        "curve-time_form": curve.time_form.value,
        "curve-pressure_unit": curve.pressure_unit.value,
    }


def read_typed_curve(typed: Mapping[str, str]) -> CurveMapping | None:
    """The curve's mapping as it was typed; None where no column is named.

    Raises:
        Refused: a column that is no number, or a choice that there is not.
    """
    columns = {name: typed[f"curve-{name}"] for name, _ in COLUMNS}
    if not any(columns.values()):
        return None
    if not all(text.isascii() and text.isdigit() for text in columns.values()):
        raise Refused("curve", "", "needs three columns", allowed="1 to 40")
    separator = typed["curve-separator"]
    try:
        time_form = TimeForm(typed["curve-time_form"])
        unit = PressureUnit(typed["curve-pressure_unit"])
    except ValueError as error:
        raise Refused("curve", "", "has an unknown form of times or pressures") from error
    return CurveMapping(
        from_words=typed["curve-from_words"],
        until_words=typed["curve-until_words"],
        begins_with=typed["curve-begins_with"],
        separator=_SIGNS.get(separator, separator),
        time=int(columns["time"]),
        temperature=int(columns["temperature"]),
        pressure=int(columns["pressure"]),
        time_form=time_form,
        pressure_unit=unit,
    )


def say_curve_refusal(error: Refused) -> str:
    """What is wrong with the curve's part, and what to do."""
    if "hold begins" in error.problem:
        return (
            "Say where the hold begins: the words of the line after which its readings come, or those"
            " with which each of them begins. What is heated up or dried is not in saturated steam."
        )
    if "columns" in error.problem:
        return "The curve needs three different columns, each by its number: 1 to 40."
    if "one line a cycle" in error.problem:
        return "A log with one line a cycle holds no curve: leave its columns empty."
    return f"The curve {error.problem}."


def say_readings(found: LoggedCycle) -> str:
    """How many readings a run of the sample has, and over which values."""
    if not found.curve:
        return "none"
    celsius = [each.decicelsius for each in found.curve]
    bar = [each.centibar for each in found.curve]
    return (
        f"{len(found.curve)}: {min(celsius) / 10:.1f} to {max(celsius) / 10:.1f} °C,"
        f" {min(bar) / 100:.2f} to {max(bar) / 100:.2f} bar"
    )
