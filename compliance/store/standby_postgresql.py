"""Standby databases as schemas of the same PostgreSQL database.

Putting one in place moves tables and functions between schemas in one transaction, so
other things that live in the database stay where they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from compliance.store.schema import METADATA
from compliance.store.session import Database
from compliance.store.standby import (
    DatabaseInUse,
    NothingKept,
    Site,
    Standby,
    free_name,
    has_tables,
    is_stamp,
    open_apart,
)

_KEPT: Final = "before_restore_"
_NEW: Final = "restoring"
_FUNCTIONS: Final = "aseptrail_%"


class PostgresqlSite(Site):
    """A database and the schemas in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open_current(self) -> Database | None:
        engine = open_apart(self.url)
        if has_tables(engine):
            return Database(engine, lock_file=None)
        engine.dispose()
        return None

    def prepare(self) -> Standby:
        self._run(f"DROP SCHEMA IF EXISTS {_NEW} CASCADE", f"CREATE SCHEMA {_NEW}")
        return _PostgresqlStandby(self.url, _NEW, is_new=True)

    def kept(self) -> list[str]:
        engine = open_apart(self.url)
        with engine.connect() as connection:
            rows = _schemas(connection)
        engine.dispose()
        return sorted(
            name for name in rows if name.startswith(_KEPT) and is_stamp(name.removeprefix(_KEPT))
        )

    def open_kept(self, name: str) -> Standby:
        self._require_kept(name)
        return _PostgresqlStandby(self.url, name, is_new=False)

    def drop_kept(self, name: str) -> None:
        self._require_kept(name)
        self._run(f"DROP SCHEMA {name} CASCADE")

    def _require_kept(self, name: str) -> None:
        if name not in self.kept():
            raise NothingKept(f"there is no {name}")

    def _run(self, *statements: str) -> None:
        engine = open_apart(self.url)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


class _PostgresqlStandby(Standby):
    def __init__(self, url: str, schema: str, *, is_new: bool) -> None:
        self._url = url
        self._schema = schema
        self._is_new = is_new
        self.database = Database(open_apart(url, options=f"-csearch_path={schema}"), lock_file=None)

    def put_in_place(self, *, keep: bool, now: datetime) -> str | None:
        self.database.dispose()
        engine = open_apart(self._url)
        try:
            with engine.begin() as connection:
                return self._exchange(connection, keep=keep, now=now)
        finally:
            engine.dispose()

    def discard(self) -> None:
        self.database.dispose()
        if self._is_new:
            engine = open_apart(self._url)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")
            engine.dispose()

    def _exchange(self, connection: Connection, *, keep: bool, now: datetime) -> str | None:
        _require_alone(connection)
        current = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        incoming = _tables(connection, self._schema)
        ours = {*METADATA.tables, "alembic_version", *incoming}
        outgoing = [name for name in _tables(connection, current) if name in ours]
        kept = free_name(_KEPT, now, _schemas(connection))
        if outgoing:
            connection.exec_driver_sql(f"CREATE SCHEMA {kept}")
            _move(connection, outgoing, source=current, target=kept)
        _move(connection, incoming, source=self._schema, target=current)
        connection.exec_driver_sql(f"DROP SCHEMA {self._schema}")
        if outgoing and not keep:
            connection.exec_driver_sql(f"DROP SCHEMA {kept} CASCADE")
        return kept if outgoing and keep else None


def _require_alone(connection: Connection) -> None:
    others = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ).scalar_one()
    if others:
        raise DatabaseInUse(
            f"the database has {others} other connections; stop the server and its workers first"
        )


def _schemas(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT nspname FROM pg_namespace").scalars())


def _tables(connection: Connection, schema: str) -> list[str]:
    rows = connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", (schema,)
    )
    return list(rows.scalars())


def _move(connection: Connection, tables: list[str], *, source: str, target: str) -> None:
    for name in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{source}"."{name}" SET SCHEMA "{target}"')
    functions: Any = connection.exec_driver_sql(
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace = %s::regnamespace AND proname LIKE %s",
        (source, _FUNCTIONS),
    ).scalars()
    for signature in functions.all():
        connection.exec_driver_sql(f'ALTER FUNCTION {signature} SET SCHEMA "{target}"')
