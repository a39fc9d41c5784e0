"""Needle depth and its class."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

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
