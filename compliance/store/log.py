"""Rows of the append-only log. Only ``operations.sealing`` writes through this module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, insert, select, update

from compliance.store.models.log import (
    Checkpoint,
    LogBody,
    LogEntry,
    LogHead,
    LogMention,
    LogNode,
    LogPlace,
)
from compliance.store.session import Tx

# Statements are built once: building one costs more than running it.
_CLINIC: BindParameter[Any] = bindparam("in_clinic")
_AT: BindParameter[Any] = bindparam("at_index")
_THING: BindParameter[Any] = bindparam("of_thing")
_KIND: BindParameter[Any] = bindparam("of_kind")
_HEAD: Final = select(LogHead.size, LogHead.incarnation, LogHead.frontier, LogHead.last_at).where(
    LogHead.clinic_id == _CLINIC
)
_LOCKED_HEAD: Final = _HEAD.with_for_update()
_UPDATE_HEAD: Final = update(LogHead).where(LogHead.clinic_id == _CLINIC)
_INSERT_ENTRY: Final = insert(LogEntry)
_INSERT_BODY: Final = insert(LogBody)
_INSERT_NODE: Final = insert(LogNode)
_INSERT_PLACE: Final = insert(LogPlace)
_INSERT_MENTION: Final = insert(LogMention)
_PLACE: Final = select(LogPlace.idx).where(
    LogPlace.clinic_id == _CLINIC, LogPlace.kind == _KIND, LogPlace.thing == _THING
)
_ANY_PLACE: Final = (
    select(LogPlace.idx).where(LogPlace.clinic_id == _CLINIC, LogPlace.kind == _KIND).limit(1)
)
_ALL_PLACES: Final = (
    select(LogPlace.thing, LogPlace.idx)
    .where(LogPlace.clinic_id == _CLINIC, LogPlace.kind == _KIND)
    .order_by(LogPlace.idx)
)
_PLACES: Final = select(LogPlace.thing, LogPlace.idx).where(
    LogPlace.clinic_id == _CLINIC,
    LogPlace.kind == _KIND,
    LogPlace.thing.in_(bindparam("of_things", expanding=True)),
)
_MENTIONED: Final = (
    select(LogBody.idx, LogBody.body)
    .join(
        LogMention,
        (LogMention.clinic_id == LogBody.clinic_id) & (LogMention.idx == LogBody.idx),
    )
    .where(LogMention.clinic_id == _CLINIC, LogMention.thing == _THING)
    .order_by(LogMention.idx)
)
_LEAF: Final = select(LogEntry.leaf_hash).where(LogEntry.clinic_id == _CLINIC, LogEntry.idx == _AT)
_NODE: Final = select(LogNode.hash).where(
    LogNode.clinic_id == _CLINIC, LogNode.level == bindparam("at_level"), LogNode.idx == _AT
)
_BODY: Final = select(LogBody.body).where(LogBody.clinic_id == _CLINIC, LogBody.idx == _AT)
_BODIES: Final = select(LogBody.idx, LogBody.body).where(
    LogBody.clinic_id == _CLINIC, LogBody.idx.in_(bindparam("at_indexes", expanding=True))
)
_RANGE: Final = (
    select(LogEntry.idx, LogEntry.leaf_hash, LogBody.body)
    .join(
        LogBody,
        (LogBody.clinic_id == LogEntry.clinic_id) & (LogBody.idx == LogEntry.idx),
        isouter=True,
    )
    .where(
        LogEntry.clinic_id == _CLINIC,
        LogEntry.idx >= bindparam("start"),
        LogEntry.idx < bindparam("end"),
    )
    .order_by(LogEntry.idx)
    .limit(bindparam("most"))
)
BATCH = 2000
"""Rows fetched at a time when the whole log is walked: memory stays flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of one clinic's log."""

    size: int
    incarnation: int
    frontier: bytes
    last_at: str


def insert_head(tx: Tx, clinic_id: str, head: Head) -> None:
    tx.execute(
        insert(LogHead).values(
            clinic_id=clinic_id,
            size=head.size,
            incarnation=head.incarnation,
            frontier=head.frontier,
            last_at=head.last_at,
        )
    )


