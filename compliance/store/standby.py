"""A database beside the one in use: made whole first, then put in its place in one step."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, create_engine, inspect

from compliance.errors import ComplianceError
from compliance.store.session import Database, engine_options, prepare_engine

_STAMP: Final = re.compile(r"[0-9]{8}t[0-9]{6}z")


class DatabaseInUse(ComplianceError):
    """Another program has the database open; putting another in its place would part the two."""

    code = "database_in_use"


class NothingKept(ComplianceError):
    """There is no database kept from before a restore."""

    code = "nothing_kept"


class Standby(ABC):
    """A database that nobody uses yet."""

    database: Database

    @abstractmethod
    def put_in_place(self, *, keep: bool, now: datetime) -> str | None:
        """Make it the database in use; return the name under which the former one is kept.

        Args:
            keep: keep the former database beside it; otherwise it is dropped.
            now: becomes part of the name.

        Raises:
            DatabaseInUse: another program has the former database open.
        """

    @abstractmethod
    def discard(self) -> None:
        """Give up: close it, and remove it unless it was there before."""


class Site(ABC):
    """Where an installation's database is, with room beside it."""

    @abstractmethod
    def open_current(self) -> Database | None:
        """The database in use, or nothing where there is none yet; the caller disposes of it."""

    @abstractmethod
    def prepare(self) -> Standby:
        """Make an empty database beside the one in use, without any table."""

    @abstractmethod
    def kept(self) -> list[str]:
        """The names of former databases, oldest first."""

    @abstractmethod
    def open_kept(self, name: str) -> Standby:
        """Open a former database."""

    @abstractmethod
    def drop_kept(self, name: str) -> None:
        """Remove a former database for good."""


def open_apart(url: str, **arguments: object) -> Engine:
    """An engine of its own, outside of any web application."""
    options = engine_options(url)
    options.pop("pool_size"), options.pop("max_overflow")
    options["connect_args"] = {**options.get("connect_args", {}), **arguments}
    engine = create_engine(url, pool_size=2, **options)
    prepare_engine(engine)
    return engine


def has_tables(engine: Engine) -> bool:
    """Whether there is a database of ours behind the engine, however old."""
    with engine.connect() as connection:
        return inspect(connection).has_table("log_head")


def free_name(start: str, now: datetime, taken: Collection[str]) -> str:
    """A name that ends in the moment, good in a file and in SQL: ``…20261120t120000z``.

    Where that is taken, the next free second: names still sort in the order they were given.
    """
    while (name := start + now.astimezone(UTC).strftime("%Y%m%dt%H%M%Sz")) in taken:
        now += timedelta(seconds=1)
    return name


def is_stamp(text: str) -> bool:
    return _STAMP.fullmatch(text) is not None
