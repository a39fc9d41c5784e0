"""The whole app over a founded clinic whose people have real passwords."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from web.tablet.browsing import PASSWORD, PIN, Clock, Tablet

from compliance.app import create_app
from compliance.domain.access import Role
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.settings import DATABASE_FILE, Settings
from compliance.store.models.people import UserAccount
from compliance.web.context import EXTENSION
from harbour import House, build_house


@pytest.fixture(scope="session")
def secrets() -> tuple[PasswordHash, PasswordHash]:
    """Hashed once: the slowness of the hash is not what the tests are about."""
    return hash_password(PASSWORD, username="somebody"), hash_pin(PIN)


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    data = tmp_path / "data"
    settings = Settings.from_environ({"COMPLIANCE_DATA_DIR": str(data)})
    shutil.copyfile(sqlite_template, data / DATABASE_FILE)
    app = create_app(replace(settings, idle_lock_seconds=86_400), clock=clock)
    app.config["TESTING"] = True
    app.config["RATELIMIT_ENABLED"] = False
    yield app
    app.extensions[EXTENSION].database.dispose()


@pytest.fixture
def house(app: Flask, clock: Clock, secrets: tuple[PasswordHash, PasswordHash]) -> House:
    services = app.extensions[EXTENSION]
    house = build_house(services.database, services.settings.data_dir, now=clock.now)
    password, pin = secrets
    with services.database.writing() as tx:
        tx.execute(update(UserAccount).values(password_hash=password, pin_hash=pin))
    return house


@pytest.fixture
def tablet(app: Flask, house: House, clock: Clock) -> Tablet:
    """The practitioner, signed in."""
    return Tablet(app.test_client(), house, clock).sign_in(Role.PRACTITIONER)


@pytest.fixture
def room(app: Flask, house: House, clock: Clock) -> Tablet:
    """The operator of the sterilization room, signed in."""
    return Tablet(app.test_client(), house, clock).sign_in(Role.OPERATOR)
