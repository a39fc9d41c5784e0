"""The audit of one clinic: its log recomputed, and the projection derived from it again.

What is not compared, because entries do not say it: display names and passwords,
the sealed values behind commitments, a client's allergy and last visit, waits for
the sterilization room, sign-ins, reports under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import Entry, decode_entry, format_time
from compliance.ledger.tree import HASH_BYTES, hash_leaves
from compliance.operations.auditing.hashing import (
    GrowingTree,
    compare_nodes,
    find_superfluous_nodes,
)
from compliance.operations.auditing.kept_bytes import FilesAt, audit_files
from compliance.operations.auditing.problems import Findings, Problem
from compliance.operations.auditing.replaying import Replay
from compliance.operations.auditing.statements import Statements
from compliance.operations.auditing.superfluous import find_superfluous_rows
from compliance.operations.rotating import read_chain
from compliance.operations.sealing import ANOMALY
from compliance.store import projection
from compliance.store.session import Database, Tx

BATCH: Final = 4096
"""Entries taken at a time. Memory holds one batch and the open sessions."""

Progress = Callable[[int, int], None]
"""Told (entries done, entries in all) after every batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What the audit of one clinic's log found."""

    clinic_id: str
    size: int
    """How many entries there are."""
    root: bytes
    """Recomputed from the stored bodies, not read."""
    problems: tuple[Problem, ...]
    """At most a hundred; empty when everything holds."""
    entries_per_second: float

    @property
    def clean(self) -> bool:
        return not self.problems


