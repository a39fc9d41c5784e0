"""The whole app on a real database, with a clinic, a stranger's clinic and tokens for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from web.api.calling import Api, make_tokens

from compliance.app import create_app
from compliance.settings import Settings
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import build_house


@pytest.fixture
def app(sqlite_path: Path, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The app as it runs; report jobs are made at once."""
    yield from run_app(f"sqlite:///{sqlite_path}", tmp_path, clock)


@pytest.fixture
def postgresql_api(
    fresh_postgresql: Callable[[], str], tmp_path: Path, clock: Clock
) -> Iterator[Api]:
    """The same on PostgreSQL."""
    for app in run_app(fresh_postgresql(), tmp_path, clock):
        yield found_clinic(app, tmp_path, clock)


def run_app(database_url: str, folder: Path, clock: Clock) -> Iterator[Flask]:
    settings = replace(
        Settings.from_environ({"COMPLIANCE_DATA_DIR": str(folder)}),
        database_url=database_url,
        jobs_url="inline",
    )
    app = create_app(settings, clock=clock)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
    yield app
    app.extensions[EXTENSION].database.dispose()


def found_clinic(app: Flask, folder: Path, clock: Clock, slug: str = "harbour") -> Api:
    """A clinic with people and devices, and the tokens of its people."""
    house = build_house(app.extensions[EXTENSION].database, folder, now=clock(), slug=slug)
    return Api(
        client=app.test_client(), house=house, tokens=make_tokens(house, clock()), clock=clock
    )


@pytest.fixture
def api(app: Flask, tmp_path: Path, clock: Clock) -> Api:
    """The app as seen from its clinic."""
    return found_clinic(app, tmp_path, clock)


@pytest.fixture
def stranger(app: Flask, api: Api, tmp_path: Path, clock: Clock) -> Api:
    """The same app, seen from another clinic."""
    return found_clinic(app, tmp_path, clock, "hilltop")
