"""Rows of the append-only log. Only ``operations.sealing`` writes through this module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

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

_HEAD = select(LogHead.size, LogHead.incarnation, LogHead.frontier, LogHead.last_at)
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
    statement = _HEAD.where(LogHead.clinic_id == clinic_id)
    row = tx.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        return None
    return Head(size=row[0], incarnation=row[1], frontier=bytes(row[2]), last_at=row[3])


def update_head(tx: Tx, clinic_id: str, head: Head) -> None:
    tx.execute(
        update(LogHead)
        .where(LogHead.clinic_id == clinic_id)
        .values(size=head.size, frontier=head.frontier, last_at=head.last_at)
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
    tx.execute(insert(LogEntry), {"clinic_id": clinic_id, "idx": index, "leaf_hash": leaf_hash})
    tx.execute(insert(LogBody), {"clinic_id": clinic_id, "idx": index, "body": body})
    if nodes:
        tx.execute(
            insert(LogNode),
            [
                {"clinic_id": clinic_id, "level": level, "idx": idx, "hash": hash_}
                for level, idx, hash_ in nodes
            ],
        )


def insert_place(tx: Tx, clinic_id: str, kind: str, thing: str, index: int) -> None:
    tx.execute(
        insert(LogPlace), {"clinic_id": clinic_id, "kind": kind, "thing": thing, "idx": index}
    )


def insert_mention(tx: Tx, clinic_id: str, thing: str, index: int) -> None:
    tx.execute(insert(LogMention), {"clinic_id": clinic_id, "thing": thing, "idx": index})


def read_mentions(tx: Tx, clinic_id: str, thing: str) -> list[tuple[int, bytes]]:
    """The entries that speak of a thing, as (index, body), in order; purged ones are left out."""
    rows = tx.execute(
        select(LogBody.idx, LogBody.body)
        .join(
            LogMention,
            (LogMention.clinic_id == LogBody.clinic_id) & (LogMention.idx == LogBody.idx),
        )
        .where(LogMention.clinic_id == clinic_id, LogMention.thing == thing)
        .order_by(LogMention.idx)
    )
    return [(row[0], bytes(row[1])) for row in rows]


def find_place(tx: Tx, clinic_id: str, kind: str, thing: str) -> int | None:
    return tx.scalar(
        select(LogPlace.idx).where(
            LogPlace.clinic_id == clinic_id, LogPlace.kind == kind, LogPlace.thing == thing
        )
    )


def has_place(tx: Tx, clinic_id: str, kind: str) -> bool:
    """Whether the log has any entry of this kind of place."""
    found = tx.scalar(
        select(LogPlace.idx).where(LogPlace.clinic_id == clinic_id, LogPlace.kind == kind).limit(1)
    )
    return found is not None


def find_places(tx: Tx, clinic_id: str, kind: str, things: Sequence[str]) -> dict[str, int]:
    rows = tx.execute(
        select(LogPlace.thing, LogPlace.idx).where(
            LogPlace.clinic_id == clinic_id, LogPlace.kind == kind, LogPlace.thing.in_(things)
        )
    )
    return {row[0]: row[1] for row in rows}


def read_node(tx: Tx, clinic_id: str, level: int, index: int) -> bytes | None:
    """One hash of the tree; level 0 are the leaves."""
    if level == 0:
        leaf = tx.scalar(
            select(LogEntry.leaf_hash).where(LogEntry.clinic_id == clinic_id, LogEntry.idx == index)
        )
        return None if leaf is None else bytes(leaf)
    node = tx.scalar(
        select(LogNode.hash).where(
            LogNode.clinic_id == clinic_id, LogNode.level == level, LogNode.idx == index
        )
    )
    return None if node is None else bytes(node)


def read_body(tx: Tx, clinic_id: str, index: int) -> bytes | None:
    body = tx.scalar(
        select(LogBody.body).where(LogBody.clinic_id == clinic_id, LogBody.idx == index)
    )
    return None if body is None else bytes(body)


def read_bodies(tx: Tx, clinic_id: str, indexes: Sequence[int]) -> dict[int, bytes]:
    rows = tx.execute(
        select(LogBody.idx, LogBody.body).where(
            LogBody.clinic_id == clinic_id, LogBody.idx.in_(indexes)
        )
    )
    return {index: bytes(body) for index, body in rows}


def read_range(
    tx: Tx, clinic_id: str, start: int, end: int
) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield (index, leaf hash, body or None) of [start, end) in order, a batch at a time."""
    while start < end:
        rows = tx.execute(
            select(LogEntry.idx, LogEntry.leaf_hash, LogBody.body)
            .join(
                LogBody,
                (LogBody.clinic_id == LogEntry.clinic_id) & (LogBody.idx == LogEntry.idx),
                isouter=True,
            )
            .where(LogEntry.clinic_id == clinic_id, LogEntry.idx >= start, LogEntry.idx < end)
            .order_by(LogEntry.idx)
            .limit(BATCH)
        ).all()
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
