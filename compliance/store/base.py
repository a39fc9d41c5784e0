"""The declarative base, the column types and the one Flask-SQLAlchemy object."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Dialect, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

# Built once: building an encoder costs more than encoding a small value.
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_DECODE: Final = msgspec.json.Decoder().decode

Id = String(36)
"""A UUID as text, the same on both databases and in the record."""


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as whole milliseconds since 1970.

    Both databases then sort and compare it alike, and no driver's idea of time
    zones can creep into a record.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (the base class fixes the signature)
        return None if value is None else (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the base class fixes the signature)
        return None if value is None else EPOCH + timedelta(milliseconds=int(value))


class JsonText(TypeDecorator[Any]):
    """Plain JSON in a text column: projections are read by us, never queried into."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (the base class fixes the signature)
        if value is None:
            return None
        return _ENCODE(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any | None:  # noqa: ARG002 (the base class fixes the signature)
        if value is None:
            return None
        # Most answers are one plain word, and what holds neither quote nor escape inside
        # its quotes means itself.
        if value[:1] == '"' and "\\" not in value and value.find('"', 1) == len(value) - 1:
            return value[1:-1]
        return _DECODE(value)


class Base(DeclarativeBase):
    """All tables. Rows are read as plain values through Core; nothing is lazily loaded."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
