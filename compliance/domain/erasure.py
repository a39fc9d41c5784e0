"""Why personal data may be erased, and until when a record should still be whole."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

RETENTION_OVER: Final = "retention_over"

LEGAL_BASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        RETENTION_OVER: "The time for which the record must be kept is over",
        "gdpr_17_1_a": "No longer needed for what it was collected for (GDPR Art. 17(1)(a))",
        "gdpr_17_1_b": "The person withdrew their consent (GDPR Art. 17(1)(b))",
        "gdpr_17_1_c": "The person objected to the processing (GDPR Art. 17(1)(c))",
        "gdpr_17_1_d": "It was processed without a right to do so (GDPR Art. 17(1)(d))",
        "gdpr_17_1_e": "A law demands the erasure (GDPR Art. 17(1)(e))",
        "other_law": "A law outside the GDPR, kept with the request on paper",
    }
)
"""Codes as the record keeps them, with the sentence shown. A released code is never renamed."""


class ErasureState(enum.StrEnum):
    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


def kept_until(last: date, years: int) -> date:
    """The first day on which a record of the day ``last`` need not be kept any more.

    A record of 29 February is kept until the first of March.
    """
    try:
        return last.replace(year=last.year + years)
    except ValueError:
        return date(last.year + years, 3, 1)
