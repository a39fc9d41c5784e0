"""Noting files of one session that were kept before files were noted, so that they last too."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from pathlib import Path
from typing import Final

from compliance.operations.reporting.kept_files import SESSION_FILE, report_of
from compliance.operations.reporting.revisions import read_revisions
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import hold_log
from compliance.store import clinics, lasting_files
from compliance.store.lasting_files import LastingRow

AT_A_TIME: Final = 200

_LOG: Final = logging.getLogger("aseptrail.anchors")


def pick_up_files(workshop: Workshop, *, now: datetime) -> int:
    """Note every file of one session that lies here unnoted and is what the log says.

    Earlier versions kept what was asked for with a key and noted nothing. Safe to repeat;
    a worker does it when it starts. A file with other bytes than the log names is left for
    the audit to name. Returns how many are noted now, and due for a time-stamp at once.
    """
    with workshop.database.reading() as tx:
        found = clinics.list_clinics(tx)
    count = 0
    for clinic in found:
        folder = workshop.reports_folder / clinic.clinic_id
        paths = sorted(folder.glob(f"{SESSION_FILE}*.pdf"))
        for start in range(0, len(paths), AT_A_TIME):
            some = paths[start : start + AT_A_TIME]
            count += _pick_up(workshop, clinic.clinic_id, some, now)
    return count


def _pick_up(workshop: Workshop, clinic_id: str, paths: list[Path], now: datetime) -> int:
    with workshop.database.reading() as tx:
        rows = lasting_files.find_files(tx, clinic_id, [path.name for path in paths])
        noted = {row.name for row in rows}
        unnoted = [path for path in paths if path.name not in noted]
        told = read_revisions(tx, clinic_id, [report_of(path) for path in unnoted])
    picked = []
    for path in unnoted:
        revisions = told.get(report_of(path))
        # A crash may have left a file whose entry was never made.
        if revisions is None or len(revisions.hashes) != 1:
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            # Erased meanwhile, or not ours to read; what it was is told by its row at most.
            _LOG.warning("%s is not noted: %s", path.name, error)
            continue
        if hashlib.sha256(data).hexdigest() != revisions.hashes[0]:
            _LOG.warning("%s is not the file that the log names", path.name)
            continue
        row = LastingRow(
            clinic_id=clinic_id,
            name=path.name,
            report=report_of(path),
            sha256=revisions.hashes[0],
            size=len(data),
            extend_at=now,
        )
        picked.append(row)
    if not picked:
        return 0
    with workshop.database.writing() as tx:
        # Two workers may start at once.
        hold_log(tx, clinic_id)
        for row in picked:
            if lasting_files.find_file(tx, clinic_id, row.name) is None:
                lasting_files.insert_file(tx, row)
    return len(picked)
