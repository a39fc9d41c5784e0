"""Whether there is a database at all, said in our own words."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from compliance.errors import ComplianceError
from compliance.store.session import Database


class StorageUnreachable(ComplianceError):
    """The database does not answer: it is down, elsewhere, or refuses this user."""

    code = "storage_unreachable"


def require_reachable(database: Database) -> None:
    """Ask the database for nothing, to see that it answers.

    Raises:
        StorageUnreachable: with the driver's first line, which names host and cause.
    """
    try:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StorageUnreachable(
            f"the database does not answer: {cause[0] if cause else type(error).__name__}"
        ) from error
