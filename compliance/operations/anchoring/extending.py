"""Making finished reports last: an archive time-stamp over each, some time after it was sealed."""

from __future__ import annotations

import hashlib
import logging
import shutil
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
from compliance.report.lasting import add_archive_stamp
from compliance.store import anchors, log, reports
from compliance.store.reports import ReportRow

GRACE: Final = timedelta(hours=1)
"""After sealing: what revokes a certificate must have had time to be published."""

WITHIN: Final = timedelta(days=30)
"""Reports older than this are left as they are."""

_PLACE: Final = "report_extended"
_LOG: Final = logging.getLogger("aseptrail.anchors")


def extend_reports(workshop: Workshop, *, now: datetime) -> int:
    """Add an archive time-stamp to every finished report that is due; return how many got one.

    Volumes are left alone, for their index names the fingerprints they were made with. Never
    raises for a report that cannot be extended: it is logged and tried again.
    """
    if not workshop.anchors.authorities:
        return 0
    with workshop.database.reading() as tx:
        rows = [
            row
            for row in anchors.list_finished(tx, since=now - WITHIN)
            if len(row.files) == 1 and now - row.requested_at >= GRACE
        ]
        due = [
            row
            for row in rows
            if log.find_place(tx, row.clinic_id, _PLACE, row.report_id) is None
            or _beside(workshop, row).exists()
        ]
    return sum(_try(workshop, row, now) for row in due)


def _try(workshop: Workshop, row: ReportRow, now: datetime) -> bool:
    path = _path(workshop, row)
    beside = _beside(workshop, row)
    if not path.is_file():
        return False
    try:
        if beside.exists() and _sha256(beside) == row.files[0]["sha256"]:
            # A crash came between the entry and the new name.
            beside.replace(path)
            return False
        shutil.copyfile(path, beside)
        keys = load_clinic_keys(workshop.keys_folder, row.clinic_id)
        authority = workshop.anchors.authorities[0]
        stamps = stamps_of(workshop, keys, authority, now=now)
        add_archive_stamp(beside, stamps, number=1, now=now)
    except (ComplianceError, OSError, ValueError) as error:
        _LOG.warning("report %s gets its archive time-stamp later: %s", row.report_id, error)
        beside.unlink(missing_ok=True)
        return False
    _enter(workshop, row, beside, now)
    beside.replace(path)
    return True


def _enter(workshop: Workshop, row: ReportRow, extended: Path, now: datetime) -> None:
    """Name the new fingerprint in the log and in the row; the file gets its name afterwards."""
    former: dict[str, Any] = dict(row.files[0])
    sha256 = _sha256(extended)
    data = {
        "report": row.report_id,
        "former_sha256": former["sha256"],
        "sha256": sha256,
    }
    files = [{**former, "sha256": sha256, "bytes": extended.stat().st_size}]
    with workshop.database.writing() as tx:
        append(tx, system_actor(row.clinic_id, ACTOR), "report.extended", data, now=now)
        reports.update_report(tx, row.clinic_id, row.report_id, {"files": files})


def _path(workshop: Workshop, row: ReportRow) -> Path:
    return workshop.reports_folder / row.clinic_id / str(row.files[0]["name"])


def _beside(workshop: Workshop, row: ReportRow) -> Path:
    path = _path(workshop, row)
    return path.with_name(f".{path.name}.extended")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
