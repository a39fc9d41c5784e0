"""Which version of the schema a database has, and whether this software knows it."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from compliance.store.schema import alembic_config
from compliance.store.session import Database, Tx


def read_revision(tx: Tx) -> str:
    """The revision of the database as this transaction sees it; empty before the first."""
    return MigrationContext.configure(tx).get_current_revision() or ""


def newest_revision(database: Database, migrations: Path) -> str:
    """The revision this software was written for."""
    return (
        ScriptDirectory.from_config(alembic_config(database, migrations)).get_current_head() or ""
    )


def is_known_revision(database: Database, migrations: Path, revision: str) -> bool:
    """Whether this software can bring a database of that revision up to date."""
    scripts = ScriptDirectory.from_config(alembic_config(database, migrations))
    try:
        return bool(revision) and scripts.get_revision(revision) is not None
    except CommandError:
        return False
