"""Fingerprints of what inspectors read, entered in the log: from then on no line can be taken away.

A read is no entry, or a report would grow by being read. One entry covers all reads since
the one before it: at every report, and after midnight of every day on which there were any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor, system_actor
from compliance.ledger.entry import format_time, parse_time
from compliance.operations.sealing import ACCESSES, append, hold_log
from compliance.store import clinics, log
from compliance.store import inspector_accesses as store
from compliance.store.session import Database, Tx

NAME: Final = "accesses"
"""Entries made after midnight say ``system:accesses``."""

BATCH: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How far the newest fingerprint reaches."""

    index: int
    """Of its entry."""
    last: int
    """The number of the last read that it covers."""
    at: datetime


def hash_reads(rows: Iterator[tuple[Any, ...]]) -> tuple[str, int]:
    """(SHA-256 in hex, how many) of reads as they are stored, in the order of their numbers.

    Each is one line: a JSON array without blanks, everything beyond ASCII escaped, and a
    newline. Nothing is converted, so that a changed row cannot pass for the one that was read.
    """
    digest, count = hashlib.sha256(), 0
    for row in rows:
        line = json.dumps(list(row), ensure_ascii=True, separators=(",", ":"), default=repr)
        digest.update(line.encode() + b"\n")
        count += 1
    return digest.hexdigest(), count


def walk_reads(
    tx: Tx, clinic_id: str, first: int, last: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """The stored columns of every read from ``first`` to ``last``, or to the end, a batch at a time."""
    after = first - 1
    while rows := store.read_numbered(tx, clinic_id, after=after, last=last, limit=BATCH):
        yield from rows
        after = rows[-1][0]


def find_covered(tx: Tx, clinic_id: str) -> Covered | None:
    """How far the newest fingerprint reaches; None while there is none."""
    index = max((index for _, index in log.list_places(tx, clinic_id, ACCESSES[1])), default=None)
    body = None if index is None else log.read_body(tx, clinic_id, index)
    if index is None or body is None:
        return None
    entry = json.loads(body)
    return Covered(index=index, last=entry["data"]["last"], at=parse_time(entry["at"]))


def read_covered(tx: Tx, *, actor: Actor) -> Covered | None:
    """The same for those who may see the list.

    Raises:
        NotPermitted: the actor is neither manager nor inspector.
    """
    actor.require(Action.READ_ACCESSES)
    return find_covered(tx, actor.clinic_id)


def enter_accesses(tx: Tx, *, actor: Actor, now: datetime) -> int | None:
    """Enter a fingerprint of every read that has none yet; its index, or None for no reads.

    Holds the log until the transaction ends, so that a read that is being noted comes
    either before it or after it.
    """
    clinic_id = actor.clinic_id
    hold_log(tx, clinic_id)
    covered = find_covered(tx, clinic_id)
    first = 1 if covered is None else covered.last + 1
    last = store.last_number(tx, clinic_id)
    if last < first:
        return None
    sha256, _ = hash_reads(walk_reads(tx, clinic_id, first, last))
    since, until = store.find_span(tx, clinic_id, first, last)
    data = {
        "first": first,
        "last": last,
        "sha256": sha256,
        "from": format_time(since),
        "to": format_time(until),
        "inspectors": list(store.list_readers(tx, clinic_id, first, last)),
    }
    return append(tx, actor, ACCESSES[0], data, now=now)


def enter_days_that_ended(database: Database, *, now: datetime) -> int:
    """Enter a fingerprint for every clinic with reads of a former day; how many were entered.

    A short transaction for each clinic. The day is that of the clinic's zone.
    """
    with database.reading() as tx:
        due = [row.clinic_id for row in clinics.list_clinics(tx) if _is_due(tx, row, now)]
    for clinic_id in due:
        with database.writing() as tx:
            enter_accesses(tx, actor=system_actor(clinic_id, NAME), now=now)
    return len(due)


def _is_due(tx: Tx, clinic: clinics.ClinicRow, now: datetime) -> bool:
    covered = find_covered(tx, clinic.clinic_id)
    oldest = store.find_moment(tx, clinic.clinic_id, 1 if covered is None else covered.last + 1)
    if oldest is None:
        return False
    zone = ZoneInfo(clinic.time_zone)
    return oldest.astimezone(zone).date() < now.astimezone(zone).date()
