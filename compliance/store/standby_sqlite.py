"""Standby databases as files beside the SQLite database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pysqlite3 import dbapi2

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

_KEPT: Final = ".before-restore-"
_NEW: Final = ".restoring"


class SqliteSite(Site):
    """A database file and its neighbours."""

    def __init__(self, path: Path, *, lock_file: Path) -> None:
        self.path = path
        self.lock_file = lock_file

    def open_current(self) -> Database | None:
        if not self.path.exists():
            return None
        database = _open(self.path)
        if has_tables(database.engine):
            return database
        database.dispose()
        return None

    def prepare(self) -> Standby:
        path = self.path.with_name(self.path.name + _NEW)
        # What a restore that was killed left behind.
        _remove(path)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        return _SqliteStandby(self, path, is_new=True)

    def kept(self) -> list[str]:
        start = self.path.name + _KEPT
        names = (each.name for each in self.path.parent.glob(f"{start}*"))
        return sorted(name for name in names if is_stamp(name.removeprefix(start)))

    def open_kept(self, name: str) -> Standby:
        return _SqliteStandby(self, self._kept_path(name), is_new=False)

    def drop_kept(self, name: str) -> None:
        _remove(self._kept_path(name))

    def _kept_path(self, name: str) -> Path:
        if name not in self.kept():
            raise NothingKept(f"there is no {name}")
        return self.path.with_name(name)


class _SqliteStandby(Standby):
    def __init__(self, site: SqliteSite, path: Path, *, is_new: bool) -> None:
        self._site = site
        self._path = path
        self._is_new = is_new
        self.database = _open(path)

    def put_in_place(self, *, keep: bool, now: datetime) -> str | None:
        self.database.dispose()
        _fold(self._path)
        current, kept = self._site.path, None
        with _writers_wait(self._site.lock_file):
            if current.exists():
                _fold(current)
                if keep:
                    kept = free_name(current.name + _KEPT, now, self._site.kept())
                    # A second name first, then the exchange: at no moment is there no database.
                    os.link(current, current.with_name(kept))
            self._path.replace(current)
            _flush(current.parent)
        return kept

    def discard(self) -> None:
        self.database.dispose()
        if self._is_new:
            _remove(self._path)


def _open(path: Path) -> Database:
    return Database(open_apart(f"sqlite:///{path}"), lock_file=None)


def _fold(path: Path) -> None:
    """Bring the write-ahead log into the file, so that the file alone is the database.

    Raises:
        DatabaseInUse: SQLite leaves the write-ahead log only for the last one who has it open.
    """
    connection = dbapi2.connect(str(path), timeout=0, isolation_level=None)
    try:
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    except dbapi2.OperationalError:
        mode = "wal"
    finally:
        connection.close()
    if mode != "delete":
        raise DatabaseInUse("the database is open in another program; stop the server first")
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _writers_wait(lock_file: Path) -> Iterator[None]:
    with lock_file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