def read_head(tx: Tx, clinic_id: str, *, lock: bool) -> Head | None:
    """Read the head; with ``lock`` nobody else can append until the transaction ends."""
    row = tx.execute(_LOCKED_HEAD if lock else _HEAD, {"in_clinic": clinic_id}).first()
    if row is None:
        return None
    return Head(size=row[0], incarnation=row[1], frontier=bytes(row[2]), last_at=row[3])


def hold_head(tx: Tx, clinic_id: str) -> None:
    """Keep everybody else from appending until the transaction ends; waits for its turn."""
    if tx.dialect.name != "sqlite":
        # There, a write transaction has the whole database to itself from its beginning.
        tx.execute(_LOCKED_HEAD, {"in_clinic": clinic_id})


def update_head(tx: Tx, clinic_id: str, head: Head) -> None:
    tx.execute(
        _UPDATE_HEAD,
        {
            "in_clinic": clinic_id,
            "size": head.size,
            "incarnation": head.incarnation,
            "frontier": head.frontier,
            "last_at": head.last_at,
        },
    )


def insert_entry(
    tx: Tx,
    clinic_id: str,
    index: int,
    leaf: tuple[bytes, bytes],
    nodes: Sequence[tuple[int, int, bytes]],
) -> None:
    """Insert one entry with the tree nodes it completes; ``leaf`` is (leaf hash, body)."""
    leaf_hash, body = leaf
    tx.execute(_INSERT_ENTRY, {"clinic_id": clinic_id, "idx": index, "leaf_hash": leaf_hash})
    tx.execute(_INSERT_BODY, {"clinic_id": clinic_id, "idx": index, "body": body})
    if nodes:
        tx.execute(
            _INSERT_NODE,
            [
                {"clinic_id": clinic_id, "level": level, "idx": idx, "hash": hash_}
                for level, idx, hash_ in nodes
            ],
        )


def insert_entries(
    tx: Tx,
    clinic_id: str,
    first: int,
    leaves: Sequence[tuple[bytes, bytes]],
    nodes: Sequence[tuple[int, int, bytes]],
) -> None:
    """Insert entries that follow each other, as `insert_entry` does, a batch for each table."""
    if leaves:
        rows = list(enumerate(leaves, start=first))
        tx.execute(
            _INSERT_ENTRY,
            [{"clinic_id": clinic_id, "idx": at, "leaf_hash": leaf} for at, (leaf, _) in rows],
        )
        tx.execute(
            _INSERT_BODY,
            [{"clinic_id": clinic_id, "idx": at, "body": body} for at, (_, body) in rows],
        )
    if nodes:
        tx.execute(
            _INSERT_NODE,
            [
                {"clinic_id": clinic_id, "level": level, "idx": idx, "hash": hash_}
                for level, idx, hash_ in nodes
            ],
        )


def insert_places(tx: Tx, clinic_id: str, places: Sequence[tuple[str, str, int]]) -> None:
    """Insert (place kind, thing, index) rows."""
    if places:
        tx.execute(
            _INSERT_PLACE,
            [
                {"clinic_id": clinic_id, "kind": kind, "thing": thing, "idx": index}
                for kind, thing, index in places
            ],
        )


def insert_place(tx: Tx, clinic_id: str, kind: str, thing: str, index: int) -> None:
    tx.execute(_INSERT_PLACE, {"clinic_id": clinic_id, "kind": kind, "thing": thing, "idx": index})


def insert_mention(tx: Tx, clinic_id: str, thing: str, index: int) -> None:
    tx.execute(_INSERT_MENTION, {"clinic_id": clinic_id, "thing": thing, "idx": index})


def read_mentions(tx: Tx, clinic_id: str, thing: str) -> list[tuple[int, bytes]]:
    """The entries that speak of a thing, as (index, body), in order; purged ones are left out."""
    rows = tx.execute(_MENTIONED, {"in_clinic": clinic_id, "of_thing": thing})
    return [(row[0], bytes(row[1])) for row in rows]


