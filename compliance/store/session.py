"""Transactions: the only place that begins, commits or rolls back."""

from __future__ import annotations

import fcntl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from compliance.errors import ComplianceError

Tx = Connection
"""An open database transaction, as the operations see it."""


class StorageRefused(ComplianceError):
    """The database itself refused a change: a guard, a key or a check."""

    code = "storage_refused"


class TransactionLost(StorageRefused):
    """The database gave up a transaction that several requests shared; none of it is kept."""

    code = "transaction_lost"


MOST_JOINED: Final = 32
"""Writers whose work one flush may carry; it bounds how long the first of them waits."""


class JointTransaction:
    """One transaction that several writers fill in turn and that one flush makes durable.

    Exactly one thread has the turn at any time, and only that thread touches this
    object, except for waiting on ``ended``. Each writer but the first works under a
    savepoint, so that a refusal undoes nothing of the others.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.ended = threading.Event()
        self.problem: BaseException | None = None
        """Why nothing of it is kept; read only after ``ended``."""
        self._joined = 0
        self._open = True

    @property
    def joinable(self) -> bool:
        return self._open and self._joined < MOST_JOINED

    def enter(self) -> None:
        self._joined += 1
        if self._joined > 1:
            self.connection.exec_driver_sql("SAVEPOINT writer")

    def keep(self) -> None:
        driver: Any = self.connection.connection.driver_connection
        if not driver.in_transaction:
            raise TransactionLost("the database rolled back on its own")
        if self._joined > 1:
            self.connection.exec_driver_sql("RELEASE writer")

    def undo(self) -> None:
        """Take back what the writer at work did, and nothing else; never raises."""
        try:
            if self._joined > 1:
                self.connection.exec_driver_sql("ROLLBACK TO writer")
                self.connection.exec_driver_sql("RELEASE writer")
            else:
                self._open = False
                self.connection.rollback()
        except Exception as error:  # noqa: BLE001 (whatever it is, the others must be told)
            # A full disk, for one, makes SQLite roll back everything, savepoints included.
            self._open = False
            self.problem = error

    def end(self) -> None:
        """Commit, or find that there is nothing to keep; only an interrupt comes out."""
        try:
            if self.problem is None:
                self.connection.commit()
        except BaseException as error:
            # The others wait for this word: without it they would believe in a commit.
            self.problem = error
            if not isinstance(error, Exception):
                raise
        finally:
            if self.problem is not None:
                # Whatever state it is in, it must not go back to the pool with a lock held.
                self.connection.invalidate()
            self.connection.close()


class WritersQueue:
    """Threads get their turn in the order they asked for it.

    SQLite's own busy handler polls and lets one unlucky writer wait for seconds; a
    queue keeps the worst wait near the mean. The turn comes with the transaction
    of the writer before, or with None: begin one.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[tuple[threading.Lock, list[JointTransaction | None]]] = deque()
        self._held = False

    def take_turn(self) -> JointTransaction | None:
        with self._guard:
            if not self._held:
                self._held = True
                return None
            baton = threading.Lock()
            baton.acquire()
            handed: list[JointTransaction | None] = []
            self._waiting.append((baton, handed))
        baton.acquire()
        return handed[0]

    def hand_over(self, joint: JointTransaction) -> bool:
        """Let the next writer join; False when there is none, and the turn stays here."""
        with self._guard:
            if not self._waiting:
                return False
            self._call_next(joint)
            return True

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                # The turn passes on without becoming free, so nobody can cut in.
                self._call_next(None)
            else:
                self._held = False

    def _call_next(self, joint: JointTransaction | None) -> None:
        baton, handed = self._waiting.popleft()
        handed.append(joint)
        baton.release()


class Database:
    """One engine and its writers' queue."""

    def __init__(self, engine: Engine, *, lock_file: Path | None) -> None:
        self.engine = engine
        self._queue = WritersQueue()
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
        processes through a lock on a file beside the database. Writers that wait
        anyway share one flush: each block leaves only when what it did, or what
        it was refused because of, is on the disk.

        Raises:
            StorageRefused: when a guard or a constraint of the database refuses.
            TransactionLost: when the flush failed; nothing of the block is kept.
        """
        try:
            with self._joining() if self.is_sqlite else self.engine.begin() as connection:
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
    def _joining(self) -> Iterator[Tx]:
        joint = self._queue.take_turn() or self._begin_joint()
        try:
            try:
                joint.enter()
                yield joint.connection
                joint.keep()
            except BaseException:
                joint.undo()
                raise
        finally:
            # A refusal waits too: it may rest on what an earlier writer is about to make
            # durable, and must not be told to anybody if that fails.
            self._leave(joint)

    def _begin_joint(self) -> JointTransaction:
        try:
            self._lock()
            try:
                connection = self.engine.connect()
                try:
                    # Take the write lock first: two tablets must never read the same head.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                except BaseException:
                    connection.close()
                    raise
            except BaseException:
                self._unlock()
                raise
        except BaseException:
            self._queue.release()
            raise
        return JointTransaction(connection)

    def _leave(self, joint: JointTransaction) -> None:
        if joint.joinable and self._queue.hand_over(joint):
            joint.ended.wait()
        else:
            try:
                joint.end()
            finally:
                self._unlock()
                joint.ended.set()
                self._queue.release()
        if joint.problem is not None:
            raise TransactionLost(f"nothing was written: {joint.problem}") from joint.problem

    def _lock(self) -> None:
        if self._lock_file is not None:
            if self._lock_handle is None:
                self._lock_handle = self._lock_file.open("a")
            fcntl.flock(self._lock_handle, fcntl.LOCK_EX)

    def _unlock(self) -> None:
        if self._lock_handle is not None:
            fcntl.flock(self._lock_handle, fcntl.LOCK_UN)

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
        "secure_delete = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cache_size = -32768",
        # 16 MB of log before it is copied back: a busy page is then copied once for many commits.
        "wal_autocheckpoint = 4000",
    ):
        connection.execute(f"PRAGMA {pragma}")
