"""Many sessions at once: one is played through the operations, the rest are its copies.

Every copy is a session of its own with its own times, client and place in the
log. The leaves, the tree and the projection are those that the operations would
have made, so the audit of the log accepts the result.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bench.clinic import SHORT, BenchClinic, Visit
from compliance.ledger.tree import Frontier
from compliance.store import log

MINUTE: Final = timedelta(minutes=1)
"""Copies begin at whole minutes, one each: an exemplar must be over within one."""

BATCH: Final = 1000
"""Sessions in one transaction of the loader."""

CLIENTS: Final = 100
_TABLES: Final = (
    "treatment_session",
    "session_answer",
    "session_note",
    "session_evidence",
    "attachment",
    "log_place",
    "log_mention",
)
_MOMENTS: Final = re.compile(r".*_at")
_INDEXES: Final = re.compile(r"idx|.*_index")
_PLACE: Final = re.compile(rb'"index":(\d+)')
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

Patch = tuple[int, str, Any]
"""Column, what changes with the copy, and what is added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A played session as a pattern."""

    bodies: tuple[bytes, ...]
    """With %-marks where copies differ."""

    rows: tuple[tuple[str, tuple[Any, ...], tuple[Patch, ...]], ...]
    """(table, values, patches)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    client_id: str
    commitment: str
    """In hex."""


def record_exemplar(clinic: BenchClinic, template: str, *, closed: bool, now: datetime) -> Exemplar:
    """Play one session and read back what it left; ``now`` is a whole minute."""
    start = _size(clinic)
    visit = Visit(clinic, template, f"exemplar {start}", now)
    visit.treat()
    if closed:
        visit.close()
    end = _size(clinic)
    with clinic.database.reading() as tx:
        stored = [body for _, _, body in log.read_range(tx, clinic.clinic_id, start, end)]
        chosen = tx.exec_driver_sql(
            "SELECT c.client_id, lower(hex(c.ref_commitment)) FROM client c"
            " JOIN treatment_session s USING (clinic_id, client_id) WHERE s.session_id = ?",
            (visit.session_id,),
        ).one()
    client = KnownClient(client_id=chosen[0], commitment=chosen[1])
    bodies = [bytes(body) for body in stored if body is not None]
    return Exemplar(
        bodies=tuple(_pattern(body, visit.session_id, client, now, start) for body in bodies),
        rows=tuple(_read_rows(clinic, visit.session_id, client, now, start)),
    )


def _pattern(body: bytes, session_id: str, client: KnownClient, now: datetime, start: int) -> bytes:
    pattern = body.replace(b"%", b"%%")
    for plain, mark in (
        (session_id, b"%(session)b"),
        (client.client_id, b"%(client)b"),
        (client.commitment, b"%(commitment)b"),
        (_minute(now), b"%(minute)b"),
    ):
        pattern = pattern.replace(plain.encode(), mark)
    return _PLACE.sub(lambda found: b'"index":%%(%d)b' % (int(found[1]) - start), pattern)


def _read_rows(
    clinic: BenchClinic, session_id: str, client: KnownClient, now: datetime, start: int
) -> Iterator[tuple[str, tuple[Any, ...], tuple[Patch, ...]]]:
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    with clinic.database.reading() as tx:
        for table in _TABLES:
            key = "thing" if table.startswith("log_") else "session_id"
            found = tx.exec_driver_sql(f"SELECT * FROM {table} WHERE {key} = ?", (session_id,))  # noqa: S608 (a constant of ours)
            names = tuple(found.keys())
            for row in found:
                patches = list(_patches(names, row, session_id, client, _minute(now)))
                values = list(row)
                for place, kind, _ in patches:
                    if kind == "milliseconds":
                        values[place] -= milliseconds
                    elif kind == "start":
                        values[place] -= start
                yield table, tuple(values), tuple(_relative(values, patches))


def _relative(values: Sequence[Any], patches: Sequence[Patch]) -> Iterator[Patch]:
    """The patches with what a copy adds to its own times, indexes and ids."""
    for place, kind, more in patches:
        if kind in {"milliseconds", "start"}:
            yield place, kind, values[place]
        else:
            yield place, kind, more if kind == "text" else ""


def _patches(
    names: Sequence[str], row: Sequence[Any], session_id: str, client: KnownClient, minute: str
) -> Iterator[Patch]:
    for place, (name, value) in enumerate(zip(names, row, strict=True)):
        if value is None:
            continue
        if value == session_id or name == "attachment_id":
            yield place, "session", ""
        elif value == client.client_id:
            yield place, "client", ""
        elif _MOMENTS.fullmatch(name):
            yield place, "milliseconds", value
        elif _INDEXES.fullmatch(name):
            yield place, "start", value
        elif name == "follow_up_on":
            yield place, "due", ""
        elif name == "data" and minute in value:
            yield place, "text", minute


