"""The whole app on a real database, with a filled clinic and a stranger's beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from web.desk.visiting import PASSWORD, Browser, Filled, browse, fill, let_sign_in

from compliance.app import create_app
from compliance.operations.people.passwords import PasswordHash, hash_password
from compliance.settings import Settings
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House, build_house


@pytest.fixture(scope="session")
def password_hash() -> PasswordHash:
    """Hashed once: the slowness of the hash is not what the tests are about."""
    return hash_password(PASSWORD, username="somebody")


@pytest.fixture
def app(sqlite_path: Path, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The app as it runs; reports are made at once."""
    settings = replace(
        Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path)}),
        database_url=f"sqlite:///{sqlite_path}",
        jobs_url="inline",
        idle_lock_seconds=86_400,
    )
    app = create_app(settings, clock=clock)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
    yield app
    app.extensions[EXTENSION].database.dispose()


@pytest.fixture
def house(app: Flask, tmp_path: Path, clock: Clock, password_hash: PasswordHash) -> House:
    """A clinic founded forty days ago in which nothing has happened."""
    clock.tick(days=-40)
    house = build_house(app.extensions[EXTENSION].database, tmp_path, now=clock.now)
    let_sign_in(house, password_hash)
    clock.tick(days=40)
    return house


@pytest.fixture
def filled(house: House, clock: Clock) -> Filled:
    return fill(house, clock)


@pytest.fixture
def visit(app: Flask, house: House) -> Callable[[str], Browser]:
    """Sign in as somebody of the clinic."""
    return lambda role: browse(app, f"harbour-{role}")


@pytest.fixture
def manager(visit: Callable[[str], Browser]) -> Browser:
    return visit("manager")


@pytest.fixture
def inspector(visit: Callable[[str], Browser]) -> Browser:
    return visit("inspector")
