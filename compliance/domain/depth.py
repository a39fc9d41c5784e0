"""Needle depth and its class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from compliance.domain.evidence import Problem
from compliance.domain.words import DepthClass
from compliance.errors import Refused

COSMETIC_LIMIT_MM: Final = Decimal("0.3")
MEDICAL_LIMIT_MM: Final = Decimal(3)


def classify_depth(millimetres: Decimal) -> DepthClass:
    """Cosmetic up to and including 0.3 mm, medical up to and including 3 mm (seed text 004).

    Raises:
        Refused: at zero or below, and beyond 3 mm.
    """
    if millimetres <= 0 or millimetres > MEDICAL_LIMIT_MM:
        raise Refused(
            "depth", str(millimetres), "is not a depth used here", allowed="above 0 up to 3 mm"
        )
    return DepthClass.COSMETIC if millimetres <= COSMETIC_LIMIT_MM else DepthClass.MEDICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthLicence:
    """How deep a person may go, and when the licence that says so is valid."""

    limit_mm: Decimal
    """Inclusive."""
    valid_from: date
    valid_to: date | None
    """The last day, included."""

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthLimits:
    """What bounds the depth in one session besides the checklist itself."""

    device_mm: Decimal | None = None
    """The maker's limit of the device; inclusive."""
    licences: Sequence[DepthLicence] = ()
    """The practitioner's licences that name a depth; none of them means no limit."""


NO_LIMITS: Final = DepthLimits()


def judge_depth(millimetres: Decimal, limits: DepthLimits, *, day: date) -> Iterator[Problem]:
    """Say why the depth may not stand: deeper than the device or the practitioner may go.

    Of several licences valid on the day the widest counts. Somebody whose licences
    have all run out is not without limit, but without leave.
    """
    if limits.device_mm is not None and millimetres > limits.device_mm:
        yield Problem(
            code="depth_beyond_device",
            reason=f"{millimetres} mm is deeper than this device's maker allows:"
            f" {limits.device_mm} mm.",
            rule="maker_limit",
            fix="Answer the depth that was used. If it was this one, abort with a deviation.",
        )
    if not limits.licences:
        return
    valid = [licence.limit_mm for licence in limits.licences if licence.covers(day)]
    if not valid:
        yield Problem(
            code="licence_not_valid",
            reason="No licence of the practitioner that names a depth is valid on that day.",
            rule="qualification",
            fix="Let a licensed colleague take the session over, or have the manager record"
            " the renewed licence.",
        )
    elif millimetres > max(valid):
        yield Problem(
            code="depth_beyond_licence",
            reason=f"{millimetres} mm is deeper than the practitioner's licence allows:"
            f" {max(valid)} mm.",
            rule="qualification",
            fix="Answer the depth that was used, or let a colleague licensed for it take over.",
        )
