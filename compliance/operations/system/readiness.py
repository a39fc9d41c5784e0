"""Whether this process can do its work: for load balancers and for whoever starts it."""

from __future__ import annotations

import enum
from pathlib import Path

from compliance.store.reachability import StorageUnreachable, require_reachable
from compliance.store.schema import is_current
from compliance.store.session import Database


class Readiness(enum.StrEnum):
    """Shown by ``/readyz`` by value: a released value is never renamed."""

    READY = "ready"
    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_NOT_CURRENT = "database_not_current"
    """The schema is older or newer than this code; a start migrates it."""


def check_readiness(database: Database, migrations: Path) -> Readiness:
    """Ask the database and compare its revision; never raises for a database that is down."""
    try:
        require_reachable(database)
    except StorageUnreachable:
        return Readiness.DATABASE_UNREACHABLE
    if is_current(database, migrations):
        return Readiness.READY
    return Readiness.DATABASE_NOT_CURRENT


def require_answer(database: Database) -> None:
    """See that there is a database before anything is asked of it; raises ``StorageUnreachable``."""
    require_reachable(database)


def require_ready(database: Database, migrations: Path) -> None:
    """Refuse to work on a database of another version.

    Raises:
        StorageUnreachable: it does not answer, or its schema is another one.
    """
    require_reachable(database)
    if not is_current(database, migrations):
        raise StorageUnreachable(
            "the database has another version than this software; "
            "`compliance run` brings it up to date"
        )
