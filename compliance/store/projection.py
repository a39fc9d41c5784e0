"""Tables read as they are stored, in batches, for the audit.

No column type converts a value here: a tamperer may have left something that no
type can read, and the audit must name it instead of failing on it. Values
come back as the driver gives them; dates are compared as text.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Date,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy import exists as sql_exists

from compliance.store.models.log import LogBody, LogEntry, LogMention, LogNode, LogPlace
from compliance.store.models.things import EvidenceUse
from compliance.store.models.treatments import SessionAmendment, TreatmentSession
from compliance.store.schema import METADATA
from compliance.store.session import Tx

Rows = Sequence[tuple[Any, ...]]
CHUNK: Final = 500
"""Values in one IN list; SQLite and PostgreSQL both take it."""

NAMED: Final = 100
"""At most this many superfluous rows are named, however many there are."""

_encode_plainly = msgspec.json.Encoder(order="sorted").encode
_encode_json = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode


def encode_json(value: Any) -> str:
    """The text a JSON column holds for a value; the same as ``JsonText`` writes."""
    try:
        return _encode_plainly(value).decode()
    except ValueError:
        # Only a tamperer leaves what the quick encoder refuses, such as half a character.
        return _encode_json(value)


def read_head(tx: Tx, clinic_id: str) -> Sequence[Any] | None:
    """(size, incarnation, frontier, last_at) as stored."""
    columns = ("size", "incarnation", "frontier", "last_at")
    return next(iter(read_table(tx, "log_head", columns, clinic_id)), None)


def read_entries(tx: Tx, clinic_id: str, start: int, limit: int) -> Rows:
    """(index, leaf hash, body or None) from ``start`` on, in order."""
    return _fetch(tx.execute(_ENTRIES, {"clinic": clinic_id, "start": start, "most": limit}))


def read_nodes(tx: Tx, clinic_id: str, level: int, start: int, end: int | None) -> Rows:
    """(index, hash) of [start, end) at one level; without an end, the first ``NAMED``."""
    values = {"clinic": clinic_id, "level": level, "start": start}
    if end is None:
        return _fetch(tx.execute(_NODES_BEYOND, values))
    return _fetch(tx.execute(_NODES, {**values, "end": end}))


def read_table(tx: Tx, table: str, columns: Sequence[str], clinic_id: str) -> Rows:
    """All of a clinic's rows of a table that does not grow with its sessions."""
    return _fetch(tx.execute(_whole(table, tuple(columns)), {"clinic": clinic_id}))


def read_accounts(tx: Tx, user_ids: Sequence[str]) -> set[str]:
    """Those of the ids that have an account."""
    accounts = METADATA.tables["user_account"]
    found: set[str] = set()
    for start in range(0, len(user_ids), CHUNK):
        wanted = user_ids[start : start + CHUNK]
        statement = select(accounts.c.user_id).where(accounts.c.user_id.in_(wanted))
        found.update(tx.scalars(statement))
    return found


