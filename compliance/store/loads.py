"""Rows of loads: drafts that somebody puts together, and loads that were started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from compliance.store.models.loads import LoadDraft, SterilizerLoad
from compliance.store.models.things import Pack
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    clinic_id: str
    user_id: str
    sterilizer_id: str | None
    program: str
    contents: Sequence[Mapping[str, Any]]
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    clinic_id: str
    load_id: str
    sterilizer_id: str
    program: str
    contents: Sequence[Mapping[str, Any]]
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    cycle_id: str | None


def find_draft(tx: Tx, clinic_id: str, user_id: str) -> DraftRow | None:
    row = tx.execute(
        select(LoadDraft.__table__).where(
            LoadDraft.clinic_id == clinic_id, LoadDraft.user_id == user_id
        )
    ).first()
    return None if row is None else DraftRow(**row._mapping)


def save_draft(tx: Tx, row: DraftRow) -> None:
    """Insert the person's draft, or replace it."""
    delete_draft(tx, row.clinic_id, row.user_id)
    tx.execute(insert(LoadDraft), asdict(row))


def delete_draft(tx: Tx, clinic_id: str, user_id: str) -> None:
    tx.execute(
        delete(LoadDraft).where(LoadDraft.clinic_id == clinic_id, LoadDraft.user_id == user_id)
    )


def insert_load(tx: Tx, row: LoadRow) -> None:
    tx.execute(insert(SterilizerLoad), asdict(row))


def end_load(tx: Tx, row: LoadRow, *, cycle_id: str | None, at: datetime) -> None:
    tx.execute(
        update(SterilizerLoad)
        .where(SterilizerLoad.clinic_id == row.clinic_id, SterilizerLoad.load_id == row.load_id)
        .values(ended_at=at, cycle_id=cycle_id)
    )


def find_load(tx: Tx, clinic_id: str, load_id: str) -> LoadRow | None:
    row = tx.execute(
        select(SterilizerLoad.__table__).where(
            SterilizerLoad.clinic_id == clinic_id, SterilizerLoad.load_id == load_id
        )
    ).first()
    return None if row is None else LoadRow(**row._mapping)


def find_load_of(tx: Tx, clinic_id: str, cycle_id: str) -> LoadRow | None:
    """The load that a cycle was read out of, if it was started here."""
    row = tx.execute(
        select(SterilizerLoad.__table__).where(
            SterilizerLoad.clinic_id == clinic_id, SterilizerLoad.cycle_id == cycle_id
        )
    ).first()
    return None if row is None else LoadRow(**row._mapping)


def running_loads(tx: Tx, clinic_id: str) -> list[LoadRow]:
    """Started and not read out yet, oldest first; at most one for each sterilizer."""
    rows = tx.execute(
        select(SterilizerLoad.__table__)
        .where(SterilizerLoad.clinic_id == clinic_id, SterilizerLoad.ended_at.is_(None))
        .order_by(SterilizerLoad.started_at)
        .limit(200)
    )
    return [LoadRow(**row._mapping) for row in rows]


def pack_ids_of(tx: Tx, clinic_id: str, cycle_id: str) -> list[str]:
    """Every pack of a load, whatever became of it."""
    rows = tx.scalars(
        select(Pack.pack_id).where(Pack.clinic_id == clinic_id, Pack.cycle_id == cycle_id)
    )
    return list(rows)
