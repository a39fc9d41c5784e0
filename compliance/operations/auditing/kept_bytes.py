"""That the kept files on this machine are those that the log names, byte for byte."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import decode_entry
from compliance.operations.auditing.kept import (
    PAGE,
    KeptRow,
    last_explained,
    read_kept,
)
from compliance.operations.auditing.problems import Findings
from compliance.operations.reporting.kept_files import report_of
from compliance.operations.reporting.requests import file_stem
from compliance.operations.reporting.revisions import Revisions, read_revisions
from compliance.operations.sealing import RESTORE
from compliance.store import log, reports
from compliance.store.session import Database, Tx

WHERE: Final = "kept file"
"""What the audit calls the place of such a problem; there is no table of this name."""

SETTLES: Final = timedelta(minutes=10)
"""A file is there a moment before its entry; a younger one is looked at the next time."""

_END: Final = b"%%EOF"
_LINE_ENDS: Final = (b"", b"\n", b"\r", b"\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesAt:
    """Where kept files lie, and when they are looked at."""

    folder: Path
    """Of all clinics; each has its own in it."""
    now: datetime


_Restored = tuple[int, datetime]
"""The newest restore: its place in the log, and when it was recorded."""


def audit_files(database: Database, clinic_id: str, files: FilesAt, findings: Findings) -> None:
    """Read every kept file of a clinic; short reading transactions, a page of rows each.

    Files may be extended meanwhile: what does not agree is looked at once more with what
    the log says by then.
    """
    folder = files.folder / clinic_id
    present = sorted(path.name for path in folder.glob("*.pdf") if not path.name.startswith("."))
    with database.reading() as tx:
        rows = read_kept(tx, clinic_id)
        restored = _last_restore(tx, clinic_id)
    for start in range(0, len(rows), PAGE):
        page = rows[start : start + PAGE]
        with database.reading() as tx:
            told = read_revisions(tx, clinic_id, [row.report for row in page])
        for row in page:
            _look(database, clinic_id, folder, row, told.get(row.report), restored, findings)
    known = {row.name for row in rows}
    foreign = [folder / name for name in present if name not in known]
    for path in _without_entry(database, clinic_id, foreign, files.now):
        if restored is not None and _made(path) < restored[1]:
            # Its entry was in the log that was put back by an older one.
            continue
        reason = (
            f"name={path.name}: no entry of the log names these bytes; a crash left them while"
            " a file was made, or somebody put them there"
        )
        findings.add(WHERE, reason)


def _last_restore(tx: Tx, clinic_id: str) -> _Restored | None:
    index = max((place for _, place in log.list_places(tx, clinic_id, RESTORE)), default=None)
    body = None if index is None else log.read_body(tx, clinic_id, index)
    if index is None or body is None:
        return None
    try:
        return index, decode_entry(index, body, check_canonical=False).at
    except NotCanonical:
        # Its hash shows elsewhere that somebody wrote it anew.
        return None


def _look(
    database: Database,
    clinic_id: str,
    folder: Path,
    row: KeptRow,
    told: Revisions | None,
    restored: _Restored | None,
    findings: Findings,
) -> None:
    if told is None:
        # The row is a problem of its own.
        return
    path = folder / row.name
    # A file that was extended before an older log was put back is ahead of that log.
    ahead = restored is not None and restored[0] > told.index
    if find_difference(path, told.hashes, ahead=ahead) is None:
        return
    # It may have been extended, or erased, after the rows were read.
    with database.reading() as tx:
        told = read_revisions(tx, clinic_id, [row.report]).get(row.report, told)
        until = last_explained(tx, clinic_id)
    reason = find_difference(path, told.hashes, ahead=ahead)
    if reason is not None and (path.exists() or told.index > until):
        findings.add(WHERE, f"name={row.name}: {reason}", told.index)


def find_difference(path: Path, hashes: Sequence[str], *, ahead: bool = False) -> str | None:
    """How a file differs from its revisions as the log names them, or None.

    Args:
        path: the file.
        hashes: SHA-256 of each revision in hex; each begins with the whole one before.
        ahead: whether it may have later revisions that the log does not know.
    """
    if not path.is_file():
        return "the file is missing"
    with path.open("rb") as file:
        now = hashlib.file_digest(file, "sha256").hexdigest()
    wanted = hashes
    beside = path.with_name(f".{path.name}.extended")
    if len(hashes) > 1 and now == hashes[-2] and beside.is_file():
        # A crash came between the entry and the new name; the next round makes it good.
        wanted = hashes[:-1]
    newest = now == wanted[-1]
    former = list(wanted[:-1] if newest else wanted)
    if newest or ahead:
        for digest in _revision_hashes(path) if former else ():
            if former and digest == former[0]:
                former.pop(0)
        if not former:
            return None
    if newest:
        return "it does not begin with the bytes it had before a time-stamp"
    return f"its SHA-256 is {now}, the log says {wanted[-1]}"


def _revision_hashes(path: Path) -> Iterator[str]:
    """The SHA-256 of everything up to each end of a revision, in their order."""
    done, digest = 0, hashlib.sha256()
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        at = data.find(_END)
        while at >= 0:
            end = at + len(_END)
            digest.update(data[done:end])
            done = end
            for line_end in _LINE_ENDS:
                if data[end : end + len(line_end)] == line_end:
                    whole = digest.copy()
                    whole.update(line_end)
                    yield whole.hexdigest()
            at = data.find(_END, end)


def _without_entry(
    database: Database, clinic_id: str, paths: Sequence[Path], now: datetime
) -> Iterator[Path]:
    """Those of the files that nothing explains: no row, no entry, and nobody is making them."""
    if not paths:
        return
    with database.reading() as tx:
        named = {row.name for row in read_kept(tx, clinic_id)}
        unmade = tuple(file_stem(row) for row in reports.list_unmade(tx, clinic_id))
        told = read_revisions(tx, clinic_id, [report_of(path) for path in paths])
    for path in paths:
        if path.name in named or path.name.startswith(unmade):
            continue
        entry = told.get(report_of(path))
        if entry is not None and find_difference(path, entry.hashes) is None:
            # It was kept before rows were, and will get its own.
            continue
        if not path.exists() or now - _made(path) < SETTLES:
            continue
        yield path


def _made(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
