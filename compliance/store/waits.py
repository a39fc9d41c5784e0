"""Rows of components that were sent back and wait for the sterilization room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from compliance.store.models.things import ReprocessingWait
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """A returned component; ``pack_id`` is empty while it waits for its release."""

    clinic_id: str
    session_id: str
    component: str
    device_id: str
    since: datetime
    pack_id: str


def insert_wait(tx: Tx, wait: WaitRow) -> None:
    tx.execute(
        insert(ReprocessingWait).values(
            clinic_id=wait.clinic_id,
            session_id=wait.session_id,
            component=wait.component,
            device_id=wait.device_id,
            since=wait.since,
            pack_id=wait.pack_id,
        )
    )


def delete_waits(tx: Tx, clinic_id: str, session_id: str) -> None:
    tx.execute(
        delete(ReprocessingWait).where(
            ReprocessingWait.clinic_id == clinic_id, ReprocessingWait.session_id == session_id
        )
    )


def end_wait(tx: Tx, wait: WaitRow, pack_id: str) -> None:
    tx.execute(
        update(ReprocessingWait)
        .where(
            ReprocessingWait.clinic_id == wait.clinic_id,
            ReprocessingWait.session_id == wait.session_id,
            ReprocessingWait.component == wait.component,
        )
        .values(pack_id=pack_id)
    )


def list_waits(tx: Tx, clinic_id: str, device_id: str | None = None) -> Sequence[WaitRow]:
    """What waits for the sterilization room, oldest first, at most 200."""
    statement = select(ReprocessingWait.__table__).where(
        ReprocessingWait.clinic_id == clinic_id, ReprocessingWait.pack_id == ""
    )
    if device_id is not None:
        statement = statement.where(ReprocessingWait.device_id == device_id)
    rows = tx.execute(statement.order_by(ReprocessingWait.since).limit(200))
    return [WaitRow(**row._mapping) for row in rows]


def count_waiting(tx: Tx, clinic_id: str, *, before: datetime | None = None) -> int:
    """Sessions of which something waits, all of them; with ``before`` since longer ago."""
    waiting = select(ReprocessingWait.session_id).where(
        ReprocessingWait.clinic_id == clinic_id, ReprocessingWait.pack_id == ""
    )
    if before is not None:
        waiting = waiting.where(ReprocessingWait.since < before)
    return tx.scalar(select(func.count()).select_from(waiting.distinct().subquery())) or 0


def read_waits(tx: Tx, clinic_id: str, session_id: str) -> Sequence[WaitRow]:
    rows = tx.execute(
        select(ReprocessingWait.__table__).where(
            ReprocessingWait.clinic_id == clinic_id, ReprocessingWait.session_id == session_id
        )
    )
    return [WaitRow(**row._mapping) for row in rows]
