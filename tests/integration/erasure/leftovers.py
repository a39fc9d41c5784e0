"""What an erasure may leave nowhere, and the reports that quoted it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from compliance.domain.access import system_actor
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.store.schema import METADATA
from compliance.store.session import Database
from givens import NOON
from harbour import House

_SEALED = {
    "disclosure": "subject_id",
    "attachment": "subject_id",
    "staff_document": "user_id",
}


def report(workshop: Workshop, house: House, name: str, day: date = NOON.date()) -> Path:
    folder = workshop.reports_folder / house.clinic_id
    folder.mkdir(parents=True, exist_ok=True)
    export_report(
        workshop,
        ExportReport(first=day, last=day, output=folder / name),
        actor=system_actor(house.clinic_id, "tests"),
        now=NOON + timedelta(hours=2),
    )
    return folder / name


def sealed_values(database: Database, subject: str) -> list[bytes]:
    """What is stored sealed of one person, or of everybody."""
    with database.reading() as tx:
        rows = [
            row
            for table, owner in _SEALED.items()
            for row in tx.execute(text(f"SELECT {owner}, sealed FROM {table}"))
        ]
    return [bytes(row[1]) for row in rows if row[1] and (row[0] == subject or not subject)]


def files_holding(folder: Path, secrets: list[bytes]) -> dict[str, bytes]:
    """Files that hold one of the byte strings, spelt as they are, in hex or escaped."""
    found = {}
    spelt = [
        form
        for secret in secrets
        for form in (secret, secret.hex().encode(), re.sub(rb"[^ -~]", b"", secret))
        if len(form) >= 8
    ]
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for form in spelt:
                if form in content:
                    found[path.name] = form
    return found


def columns_holding(database: Database, secrets: list[bytes]) -> set[str]:
    """Columns of any table that hold one of the byte strings, on either database."""
    found = set()
    with database.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(text(f"SELECT * FROM {table.name}")):
                for column, value in row._mapping.items():
                    stored = value if isinstance(value, bytes) else str(value).encode()
                    if any(secret in bytes(stored) for secret in secrets):
                        found.add(f"{table.name}.{column}")
    return found