def find_place(tx: Tx, clinic_id: str, kind: str, thing: str) -> int | None:
    wanted = {"in_clinic": clinic_id, "of_kind": kind, "of_thing": thing}
    index: int | None = tx.scalar(_PLACE, wanted)
    return index


def has_place(tx: Tx, clinic_id: str, kind: str) -> bool:
    """Whether the log has any entry of this kind of place."""
    found = tx.scalar(_ANY_PLACE, {"in_clinic": clinic_id, "of_kind": kind})
    return found is not None


def list_places(tx: Tx, clinic_id: str, kind: str) -> list[tuple[str, int]]:
    """Every (thing, index) of one kind of place, in the order of the log."""
    rows = tx.execute(_ALL_PLACES, {"in_clinic": clinic_id, "of_kind": kind})
    return [(thing, index) for thing, index in rows]


def find_places(tx: Tx, clinic_id: str, kind: str, things: Sequence[str]) -> dict[str, int]:
    wanted = {"in_clinic": clinic_id, "of_kind": kind, "of_things": list(things)}
    rows = tx.execute(_PLACES, wanted)
    return {row[0]: row[1] for row in rows}


def read_node(tx: Tx, clinic_id: str, level: int, index: int) -> bytes | None:
    """One hash of the tree; level 0 are the leaves."""
    if level == 0:
        leaf: Any = tx.scalar(_LEAF, {"in_clinic": clinic_id, "at_index": index})
        return None if leaf is None else bytes(leaf)
    wanted = {"in_clinic": clinic_id, "at_level": level, "at_index": index}
    node: Any = tx.scalar(_NODE, wanted)
    return None if node is None else bytes(node)


def read_body(tx: Tx, clinic_id: str, index: int) -> bytes | None:
    body: Any = tx.scalar(_BODY, {"in_clinic": clinic_id, "at_index": index})
    return None if body is None else bytes(body)


def read_bodies(tx: Tx, clinic_id: str, indexes: Sequence[int]) -> dict[int, bytes]:
    wanted = {"in_clinic": clinic_id, "at_indexes": list(indexes)}
    rows = tx.execute(_BODIES, wanted)
    return {index: bytes(body) for index, body in rows}


def read_range(
    tx: Tx, clinic_id: str, start: int, end: int
) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield (index, leaf hash, body or None) of [start, end) in order, a batch at a time."""
    while start < end:
        wanted = {"in_clinic": clinic_id, "start": start, "end": end, "most": BATCH}
        rows = tx.execute(_RANGE, wanted).all()
        if not rows:
            return
        yield from ((row[0], row[1], row[2]) for row in rows)
        start = rows[-1][0] + 1


def read_nodes(
    tx: Tx, clinic_id: str, level: int, start: int, limit: int = BATCH
) -> list[tuple[int, bytes]]:
    rows = tx.execute(
        select(LogNode.idx, LogNode.hash)
        .where(LogNode.clinic_id == clinic_id, LogNode.level == level, LogNode.idx >= start)
        .order_by(LogNode.idx)
        .limit(limit)
    )
    return [(index, bytes(hash_)) for index, hash_ in rows]


def insert_checkpoint(tx: Tx, clinic_id: str, size: int, root: bytes, note: str) -> None:
    known = tx.scalar(
        select(Checkpoint.size).where(Checkpoint.clinic_id == clinic_id, Checkpoint.size == size)
    )
    if known is None:
        tx.execute(insert(Checkpoint).values(clinic_id=clinic_id, size=size, root=root, note=note))


def list_checkpoints(tx: Tx, clinic_id: str) -> list[tuple[int, bytes, str]]:
    rows = tx.execute(
        select(Checkpoint.size, Checkpoint.root, Checkpoint.note)
        .where(Checkpoint.clinic_id == clinic_id)
        .order_by(Checkpoint.size)
    )
    return [(size, bytes(root), note) for size, root, note in rows]
