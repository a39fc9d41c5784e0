"""The step that must not be half done: appending entries to a clinic's log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Actor
from compliance.errors import ComplianceError, NotFound
from compliance.ledger.entry import encode_entry, format_time
from compliance.ledger.tree import Frontier, hash_leaf
from compliance.store import log
from compliance.store.session import Tx

ANOMALY: Final = "clock.anomaly"
RESTORE: Final = "restore"
CHALLENGE: Final = "inspection.challenge"
ROTATED: Final = "key.rotated"
REVOKED: Final = "key.revoked"
CLINIC_CHANGED: Final = "clinic.changed"
ACCESSES: Final = ("inspector.accesses", "accesses")
"""Entry kind and place kind of the fingerprints of what inspectors read."""

NUMBERED: Final = frozenset({ANOMALY, CHALLENGE, ROTATED, REVOKED, CLINIC_CHANGED})
"""Entries that are looked up by kind alone: for example, only without any clock
anomaly is the log in order of time."""

QUOTED_ALWAYS: Final = (RESTORE, ROTATED, CLINIC_CHANGED)
"""Kinds that every signed file quotes wherever in the log they lie: which log this is, whose
key signs, and what the clinic is called."""

PLACES: Final = {
    "template.published": ("template", "hash"),
    "user.added": ("user", "user"),
    "device.added": ("device", "device"),
    "product.added": ("product", "product"),
    "lot.added": ("lot", "lot"),
    "container.opened": ("container", "container"),
    "room.added": ("room", "room"),
    "pack.registered": ("pack", "pack"),
    "pack.released": ("pack_released", "pack"),
    "sterilizer.added": ("sterilizer", "sterilizer"),
    "cycle.recorded": ("cycle", "cycle"),
    "cycle.imported": ("cycle", "cycle"),
    "cycle.released": ("cycle_released", "cycle"),
    "recall.opened": ("recall", "recall"),
    "recall.closed": ("recall_closed", "recall"),
    "session.opened": ("session", "session"),
    "session.closed": ("session_closed", "session"),
    "session.aborted": ("session_closed", "session"),
    "session.signed": ("session_signed", "session"),
    "report.exported": ("report", "report"),
    "erasure": ("erasure", "subject"),
    "report.extended": ("report_extended", "report"),
    RESTORE: ("restore", "incarnation"),
}
"""Entries that later entries refer to: (place kind, the key of ``data`` that names the thing)."""

EVENTS: Final = {
    "report.renewed": ("report_renewed", "report"),
    "sterilizer.moved": ("sterilizer_moved", "sterilizer"),
    "sterilizer.serviced": ("sterilizer_serviced", "sterilizer"),
    "recall.pulled": ("recall_event", "recall"),
    "recall.positive": ("recall_event", "recall"),
    "recall.called": ("recall_event", "recall"),
    "recall.pack_found": ("recall_event", "recall"),
    "clinic.profiles_set": ("profiles_set", ""),
    "user.renamed": ("user_renamed", "user"),
    ACCESSES[0]: (ACCESSES[1], ""),
}
"""What happens to a thing again and again: a report of a later period quotes the last one.
Such a place is named ``THING/INDEX``, so that each has its own."""

_SPORE_TEST: Final = ("spore_test", "sterilizer")


class LogDamaged(ComplianceError):
    """The log of a clinic lacks something that it must have."""

    code = "log_damaged"


def begin_log(
    tx: Tx, clinic_id: str, data: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Make the log of a new clinic with its genesis entry; the caller's transaction."""
    empty = Frontier.empty()
    log.insert_head(
        tx,
        clinic_id,
        log.Head(size=0, incarnation=1, frontier=empty.to_bytes(), last_at=format_time(now)),
    )
    append(tx, actor, "log.genesis", data, now=now)


def hold_log(tx: Tx, clinic_id: str) -> None:
    """Wait until nobody else can append to this log, until the transaction ends.

    Whatever decides on what it has read calls this first. PostgreSQL would otherwise
    let two tablets judge the same checklist, each before the other's answer.
    """
    log.hold_head(tx, clinic_id)


