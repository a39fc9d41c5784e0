"""Transactions: the only place that begins, commits or rolls back."""

from __future__ import annotations

import fcntl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from compliance.errors import ComplianceError

Tx = Connection
"""An open database transaction, as the operations see it."""


class StorageRefused(ComplianceError):
    """The database itself refused a change: a guard, a key or a check."""

    code = "storage_refused"


class FairLock:
    """Threads get the lock in the order they asked for it.

    SQLite's own busy handler polls and lets one unlucky writer wait for
    seconds; a queue keeps the worst wait near the mean.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                # The lock passes on without becoming free, so nobody can cut in.
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """One engine and its writers' queue."""

    def __init__(self, engine: Engine, *, lock_file: Path | None) -> None:
        self.engine = engine
        self._queue = FairLock()
        self._lock_file = lock_file
        self._lock_handle: Any = None

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """Commit when the block ends, roll back if it raises.

        Entry points open exactly one of these per request or command. On SQLite
        the writers of this process queue first, then the writers of all
        processes through a lock on a file beside the database.

        Raises:
            StorageRefused: when a guard or a constraint of the database refuses.
        """
        with self._turn(), self.engine.connect() as connection:
            try:
                with connection.begin():
                    if self.is_sqlite:
                        # Take the write lock first: two tablets must never read the same head.
                        connection.exec_driver_sql("BEGIN IMMEDIATE")
                    yield connection
            except DBAPIError as error:
                raise StorageRefused(str(error.orig)) from error

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent snapshot; nothing is written."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN")
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        self._queue.acquire()
        try:
            if self._lock_file is not None:
                if self._lock_handle is None:
                    self._lock_handle = self._lock_file.open("a")
                fcntl.flock(self._lock_handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if self._lock_handle is not None:
                    fcntl.flock(self._lock_handle, fcntl.LOCK_UN)
        finally:
            self._queue.release()

    def dispose(self) -> None:
        self.engine.dispose()
        if self._lock_handle is not None:
            self._lock_handle.close()
            self._lock_handle = None


def engine_options(database_url: str) -> dict[str, Any]:
    """Options for Flask-SQLAlchemy's engine: the SQLite build without the WAL reset bug."""
    if database_url.startswith("sqlite"):
        return {
            "module": pysqlite3.dbapi2,
            "connect_args": {"check_same_thread": False, "timeout": 30, "cached_statements": 512},
            "pool_size": 16,
            "max_overflow": 32,
        }
    return {"pool_size": 16, "max_overflow": 32, "pool_pre_ping": True}


def prepare_engine(engine: Engine) -> None:
    """Set what every SQLite connection needs before its first statement."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is issued by us, never by the driver.
    # Without recursive_triggers, REPLACE INTO deletes a row without firing its guard.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cache_size = -32768",
    ):
        connection.execute(f"PRAGMA {pragma}")
