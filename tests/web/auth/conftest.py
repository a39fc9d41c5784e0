"""The app with nothing but access in it, on a real database, with a clock the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web.auth.browsing import Clock, MakeApp

from compliance.app import create_app
from compliance.errors import ComplianceError, Conflict
from compliance.settings import Settings
from compliance.store.session import Database
from compliance.web.context import EXTENSION, current_actor
from compliance.web.first_run.door import FirstRun
from unit.people import conftest as people

keyring = people.keyring
password_hash = people.password_hash
pin_hash = people.pin_hash
add_clinic = people.add_clinic
operator = people.operator
add_person = people.add_person


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """One kind of database is enough for the pages; the operations are tested on both."""
    return sqlite_database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_app(sqlite_path: Path, clock: Clock, tmp_path: Path) -> Iterator[MakeApp]:
    """Build the app; keyword arguments replace settings, ``limits`` switches the limits on."""

    apps: list[Flask] = []

    def make(*, limits: bool = False, **changes: object) -> Flask:
        environ = {"COMPLIANCE_DATA_DIR": str(tmp_path / "data")}
        settings = replace(
            Settings.from_environ(environ),
            database_url=f"sqlite:///{sqlite_path}",
            **changes,  # type: ignore[arg-type]  # any setting
        )
        app = create_app(settings, clock=clock)
        app.config["TESTING"] = True
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.config["RATELIMIT_ENABLED"] = limits
        # These pages are those of a server that has its clinic.
        app.extensions[FirstRun.NAME].over = True
        add_probes(app)
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions[EXTENSION].database.dispose()


def add_probes(app: Flask) -> None:
    """Routes that stand for the rest of the app."""

    @app.route("/probe", methods=["GET", "POST"])
    @app.route("/api/v1/probe", methods=["GET", "POST"])
    def probe() -> dict[str, object]:
        actor = current_actor()
        return {"user": actor.user_id, "auth": actor.auth, "may_sign": actor.may_sign}

    @app.post("/probe/answers/gloves")
    def answer() -> str:
        return current_actor().user_id

    @app.get("/fault")
    @app.get("/api/v1/fault")
    def fault() -> str:
        raise RuntimeError("patient Muster, password hunter2")

    @app.get("/blocked")
    @app.get("/api/v1/blocked")
    def blocked() -> str:
        error = Conflict("three things are missing")
        error.extra = {"blockers": [{"item": "mask_worn"}]}  # type: ignore[attr-defined]  # as the gate's refusal has
        raise error

    @app.get("/api/v1/odd")
    def odd() -> str:
        raise ComplianceError("where our files lie")


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
