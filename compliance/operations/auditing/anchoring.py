"""What the entries say about time-stamps, and that the tokens kept are those they name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry, parse_time
from compliance.operations.auditing.accesses import READING
from compliance.operations.auditing.expecting import milliseconds
from compliance.operations.auditing.kept import KEEPING, KeptFiles
from compliance.operations.auditing.keys import STANDING
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.store import projection
from compliance.store.session import Tx

ANCHOR: Final = Shape(
    table="anchor",
    columns=(
        "idx",
        "size",
        "kind",
        "issuer",
        "authority",
        "independent",
        "gen_time",
        "recorded_at",
        "token_sha256",
    ),
    keys=1,
)


class Anchors:
    """The time-stamps so far."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._rows: Expected = {}
        self._notes: dict[int, str] = {}
        self._newest: str | None = None
        self.kept = KeptFiles(findings)
        """The files that get time-stamps of their own."""

    def add(self, entry: Entry, data: Any) -> None:
        """``anchor``."""
        row = (
            entry.index,
            data["size"],
            data["kind"],
            data["certificate_sha256"],
            data["authority"],
            data["independent"],
            milliseconds(parse_time(data["gen_time"])),
            milliseconds(entry.at),
            data["token_sha256"],
        )
        self._rows[row] = entry.index
        self._notes[entry.index] = data["note_sha256"]
        self._newest = data["token_sha256"]
        if not 0 < data["size"] <= entry.index:
            reason = f"idx={entry.index}: a time-stamp over entries that were not there yet"
            self._findings.add("log_body", reason, entry.index)

    def check_named(self, entry: Entry, data: Any) -> None:
        """A record that was just signed names the newest time-stamp there was."""
        if data["anchor"] != self._newest:
            reason = f"session={data['session']}: does not name the newest time-stamp"
            self._findings.add("log_body", reason, entry.index)

    def compare(self, tx: Tx, clinic_id: str) -> None:
        """Compare with the table, and every token and note with its hash."""
        rows = projection.read_table(tx, ANCHOR.table, ANCHOR.columns, clinic_id)
        compare_rows(self._findings, ANCHOR, self._rows, _with_truth(rows))
        kept = projection.read_table(tx, ANCHOR.table, ("idx", "token", "token_sha256"), clinic_id)
        for index, token, named in kept:
            if hashlib.sha256(bytes(token)).hexdigest() != named:
                self._findings.add(ANCHOR.table, f"idx={index}: column token is not the one named")
        for index, note in projection.read_table(tx, ANCHOR.table, ("idx", "note"), clinic_id):
            if hashlib.sha256(str(note).encode()).hexdigest() != self._notes.get(index):
                self._findings.add(ANCHOR.table, f"idx={index}: column note is not the one named")
        self.kept.compare(tx, clinic_id)


def _with_truth(rows: projection.Rows) -> list[tuple[Any, ...]]:
    """SQLite keeps true and false as numbers."""
    return [(*row[:5], bool(row[5]), *row[6:]) for row in rows]


BESIDE: Final[Mapping[str, Callable[[Any, Entry, Any], None]]] = MappingProxyType(
    {
        **STANDING,
        **READING,
        **KEEPING,
        "anchor": lambda stock, entry, data: stock.anchors.add(entry, data),
    }
)
"""Entries about neither sessions nor things, with what takes them."""
