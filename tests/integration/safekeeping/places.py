"""What the drills share: where migrations lie, a passphrase, and short ways to back up and judge."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from compliance.domain.access import system_actor
from compliance.keys.age import Identity, Passphrase, Recipient
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.backing_up import BackUp, make_backup
from compliance.operations.safekeeping.restoring import Installation, Restored, restore_backup
from compliance.report.verifying.verdict import KnownCheckpoint, Verdict
from compliance.report.verifying.verify import verify_report
from givens import NOON, ROOT

MIGRATIONS: Final = ROOT / "migrations"
SECRET: Final = Passphrase(text="a long enough passphrase")
LATER: Final = NOON + timedelta(hours=1)


def back_up(
    workshop: Workshop,
    destination: Path,
    *,
    to: Passphrase | Recipient | None = None,
    now: datetime = NOON,
    reports: bool = False,
) -> Path:
    """Back up without encryption unless told, which is quick; returns the file."""
    note = make_backup(
        workshop,
        BackUp(destination=destination, to=to, reports=reports),
        data_dir=workshop.keys_folder.parent,
        migrations=MIGRATIONS,
        now=now,
    )
    return Path(note.file)


def bring_back(
    place: Installation,
    source: Path,
    *,
    using: Passphrase | Identity | None = None,
    replace: bool = False,
    now: datetime = LATER,
) -> Restored:
    return restore_backup(place, source, using, replace=replace, system_user="tests", now=now)


def report(workshop: Workshop, clinic_id: str, output: Path, now: datetime) -> Path:
    """Make a report of the day."""
    day = date(now.year, now.month, now.day)
    export_report(
        workshop,
        ExportReport(first=day, last=day, output=output),
        actor=system_actor(clinic_id, "tests"),
        now=now,
    )
    return output


def judge(path: Path, keys_folder: Path, *known: KnownCheckpoint) -> Verdict:
    """What an inspector says who holds the root, and perhaps checkpoints."""
    root = x509.load_pem_x509_certificate(export_root_pem(keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root], known=known)


def workshop_at(place: Installation, like: Workshop) -> Workshop:
    """The workshop of a restored installation; the caller disposes of its database."""
    database = place.site.open_current()
    assert database is not None
    return Workshop(
        database=database,
        keyring=like.keyring,
        keys_folder=place.keys_folder,
        fonts=like.fonts,
        reports_folder=place.data_dir / "reports",
    )
