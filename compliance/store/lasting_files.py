"""Rows of kept files: which bytes are the newest, and when a time-stamp over them is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from compliance.store.models.anchors import LastingFile
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list; SQLite and PostgreSQL both take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingRow:
    """One signed file that is kept on this machine."""

    clinic_id: str
    name: str
    report: str
    sha256: str
    size: int
    stamps: int = 0
    extend_at: datetime | None


def insert_file(tx: Tx, row: LastingRow) -> None:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    tx.execute(insert(LastingFile).values(**values))


def find_file(tx: Tx, clinic_id: str, name: str) -> LastingRow | None:
    row = tx.execute(
        select(LastingFile.__table__).where(
            LastingFile.clinic_id == clinic_id, LastingFile.name == name
        )
    ).first()
    return None if row is None else LastingRow(**row._mapping)


def find_files(tx: Tx, clinic_id: str, names: Sequence[str]) -> Sequence[LastingRow]:
    """Those of the names that are noted."""
    found: list[LastingRow] = []
    for start in range(0, len(names), CHUNK):
        rows = tx.execute(
            select(LastingFile.__table__).where(
                LastingFile.clinic_id == clinic_id,
                LastingFile.name.in_(names[start : start + CHUNK]),
            )
        )
        found.extend(LastingRow(**row._mapping) for row in rows)
    return found


def list_due(tx: Tx, *, now: datetime, limit: int) -> Sequence[LastingRow]:
    """Files of all clinics whose time-stamp is due by now, the longest waiting first."""
    rows = tx.execute(
        select(LastingFile.__table__)
        .where(LastingFile.extend_at <= now)
        .order_by(LastingFile.extend_at, LastingFile.clinic_id, LastingFile.name)
        .limit(limit)
    )
    return [LastingRow(**row._mapping) for row in rows]


def update_file(tx: Tx, row: LastingRow, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(LastingFile)
        .where(LastingFile.clinic_id == row.clinic_id, LastingFile.name == row.name)
        .values(**values)
    )


def delete_file(tx: Tx, clinic_id: str, name: str) -> None:
    """Forget a file that was erased; one that was lost is missed for ever."""
    tx.execute(
        delete(LastingFile).where(LastingFile.clinic_id == clinic_id, LastingFile.name == name)
    )
