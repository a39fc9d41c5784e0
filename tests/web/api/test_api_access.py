"""Who may call what: tokens, scopes, roles and clinics, for every call there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from web.api.calling import Api, make_token, problem, read

from compliance.domain.access import ALLOWED, Action, Role

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
PARTS = {"code": "gloves_worn", "number": "1"}
IDS = frozenset(
    {"session_id", "report_id", "cycle_id", "recall_id", "erasure_id", "lot_id", "load_id"}
)


def every_call(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path below the prefix, operation) of the whole description."""
    described = app.test_client().get("/api/v1/openapi.json").get_json()
    calls = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            filled = path.removeprefix("/api/v1")
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                part = NOBODY if name in IDS else PARTS.get(name, "nothing_here")
                filled = filled.replace(f"{{{name}}}", part)
            calls.append((method.upper(), filled, operation))
    return calls


def test_every_call_asks_for_a_token_before_it_looks_at_anything(app: Flask, api: Api) -> None:
    for method, path, operation in every_call(app):
        if "x-needs" not in operation:
            continue
        for token in ("", "ast_nonsense"):
            response = api.send(method, path, {"unknown": 1}, by=token)
            problem(response, 401, "sign_in_required")
            assert response.headers["WWW-Authenticate"] == "Bearer"


def test_every_call_asks_for_the_role_before_it_looks_at_anything(app: Flask, api: Api) -> None:
    tried = 0
    for method, path, operation in every_call(app):
        for role in ("practitioner", "manager", "operator", "inspector"):
            if "x-needs" not in operation or Action(operation["x-needs"]) in ALLOWED[Role(role)]:
                continue
            problem(api.send(method, path, {"unknown": 1}, by=role), 403, "not_permitted")
            tried += 1
    assert tried > 30


def test_only_description_and_verification_need_no_account(app: Flask) -> None:
    free = {path for _, path, operation in every_call(app) if "x-needs" not in operation}

    assert free == {"/openapi.json", "/verify"}


def test_a_cookie_opens_no_call(app: Flask, api: Api) -> None:
    with app.test_client() as client:
        assert client.get("/api/v1/sessions").status_code == 401


def test_a_token_ends_at_its_time(api: Api) -> None:
    end = api.clock() + timedelta(hours=1)
    short = make_token(api.house, api.house.practitioner, api.clock(), expires_at=end)
    assert api.get("/sessions", by=short).status_code == 200

    api.clock.now = end

    problem(api.get("/sessions", by=short), 401, "sign_in_required")


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        ({"write"}, "GET", "/sessions"),
        ({"read"}, "POST", "/sessions"),
        ({"read", "write", "sign"}, "POST", "/reports"),
        ({"read", "write", "sign"}, "GET", "/reports"),
    ],
)
def test_a_token_needs_the_scope(api: Api, scopes: set[str], method: str, path: str) -> None:
    narrow = make_token(api.house, api.house.manager, api.clock(), scopes=frozenset(scopes))

    problem(api.send(method, path, by=narrow), 403, "not_permitted")


def test_signing_needs_the_scope_sign(api: Api) -> None:
    session = api.treated()
    ended = api.closed()
    plain = frozenset({"read", "write"})
    mine = make_token(api.house, api.house.practitioner, api.clock(), scopes=plain)
    amendment = {"item": "body_site", "result": "neck", "reason": "A slip."}

    problem(api.post(f"/sessions/{session}/close", by=mine), 409, "signature_required")
    problem(
        api.post(f"/sessions/{ended}/amendments", amendment, by=mine), 409, "signature_required"
    )
    assert read(api.get(f"/sessions/{session}"))["state"] == "treated"


def test_another_clinics_things_are_not_found(api: Api, stranger: Api) -> None:
    session = api.closed()
    api.released_pack("P-9")
    report = read(
        api.post("/reports", {"from": "2026-11-01", "to": "2026-11-20"}, by="manager"), 202
    )["id"]
    reason = {"reason": "Because."}

    for method, path, body, by in (
        ("GET", f"/sessions/{session}", None, "practitioner"),
        ("GET", f"/sessions/{session}/history", None, "practitioner"),
        ("PUT", f"/sessions/{session}/items/gloves_worn", {"result": "yes"}, "practitioner"),
        ("DELETE", f"/sessions/{session}/items/gloves_worn", None, "practitioner"),
        ("POST", f"/sessions/{session}/start", None, "practitioner"),
        ("POST", f"/sessions/{session}/close", None, "practitioner"),
        ("POST", f"/sessions/{session}/take-over", reason, "practitioner"),
        ("GET", "/packs/P-9", None, "operator"),
        ("POST", "/packs/P-9/release", None, "operator"),
        ("GET", f"/reports/{report}", None, "manager"),
        ("GET", f"/reports/{report}/pdf", None, "manager"),
        ("POST", f"/reports/{report}/cancel", None, "manager"),
    ):
        problem(stranger.send(method, path, body, by=by), 404, "not_found")
    assert read(stranger.get("/sessions"))["items"] == []
    assert read(stranger.get("/packs"))["items"] == []


def test_an_unknown_address_is_a_problem_too(api: Api) -> None:
    problem(api.get("/nothing"), 404, "not_found")
    problem(api.get("/sessions/not-a-uuid"), 404, "not_found")
    problem(api.send("PATCH", "/sessions"), 405, "method_not_allowed")
