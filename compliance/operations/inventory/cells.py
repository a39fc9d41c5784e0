"""Cells of a spreadsheet read into values, and values written into cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from compliance.domain.evidence import Component
from compliance.domain.words import NEEDLE_MATERIALS, ProductKind, ReprocessingMode
from compliance.errors import Refused

_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_PART: Final = re.compile(r"\s*([a-z0-9_ ]+?)\s*=\s*([a-z_]+)\s*(?:/\s*([a-z_]+)\s*)?")

DAYS: Final = "2028-01-31 or 31.01.2028"
PARTS: Final = (
    "such as “handpiece=disinfect_and_barrier + cartridge=presterilized_single_use/titanium”"
)
MODES: Final = ", ".join(mode.value for mode in ReprocessingMode)


def read_text(text: str) -> str:
    return text


def read_optional(text: str) -> str | None:
    return text or None


def read_decimal(text: str) -> str | None:
    """A number with a point or, as half of Europe writes it, a comma."""
    return text.replace(",", ".") or None


def read_number(text: str) -> int | None:
    """A whole number, or none; raises ``Refused``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise Refused("number", text, "is no whole number")
    return int(text)


def read_day(text: str) -> date | None:
    """A day that cannot be misread, or none; raises ``Refused``.

    01/02/2028 is refused: half of the world reads it as the other day.
    """
    if not text:
        return None
    iso, dotted = _ISO.fullmatch(text), _DOTTED.fullmatch(text)
    try:
        if iso is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if dotted is not None:
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    except ValueError as error:
        raise Refused("day", text, "names no real day") from error
    raise Refused("day", text, "is no date that everybody reads alike")


def read_kind(text: str) -> ProductKind:
    """A kind of product; raises ``Refused``."""
    try:
        return ProductKind(text.lower())
    except ValueError as error:
        raise Refused("kind", text, "is no kind of product") from error


def read_use(text: str) -> tuple[str, ...]:
    """``skin``, ``surface`` or both; raises ``Refused``."""
    parts = tuple(part for part in re.split(r"[\s+/,]+", text.lower()) if part)
    if set(parts) - {"skin", "surface"}:
        raise Refused("use", text, "is no use of a disinfectant")
    return tuple(dict.fromkeys(parts))


def read_material(text: str) -> str | None:
    """A needle material, or none; raises ``Refused``."""
    clean = text.lower().replace(" ", "_")
    if clean and clean not in NEEDLE_MATERIALS:
        raise Refused("material", text, "is not a needle material used here")
    return clean or None


def read_parts(text: str) -> tuple[Component, ...]:
    """The parts of a device, parted by ``+``; raises ``Refused``."""
    parts = []
    for piece in text.lower().split("+"):
        found = _PART.fullmatch(piece)
        if found is None:
            raise Refused("parts", piece.strip(), "is no part with its mode")
        try:
            mode = ReprocessingMode(found[2])
        except ValueError as error:
            raise Refused("parts", found[2], "is no mode of reprocessing") from error
        name = found[1].replace(" ", "_")
        parts.append(Component(component=name, mode=mode, material=read_material(found[3] or "")))
    return tuple(parts)


def write_parts(components: Sequence[Mapping[str, Any]]) -> str:
    """The cell that `read_parts` reads."""
    return " + ".join(
        f"{part['component']}={part['mode']}"
        + (f"/{part['material']}" if part.get("material") else "")
        for part in components
    )


def write(value: object) -> str:
    """Any plain value as a cell."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
