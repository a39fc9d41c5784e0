"""When the next spore test is due: by days since the last one, and by hours of operation."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


class DueBy(enum.StrEnum):
    """Which of the reasons comes first."""

    NEW_OR_REPAIRED = "new_or_repaired"
    DAYS = "days"
    RUN_HOURS = "run_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeFacts:
    """What is known of one sterilizer."""

    due_from: datetime
    """Its installation or last repair: a test run before does not count any more."""
    last_negative: datetime | None
    """When the load of the last valid negative test ran."""
    hours_reached_at: datetime | None
    """When the hours of operation since then reached the limit; None: they have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The earliest moment by which a test must have run; None: no rule asks for one."""

    at: datetime | None
    by: DueBy | None

    def is_over(self, now: datetime) -> bool:
        if self.at is None:
            return False
        # After an installation or a repair it is due at once, not only a moment later.
        return now >= self.at if self.by is DueBy.NEW_OR_REPAIRED else now > self.at


def find_due(facts: SporeFacts, *, most_days: int | None) -> Due:
    """The earliest of what the rules say; nothing but a valid negative test moves it.

    Sources: California HSC 119315 and DC 25-G310 (after installation and repair), the
    profiles' days, Georgia 511-3-8 (40 hours of operation, read second-hand).
    """
    if facts.last_negative is None or facts.last_negative < facts.due_from:
        return Due(at=facts.due_from, by=DueBy.NEW_OR_REPAIRED)
    found = []
    if most_days is not None:
        found.append(Due(at=facts.last_negative + timedelta(days=most_days), by=DueBy.DAYS))
    if facts.hours_reached_at is not None:
        found.append(Due(at=facts.hours_reached_at, by=DueBy.RUN_HOURS))
    return min(found, key=lambda due: due.at or facts.due_from, default=Due(at=None, by=None))


def reached_at(
    spans: Iterable[tuple[datetime, datetime | None]], limit: timedelta
) -> datetime | None:
    """When the runs together had lasted ``limit``; None while they have not.

    Args:
        spans: start and end of each run, in order; one without an end counts no time.
        limit: of operation, inclusive.
    """
    lasted = timedelta()
    for start, end in spans:
        if end is None or end <= start:
            continue
        if lasted + (end - start) >= limit:
            return start + (limit - lasted)
        lasted += end - start
    return None
