"""Answers to checklist items: their JSON shapes and what may be said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from compliance.domain.depth import classify_depth
from compliance.domain.template import Item, Template
from compliance.domain.words import ItemKind
from compliance.errors import Refused

LATE_AFTER: Final = timedelta(minutes=10)
"""An answer entered later than this after the act is marked late. Inclusive limit: not late."""

CLOCK_TOLERANCE: Final = timedelta(minutes=2)
"""A tablet's clock may run ahead by this much before a claimed time is refused."""

_NUMBER: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")

Result = str | dict[str, str]
"""``yes|no``, an option's code, or ``{"value": "0.5", "unit": "mm"}``."""


class Answered(Protocol):
    """All that decides which other items are asked."""

    @property
    def result(self) -> Result: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The current answer to one item."""

    item: str
    result: Result
    evidence: tuple[Mapping[str, Any], ...]
    user_id: str
    auth: str
    recorded_at: datetime
    performed_at: datetime
    late: bool
    index: int
    """Where the answer stands in the clinic's log."""


def read_result(item: Item, raw: object) -> Result:
    """Check a raw result against its item and return its one canonical form.

    Raises:
        Refused: naming the item, the value and what is allowed.
    """
    if item.kind is ItemKind.MEASUREMENT:
        return _read_measurement(item, raw)
    if item.kind is ItemKind.CHOICE:
        allowed = tuple(option.value for option in item.options)
    else:
        allowed = ("yes", "no")
    if not isinstance(raw, str) or raw not in allowed:
        raise Refused(item.code, raw, "is not one of the answers", allowed=", ".join(allowed))
    return raw


def _read_measurement(item: Item, raw: object) -> dict[str, str]:
    limits = f'{{"value": "{item.minimum}" to "{item.maximum}", "unit": "{item.unit}"}}'
    if not isinstance(raw, Mapping) or set(raw) != {"value", "unit"}:
        raise Refused(item.code, raw, "is not a value with its unit", allowed=limits)
    value, unit = raw["value"], raw["unit"]
    if unit != item.unit:
        raise Refused(item.code, unit, "is not the unit of this item", allowed=str(item.unit))
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        raise Refused(item.code, value, "is not a plain decimal number", allowed=limits)
    number = Decimal(value)
    if item.minimum is None or item.maximum is None or not item.minimum <= number <= item.maximum:
        raise Refused(item.code, value, "is outside the limits", allowed=limits)
    if item.code == "depth":
        classify_depth(number)
    # 0.50 and 0.5 are the same measurement and must be the same record.
    text = format(number.normalize(), "f")
    return {"value": text, "unit": unit}


def is_asked(item: Item, answers: Mapping[str, Answered]) -> bool:
    """Whether the item is required, given the answers so far."""
    if item.required_when is None:
        return True
    other, value = item.required_when
    answer = answers.get(other)
    return answer is not None and answer.result == value


def asked_items(template: Template, answers: Mapping[str, Answered]) -> tuple[Item, ...]:
    """The items that count now. A chain of conditions is followed, for an item that is
    not asked cannot make another one be asked."""
    counting: dict[str, Answered] = {}
    asked = []
    for item in template.items:
        if is_asked(item, counting):
            asked.append(item)
            if item.code in answers:
                counting[item.code] = answers[item.code]
    return tuple(asked)


def read_performed_at(claimed: datetime | None, *, opened_at: datetime, now: datetime) -> datetime:
    """Return when the act was done, as claimed, or now.

    Raises:
        Refused: for a time without a zone, in the future, or before the session was opened.
    """
    if claimed is None:
        return now
    if claimed.tzinfo is None:
        raise Refused("performed_at", claimed.isoformat(), "has no time zone", allowed="RFC 3339")
    if claimed > now + CLOCK_TOLERANCE:
        raise Refused("performed_at", claimed.isoformat(), "lies in the future")
    if claimed < opened_at - CLOCK_TOLERANCE:
        raise Refused("performed_at", claimed.isoformat(), "lies before the session was opened")
    return min(claimed, now)