def load_sessions(
    clinic: BenchClinic, count: int, exemplar: Exemplar, *, first: datetime
) -> list[str]:
    """Append ``count`` copies, the first at ``first``, one a minute; return their ids.

    Guards and indexes are taken away for the time of loading and put back as
    they were. Nothing else may write meanwhile.
    """
    clients = _clients(clinic, first - MINUTE)
    first_minute = first.replace(second=0, microsecond=0)
    made: list[str] = []
    with _unguarded(clinic) as connection:
        head = connection.execute("SELECT size, frontier FROM log_head").fetchone()
        frontier = Frontier.from_bytes(head[0], bytes(head[1]))
        tree = _Tree(frontier.size, list(frontier.peaks))
        for begin in range(0, count, BATCH):
            end = min(begin + BATCH, count)
            rows: dict[str, list[tuple[Any, ...]]] = {}
            for number in range(begin, end):
                start = first_minute + number * MINUTE
                client = clients[number % len(clients)]
                made.append(_copy(clinic.clinic_id, exemplar, start, client, tree, rows))
            connection.execute("BEGIN")
            for table, values in rows.items():
                marks = ",".join("?" * len(values[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 (constants of ours)
            connection.execute(
                "UPDATE log_head SET size = ?, frontier = ?, last_at = ?",
                (tree.size, b"".join(tree.peaks), _last_at(rows["log_body"][-1][2])),
            )
            connection.execute("COMMIT")
    return made


def _last_at(body: bytes) -> str:
    # Keys are sorted, so that every entry begins with its time: {"at":"….
    return body[7:31].decode()


@dataclass(slots=True)
class _Tree:
    size: int
    peaks: list[bytes]

    def append(self, clinic_id: str, leaf: bytes, nodes: list[tuple[Any, ...]]) -> None:
        index, level, current = self.size, 0, leaf
        while index & 1:
            current = hashlib.sha256(b"\x01" + self.peaks.pop() + current).digest()
            index >>= 1
            level += 1
            nodes.append((clinic_id, level, index, current))
        self.peaks.append(current)
        self.size += 1


def _copy(
    clinic_id: str,
    exemplar: Exemplar,
    at: datetime,
    client: KnownClient,
    tree: _Tree,
    rows: dict[str, list[tuple[Any, ...]]],
) -> str:
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    start = tree.size
    session_id = _session_id(milliseconds, start)
    marks: dict[bytes, bytes] = {
        b"session": session_id.encode(),
        b"client": client.client_id.encode(),
        b"commitment": client.commitment.encode(),
        b"minute": _minute(at).encode(),
    }
    marks.update((b"%d" % each, b"%d" % (start + each)) for each in range(len(exemplar.bodies)))
    entries = rows.setdefault("log_entry", [])
    bodies = rows.setdefault("log_body", [])
    nodes = rows.setdefault("log_node", [])
    for index, pattern in enumerate(exemplar.bodies, start):
        body = pattern % marks
        leaf = hashlib.sha256(b"\x00" + body).digest()
        entries.append((clinic_id, index, leaf))
        bodies.append((clinic_id, index, body))
        tree.append(clinic_id, leaf, nodes)
    values: dict[str, Any] = {
        "session": session_id,
        "client": client.client_id,
        "minute": _minute(at),
        "milliseconds": milliseconds,
        "start": start,
        "due": (at.date() + timedelta(days=2)).isoformat(),
    }
    for table, pattern_row, patches in exemplar.rows:
        row = list(pattern_row)
        for place, kind, more in patches:
            if kind == "text":
                row[place] = row[place].replace(more, values["minute"])
            else:
                row[place] = values[kind] + more
        rows.setdefault(table, []).append(tuple(row))
    return session_id


def _session_id(milliseconds: int, number: int) -> str:
    """A UUIDv7 that is the same in every run."""
    value = milliseconds << 80 | 7 << 76 | 2 << 62 | number
    return str(uuid.UUID(int=value))


def _minute(at: datetime) -> str:
    return at.isoformat()[:16]


def _clients(clinic: BenchClinic, now: datetime) -> list[KnownClient]:
    """The clients that copies belong to, made by opening a session for each."""
    for number in range(CLIENTS):
        Visit(clinic, SHORT, f"C-{number:04d}", now)
    with clinic.database.reading() as tx:
        found = tx.exec_driver_sql("SELECT client_id, lower(hex(ref_commitment)) FROM client")
        return [KnownClient(client_id=row[0], commitment=row[1]) for row in found]


def _size(clinic: BenchClinic) -> int:
    with clinic.database.reading() as tx:
        head = log.read_head(tx, clinic.clinic_id, lock=False)
    return 0 if head is None else head.size


@contextmanager
def _unguarded(clinic: BenchClinic) -> Iterator[Any]:
    """A raw connection without guards, keys and flushes; all are as before afterwards."""
    pooled = clinic.database.engine.raw_connection()
    connection: Any = pooled.driver_connection
    objects = connection.execute(
        "SELECT type, name, sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND (type = 'trigger'"
        " OR type = 'index' AND tbl_name = 'treatment_session')"
    ).fetchall()
    for kind, name, _ in objects:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    try:
        yield connection
    finally:
        for _, _, sql in objects:
            connection.execute(sql)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("ANALYZE")
        pooled.close()
