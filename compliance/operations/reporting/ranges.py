"""From a period of days to a range of entries, cut into volumes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from compliance.errors import Refused
from compliance.ledger.entry import format_time
from compliance.operations.sealing import ANOMALY, LogDamaged
from compliance.store import log
from compliance.store.session import Tx

VOLUME_SESSIONS: Final = 1_000
"""Ended sessions in one file; validators and memory stay quick and flat below it."""

MAX_DAYS: Final = 366 * 31

_ENDINGS: Final = (b'"kind":"session.closed","v":1}', b'"kind":"session.aborted","v":1}')
"""How the canonical bytes of an ending entry end; keys are sorted, so this is exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days of the clinic's zone, both inclusive."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """Exclusive: midnight after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


def read_period(first: date, last: date, zone: str) -> Period:
    """Check a period.

    Raises:
        Refused: when it ends before it begins or spans more than 31 years.
    """
    if last < first:
        raise Refused(
            "to", last.isoformat(), "lies before the beginning", allowed=f"{first} or later"
        )
    if (last - first).days > MAX_DAYS or first.year < 2000 or last.year > 9000:
        raise Refused("from", first.isoformat(), "spans too long a time", allowed="up to 31 years")
    return Period(first=first, last=last, zone=ZoneInfo(zone))


def find_range(tx: Tx, clinic_id: str, period: Period, size: int) -> tuple[int, int]:
    """Return the entries [start, end) recorded in the period.

    Without a clock anomaly the log is in order of time and two binary searches
    do. With one, every entry is looked at: the range then reaches from the first
    to the last entry recorded in the period.
    """
    start, end = format_time(period.start), format_time(period.end)
    if log.has_place(tx, clinic_id, ANOMALY):
        inside = [
            index
            for index, _, body in log.read_range(tx, clinic_id, 0, size)
            if body is not None and start <= _time(body) < end
        ]
        return (inside[0], inside[-1] + 1) if inside else (size, size)
    return (
        _first_at(tx, clinic_id, start, size),
        _first_at(tx, clinic_id, end, size),
    )


def _first_at(tx: Tx, clinic_id: str, moment: str, size: int) -> int:
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        body = log.read_body(tx, clinic_id, middle)
        if body is None:
            raise LogDamaged(f"entry {middle} has no body")
        if _time(body) < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _time(body: bytes) -> str:
    text: str = json.loads(body)["at"]
    return text


def cut_volumes(
    tx: Tx, clinic_id: str, start: int, end: int, sessions: int = VOLUME_SESSIONS
) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the volumes: at most ``sessions`` ended sessions in each."""
    first, ended = start, 0
    for index, _, body in log.read_range(tx, clinic_id, start, end):
        if body is not None and body.endswith(_ENDINGS):
            if ended == sessions:
                yield first, index
                first, ended = index, 0
            ended += 1
    yield first, end
