"""Making finished files last: archive time-stamps, and further ones before the newest expires."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from compliance.domain.access import system_actor
from compliance.errors import ComplianceError
from compliance.keys.storage import load_clinic_keys
from compliance.operations.anchoring.anchoring import ACTOR
from compliance.operations.reporting.seal import stamps_of
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import append
from compliance.report.lasting import (
    Archived,
    StampFailed,
    add_archive_stamp,
    read_archived,
)
from compliance.store import lasting_files, reports
from compliance.store.lasting_files import LastingRow
from compliance.store.session import Tx

BEFORE: Final = timedelta(days=90)
"""So long before the newest time-stamp's certificates expire, a further one is added."""

AT_A_TIME: Final = 20
"""Files of one round; the others wait for the next."""

_AGAIN_FIRST: Final = timedelta(minutes=10)
_AGAIN: Final = timedelta(days=1)
"""After a failure; an authority that has no newer certificate yet may take weeks to get one."""

_LOG: Final = logging.getLogger("aseptrail.anchors")


def extend_reports(workshop: Workshop, *, now: datetime) -> int:
    """Add an archive time-stamp to every kept file that is due; return how many got one.

    Reports, their volumes, kept files of one session, and lists of recalls and searches
    alike. Never raises for a file that cannot be extended: it is logged and tried again.
    """
    if not workshop.anchors.authorities:
        return 0
    with workshop.database.reading() as tx:
        due = lasting_files.list_due(tx, now=now, limit=AT_A_TIME)
    return sum(_try(workshop, row, now) for row in due)


def _try(workshop: Workshop, row: LastingRow, now: datetime) -> bool:
    path = workshop.reports_folder / row.clinic_id / row.name
    beside = path.with_name(f".{row.name}.extended")
    if not path.is_file():
        # Erased with a person, or lost; a copy that a crash left must not outlive it. The row
        # stays, so that the audit misses a file that no erasure explains.
        beside.unlink(missing_ok=True)
        _note(workshop, row, {"extend_at": None})
        return False
    try:
        if beside.exists() and _sha256(beside) == row.sha256:
            # A crash came between the entry and the new name.
            _settle(workshop, row, beside, read_archived(beside.read_bytes()), now)
            return False
        archived = read_archived(path.read_bytes())
        if archived.until is not None and archived.until - BEFORE > now:
            # Its date was not known, as that of a file from an earlier release.
            _note(workshop, row, {"extend_at": _due(archived, now)})
            return False
        shutil.copyfile(path, beside)
        archived = _stamp(workshop, row, beside, archived.until, now)
    except (ComplianceError, OSError, ValueError) as error:
        _LOG.warning("%s gets its archive time-stamp later: %s", row.name, error)
        beside.unlink(missing_ok=True)
        _note(workshop, row, {"extend_at": now + (_AGAIN if row.stamps else _AGAIN_FIRST)})
        return False
    _enter(workshop, row, beside, now)
    _settle(workshop, row, beside, archived, now)
    return True


def _stamp(
    workshop: Workshop, row: LastingRow, beside: Path, newest: datetime | None, now: datetime
) -> Archived:
    """Ask the authorities in turn; the first that answers stamps the copy.

    Args:
        newest: until when the newest time-stamp that it has lasts.

    Raises:
        StampFailed: if none gives a token that counts, and for longer than the newest.
    """
    keys = load_clinic_keys(workshop.keys_folder, row.clinic_id)
    problem = StampFailed("no authority is asked")
    for authority in workshop.anchors.authorities:
        stamps = stamps_of(workshop, keys, authority, now=now)
        try:
            return add_archive_stamp(beside, stamps, now=now, later_than=newest)
        except StampFailed as error:
            problem = error
    raise problem


def _enter(workshop: Workshop, row: LastingRow, extended: Path, now: datetime) -> None:
    """Name the new fingerprint in the log and in the rows; the file gets its name afterwards."""
    sha256, size = _sha256(extended), extended.stat().st_size
    data = {"report": row.report, "former_sha256": row.sha256, "sha256": sha256}
    kind = "report.renewed" if row.stamps else "report.extended"
    with workshop.database.writing() as tx:
        append(tx, system_actor(row.clinic_id, ACTOR), kind, data, now=now)
        lasting_files.update_file(
            tx, row, {"sha256": sha256, "size": size, "stamps": row.stamps + 1}
        )
        _update_report(tx, row, sha256, size)


def _update_report(tx: Tx, row: LastingRow, sha256: str, size: int) -> None:
    """Tell the new fingerprint where the report is shown; one session's file has no such row."""
    report = reports.find_report(tx, row.clinic_id, row.report.partition("/")[0])
    if report is None:
        return
    files: list[dict[str, Any]] = [dict(file) for file in report.files]
    for file in files:
        if file["name"] == row.name:
            file |= {"sha256": sha256, "bytes": size}
    reports.update_report(tx, row.clinic_id, report.report_id, {"files": files})


def _settle(
    workshop: Workshop, row: LastingRow, beside: Path, archived: Archived, now: datetime
) -> None:
    """Give the extended file its name, and note when it is due again."""
    path = beside.with_name(row.name)
    if path.is_file():
        beside.replace(path)
    else:
        # It was erased meanwhile, and must not come back.
        beside.unlink()
    _note(workshop, row, {"extend_at": _due(archived, now)})


def _note(workshop: Workshop, row: LastingRow, values: Mapping[str, Any]) -> None:
    with workshop.database.writing() as tx:
        lasting_files.update_file(tx, row, values)


def _due(archived: Archived, now: datetime) -> datetime:
    """Well before the newest time-stamp expires; where that is soon, not every half minute."""
    until = archived.until or now
    if until - BEFORE > now:
        return until - BEFORE
    return now + max(_AGAIN, (until - now) / 2)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
