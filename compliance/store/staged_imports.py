"""Rows of spreadsheets that were shown and not yet confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select

from compliance.store.models.inventory import StagedImport
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file that was read and waits for its confirmation."""

    clinic_id: str
    import_id: str
    family: str
    user_id: str
    text: str
    encoding: str
    created_at: datetime


def insert_staged(tx: Tx, staged: Staged) -> None:
    tx.execute(
        insert(StagedImport).values(
            clinic_id=staged.clinic_id,
            import_id=staged.import_id,
            family=staged.family,
            user_id=staged.user_id,
            text=staged.text,
            encoding=staged.encoding,
            created_at=staged.created_at,
        )
    )


def find_staged(tx: Tx, clinic_id: str, import_id: str) -> Staged | None:
    row = tx.execute(
        select(StagedImport.__table__).where(
            StagedImport.clinic_id == clinic_id, StagedImport.import_id == import_id
        )
    ).mappings()
    found = row.first()
    return None if found is None else Staged(**found)


def delete_staged(tx: Tx, clinic_id: str, *, import_id: str | None, before: datetime) -> None:
    """Forget one file, and every one staged before a moment."""
    tx.execute(
        delete(StagedImport).where(
            StagedImport.clinic_id == clinic_id,
            or_(StagedImport.import_id == import_id, StagedImport.created_at < before),
        )
    )
