"""One told story per database; tests that tamper get a copy of their own."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from auditing import Story, Told, drop_guards, sign_checkpoint, tell_story
from sqlalchemy import create_engine, text

from compliance.store import log
from compliance.store.session import Database, engine_options
from givens import NOON, database_url, open_sqlite
from harbour import build_house

_COUNTER = itertools.count()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("told")
    if request.param == "sqlite":
        path = folder / "told.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return _tell(open_sqlite(path), folder, lambda place: _copy_sqlite(path, place))
    server = request.getfixturevalue("postgresql_url")
    name = f"told_{os.getpid()}_{next(_COUNTER)}"
    _copy_postgresql(server, "empty_template", name)
    url = database_url(server, name)
    database = Database(create_engine(url, **engine_options(url)), lock_file=None)
    return _tell(database, folder, lambda _place: _open_copy(server, name))


def _tell(database: Database, folder: Path, copy: Callable[[Path], Database]) -> Told:
    story = tell_story(build_house(database, folder, now=NOON))
    note, key = sign_checkpoint(story.house)
    with database.reading() as tx:
        head = log.read_head(tx, story.house.clinic_id, lock=False)
    if head is None:
        raise LookupError("the story has no log")
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    # A database that is copied must have no connections.
    database.dispose()
    return Told(story=story, checkpoint=(note, key), copy=copy)


def _copy_sqlite(path: Path, place: Path) -> Database:
    copied = place / "copy.sqlite3"
    shutil.copyfile(path, copied)
    return open_sqlite(copied)


def _copy_postgresql(server: str, template: str, name: str) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()


def _open_copy(server: str, template: str) -> Database:
    name = f"{template}_{next(_COUNTER)}"
    _copy_postgresql(server, template, name)
    url = database_url(server, name)
    return Database(create_engine(url, **engine_options(url)), lock_file=None)


@pytest.fixture
def guarded(told: Told, tmp_path: Path) -> Iterator[Story]:
    """A copy of the story with its guards."""
    database = told.copy(tmp_path)
    yield replace(told.story, house=replace(told.story.house, database=database))
    database.dispose()


@pytest.fixture
def unguarded(guarded: Story) -> Story:
    """A copy whose guards somebody with the right to do so has dropped."""
    drop_guards(guarded.house.database)
    return guarded
