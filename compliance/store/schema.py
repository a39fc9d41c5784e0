"""Migrations: bringing a database to the schema this code was written for."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import compliance.store.models.anchors
import compliance.store.models.erasures
import compliance.store.models.inspections
import compliance.store.models.inventory
import compliance.store.models.loads
import compliance.store.models.log
import compliance.store.models.people
import compliance.store.models.staff
import compliance.store.models.sterilization
import compliance.store.models.things
import compliance.store.models.tracing
import compliance.store.models.treatments  # noqa: F401 (fills the metadata)
from compliance.store.base import Base
from compliance.store.session import Database

METADATA = Base.metadata


def alembic_config(database: Database, migrations: Path) -> Config:
    """Alembic's configuration for one engine; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, migrations: Path, revision: str = "head") -> None:
    """Apply all migrations up to a revision; safe to call at every start."""
    command.upgrade(alembic_config(database, migrations), revision)


def downgrade(database: Database, migrations: Path, revision: str) -> None:
    command.downgrade(alembic_config(database, migrations), revision)


def is_current(database: Database, migrations: Path) -> bool:
    """Whether the database is at the newest revision this code knows."""
    head = ScriptDirectory.from_config(alembic_config(database, migrations)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
