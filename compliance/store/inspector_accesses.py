"""Rows of what inspectors read: inserted, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, insert, or_, select

from compliance.store.models.inspections import InspectorAccess
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """One read of one inspector."""

    clinic_id: str
    access_id: str
    user_id: str
    at: datetime
    way: str
    """``page``, ``file`` or ``api``."""
    what: str
    thing: str
    asked: str
    token_id: str | None


def insert_access(tx: Tx, row: AccessRow) -> None:
    values = {name: getattr(row, name) for name in AccessRow.__slots__}
    tx.execute(insert(InspectorAccess).values(**values))


def is_noted(tx: Tx, row: AccessRow, *, since: datetime) -> bool:
    """Whether the same person read the same thing in the same way after ``since``."""
    found = tx.scalar(
        select(InspectorAccess.access_id)
        .where(
            InspectorAccess.clinic_id == row.clinic_id,
            InspectorAccess.user_id == row.user_id,
            InspectorAccess.at > since,
            InspectorAccess.way == row.way,
            InspectorAccess.what == row.what,
            InspectorAccess.thing == row.thing,
            InspectorAccess.asked == row.asked,
        )
        .limit(1)
    )
    return found is not None


def list_accesses(
    tx: Tx,
    clinic_id: str,
    *,
    user_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[AccessRow]:
    """Newest first, keyset page by (at, access id); of everybody or of one person."""
    statement = select(InspectorAccess.__table__).where(InspectorAccess.clinic_id == clinic_id)
    if user_id is not None:
        statement = statement.where(InspectorAccess.user_id == user_id)
    if after is not None:
        moment, access_id = after
        statement = statement.where(
            or_(
                InspectorAccess.at < moment,
                and_(InspectorAccess.at == moment, InspectorAccess.access_id < access_id),
            )
        )
    rows = tx.execute(
        statement.order_by(InspectorAccess.at.desc(), InspectorAccess.access_id.desc()).limit(limit)
    )
    return [AccessRow(**row._mapping) for row in rows]
