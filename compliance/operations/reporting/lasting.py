"""Noting which signed files are kept, so that each gets its archive time-stamp in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from compliance.store import lasting_files
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


def part_name(report_id: str, number: int) -> str:
    """How entries name a file of a report: the first like the report, volumes with a number."""
    return report_id if number == 0 else f"{report_id}/{number}"
