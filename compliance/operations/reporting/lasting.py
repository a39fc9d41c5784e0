"""Noting which signed files are kept, so that each gets its archive time-stamp in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from compliance.operations.reporting.workshop import Workshop
from compliance.store import lasting_files
from compliance.store.clinics import ClinicRow
from compliance.store.lasting_files import LastingRow
from compliance.store.session import Tx

GRACE: Final = timedelta(hours=1)
"""After sealing: what revokes a certificate must have had time to be published."""


def keep_lasting(
    tx: Tx, clinic_id: str, path: Path, *, report: str, sha256: str, now: datetime
) -> None:
    """Note a file that was sealed just now and lies in the clinic's folder of reports.

    Args:
        report: as its ``report.exported`` entry names it.
    """
    row = LastingRow(
        clinic_id=clinic_id,
        name=path.name,
        report=report,
        sha256=sha256,
        size=path.stat().st_size,
        extend_at=now + GRACE,
    )
    lasting_files.insert_file(tx, row)


class Sealed(Protocol):
    """A file that was sealed just now."""

    @property
    def path(self) -> Path: ...
    @property
    def sha256(self) -> str: ...


def keep_ours(
    tx: Tx, workshop: Workshop, file: Sealed, *, report: str, clinic: ClinicRow, now: datetime
) -> dict[str, str]:
    """Note a file of a report if it was made here, and return what its entry says of that.

    What is made for somebody else's folder is theirs to keep.
    """
    if file.path.parent != workshop.reports_folder / clinic.clinic_id:
        return {}
    keep_lasting(tx, clinic.clinic_id, file.path, report=report, sha256=file.sha256, now=now)
    return {"kept": file.path.name}


def part_name(report_id: str, number: int) -> str:
    """How entries name a file of a report: the first like the report, volumes with a number."""
    return report_id if number == 0 else f"{report_id}/{number}"