def audit_clinic(
    database: Database,
    clinic_id: str,
    *,
    checkpoints: Sequence[tuple[str, str]] = (),
    files: FilesAt | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Recompute a clinic's log and projection, and name everything that differs.

    One reading transaction, and short ones for the files; tampering is reported and never raises. Changes nothing.

    Args:
        database: the database to audit.
        clinic_id: whose log; one that has none is reported as a problem.
        checkpoints: (note, verifier key) pairs kept outside, each a signed note. Only
            they can show that the end was cut off or the whole log was written anew.
        files: where the kept files lie; without, only their rows are looked at.
        progress: told how far it is.
    """
    # The steps, in the order in which an entry meets them:
    #
    # 1. Indexes run 0, 1, 2, … without a gap, and every leaf hash is that of its body.
    # 2. log_node holds the recomputed nodes and no others; the head has the size,
    #    frontier, last time and incarnation that the entries lead to.
    # 3. The root equals every stored checkpoint and every one handed in, at its size.
    # 4. Every entry decodes and belongs to this clinic; recorded times never go back
    #    but where a clock.anomaly says so.
    # 5. The tables that screens read are exactly what the entries say: rows that are
    #    missing, superfluous or different are named with table, key and column.
    # 6. The gate is asked again: a closed record has every asked item, the fixed seven
    #    among them, and its items are the answers that were entered.
    # 7. The kept files are there with the bytes that the log names, and begin with those
    #    they had before each time-stamp; no other file lies among them.
    started = time.perf_counter()
    with database.reading() as tx:
        audit = _Audit(tx, clinic_id, checkpoints)
        audit.run(progress)
    if files is not None:
        audit_files(database, clinic_id, files, audit.findings)
    seconds = max(time.perf_counter() - started, 1e-9)
    return AuditResult(
        clinic_id=clinic_id,
        size=audit.tree.size,
        root=audit.tree.root(),
        problems=audit.findings.problems,
        entries_per_second=audit.tree.size / seconds,
    )


class _Audit:
    """One run; lives as long as its transaction."""

    def __init__(self, tx: Tx, clinic_id: str, checkpoints: Sequence[tuple[str, str]]) -> None:
        self._tx = tx
        self._clinic_id = clinic_id
        self.findings = Findings()
        self.tree = GrowingTree()
        self._replay = Replay(self.findings)
        self._statements = Statements(self.findings)
        self._statements.add_handed_in(checkpoints)
        self._last_at: datetime | None = None
        self._whole = True
        """Until an entry is missing; after that, no node could be told right or wrong."""
        self._bodies = 0
        self._entries = 0

    def run(self, progress: Progress | None) -> None:
        head = projection.read_head(self._tx, self._clinic_id)
        total = head[0] if head is not None else 0
        start = 0
        while rows := projection.read_entries(self._tx, self._clinic_id, start, BATCH):
            self._replay.begin(rows[0][0], rows[-1][0] + 1)
            self._take(rows, start)
            start = rows[-1][0] + 1
            self._replay.compare(self._tx, self._clinic_id)
            if progress is not None:
                progress(self.tree.size, max(total, self.tree.size))
        self._replay.demand_rest(start)
        self._replay.compare(self._tx, self._clinic_id)
        self._finish(head)

    def _take(self, rows: projection.Rows, expected: int) -> None:
        leaves = hash_leaves(row[2] if isinstance(row[2], bytes) else b"" for row in rows)
        first = expected == 0
        for place, (index, stored, body) in enumerate(rows):
            if index != expected:
                reason = f"idx={expected}: the row is missing"
                self.findings.add("log_entry", reason, expected)
                self._whole = False
            expected = index + 1
            if isinstance(body, bytes):
                self._take_entry(index, stored, body, leaves[place])
            else:
                # No purge and no erasure exists yet that could have removed it.
                self.findings.add("log_body", f"idx={index}: the row is missing", index)
                if isinstance(stored, bytes) and len(stored) == HASH_BYTES:
                    leaves[place] = stored
        self._entries += len(rows)
        before = self.tree.size
        self.tree.extend(leaves)
        if first and (chain := read_chain(self._tx, self._clinic_id)) is not None:
            # Rotations that come later are judged when they are replayed.
            self._statements.add_stored(self._tx, self._clinic_id, chain)
        if self._whole:
            compare_nodes(self._tx, self._clinic_id, self.tree, self.findings)
            self._statements.check(self.tree, before)

    def _take_entry(self, index: int, stored: Any, body: bytes, leaf_hash: bytes) -> None:
        """Check one entry against the leaf hash that is stored, and replay it."""
        self._bodies += 1
        try:
            entry = decode_entry(index, body, check_canonical=False, leaf_hash=leaf_hash)
        except NotCanonical as error:
            self.findings.add("log_body", f"idx={index}: column body: {error}", index)
            return
        if leaf_hash != stored:
            reason = f"idx={index}: column leaf_hash is not the hash of the entry's body"
            self.findings.add("log_entry", reason, index)
        self._check_entry(entry)
        self._replay.apply(entry)

    def _check_entry(self, entry: Entry) -> None:
        if entry.clinic != self._clinic_id:
            reason = f"idx={entry.index}: the entry belongs to clinic {entry.clinic[:80]}"
            self.findings.add("log_body", reason, entry.index)
        last, self._last_at = self._last_at, entry.at
        if entry.kind == ANOMALY:
            told = (entry.data.get("previous"), entry.data.get("observed"))
            if last is None or told != (format_time(last), format_time(entry.at)):
                reason = f"idx={entry.index}: a clock anomaly that did not happen"
                self.findings.add("log_body", reason, entry.index)
        elif last is not None and entry.at < last:
            reason = f"idx={entry.index}: recorded before the entry that precedes it"
            self.findings.add("log_body", reason, entry.index)

    def _finish(self, head: Sequence[Any] | None) -> None:
        tx, clinic_id, size = self._tx, self._clinic_id, self.tree.size
        if self._whole:
            find_superfluous_nodes(tx, clinic_id, size, self.findings)
            self._statements.check_rest(size)
        else:
            self.findings.add("log_node", "entries are missing, so the tree cannot be recomputed")
        self._check_head(head)
        if projection.count_rows(tx, "log_body", clinic_id) > self._bodies:
            for index in projection.bodies_without_entry(tx, clinic_id):
                self.findings.add("log_body", f"idx={index}: there is no such entry", index)
        if projection.count_rows(tx, "log_entry", clinic_id) > self._entries:
            self.findings.add("log_entry", "there are entries before the first")
        self._replay.stock.compare(tx, clinic_id)
        find_superfluous_rows(tx, clinic_id, self._replay, size=size, findings=self.findings)

    def _check_head(self, head: Sequence[Any] | None) -> None:
        if head is None:
            self.findings.add("log_head", "the row is missing")
            return
        last_at = None if self._last_at is None else format_time(self._last_at)
        frontier = b"".join(self.tree.peaks())
        expected = (self.tree.size, self._replay.stock.incarnation, frontier, last_at)
        names = ("size", "incarnation", "frontier", "last_at")
        for name, stored, wanted in zip(names, head, expected, strict=True):
            if stored != wanted:
                reason = f"column {name} is not what the entries lead to"
                self.findings.add("log_head", reason, self.tree.size - 1)
