"""What a program must not send: it is refused with a reason, and never breaks anything."""

from __future__ import annotations

from typing import Any

import pytest
from web.api.calling import Api, problem

from compliance.web.api.bodies import MAX_BODY_BYTES

BODY = '{"client_ref": %s, "template": "clinic_device", "device_id": "TIP-1"}'


def send_raw(api: Api, data: bytes, media_type: str = "application/json") -> Any:
    return api.client.post(
        "/api/v1/sessions",
        data=data,
        content_type=media_type,
        headers={"Authorization": f"Bearer {api.tokens['practitioner']}"},
    )


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"\xff\xfe",
        b'{"client_ref": "\xff"}',
        b'{"client_ref": NaN}',
        b'{"client_ref": -Infinity}',
        b'{"client_ref": "a", "client_ref": "b"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"client_ref": ' + b"9" * 5000 + b"}",
    ],
    ids=["cut", "bytes", "utf8", "nan", "infinity", "twice", "bomb", "objects", "digits"],
)
def test_what_is_no_json_is_unreadable(api: Api, data: bytes) -> None:
    problem(send_raw(api, data), 400, "unreadable_body")


@pytest.mark.parametrize(
    "value",
    [
        '"\\u0000"',
        '"\\ud800"',
        "1e999",
        "12345678901234567890",
        "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
        "null",
        "{}",
        "true",
        '""',
        '"' + "x" * 81 + '"',
    ],
)
def test_a_value_that_no_record_can_keep_names_its_field(api: Api, value: str) -> None:
    response = send_raw(api, (BODY % value).encode())

    assert response.status_code == 422
    assert response.json["field"] in {"client_ref", "body"}


@pytest.mark.parametrize("data", [b"[]", b"1", b'"text"', b"null"])
def test_a_body_that_is_no_object_is_refused(api: Api, data: bytes) -> None:
    assert problem(send_raw(api, data), 422, "invalid_value")["field"] == "body"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_refused(api: Api, media_type: str) -> None:
    response = send_raw(api, (BODY % '"C-1"').encode(), media_type)

    problem(response, 415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_refused(api: Api) -> None:
    fits = (BODY % '"C-1"').encode().ljust(MAX_BODY_BYTES)

    assert send_raw(api, fits).status_code == 201
    problem(send_raw(api, fits + b" "), 413, "request_entity_too_large")


def test_text_is_kept_in_one_form_however_it_was_typed(api: Api) -> None:
    session = api.open(client_ref="Zoe\u0308")

    found = api.get(f"/sessions/{session}").json

    assert found is not None
    assert found["client_ref"] == "Zoë"


def test_fields_of_a_call_without_body_are_refused_by_name(api: Api) -> None:
    found = api.post(f"/sessions/{api.open()}/start", {"force": True})

    assert problem(found, 422, "invalid_fields")["field"] == "force"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("cursor=%25%25", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=WzFlOTksImEiXQ", "cursor"),
        ("cursor=Wy0xLCIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTciXQ", "cursor"),
        ("state=open", "state"),
        ("late=maybe", "late"),
        ("from=2026-11-20T00:00:00", "from"),
        ("from=0001-01-01T00:00:00%2B14:00", "from"),
        ("from=2026-02-30", "from"),
        ("to=9999-12-31", "to"),
        ("practitioner=%00", "practitioner"),
        ("colour=blue", "colour"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(api: Api, query: str, field: str) -> None:
    response = api.get(f"/sessions?{query}")

    assert response.status_code == 422, response.text
    assert response.json is not None
    assert response.json["field"] == field


def test_the_cursor_of_another_list_is_broken(api: Api) -> None:
    first = api.get("/devices?limit=1").json
    assert first is not None

    response = api.get(f"/sessions?cursor={first['next_cursor']}")

    assert problem(response, 422, "invalid_value")["field"] == "cursor"


def test_a_template_version_beyond_all_numbers_is_refused(api: Api) -> None:
    body = {"client_ref": "C-1", "device_id": "TIP-1", "template": "clinic_device@" + "9" * 30}

    assert problem(api.post("/sessions", body), 422, "invalid_fields")["field"] == "template"
