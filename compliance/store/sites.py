"""The site of the database that an address names."""

from __future__ import annotations

from pathlib import Path

from compliance.store.standby import Site
from compliance.store.standby_postgresql import PostgresqlSite
from compliance.store.standby_sqlite import SqliteSite


def open_site(database_url: str, *, data_dir: Path) -> Site:
    """Find the site behind ``COMPLIANCE_DATABASE_URL``; opens no connection."""
    if database_url.startswith("sqlite:///"):
        path = Path(database_url.removeprefix("sqlite:///"))
        return SqliteSite(path, lock_file=data_dir / "writer.lock")
    return PostgresqlSite(database_url)
