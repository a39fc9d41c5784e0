"""The runs of a sterilizer looked at together: for imports, for its hours, for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Text, and_, case, func, or_, select, type_coerce

from compliance.store.models.sterilization import Cycle
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, read_cycle

UNDECIDED: Final = '"decision":null'
"""How an undecided flag stands in the stored JSON."""

_START: Final = type_coerce(Cycle.run_at, BigInteger)
_END: Final = type_coerce(Cycle.ended_at, BigInteger)


@dataclass(frozen=True, slots=True)
class KnownRun:
    """What tells whether a run of a log is on record already."""

    cycle_id: str
    number: str
    run_at: datetime
    ended: bool
    curve_sha256: str | None
    raw_sha256: str | None


def find_known(
    tx: Tx, clinic_id: str, sterilizer_id: str, numbers: Sequence[str]
) -> list[KnownRun]:
    """Runs of a sterilizer with any of these numbers."""
    rows = tx.execute(
        select(
            Cycle.cycle_id,
            Cycle.number,
            Cycle.run_at,
            Cycle.ended,
            Cycle.curve_sha256,
            Cycle.raw_sha256,
        ).where(
            Cycle.clinic_id == clinic_id,
            Cycle.sterilizer_id == sterilizer_id,
            Cycle.number.in_(numbers),
        )
    )
    return [KnownRun(*row) for row in rows]


def find_curves(tx: Tx, clinic_id: str, hashes: Sequence[str]) -> dict[str, str]:
    """By curve, the number of the oldest run of the clinic that has it."""
    rows = tx.execute(
        select(Cycle.curve_sha256, Cycle.number)
        .where(Cycle.clinic_id == clinic_id, Cycle.curve_sha256.in_(hashes))
        .order_by(Cycle.run_at.desc())
    )
    return {str(digest): number for digest, number in rows}


def list_spans(
    tx: Tx, clinic_id: str, sterilizer_id: str, start: datetime, end: datetime
) -> list[tuple[datetime, str, str, datetime | None]]:
    """(start, id, number, end) of the runs that began in [start, end], in order."""
    rows = tx.execute(
        select(Cycle.run_at, Cycle.cycle_id, Cycle.number, Cycle.ended_at)
        .where(
            Cycle.clinic_id == clinic_id,
            Cycle.sterilizer_id == sterilizer_id,
            Cycle.run_at >= start,
            Cycle.run_at <= end,
        )
        .order_by(Cycle.run_at, Cycle.cycle_id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How long a sterilizer ran, from the starts and ends of its cycles."""

    seconds: int
    runs: int
    without_end: int
    """Runs whose end nobody knows; they count no time."""


def measure_operation(
    tx: Tx, clinic_id: str, sterilizer_id: str, since: datetime | None = None
) -> Operation:
    """The operation of all runs that began after a moment, or of all there are."""
    statement = select(
        func.coalesce(func.sum(_END - _START), 0),
        func.count(),
        func.coalesce(func.sum(case((_END.is_(None), 1), else_=0)), 0),
    ).where(Cycle.clinic_id == clinic_id, Cycle.sterilizer_id == sterilizer_id)
    if since is not None:
        statement = statement.where(Cycle.run_at > since)
    milliseconds, runs, without_end = tx.execute(statement).one()
    return Operation(
        seconds=int(milliseconds) // 1000, runs=int(runs), without_end=int(without_end)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFilter:
    """Which cycles; everything that is None is not asked."""

    sterilizer_id: str | None = None
    kind: str | None = None
    outcome: str | None = None
    undecided: bool = False
    """Only those with a flag that nobody has decided on."""
    released: bool | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""


def search_cycles(
    tx: Tx,
    clinic_id: str,
    wanted: CycleFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[CycleRow]:
    """Newest run first, keyset page by (run_at, id)."""
    statement = select(Cycle.__table__).where(Cycle.clinic_id == clinic_id, *_conditions(wanted))
    if after is not None:
        moment, cycle_id = after
        statement = statement.where(
            or_(Cycle.run_at < moment, and_(Cycle.run_at == moment, Cycle.cycle_id < cycle_id))
        )
    rows = tx.execute(statement.order_by(Cycle.run_at.desc(), Cycle.cycle_id.desc()).limit(limit))
    return [read_cycle(row) for row in rows]


def count_undecided(tx: Tx, clinic_id: str) -> int:
    found = tx.scalar(
        select(func.count())
        .select_from(Cycle)
        .where(Cycle.clinic_id == clinic_id, *_conditions(CycleFilter(undecided=True)))
    )
    return int(found or 0)


def _conditions(wanted: CycleFilter) -> list[Any]:
    found: list[Any] = []
    for column, value in (
        (Cycle.sterilizer_id, wanted.sterilizer_id),
        (Cycle.kind, wanted.kind),
        (Cycle.outcome, wanted.outcome),
        (Cycle.number, wanted.number),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.undecided:
        found.append(type_coerce(Cycle.flags, Text).contains(UNDECIDED))
    if wanted.released is not None:
        found.append(Cycle.released_at.is_not(None) == wanted.released)
    if wanted.since is not None:
        found.append(Cycle.run_at >= wanted.since)
    if wanted.until is not None:
        found.append(Cycle.run_at < wanted.until)
    return found
