"""Rows of what inspectors read: inserted, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, func, insert, literal_column, or_, select

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
    number: int = 0
    """From 1 on within the clinic; given when the row is inserted."""


HASHED: Final = (
    "number",
    "access_id",
    "user_id",
    "at",
    "way",
    "what",
    "thing",
    "asked",
    "token_id",
)
"""The columns of a row over which a fingerprint goes, in their order."""

# A literal column has no type, so nothing is converted on the way out.
_STORED: Final[list[Any]] = [literal_column(f'"{name}"') for name in HASHED]


def insert_access(tx: Tx, row: AccessRow) -> None:
    """Insert a row with the next number; the caller holds the log, so that nobody else takes it."""
    values = {name: getattr(row, name) for name in AccessRow.__slots__}
    values["number"] = last_number(tx, row.clinic_id) + 1
    tx.execute(insert(InspectorAccess).values(**values))


def last_number(tx: Tx, clinic_id: str) -> int:
    """The highest number there is; 0 for none."""
    statement = select(func.max(InspectorAccess.number))
    return tx.scalar(statement.where(InspectorAccess.clinic_id == clinic_id)) or 0


def read_numbered(
    tx: Tx, clinic_id: str, *, after: int, last: int | None, limit: int
) -> Sequence[tuple[Any, ...]]:
    """The ``HASHED`` columns as they are stored, of the rows after one number, in their order."""
    statement = (
        select(*_STORED)
        .select_from(InspectorAccess)
        .where(InspectorAccess.clinic_id == clinic_id, InspectorAccess.number > after)
    )
    if last is not None:
        statement = statement.where(InspectorAccess.number <= last)
    rows = tx.execute(statement.order_by(InspectorAccess.number).limit(limit))
    return [tuple(row) for row in rows]


def find_span(tx: Tx, clinic_id: str, first: int, last: int) -> tuple[datetime, datetime]:
    """The earliest and the latest moment of the rows of these numbers, of which there are some."""
    row = tx.execute(
        select(func.min(InspectorAccess.at), func.max(InspectorAccess.at)).where(
            InspectorAccess.clinic_id == clinic_id, InspectorAccess.number.between(first, last)
        )
    ).one()
    return row[0], row[1]


def list_readers(tx: Tx, clinic_id: str, first: int, last: int) -> Sequence[str]:
    """Who read what these numbers stand for, each once."""
    return tx.scalars(
        select(InspectorAccess.user_id)
        .where(InspectorAccess.clinic_id == clinic_id)
        .where(InspectorAccess.number.between(first, last))
        .distinct()
        .order_by(InspectorAccess.user_id)
    ).all()


def find_moment(tx: Tx, clinic_id: str, number: int) -> datetime | None:
    """When the row of this number was noted; None where there is none."""
    return tx.scalar(
        select(InspectorAccess.at).where(
            InspectorAccess.clinic_id == clinic_id, InspectorAccess.number == number
        )
    )


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
