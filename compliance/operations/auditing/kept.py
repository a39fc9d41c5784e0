"""What the entries say about kept files, and that the rows say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from compliance.ledger.entry import Entry
from compliance.operations.auditing.expecting import milliseconds
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.operations.reporting.revisions import Revisions, read_revisions
from compliance.operations.sealing import RESTORE
from compliance.store import log, projection
from compliance.store.session import Tx

TABLE: Final = "lasting_file"
TRACED: Final = Shape(
    table="traced_file",
    columns=(
        "report_id",
        "idx",
        "purpose",
        "recall_id",
        "kind",
        "ref",
        "made_by",
        "made_at",
        "name",
    ),
    keys=1,
)
PAGE: Final = 200
"""Files whose entries are in memory at a time."""


class KeptRow(NamedTuple):
    """A row of a kept file, unconverted."""

    name: str
    report: str
    sha256: Any
    stamps: Any


class KeptFiles:
    """The files that entries say are kept."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._kept: dict[str, int] = {}
        self._traced: Expected = {}

    def export(self, entry: Entry, data: Any) -> None:
        """``report.exported``."""
        name = data.get("kept")
        if name is None:
            return
        self._kept[str(name)] = entry.index
        if data.get("purpose") in ("recall", "search"):
            about = data.get("about") or {}
            by: Any = entry.by["user"]
            told = (data["purpose"], data.get("recall"), about.get("kind"), about.get("ref"))
            row = (data["report"], entry.index, *told, by, milliseconds(entry.at), name)
            self._traced[row] = entry.index

    def compare(self, tx: Tx, clinic_id: str) -> None:
        """Compare the rows of lists and of files."""
        rows = projection.read_table(tx, TRACED.table, TRACED.columns, clinic_id)
        compare_rows(self._findings, TRACED, self._traced, rows)
        missing = dict(self._kept)
        for row, told in walk_kept(tx, clinic_id):
            missing.pop(row.name, None)
            for reason, index in _differences(row, told):
                self._findings.add(TABLE, f"name={row.name}: {reason}", index)
        until = last_explained(tx, clinic_id)
        for name, index in missing.items():
            if index > until:
                self._findings.add(TABLE, f"name={name}: the row is missing", index)


def _differences(row: KeptRow, told: Revisions | None) -> Iterator[tuple[str, int | None]]:
    if told is None:
        yield "no entry of the log made this file", None
        return
    if told.kept not in (None, row.name):
        yield f"the log calls this file {told.kept[:80] if told.kept else ''}", told.index
    if told.torn is not None:
        yield "a time-stamp was added to other bytes than those before it", told.torn
    if row.sha256 != told.hashes[-1]:
        yield f"column sha256 is {row.sha256}, the log says {told.hashes[-1]}", told.index
    if row.stamps != len(told.hashes) - 1:
        reason = f"column stamps is {row.stamps}, the log says {len(told.hashes) - 1}"
        yield reason, told.index


def last_explained(tx: Tx, clinic_id: str) -> int:
    """The newest erasure or restore: what was made before it may be gone with good reason."""
    places = [
        index for kind in ("erasure", RESTORE) for _, index in log.list_places(tx, clinic_id, kind)
    ]
    return max(places, default=-1)


def walk_kept(tx: Tx, clinic_id: str) -> Iterator[tuple[KeptRow, Revisions | None]]:
    """Every row with what the log says of its file, in order of the names."""
    rows = read_kept(tx, clinic_id)
    for start in range(0, len(rows), PAGE):
        page = rows[start : start + PAGE]
        told = read_revisions(tx, clinic_id, [row.report for row in page])
        yield from ((row, told.get(row.report)) for row in page)


def read_kept(tx: Tx, clinic_id: str) -> list[KeptRow]:
    """The rows as they are stored, by name; whatever a tamperer left is no reason to fail."""
    columns = ("name", "report", "sha256", "stamps")
    rows = projection.read_table(tx, TABLE, columns, clinic_id)
    kept = (KeptRow(str(row[0]), str(row[1]), *row[2:]) for row in rows)
    return sorted(kept, key=lambda row: row.name)


KEEPING: Final[Mapping[str, Callable[[Any, Entry, Any], None]]] = MappingProxyType(
    {"report.exported": lambda stock, entry, data: stock.anchors.kept.export(entry, data)}
)
