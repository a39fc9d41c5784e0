"""The whole examination, worst findings first. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from compliance.operations.safekeeping.doctor import machine
from compliance.operations.safekeeping.doctor.certificates import look_at_others
from compliance.operations.safekeeping.doctor.findings import Finding, Level, information
from compliance.operations.safekeeping.doctor.outside import look_outside
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.settings import Settings
from compliance.store.sites import open_site
from compliance.store.standby import Site

_ORDER: Final = tuple(Level)


def diagnose(
    settings: Settings, *, environ: Mapping[str, str], migrations: Path, now: datetime
) -> list[Finding]:
    """Look at everything; opens the database for reading only and migrates nothing."""
    site = open_site(settings.database_url, data_dir=settings.data_dir)
    findings = [
        *machine.look_at_files(settings.data_dir),
        *machine.look_at_secret(settings, environ),
        *machine.look_at_sqlite(settings),
        *machine.look_at_disk(settings.data_dir),
        *_look_at_database(settings, site, migrations, now),
        *machine.look_at_backups(settings, now),
        *machine.look_at_root_key(settings.data_dir),
        *look_at_others(settings.data_dir / "keys", now),
        *machine.look_at_services(settings),
    ]
    return sorted(findings, key=lambda finding: _ORDER.index(finding.level))


def _look_at_database(
    settings: Settings, site: Site, migrations: Path, now: datetime
) -> Iterator[Finding]:
    kept = site.kept()
    if kept:
        yield information(
            "restore_unconfirmed",
            f"{len(kept)} former databases are kept from before a restore: {', '.join(kept)}.",
            "They hold records and room on the disk until somebody decides.",
            "compliance restore --confirm  (deletes them; --undo brings the newest back)",
        )
    database = site.open_current()
    if database is None:
        yield information(
            "no_database",
            "There is no database yet.",
            "The first start makes it.",
            "compliance run",
        )
        return
    try:
        found = list(look_at_records(database, settings.data_dir / "keys", migrations, now))
        yield from found
        # A database of another version may lack the tables.
        if all(finding.code != "database_revision" for finding in found):
            yield from look_outside(settings, database, settings.data_dir / "keys", now)
    finally:
        database.dispose()
