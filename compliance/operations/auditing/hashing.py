"""Growing the tree a batch at a time, and comparing it with the nodes that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from compliance.ledger.tree import fold_peaks, hash_node
from compliance.operations.auditing.problems import Findings
from compliance.store import projection
from compliance.store.session import Tx

LEVELS: Final = 64
"""No log has more levels: sizes are 63-bit."""


class GrowingTree:
    """The frontier of a tree, and the layers that the newest batch added to it."""

    def __init__(self) -> None:
        self.size = 0
        self._start = 0
        self._waiting: list[bytes | None] = []
        self._before: list[bytes | None] = []
        self._layers: list[tuple[int, list[bytes]]] = []

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes; each level is hashed in one go, which is faster than leaf by leaf."""
        self._start, self._before, self._layers = self.size, list(self._waiting), []
        start, current = self.size, list(leaves)
        self.size += len(leaves)
        while current:
            level = len(self._layers)
            if level == len(self._waiting):
                self._waiting.append(None)
            sibling = self._waiting[level]
            if start & 1 and sibling is not None:
                current.insert(0, sibling)
                start -= 1
            self._layers.append((start, current))
            self._waiting[level] = current[-1] if len(current) & 1 else None
            pairs = zip(current[::2], current[1::2], strict=False)
            current = [hash_node(left, right) for left, right in pairs]
            start >>= 1

    def peaks(self) -> list[bytes]:
        """The complete subtrees, highest first."""
        return [peak for peak in reversed(self._waiting) if peak is not None]

    def root(self) -> bytes:
        return fold_peaks(self.peaks())

    def root_at(self, size: int) -> bytes:
        """The root at a size that the newest batch reached or passed."""
        levels = [level for level in range(size.bit_length()) if size >> level & 1]
        return fold_peaks([self._node(level, (size >> level) - 1) for level in reversed(levels)])

    def completed(self) -> list[tuple[int, int, list[bytes]]]:
        """(level, first index, hashes) of the nodes above the leaves that the batch completed."""
        made = []
        for level, (start, hashes) in enumerate(self._layers):
            first = self._start >> level
            if level and (self.size >> level) > first:
                made.append((level, first, hashes[first - start :]))
        return made

    def _node(self, level: int, index: int) -> bytes:
        if level < len(self._layers) and index >= self._layers[level][0]:
            return self._layers[level][1][index - self._layers[level][0]]
        waiting = self._before[level]
        if waiting is None:
            raise ValueError(f"size has no complete node at level {level}")
        return waiting


def compare_nodes(tx: Tx, clinic_id: str, tree: GrowingTree, findings: Findings) -> None:
    """The stored nodes that the newest batch completes are exactly the recomputed ones."""
    for level, first, hashes in tree.completed():
        stored = projection.read_nodes(tx, clinic_id, level, first, first + len(hashes))
        expected = list(enumerate(hashes, first))
        if list(stored) == expected:
            continue
        found = {row[0]: row[1] for row in stored}
        for index, hash_ in expected:
            last = ((index + 1) << level) - 1
            if index not in found:
                findings.add("log_node", f"level={level}, idx={index}: the row is missing", last)
            elif found[index] != hash_:
                reason = "column hash differs from the recomputed one"
                findings.add("log_node", f"level={level}, idx={index}: {reason}", last)


def find_superfluous_nodes(tx: Tx, clinic_id: str, size: int, findings: Findings) -> None:
    """No node is stored that a log of this size has not completed."""
    expected = sum(size >> level for level in range(1, LEVELS))
    if projection.count_rows(tx, "log_node", clinic_id) <= expected:
        return
    for level in range(LEVELS):
        start = size >> level if level else 0
        for index, _ in projection.read_nodes(tx, clinic_id, level, start, None):
            reason = "no entries of the log complete this node"
            findings.add("log_node", f"level={level}, idx={index}: {reason}")
