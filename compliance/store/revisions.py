"""Which version of the schema a database has, and whether this software knows it."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from compliance.errors import ComplianceError
from compliance.store.schema import alembic_config
from compliance.store.session import Database, Tx


class DatabaseIsNewer(ComplianceError):
    """The database was brought to a revision that this version does not know."""

    code = "database_is_newer"


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


def require_known_revision(database: Database, migrations: Path) -> None:
    """Refuse a database that a later version of this software has changed.

    Raises:
        DatabaseIsNewer: going on would write rows of an old form into new tables.
    """
    with database.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision and not is_known_revision(database, migrations, revision):
        raise DatabaseIsNewer(
            f"The database is at revision {revision}, which this version does not know: a newer"
            " version has used it. Start that version, or restore a backup made by this one."
        )