def read_rows(
    tx: Tx,
    table: str,
    columns: Sequence[str],
    clinic_id: str,
    *,
    key: str,
    values: Sequence[str],
    span: tuple[int, int] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Rows whose ``key`` is one of the values; with ``span`` only those with idx in [a, b)."""
    statement = _by_key(table, tuple(columns), key, span is not None)
    bound: dict[str, Any] = {"clinic": clinic_id}
    if span is not None:
        bound["start"], bound["end"] = span
    for start in range(0, len(values), CHUNK):
        yield from _fetch(
            tx.execute(statement, {**bound, "keys": list(values[start : start + CHUNK])})
        )


def read_places(
    tx: Tx, columns: Sequence[str], clinic_id: str, kind: str, things: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """The places of one kind that the things have."""
    statement = _by_key("log_place", tuple(columns), "thing", False).where(
        LogPlace.kind == bindparam("kind")
    )
    bound = {"clinic": clinic_id, "kind": kind}
    for start in range(0, len(things), CHUNK):
        yield from _fetch(
            tx.execute(statement, {**bound, "keys": list(things[start : start + CHUNK])})
        )


def read_uses(tx: Tx, clinic_id: str, kind: str, refs: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Those of the references of one kind that a session uses."""
    statement = _by_key("evidence_use", ("ref",), "ref", False).where(
        EvidenceUse.kind == bindparam("kind")
    )
    bound = {"clinic": clinic_id, "kind": kind}
    for start in range(0, len(refs), CHUNK):
        yield from _fetch(
            tx.execute(statement, {**bound, "keys": list(refs[start : start + CHUNK])})
        )


def read_span(
    tx: Tx, table: str, columns: Sequence[str], clinic_id: str, span: tuple[int, int]
) -> Rows:
    """Rows with idx in [a, b)."""
    source = METADATA.tables[table]
    statement = _raw(source, tuple(columns)).where(source.c.idx >= span[0], source.c.idx < span[1])
    return _fetch(tx.execute(statement, {"clinic": clinic_id}))


def count_rows(tx: Tx, table: str, clinic_id: str) -> int:
    source = METADATA.tables[table]
    statement = select(func.count()).select_from(source).where(source.c.clinic_id == clinic_id)
    return tx.scalar(statement) or 0


def unplaced(tx: Tx, table: str, key: str, place: str, clinic_id: str) -> list[Any]:
    """Keys of rows for which the log has no place of this kind."""
    source = METADATA.tables[table]
    placed = sql_exists().where(
        LogPlace.clinic_id == clinic_id, LogPlace.kind == place, LogPlace.thing == source.c[key]
    )
    return _keys(tx, source, (source.c[key],), ~placed, clinic_id)


def unmentioned(tx: Tx, table: str, clinic_id: str) -> list[Any]:
    """(session_id, idx) of rows that no mention of the session in the log stands behind."""
    source = METADATA.tables[table]
    mentioned = sql_exists().where(
        LogMention.clinic_id == clinic_id,
        LogMention.thing == source.c.session_id,
        LogMention.idx == source.c.idx,
    )
    return _keys(tx, source, (source.c.session_id, source.c.idx), ~mentioned, clinic_id)


def bodies_without_entry(tx: Tx, clinic_id: str) -> list[Any]:
    source = METADATA.tables["log_body"]
    entered = sql_exists().where(LogEntry.clinic_id == clinic_id, LogEntry.idx == source.c.idx)
    return _keys(tx, source, (source.c.idx,), ~entered, clinic_id)


def beyond(tx: Tx, table: str, columns: Sequence[str], clinic_id: str, size: int) -> list[Any]:
    """Rows that point outside of a log of ``size`` entries."""
    source = METADATA.tables[table]
    outside = (source.c.idx < 0) | (source.c.idx >= size)
    return _keys(tx, source, [source.c[name] for name in columns], outside, clinic_id)


def marked_without_amendment(tx: Tx, clinic_id: str) -> list[Any]:
    source = METADATA.tables["treatment_session"]
    amendment = sql_exists().where(
        SessionAmendment.clinic_id == clinic_id,
        SessionAmendment.session_id == source.c.session_id,
    )
    return _keys(tx, source, (source.c.session_id,), and_(source.c.amended, ~amendment), clinic_id)


def clients_without_session(tx: Tx, clinic_id: str) -> list[Any]:
    source = METADATA.tables["client"]
    opened = sql_exists().where(
        TreatmentSession.clinic_id == clinic_id,
        TreatmentSession.client_id == source.c.client_id,
    )
    return _keys(tx, source, (source.c.client_id,), ~opened, clinic_id)


def every_place(tx: Tx, clinic_id: str) -> Iterator[tuple[Any, ...]]:
    """(kind, thing, index): walked only after the count has shown that one is too many."""
    return iter(_walk(tx, LogPlace.__table__, ("kind", "thing", "idx"), clinic_id))


def every_mention(tx: Tx, clinic_id: str) -> Iterator[tuple[Any, ...]]:
    """(thing, index): walked only after the count has shown that one is too many."""
    return iter(_walk(tx, LogMention.__table__, ("thing", "idx"), clinic_id))


def _fetch(result: CursorResult[Any]) -> Rows:
    """All rows as the driver's own tuples: nothing is converted, so nothing is wrapped."""
    rows: Rows = result.cursor.fetchall()
    result.close()
    return rows


def _walk(tx: Tx, source: Any, names: tuple[str, ...], clinic_id: str) -> Any:
    statement = _raw(source, names).execution_options(yield_per=2000)
    return tx.execute(statement, {"clinic": clinic_id})


def _keys(
    tx: Tx,
    source: Table,
    columns: Sequence[ColumnElement[Any]],
    condition: ColumnElement[bool],
    clinic_id: str,
) -> list[Any]:
    statement = select(*columns).where(source.c.clinic_id == clinic_id, condition).limit(NAMED)
    rows = tx.execute(statement)
    return [row[0] if len(columns) == 1 else tuple(row) for row in rows]


def _raw(source: Table, names: tuple[str, ...]) -> Select[Any]:
    columns = [_raw_column(source, name) for name in names]
    return select(*columns).select_from(source).where(source.c.clinic_id == bindparam("clinic"))


def _raw_column(source: Table, name: str) -> ColumnElement[Any]:
    # A literal column has no type, so nothing is converted on the way out. Dates are
    # text in one database and dates in the other; both compare as text.
    quoted = f'"{source.c[name].name}"'
    is_date = isinstance(source.c[name].type, Date)
    return literal_column(f"CAST({quoted} AS VARCHAR(10))" if is_date else quoted)


@functools.cache
def _whole(table: str, names: tuple[str, ...]) -> Select[Any]:
    return _raw(METADATA.tables[table], names)


@functools.cache
def _by_key(table: str, names: tuple[str, ...], key: str, spanned: bool) -> Select[Any]:
    source = METADATA.tables[table]
    statement = _raw(source, names).where(source.c[key].in_(bindparam("keys", expanding=True)))
    if spanned:
        statement = statement.where(
            source.c.idx >= bindparam("start"), source.c.idx < bindparam("end")
        )
    return statement


_ENTRIES: Final[Any] = (
    select(
        literal_column("log_entry.idx"),
        literal_column("log_entry.leaf_hash"),
        literal_column("log_body.body"),
    )
    .select_from(LogEntry)
    .join(
        LogBody,
        (LogBody.clinic_id == LogEntry.clinic_id) & (LogBody.idx == LogEntry.idx),
        isouter=True,
    )
    .where(LogEntry.clinic_id == bindparam("clinic"), LogEntry.idx >= bindparam("start"))
    .order_by(LogEntry.idx)
    .limit(bindparam("most"))
)
_LEVEL: Final[Any] = (
    select(literal_column("idx"), literal_column("hash"))
    .select_from(LogNode)
    .where(
        LogNode.clinic_id == bindparam("clinic"),
        LogNode.level == bindparam("level"),
        LogNode.idx >= bindparam("start"),
    )
)
_NODES: Final[Any] = _LEVEL.where(LogNode.idx < bindparam("end")).order_by(LogNode.idx)
_NODES_BEYOND: Final[Any] = _LEVEL.limit(NAMED)
