"""What the entries say about kept files, and that the rows say the same."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry
from compliance.operations.auditing.expecting import milliseconds
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.operations.sealing import RESTORE
from compliance.store import lasting_files, log, projection
from compliance.store.lasting_files import LastingRow
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
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What the log says of one file: its SHA-256 as it was made, and after each time-stamp."""

    index: int
    """Of the entry that exported it."""
    kept: str | None
    """The name that this entry gives it; entries from before did not."""
    hashes: tuple[str, ...]
    torn: int | None
    """The index of an entry that does not begin with the bytes before it."""


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
        """Compare the rows of lists and of files; whole but for a page at a time."""
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


def _differences(row: LastingRow, told: Revisions | None) -> Iterator[tuple[str, int | None]]:
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


def walk_kept(tx: Tx, clinic_id: str) -> Iterator[tuple[LastingRow, Revisions | None]]:
    """Every row with what the log says of its file, in order of the names."""
    after: str | None = None
    while page := lasting_files.list_files(tx, clinic_id, after=after, limit=PAGE):
        told = read_revisions(tx, clinic_id, [row.report for row in page])
        yield from ((row, told.get(row.report)) for row in page)
        after = page[-1].name


def read_revisions(tx: Tx, clinic_id: str, reports: Sequence[str]) -> dict[str, Revisions]:
    """What the log says of files, by the name that entries give them."""
    made = log.find_places(tx, clinic_id, "report", reports)
    places: dict[str, list[int]] = {report: [index] for report, index in made.items()}
    for report, index in log.find_places(tx, clinic_id, "report_extended", reports).items():
        places.setdefault(report, []).append(index)
    renewed: dict[str, list[int]] = defaultdict(list)
    for thing, index in log.list_places(tx, clinic_id, "report_renewed"):
        renewed[thing.rpartition("/")[0]].append(index)
    for report in made:
        places[report] += renewed.get(report, [])
    wanted = sorted({index for report in made for index in places[report]})
    bodies = log.read_bodies(tx, clinic_id, wanted)
    found = {}
    for report, index in made.items():
        told = _revisions(index, [(each, bodies.get(each)) for each in sorted(places[report])])
        if told is not None:
            found[report] = told
    return found


def _revisions(index: int, entries: Sequence[tuple[int, bytes | None]]) -> Revisions | None:
    hashes: list[str] = []
    torn: int | None = None
    kept: str | None = None
    for place, body in entries:
        data = _data(body)
        if place == index:
            kept = None if data.get("kept") is None else str(data["kept"])
        elif not hashes or data.get("former_sha256") != hashes[-1]:
            torn = place
        hashes.append(str(data.get("sha256")))
    if entries[0][0] != index:
        return None
    return Revisions(index=index, kept=kept, hashes=tuple(hashes), torn=torn)


def _data(body: bytes | None) -> Mapping[str, Any]:
    try:
        data = json.loads(body or b"{}").get("data")
    except (ValueError, AttributeError):
        # Somebody wrote the log anew; its hashes show that elsewhere.
        return {}
    return data if isinstance(data, dict) else {}


KEEPING: Final[Mapping[str, Callable[[Any, Entry, Any], None]]] = MappingProxyType(
    {"report.exported": lambda stock, entry, data: stock.anchors.kept.export(entry, data)}
)
