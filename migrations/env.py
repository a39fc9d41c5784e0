"""Alembic's environment: runs revisions on the engine the application hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from compliance.store.base import JsonText, UtcTime
from compliance.store.schema import METADATA


def render_item(kind: str, value: Any, _context: Any) -> Any:
    """Write our column types as the plain ones they are stored as: revisions import nothing of ours."""
    if kind == "type" and isinstance(value, UtcTime):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(value, JsonText):
        return "sa.Text()"
    return False


with context.config.attributes["engine"].connect() as connection:
    if connection.dialect.name == "sqlite":
        # SQLite cannot drop a table that another one refers to while keys are enforced.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_item=render_item,
        transaction_per_migration=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        if connection.dialect.name == "sqlite":
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
