"""An installation with records, and places to restore it to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.safekeeping.places import MIGRATIONS
from sqlalchemy import create_engine, text

from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.restoring import Installation, find_installation
from compliance.store.session import Database
from givens import NOON, database_url
from harbour import House, build_house, closed_session, open_one, open_workshop, released_pack


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """A clinic with sessions closed, waiting and open."""
    made = build_house(database, tmp_path, now=NOON)
    released_pack(made, "P-1", "ROLLER-1", NOON)
    closed_session(made, NOON)
    closed_session(made, NOON, device="ROLLER-1", client="C-3")
    open_one(made, NOON, client="C-4")
    return made


@pytest.fixture
def workshop(house: House, tmp_path: Path) -> Workshop:
    return open_workshop(house, tmp_path / "reports")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[], Installation]:
    """An empty SQLite data folder that has the keys of the house."""

    def make() -> Installation:
        folder = tmp_path / "elsewhere"
        folder.mkdir(mode=0o700)
        shutil.copytree(tmp_path / "keys", folder / "keys")
        url = f"sqlite:///{folder / 'compliance.sqlite3'}"
        return find_installation(url, data_dir=folder, migrations=MIGRATIONS)

    return make


@pytest.fixture
def empty_postgresql(postgresql_url: str, tmp_path: Path) -> Iterator[Callable[[], Installation]]:
    """A PostgreSQL database without any table, and a data folder with the keys of the house."""
    made: list[str] = []

    def make() -> Installation:
        admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        database = f"empty_{tmp_path.name.replace('-', '_')[-40:]}_{len(made)}".lower()
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{database}"'))
        admin.dispose()
        made.append(database)
        folder = tmp_path / f"pg{len(made)}"
        folder.mkdir(mode=0o700)
        shutil.copytree(tmp_path / "keys", folder / "keys")
        url = database_url(postgresql_url, database)
        return find_installation(url, data_dir=folder, migrations=MIGRATIONS)

    yield make
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for database in made:
            connection.execute(text(f'DROP DATABASE "{database}" WITH (FORCE)'))
    admin.dispose()
