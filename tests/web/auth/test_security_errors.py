from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web.auth.browsing import MakeApp, come_in, token_in
from werkzeug.test import TestResponse

import compliance.web.errors as web_errors
from compliance.domain.access import Actor, Role
from compliance.errors import ComplianceError, NotPermitted, Refused, SignatureRequired
from compliance.web.security import CONTENT_POLICY
from unit.people.cases import AddPerson

EVERYWHERE = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def problem(response: TestResponse) -> dict[str, Any]:
    assert response.mimetype == "application/problem+json"
    assert isinstance(response.json, dict)
    assert response.json["status"] == response.status_code
    return response.json


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/login", 200),
        ("GET", "/probe", 303),
        ("GET", "/nowhere", 404),
        ("DELETE", "/probe", 405),
        ("POST", "/login", 400),
        ("GET", "/fault", 500),
        ("GET", "/api/v1/probe", 401),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/fault", 500),
        ("GET", "/static/css/base.css", 200),
    ],
)
def test_every_answer_carries_the_headers(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert response.headers["Permissions-Policy"].startswith("camera=(self)")
    assert "Strict-Transport-Security" not in response.headers
    assert ("no-store" in response.headers["Cache-Control"]) == (not path.startswith("/static"))
    response.close()


def test_behind_tls_cookies_are_secure_and_browsers_stay_with_it(make_app: MakeApp) -> None:
    response = make_app(cookie_secure=True).test_client().get("/login")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in response.headers["Set-Cookie"]
    assert "HttpOnly" in response.headers["Set-Cookie"]


def test_forms_work_over_tls_without_a_referrer(
    make_app: MakeApp, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    client = make_app(cookie_secure=True).test_client()
    page = client.get("/login", base_url="https://localhost")
    data = {
        "csrf_token": token_in(page),
        "username": "mira",
        "password": "violet tram harbour",
    }
    response = client.post("/login", data=data, base_url="https://localhost")
    assert response.status_code == 303


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("clinic.example", 200),
        ("clinic.example:8443", 200),
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("clinic.example.evil.example", 400),
    ],
)
def test_only_the_names_of_this_server_are_answered(
    make_app: MakeApp, host: str, status: int
) -> None:
    client = make_app(public_url="https://clinic.example/").test_client()
    response = client.get("/login", headers={"Host": host})
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_without_a_public_address_any_name_is_answered(client: FlaskClient) -> None:
    assert client.get("/login", headers={"Host": "tablet.lan"}).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/logout", "/lock", "/clinic", "/account/password"])
@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_its_token_is_a_page_that_was_open_too_long(
    client: FlaskClient, path: str, token: str | None
) -> None:
    response = client.post(path, data={} if token is None else {"csrf_token": token})
    assert response.status_code == 400
    assert "This page was open too long" in response.text
    assert "Nothing was lost" in response.text


def test_another_browsers_token_is_refused(app: Flask) -> None:
    token = token_in(app.test_client().get("/login"))
    client = app.test_client()
    client.get("/login")
    assert client.post("/login", data={"csrf_token": token}).status_code == 400


def test_the_eleventh_attempt_within_a_minute_waits(make_app: MakeApp) -> None:
    app = make_app(limits=True)
    client = app.test_client()
    for _ in range(10):
        assert client.post("/login", data={"username": "mira"}).status_code == 400
    response = client.post("/login", data={"username": " MIRA "})
    assert response.status_code == 429
    assert "Too many attempts" in response.text
    assert response.headers["Retry-After"] == "60"
    assert client.post("/login", data={"username": "otto"}).status_code == 400
    assert client.get("/login").status_code == 200
    other = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.post("/login", data={"username": "mira"}, environ_base=other).status_code == 400
    # Two apps do not share their counters.
    assert make_app(limits=True).test_client().post("/login").status_code == 400


def test_many_names_from_one_address_wait_too(make_app: MakeApp) -> None:
    client = make_app(limits=True).test_client()
    statuses = [
        client.post("/login", data={"username": f"name{count}"}).status_code for count in range(61)
    ]
    assert statuses == [400] * 60 + [429]


def test_the_api_answers_limits_as_a_problem(make_app: MakeApp) -> None:
    client = make_app(limits=True).test_client()
    for _ in range(20):
        assert client.post("/api/v1/verify").status_code == 415
    response = client.post("/api/v1/verify")
    assert response.status_code == 429
    assert problem(response)["code"] == "too_many_requests"


def test_problems_have_the_shape_of_rfc_9457(client: FlaskClient) -> None:
    response = client.get("/api/v1/blocked")
    assert problem(response) == {
        "type": "urn:aseptrail:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "code": "conflict",
        "detail": "three things are missing",
        "instance": "/api/v1/blocked",
        "blockers": [{"item": "mask_worn"}],
    }
    missing = client.get("/api/v1/nowhere")
    assert (missing.status_code, problem(missing)["code"]) == (404, "not_found")
    wrong = client.delete("/api/v1/probe")
    assert (wrong.status_code, problem(wrong)["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]


def test_pages_get_pages(client: FlaskClient) -> None:
    response = client.get("/blocked")
    assert response.status_code == 409
    assert response.mimetype == "text/html"
    assert "Three things are missing." in response.text
    missing = client.get("/nowhere").text
    assert "Nothing is here" in missing
    assert "entered the URL manually" not in missing


def test_a_fault_is_logged_and_told_to_nobody(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/fault", "/api/v1/fault", "/api/v1/odd"):
        with caplog.at_level(logging.ERROR):
            caplog.clear()
            response = client.get(path)
        assert response.status_code == 500
        assert "hunter2" not in response.text
        assert "our files" not in response.text
        assert caplog.records[0].exc_info is not None


def test_a_database_that_fails_gives_a_page_all_the_same(
    client: FlaskClient,
    operator: Actor,
    add_person: AddPerson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")

    def fail(*_arguments: object, **_names: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("compliance.web.identity.resume_login", fail)
    response = client.get("/probe")
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.text


def test_one_map_knows_every_refusal() -> None:
    assert web_errors.STATUS[NotPermitted] == 403
    assert web_errors.STATUS[SignatureRequired] == 409
    assert web_errors.STATUS[Refused] == 422
    assert web_errors.STATUS[ComplianceError] == 500


def test_a_refused_value_names_its_field(app: Flask) -> None:
    with app.test_request_context("/api/v1/x"):
        error = Refused("depth", "9", "is too deep", allowed="0.1 to 3 mm")
        response = app.make_response(web_errors.show_refusal(error))
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["field"] == "depth"
    assert response.json["allowed"] == "0.1 to 3 mm"