def append(tx: Tx, actor: Actor, kind: str, data: Mapping[str, Any], *, now: datetime) -> int:
    """Append one entry to the log of the actor's clinic and return its index.

    Entry, tree nodes and head go into the caller's transaction, all or none.
    The head is locked until that transaction ends, so indexes have no gaps and
    no two writers claim the same one. When the clock went back since the last
    entry, a ``clock.anomaly`` entry comes first and index order rules.

    Raises:
        NotFound: the clinic has no log.
        NotCanonical: the data cannot be encoded.
        EntryTooLarge: above 60 000 bytes.
    """
    head = log.read_head(tx, actor.clinic_id, lock=True)
    if head is None:
        raise NotFound("this clinic has no log")
    at = format_time(now)
    if at < head.last_at:
        anomaly = {"previous": head.last_at, "observed": at}
        head = _append_at(tx, actor, ANOMALY, (at, anomaly), head)
    return _append_at(tx, actor, kind, (at, data), head).size - 1


def append_many(
    tx: Tx, actor: Actor, entries: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> int:
    """Append many entries of one moment, as `append` one after the other; returns the first index.

    The head is read and written once and rows go in as batches: an archive of
    autoclave logs holds thousands of cycles. Entries of sessions, and those that
    begin an incarnation, come through `append`.

    Raises:
        NotFound: the clinic has no log.
        NotCanonical: an entry cannot be encoded; nothing is appended then.
        EntryTooLarge: above 60 000 bytes.
    """
    head = log.read_head(tx, actor.clinic_id, lock=True)
    if head is None:
        raise NotFound("this clinic has no log")
    at = format_time(now)
    if at < head.last_at:
        anomaly = {"previous": head.last_at, "observed": at}
        head = _append_at(tx, actor, ANOMALY, (at, anomaly), head)
    by = {"user": actor.user_id, "auth": actor.auth.value}
    frontier = Frontier.from_bytes(head.size, head.frontier)
    first = head.size
    leaves: list[tuple[bytes, bytes]] = []
    nodes: list[tuple[int, int, bytes]] = []
    places: list[tuple[str, str, int]] = []
    for kind, data in entries:
        body = encode_entry(kind=kind, clinic=actor.clinic_id, at=at, by=by, data=data)
        leaf_hash = hash_leaf(body)
        place = place_of(kind, data, first + len(leaves))
        if place is not None:
            places.append((*place, first + len(leaves)))
        frontier, completed = frontier.append(leaf_hash)
        leaves.append((leaf_hash, body))
        nodes.extend(completed)
    log.insert_entries(tx, actor.clinic_id, first, leaves, nodes)
    log.insert_places(tx, actor.clinic_id, places)
    new = log.Head(
        size=frontier.size,
        incarnation=head.incarnation,
        frontier=frontier.to_bytes(),
        last_at=at if leaves else head.last_at,
    )
    log.update_head(tx, actor.clinic_id, new)
    return first


def _append_at(
    tx: Tx, actor: Actor, kind: str, content: tuple[str, Mapping[str, Any]], head: log.Head
) -> log.Head:
    at, data = content
    body = encode_entry(
        kind=kind,
        clinic=actor.clinic_id,
        at=at,
        by={"user": actor.user_id, "auth": actor.auth.value},
        data=data,
    )
    leaf_hash = hash_leaf(body)
    frontier, nodes = Frontier.from_bytes(head.size, head.frontier).append(leaf_hash)
    log.insert_entry(tx, actor.clinic_id, head.size, (leaf_hash, body), nodes)
    place = place_of(kind, data, head.size)
    if place is not None:
        log.insert_place(tx, actor.clinic_id, *place, head.size)
    session_id = data.get("session")
    if isinstance(session_id, str):
        log.insert_mention(tx, actor.clinic_id, session_id, head.size)
    new = log.Head(
        size=frontier.size,
        # Nothing but a restore begins a new incarnation, and its entry says which one.
        incarnation=data["incarnation"] if kind == RESTORE else head.incarnation,
        frontier=frontier.to_bytes(),
        last_at=at,
    )
    log.update_head(tx, actor.clinic_id, new)
    return new


def place_of(kind: str, data: Mapping[str, Any], index: int) -> tuple[str, str] | None:
    """(place kind, thing) under which the entry at this index is found again, if it is."""
    if kind in NUMBERED:
        return kind, str(index)
    place = PLACES.get(kind)
    if place is not None:
        return place[0], str(data[place[1]])
    event = _SPORE_TEST if data.get("indicator") == "spore" else EVENTS.get(kind)
    if event is None:
        return None
    name, key = event
    return name, f"{data[key]}/{index}" if key else str(index)


def node_reader(tx: Tx, clinic_id: str) -> Callable[[int, int], bytes]:
    """Return a function that reads one hash of the tree, for proofs."""

    def read(level: int, index: int) -> bytes:
        node = log.read_node(tx, clinic_id, level, index)
        if node is None:
            raise LogDamaged(f"the log lacks the hash at level {level}, index {index}")
        return node

    return read
