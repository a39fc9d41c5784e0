"""What a code, a name, a number or a day must look like. Each refusal says what is allowed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from compliance.domain.depth import classify_depth
from compliance.errors import Refused

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LOT_CODE: Final = re.compile(r"[!-~]([ -~]{0,38}[!-~])?")
"""Makers print what they like; a scanner reads ASCII."""

_DEPTH: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")


def check_code(field: str, text: str) -> str:
    if CODE.fullmatch(text) is None:
        raise Refused(field, text, "is no code", allowed="1 to 40 of A-Z, a-z, 0-9, . _ -")
    return text


def check_lot_code(field: str, text: str) -> str:
    if LOT_CODE.fullmatch(text) is None:
        raise Refused(
            field, text, "is no lot number", allowed="1 to 40 letters, digits and signs of ASCII"
        )
    return text


def check_label(field: str, text: str, *, most: int = 120) -> str:
    """Return the text without double spaces; it must not be empty."""
    clean = " ".join(text.split())
    if not 1 <= len(clean) <= most:
        raise Refused(field, text, "is missing or too long", allowed=f"1 to {most} characters")
    return clean


def check_note(field: str, text: str | None, *, most: int = 120) -> str | None:
    """An optional text; an empty one is none."""
    clean = " ".join((text or "").split())
    if len(clean) > most:
        raise Refused(field, text, "is too long", allowed=f"up to {most} characters")
    return clean or None


def check_depth(field: str, text: str | None) -> str | None:
    """A depth in millimetres in its one spelling, or none.

    Raises:
        Refused: no plain number, or not a depth used here.
    """
    if not text:
        return None
    refusal = Refused(
        field, text, "is no depth in millimetres", allowed="above 0 up to 3, such as 0.5"
    )
    if _DEPTH.fullmatch(text) is None:
        raise refusal
    number = Decimal(text)
    try:
        classify_depth(number)
    except Refused as error:
        raise refusal from error
    return format(number.normalize(), "f")


def check_count(field: str, number: int | None, *, least: int, most: int) -> int | None:
    if number is not None and not least <= number <= most:
        raise Refused(field, number, "is outside the limits", allowed=f"{least} to {most}")
    return number


def check_day(field: str, day: date | None) -> date | None:
    if day is not None and not 2000 <= day.year <= 2100:
        raise Refused(
            field, day.isoformat(), "is not a likely date", allowed="2000-01-01 to 2100-12-31"
        )
    return day
