"""Rows of autoclave logs as they arrived, and of the mappings they are read by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, or_, select

from compliance.store.models.sterilization import LogFile, LogMapping
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFileRow:
    """A file without its bytes, which are read alone."""

    clinic_id: str
    sha256: str
    sterilizer_id: str
    name: str
    adapter: str
    size: int
    report: Any
    arrived_at: datetime
    arrived_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMappingRow:
    clinic_id: str
    sterilizer_id: str
    version: int
    mapping: Mapping[str, Any]
    made_at: datetime
    made_by: str


_COLUMNS = (
    LogFile.clinic_id,
    LogFile.sha256,
    LogFile.sterilizer_id,
    LogFile.name,
    LogFile.adapter,
    LogFile.size,
    LogFile.report,
    LogFile.arrived_at,
    LogFile.arrived_by,
)


def insert_log_file(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(LogFile), dict(values))


def find_arrival(tx: Tx, clinic_id: str, sha256: str) -> datetime | None:
    """When a file with this hash arrived, if it did."""
    return tx.scalar(
        select(LogFile.arrived_at).where(LogFile.clinic_id == clinic_id, LogFile.sha256 == sha256)
    )


def find_log_file(tx: Tx, clinic_id: str, sha256: str) -> LogFileRow | None:
    row = tx.execute(
        select(*_COLUMNS).where(LogFile.clinic_id == clinic_id, LogFile.sha256 == sha256)
    ).first()
    return None if row is None else LogFileRow(**row._mapping)


def read_content(tx: Tx, clinic_id: str, sha256: str) -> bytes | None:
    """The bytes as they arrived."""
    content: Any = tx.scalar(
        select(LogFile.content).where(LogFile.clinic_id == clinic_id, LogFile.sha256 == sha256)
    )
    return None if content is None else bytes(content)


def list_log_files(
    tx: Tx,
    clinic_id: str,
    *,
    sterilizer_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[LogFileRow]:
    """Newest arrival first, keyset page by (arrival, hash)."""
    statement = select(*_COLUMNS).where(LogFile.clinic_id == clinic_id)
    if sterilizer_id is not None:
        statement = statement.where(LogFile.sterilizer_id == sterilizer_id)
    if after is not None:
        moment, sha256 = after
        statement = statement.where(
            or_(
                LogFile.arrived_at < moment,
                and_(LogFile.arrived_at == moment, LogFile.sha256 < sha256),
            )
        )
    statement = statement.order_by(LogFile.arrived_at.desc(), LogFile.sha256.desc()).limit(limit)
    return [LogFileRow(**row._mapping) for row in tx.execute(statement)]


def insert_mapping(tx: Tx, row: LogMappingRow) -> None:
    tx.execute(
        insert(LogMapping),
        {
            "clinic_id": row.clinic_id,
            "sterilizer_id": row.sterilizer_id,
            "version": row.version,
            "mapping": dict(row.mapping),
            "made_at": row.made_at,
            "made_by": row.made_by,
        },
    )


def find_mapping(
    tx: Tx, clinic_id: str, sterilizer_id: str, version: int | None = None
) -> LogMappingRow | None:
    """One version of a sterilizer's mapping, the newest unless another is named."""
    statement = select(LogMapping.__table__).where(
        LogMapping.clinic_id == clinic_id, LogMapping.sterilizer_id == sterilizer_id
    )
    if version is not None:
        statement = statement.where(LogMapping.version == version)
    row = tx.execute(statement.order_by(LogMapping.version.desc()).limit(1)).first()
    return None if row is None else LogMappingRow(**row._mapping)


def count_log_files(tx: Tx, clinic_id: str) -> int:
    found = tx.scalar(
        select(func.count()).select_from(LogFile).where(LogFile.clinic_id == clinic_id)
    )
    return int(found or 0)
