"""Whole tables in and out as plain JSON values, the same from and into either database."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    String,
    column,
    insert,
    select,
    table,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from compliance.store.schema import METADATA
from compliance.store.session import Tx

LEFT_OUT: Final = frozenset({"login", "sign_grant"})
"""Open browsers and leaves to sign: bringing them back would sign people in again."""

BATCH: Final = 500
"""Rows in memory at a time, in both directions."""

_KINDS: Final[dict[str, TypeEngine[Any]]] = {
    "text": String(),
    "int": BigInteger(),
    "bool": Boolean(),
    "date": Date(),
    "bytes": LargeBinary(),
}

Row = Sequence[Any]
"""Values as JSON has them: bytes are base64, a date is ``2026-11-20``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """A table as a backup knows it; it may be older than this software's."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """(name, kind); a kind is one of text, int, bool, date and bytes."""


def list_tables() -> tuple[TableShape, ...]:
    """Every table worth keeping, each after the tables that it refers to."""
    return tuple(
        TableShape(
            name=source.name, columns=tuple((each.name, _kind(each)) for each in source.columns)
        )
        for source in METADATA.sorted_tables
        if source.name not in LEFT_OUT
    )


def read_rows(tx: Tx, shape: TableShape) -> Iterator[list[Any]]:
    """All rows in the order of the key, a batch at a time, from the caller's snapshot."""
    source = METADATA.tables[shape.name]
    # The stored value is wanted, not what our column types make of it.
    columns = [type_coerce(source.c[name], _KINDS[kind]) for name, kind in shape.columns]
    statement = (
        select(*columns).order_by(*source.primary_key.columns).execution_options(yield_per=BATCH)
    )
    writers = [_WRITERS.get(kind, _same) for _, kind in shape.columns]
    with tx.execute(statement) as rows:
        for row in rows:
            yield [
                None if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]


def insert_rows(tx: Tx, shape: TableShape, rows: Iterable[Row]) -> None:
    """Insert rows as `read_rows` gave them; the caller's transaction.

    Raises:
        ValueError: for a row with another number of columns or a value of another kind.
    """
    names = [name for name, _ in shape.columns]
    target = table(shape.name, *(column(name, _KINDS[kind]) for name, kind in shape.columns))
    readers = [_READERS.get(kind, _same) for _, kind in shape.columns]
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, BATCH)):
        tx.execute(
            insert(target),
            [
                {
                    name: None if value is None else read(value)
                    for name, read, value in zip(names, readers, row, strict=True)
                }
                for row in batch
            ],
        )


@contextmanager
def guards_asleep(tx: Tx) -> Iterator[None]:
    """Let ended sessions be inserted with their answers; the guards are back before the commit.

    Only for a database that nobody else can see yet.
    """
    if tx.dialect.name == "sqlite":
        found = tx.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).all()
        for name, _ in found:
            tx.exec_driver_sql(f'DROP TRIGGER "{name}"')
        yield
        for _, statement in found:
            tx.exec_driver_sql(statement)
        return
    names = tx.exec_driver_sql(
        "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    ).all()
    for (name,) in names:
        tx.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    yield
    for (name,) in names:
        tx.exec_driver_sql(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')


def _kind(each: Column[Any]) -> str:
    stored = each.type.impl if isinstance(each.type, TypeDecorator) else each.type
    for kind, wanted in (
        ("bool", Boolean),
        ("int", Integer),
        ("text", String),
        ("date", Date),
        ("bytes", LargeBinary),
    ):
        if isinstance(stored, wanted):
            return kind
    raise TypeError(f"{each.table.name}.{each.name}: a backup cannot hold a {stored!r}")


def _same(value: Any) -> Any:
    return value


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _read_bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


_WRITERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bytes": _write_bytes,
    "date": date.isoformat,
}
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bytes": _read_bytes,
    "date": date.fromisoformat,
}
