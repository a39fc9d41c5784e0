"""What machines ask: /healthz, /readyz and /metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance.app import create_app
from compliance.settings import Settings
from compliance.web.context import EXTENSION
from compliance.web.first_run.door import FirstRun
from compliance.web.health import PUBLIC_PATHS

TOKEN = "a token that only the watcher knows"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}

MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(sqlite_path: Path, tmp_path: Path) -> Iterator[MakeClient]:
    apps: list[Flask] = []

    def make(**changes: object) -> FlaskClient:
        settings = replace(
            Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path / "data")}),
            database_url=f"sqlite:///{sqlite_path}",
            **changes,  # type: ignore[arg-type]  # any setting
        )
        app = create_app(settings, clock=lambda: NOON)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        # A server that has its clinic: otherwise every page leads to the first run.
        app.extensions[FirstRun.NAME].over = True
        apps.append(app)
        return app.test_client()

    yield make
    for app in apps:
        app.extensions[EXTENSION].database.dispose()
        app.extensions[EXTENSION].keyring.subjects.close()


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client()


def test_a_machine_needs_no_account(client: FlaskClient) -> None:
    for path in PUBLIC_PATHS:
        assert client.get(path).status_code == 200, path


def test_alive_means_only_that_the_process_answers(client: FlaskClient, sqlite_path: Path) -> None:
    break_database(client, sqlite_path)
    assert client.get("/healthz").text == "ok\n"


def test_ready_means_a_database_of_the_newest_version(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"status": "ready"})
    services = client.application.extensions[EXTENSION]
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    old = client.get("/readyz")
    assert (old.status_code, old.json) == (503, {"status": "database_not_current"})


def test_a_database_that_is_gone_is_not_ready(client: FlaskClient, sqlite_path: Path) -> None:
    break_database(client, sqlite_path)
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (503, {"status": "database_unreachable"})


def test_metrics_are_for_this_machine(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides=ELSEWHERE).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_visitor_through_a_proxy_is_not_this_machine(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        ("Bearer other", 403),
        ("Bearer ", 403),
        ("", 403),
        ("Bearer ü", 403),
    ],
)
def test_a_token_opens_metrics_from_elsewhere(
    make_client: MakeClient, sent: str, status: int
) -> None:
    client = make_client(metrics_token=TOKEN)
    headers = {"Authorization": sent}
    response = client.get("/metrics", headers=headers, environ_overrides=ELSEWHERE)
    assert response.status_code == status


def test_without_a_setting_no_token_opens_metrics(client: FlaskClient) -> None:
    for sent in ("Bearer ", "Bearer None"):
        headers = {"Authorization": sent}
        response = client.get("/metrics", headers=headers, environ_overrides=ELSEWHERE)
        assert response.status_code == 403


def test_requests_are_counted_by_endpoint_method_and_status(client: FlaskClient) -> None:
    client.get("/login")
    client.get("/login")
    text = client.get("/metrics").text
    labels = 'endpoint="auth.show_login",method="GET"'
    assert f'aseptrail_requests_total{{{labels},status="200"}} 2.0' in text
    assert f"aseptrail_request_seconds_count{{{labels}}} 2.0" in text
    assert 'aseptrail_build_info{version="' in text


def test_what_strangers_ask_for_makes_no_new_series(client: FlaskClient) -> None:
    for number in range(5):
        client.get(f"/nowhere/{number}")
        client.open("/login", method=f"STRANGE{number}")
    text = client.get("/metrics").text
    assert "nowhere" not in text
    assert "STRANGE" not in text
    assert 'endpoint="unmatched",method="GET",status="404"} 5.0' in text
    assert 'method="other"' in text


def test_two_apps_count_apart(make_client: MakeClient) -> None:
    first, second = make_client(), make_client()
    first.get("/login")
    assert "auth.show_login" not in second.get("/metrics").text


def break_database(client: FlaskClient, path: Path) -> None:
    """Put a folder where the database file was."""
    client.application.extensions[EXTENSION].database.dispose()
    for beside in path.parent.glob(f"{path.name}*"):
        beside.unlink()
    path.mkdir()
