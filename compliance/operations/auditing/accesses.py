"""What the entries say about the reads of inspectors, and that those reads are still there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry
from compliance.operations.access_seals import hash_reads, walk_reads
from compliance.operations.auditing.problems import Findings
from compliance.store import projection
from compliance.store.session import Tx

TABLE: Final = "inspector_access"


@dataclass(frozen=True, slots=True)
class _Seal:
    index: int
    first: int
    last: int
    sha256: str


class Accesses:
    """The fingerprints so far."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seals: list[_Seal] = []

    def seal(self, entry: Entry, data: Any) -> None:
        """``inspector.accesses``."""
        first, last = int(data["first"]), int(data["last"])
        if first != self._next or last < first:
            reason = f"idx={entry.index}: the reads it covers do not follow those before it"
            self._findings.add("log_body", reason, entry.index)
        self._seals.append(_Seal(entry.index, first, last, data["sha256"]))

    @property
    def _next(self) -> int:
        return self._seals[-1].last + 1 if self._seals else 1

    def compare(self, tx: Tx, clinic_id: str) -> None:
        """Compute every fingerprint again. What came after the last one must be numbered on."""
        seen = 0
        for seal in self._seals:
            sha256, count = hash_reads(walk_reads(tx, clinic_id, seal.first, seal.last))
            seen += count
            if sha256 != seal.sha256:
                wanted = seal.last - seal.first + 1
                reason = (
                    f"number={seal.first} to {seal.last}: not the reads that were there when "
                    f"their fingerprint was entered ({count} rows, then {wanted})"
                )
                self._findings.add(TABLE, reason, seal.index)
        for expected, row in enumerate(walk_reads(tx, clinic_id, self._next), start=self._next):
            seen += 1
            if row[0] != expected:
                self._findings.add(TABLE, f"number={expected}: the row is missing")
                return
        if projection.count_rows(tx, TABLE, clinic_id) != seen:
            self._findings.add(TABLE, "there are reads outside of the numbering")


READING: Final[Mapping[str, Callable[[Any, Entry, Any], None]]] = MappingProxyType(
    {"inspector.accesses": lambda stock, entry, data: stock.accesses.seal(entry, data)}
)
