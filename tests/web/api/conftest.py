"""The whole app on a real database, with a clinic, a stranger's clinic and tokens for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from web.api.calling import Api, make_tokens

from building import build_house
from compliance.app import create_app
from compliance.settings import Settings
from compliance.web.context import EXTENSION
from givens import Clock


@pytest.fixture
def app(sqlite_path: Path, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The app as it runs; report jobs are made at once."""
    settings = replace(
        Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path)}),
        database_url=f"sqlite:///{sqlite_path}",
        jobs_url="inline",
    )
    app = create_app(settings, clock=clock)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
    yield app
    app.extensions[EXTENSION].database.dispose()


@pytest.fixture
def api(app: Flask, tmp_path: Path, clock: Clock) -> Api:
    """A clinic with people and devices, and the tokens of its people."""
    database = app.extensions[EXTENSION].database
    house = build_house(database, tmp_path, now=clock())
    return Api(
        client=app.test_client(), house=house, tokens=make_tokens(house, clock()), clock=clock
    )


@pytest.fixture
def stranger(app: Flask, api: Api, tmp_path: Path, clock: Clock) -> Api:
    """The same app, seen from another clinic."""
    house = build_house(api.house.database, tmp_path, now=clock(), slug="hilltop")
    return Api(
        client=app.test_client(), house=house, tokens=make_tokens(house, clock()), clock=clock
    )
