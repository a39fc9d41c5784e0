"""Rows of sterilizers, their cycles and log files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from compliance.domain.sterilization.words import (
    CycleKind,
    CycleOutcome,
    SterilizerState,
)
from compliance.store.models.sterilization import Cycle, Sterilizer
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SterilizerRow:
    clinic_id: str
    sterilizer_id: str
    code: str
    name: str
    type: str
    serial: str
    chamber_litres: int | None
    programs: Sequence[Mapping[str, Any]]
    date_order: str
    state: SterilizerState
    state_since: datetime
    installed_on: date
    spore_due_from: datetime
    maintained_on: date | None
    repaired_on: date | None
    validated_on: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRow:
    clinic_id: str
    cycle_id: str
    sterilizer_id: str
    number: str
    kind: CycleKind
    program: str
    run_at: datetime
    ended_at: datetime | None
    set_decicelsius: int | None
    set_hold_seconds: int | None
    lowest_decicelsius: int | None
    highest_decicelsius: int | None
    lowest_centibar: int | None
    hold_seconds: int | None
    ended: bool
    machine_failed: bool
    contents: Sequence[Mapping[str, Any]]
    indicators: Sequence[Mapping[str, Any]]
    outcome: CycleOutcome
    faults: Sequence[str]
    flags: Sequence[Mapping[str, Any]]
    curve: Sequence[Sequence[int]]
    curve_sha256: str | None
    raw_sha256: str | None
    raw_lines: Sequence[int] | None
    version: int
    recorded_at: datetime
    operator_id: str
    released_at: datetime | None
    released_by: str | None


def insert_sterilizer(tx: Tx, row: SterilizerRow) -> None:
    tx.execute(insert(Sterilizer), asdict(row))


def update_sterilizer(tx: Tx, row: SterilizerRow, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Sterilizer)
        .where(Sterilizer.clinic_id == row.clinic_id, Sterilizer.sterilizer_id == row.sterilizer_id)
        .values(**values)
    )


def find_sterilizer(tx: Tx, clinic_id: str, sterilizer: str) -> SterilizerRow | None:
    """Find by id or by code."""
    row = tx.execute(
        select(Sterilizer.__table__).where(
            Sterilizer.clinic_id == clinic_id,
            or_(Sterilizer.sterilizer_id == sterilizer, Sterilizer.code == sterilizer),
        )
    ).first()
    return None if row is None else _sterilizer(row)


def list_sterilizers(tx: Tx, clinic_id: str) -> list[SterilizerRow]:
    """All of a clinic, which has a handful, by code."""
    rows = tx.execute(
        select(Sterilizer.__table__)
        .where(Sterilizer.clinic_id == clinic_id)
        .order_by(Sterilizer.code)
        .limit(200)
    )
    return [_sterilizer(row) for row in rows]


def _sterilizer(row: Any) -> SterilizerRow:
    values = dict(row._mapping)
    values["state"] = SterilizerState(values["state"])
    return SterilizerRow(**values)


_INSERT_CYCLE = insert(Cycle)
_CYCLE_NAMES = tuple(field.name for field in fields(CycleRow))


def insert_cycle(tx: Tx, row: CycleRow) -> None:
    insert_cycles(tx, [row])


def insert_cycles(tx: Tx, rows: Sequence[CycleRow]) -> None:
    # The values are not copied: a curve has up to twenty thousand readings.
    values = [{name: getattr(row, name) for name in _CYCLE_NAMES} for row in rows]
    if values:
        tx.execute(_INSERT_CYCLE, values)


def update_cycle(tx: Tx, row: CycleRow, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Cycle)
        .where(Cycle.clinic_id == row.clinic_id, Cycle.cycle_id == row.cycle_id)
        .values(**values)
    )


def find_cycle(tx: Tx, clinic_id: str, cycle_id: str) -> CycleRow | None:
    row = tx.execute(
        select(Cycle.__table__).where(Cycle.clinic_id == clinic_id, Cycle.cycle_id == cycle_id)
    ).first()
    return None if row is None else read_cycle(row)


def find_numbered(tx: Tx, clinic_id: str, sterilizer_id: str, number: str) -> list[CycleRow]:
    """Cycles of a sterilizer with a number, newest first: a counter may have been reset."""
    rows = tx.execute(
        select(Cycle.__table__)
        .where(
            Cycle.clinic_id == clinic_id,
            Cycle.sterilizer_id == sterilizer_id,
            Cycle.number == number,
        )
        .order_by(Cycle.run_at.desc(), Cycle.cycle_id.desc())
        .limit(20)
    )
    return [read_cycle(row) for row in rows]


def list_cycles(
    tx: Tx,
    clinic_id: str,
    *,
    sterilizer_id: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CycleRow]:
    """Newest run first, keyset page by (run_at, id)."""
    statement = select(Cycle.__table__).where(Cycle.clinic_id == clinic_id)
    if sterilizer_id is not None:
        statement = statement.where(Cycle.sterilizer_id == sterilizer_id)
    if after is not None:
        moment, cycle_id = after
        statement = statement.where(
            or_(Cycle.run_at < moment, and_(Cycle.run_at == moment, Cycle.cycle_id < cycle_id))
        )
    rows = tx.execute(statement.order_by(Cycle.run_at.desc(), Cycle.cycle_id.desc()).limit(limit))
    return [read_cycle(row) for row in rows]


def list_runs(
    tx: Tx, clinic_id: str, sterilizer_id: str, start: datetime, end: datetime
) -> list[CycleRow]:
    """Cycles of one sterilizer whose run began in [start, end), in order."""
    rows = tx.execute(
        select(Cycle.__table__)
        .where(
            Cycle.clinic_id == clinic_id,
            Cycle.sterilizer_id == sterilizer_id,
            Cycle.run_at >= start,
            Cycle.run_at < end,
        )
        .order_by(Cycle.run_at, Cycle.cycle_id)
    )
    return [read_cycle(row) for row in rows]


def find_same_curve(tx: Tx, clinic_id: str, curve_sha256: str) -> str | None:
    """The number of a cycle of the clinic with this curve."""
    return tx.scalar(
        select(Cycle.number)
        .where(Cycle.clinic_id == clinic_id, Cycle.curve_sha256 == curve_sha256)
        .order_by(Cycle.run_at)
        .limit(1)
    )


def find_earlier(
    tx: Tx, clinic_id: str, sterilizer_id: str, before: datetime
) -> tuple[str, datetime, datetime | None] | None:
    """(number, start, end) of the newest run of a sterilizer that began earlier."""
    row = tx.execute(
        select(Cycle.number, Cycle.run_at, Cycle.ended_at)
        .where(
            Cycle.clinic_id == clinic_id,
            Cycle.sterilizer_id == sterilizer_id,
            Cycle.run_at < before,
        )
        .order_by(Cycle.run_at.desc(), Cycle.cycle_id.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def read_cycle(row: Any) -> CycleRow:
    values = dict(row._mapping)
    values["kind"] = CycleKind(values["kind"])
    values["outcome"] = CycleOutcome(values["outcome"])
    return CycleRow(**values)
