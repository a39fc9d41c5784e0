"""From an empty database to a clinic with two people, and never again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.app import create_app
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.first_code import issue_code
from compliance.settings import Settings
from compliance.web.context import EXTENSION, Services
from givens import Clock

GOOD = {
    "name": "Möwe Skin Studio",
    "slug": "",
    "time_zone": "Europe/Berlin",
    "language": "en",
    "profiles": ["DE-RKI-BGB", "US-NEHA-BAMC-2024"],
    "admin-display_name": "Ada Admin",
    "admin-username": "ada",
    "admin-password": "long enough 1",
    "admin-again": "long enough 1",
    "admin-pin": "",
    "manager-display_name": "Mona Manager",
    "manager-username": "mona",
    "manager-password": "long enough 2",
    "manager-again": "long enough 2",
    "manager-pin": "246810",
}
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def app(sqlite_path: Path, tmp_path: Path) -> Iterator[Flask]:
    environ = {
        "COMPLIANCE_DATA_DIR": str(tmp_path / "data"),
        "COMPLIANCE_DATABASE_URL": f"sqlite:///{sqlite_path}",
        "COMPLIANCE_JOBS_URL": "inline",
    }
    app = create_app(Settings.from_environ(environ), clock=Clock())
    app.config["RATELIMIT_ENABLED"] = False
    yield app
    app.extensions[EXTENSION].database.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def hidden(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text)
    assert found is not None, page.text[:500]
    return found[1]


def send(client: FlaskClient, **changes: object) -> TestResponse:
    page = client.get("/first-run")
    data = {**GOOD, "submission": hidden(page, "submission")}
    data["csrf_token"] = hidden(page, "csrf_token")
    return client.post("/first-run", data={**data, **changes})


def clinics(app: Flask) -> list[tuple[str, str]]:
    services: Services = app.extensions[EXTENSION]
    with services.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT clinic_id, slug FROM clinic")
        return [(row[0], row[1]) for row in rows]


def test_every_page_leads_to_the_first_one(client: FlaskClient) -> None:
    for path in ("/", "/login", "/tablet", "/manager", "/verify"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (303, "/first-run"), path


def test_a_clinic_is_founded_with_its_people_and_a_clean_log(
    app: Flask, client: FlaskClient
) -> None:
    answer = send(client)

    assert (answer.status_code, answer.location) == (303, "/root-sheet")
    [(clinic_id, slug)] = clinics(app)
    assert slug == "moewe-skin-studio"
    services: Services = app.extensions[EXTENSION]
    assert audit_clinic(services.database, clinic_id).problems == ()
    sheet = client.get("/root-sheet")
    assert "Möwe Skin Studio is founded" in sheet.text
    assert client.get("/root-qr.svg").mimetype == "image/svg+xml"


def sign_in_manager(client: FlaskClient) -> None:
    page = client.get("/login")
    answer = client.post(
        "/login",
        data={
            "csrf_token": hidden(page, "csrf_token"),
            "username": "mona",
            "password": "long enough 2",
        },
    )
    assert answer.status_code == 303


def test_the_manager_comes_in_afterwards(client: FlaskClient) -> None:
    send(client)

    sign_in_manager(client)

    assert client.get("/manager").status_code == 200


def test_the_first_page_promises_no_language_that_is_not_there(client: FlaskClient) -> None:
    page = client.get("/first-run").text

    assert "Language of reports and checklists" in page
    assert "The screens around them are in English. It can be set right later." in page


def test_a_german_clinic_has_english_screens_and_says_so_to_a_screen_reader(
    client: FlaskClient,
) -> None:
    send(client, language="de")
    sign_in_manager(client)

    page = client.get("/manager").text
    assert '<html lang="en">' in page
    assert "Inspection-ready?" in page
    assert "Gerät der dermatologischen Praxis" in client.get("/manager/templates").text


def test_a_new_manager_is_told_what_comes_next(client: FlaskClient) -> None:
    send(client)
    sign_in_manager(client)

    page = client.get("/manager").text

    assert "No session was opened yet, so nothing is in the way." in page
    steps = page.split("Before the first treatment")[1].split("</ol>")[0]
    assert re.findall(r'href="([^"]+)"', steps) == [
        "/manager/people/invite",
        "/manager/things/devices/new",
        "/manager/things/products/new",
        "/manager/templates",
    ]
    lot = client.get("/manager/things/lots/new").text
    assert "No product yet" in lot
    assert 'href="/manager/things/products/new"' in lot
    assert "<select" not in lot


def test_once_there_is_a_clinic_the_page_is_gone(client: FlaskClient) -> None:
    send(client)

    assert client.get("/first-run").status_code == 404


def test_a_form_sent_twice_founds_once(app: Flask, client: FlaskClient) -> None:
    page = client.get("/first-run")
    data = {
        **GOOD,
        "submission": hidden(page, "submission"),
        "csrf_token": hidden(page, "csrf_token"),
    }
    first = client.post("/first-run", data=data)
    data["csrf_token"] = hidden(client.get("/login"), "csrf_token")

    second = client.post("/first-run", data=data)

    assert (first.location, second.location) == ("/root-sheet", "/root-sheet")
    assert len(clinics(app)) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Give the clinic"),
        ({"admin-password": "short", "admin-again": "short"}, "10"),
        ({"manager-again": "another one 2"}, "The two passwords differ."),
        ({"manager-username": "ada"}, "different usernames"),
        ({"slug": "No Slug!"}, "single hyphens"),
        ({"manager-pin": "12"}, "6"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(
    app: Flask, client: FlaskClient, change: dict[str, str], sentence: str
) -> None:
    answer = send(client, **change)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert clinics(app) == []


def test_from_elsewhere_the_code_of_the_terminal_is_asked(app: Flask, client: FlaskClient) -> None:
    code = issue_code(app.extensions[EXTENSION].settings.data_dir)
    page = client.get("/first-run", environ_overrides=ELSEWHERE)
    assert "terminal" in page.text
    token = hidden(page, "csrf_token")

    wrong = client.post(
        "/first-run/code",
        data={"csrf_token": token, "code": "nonsense"},
        environ_overrides=ELSEWHERE,
    )
    right = client.post(
        "/first-run/code", data={"csrf_token": token, "code": code}, environ_overrides=ELSEWHERE
    )

    assert wrong.status_code == 403
    assert right.status_code == 303
    opened = client.get("/first-run", environ_overrides=ELSEWHERE)
    assert 'name="submission"' in opened.text


def test_without_the_code_nobody_elsewhere_founds(app: Flask, client: FlaskClient) -> None:
    page = client.get("/first-run", environ_overrides=ELSEWHERE)
    data = {**GOOD, "submission": "x", "csrf_token": hidden(page, "csrf_token")}

    answer = client.post("/first-run", data=data, environ_overrides=ELSEWHERE)

    assert answer.status_code == 403
    assert clinics(app) == []


def test_the_trust_page_says_when_there_is_no_certificate(client: FlaskClient) -> None:
    assert "No certificate of its own" in client.get("/tablet-trust").text
    assert client.get("/tls-root.crt").status_code == 404
