"""Leaving nothing of deleted rows in the database's own files."""

from __future__ import annotations

from typing import Final

from compliance.store.session import Database

LARGEST_REWRITTEN: Final = 512 * 1024 * 1024
"""Bytes. Above, rewriting the whole file would hold up the clinic for minutes."""

_SEALED: Final = ("disclosure", "attachment", "client")
"""Where an erasure empties what a destroyed key sealed: old versions of rows tell nothing."""

_PLAIN: Final = (
    "user_account",
    "qualification",
    "staff_document",
    "invitation",
    "sign_in_event",
    "login",
    "api_token",
)
"""Where an erasure empties words as they are; these tables are small."""


def scrub(database: Database) -> None:
    """Give up free pages and old versions of rows; opens connections of its own.

    SQLite overwrites what is deleted (``secure_delete``), the write-ahead log is copied
    back and cut to nothing, and a file of up to 512 MiB is written anew, for an earlier
    version of this software may have left free pages as they were. PostgreSQL writes the
    tables of people anew, and of those with sealed values gives the space free to be
    overwritten; its own log and replicas keep older pages for as long as they are set up to.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not database.is_sqlite:
            for table in _SEALED:
                connection.exec_driver_sql(f"VACUUM {table}")
            for table in _PLAIN:
                connection.exec_driver_sql(f"VACUUM FULL {table}")
            return
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        size = connection.exec_driver_sql("PRAGMA page_size").scalar() or 0
        if pages * size <= LARGEST_REWRITTEN:
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
