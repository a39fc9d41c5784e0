"""Checkpoints: what the log stated about itself must still be true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.ledger.note import BadNote, open_note, parse_verifier_key
from compliance.ledger.rotation import KeyChain
from compliance.operations.auditing.hashing import GrowingTree
from compliance.operations.auditing.problems import Findings
from compliance.store import projection
from compliance.store.session import Tx

HANDED_IN = "handed-in checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A root that was stated once, and by whom it is remembered."""

    size: int
    root: bytes
    source: str


class Statements:
    """All checkpoints of one clinic, by size, waiting for the tree to reach them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._by_size: dict[int, list[Statement]] = defaultdict(list)

    def add_handed_in(self, checkpoints: Sequence[tuple[str, str]]) -> None:
        """Take (note, verifier key) pairs from outside; a bad note is a problem of its own."""
        for note, verifier in checkpoints:
            self._add(note, verifier, HANDED_IN)

    def add_stored(self, tx: Tx, clinic_id: str, chain: KeyChain) -> None:
        """Take the clinic's own checkpoints; their columns must be what the note says."""
        for row in projection.read_table(tx, "checkpoint", ("size", "root", "note"), clinic_id):
            size = row[0] if isinstance(row[0], int) else 0
            statement = self._add(str(row[2]), chain.key_at(size), "checkpoint")
            if statement is not None and (statement.size, statement.root) != (row[0], row[1]):
                reason = f"size={row[0]}: size or root differ from the signed note"
                self._findings.add("checkpoint", reason)

    def check(self, tree: GrowingTree, start: int) -> None:
        """Compare every statement about a size in (start, tree.size] with the tree."""
        for size in [size for size in self._by_size if start < size <= tree.size]:
            root = tree.root_at(size)
            for statement in self._by_size.pop(size):
                if statement.root != root:
                    reason = f"size={size}: the log had another root when this was signed"
                    self._findings.add(statement.source, reason, size - 1)

    def check_rest(self, size: int) -> None:
        """What is left speaks of more entries than there are."""
        for stated in sorted(size for size in self._by_size if size):
            for statement in self._by_size[stated]:
                reason = f"size={stated}: entries are missing at the end, the log has only {size}"
                self._findings.add(statement.source, reason)

    def _add(self, note: str, verifier: str, source: str) -> Statement | None:
        try:
            checkpoint = open_note(note, verifier=verifier)
            name, _ = parse_verifier_key(verifier)
        except BadNote as error:
            self._findings.add(source, f"the note cannot be believed: {error}")
            return None
        if checkpoint.origin != name:
            self._findings.add(source, "the note speaks of another log than its key belongs to")
            return None
        statement = Statement(size=checkpoint.size, root=checkpoint.root, source=source)
        self._by_size[statement.size].append(statement)
        return statement
