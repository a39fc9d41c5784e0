"""Devices, products, packs, checklists, rules and lists over the API."""

from __future__ import annotations

from typing import Any

import pytest
from web.api.calling import Api, problem, read

PEN: dict[str, Any] = {
    "code": "PEN-7",
    "label": "Pen 7",
    "components": [{"component": "tip", "mode": "steam", "material": "titanium"}],
    "max_depth_mm": "2.5",
}


def test_a_device_is_added_and_found_by_id_and_code(api: Api) -> None:
    added = read(api.post("/devices", PEN, by="manager"), 201)

    assert read(api.get("/devices/PEN-7")) == added
    assert read(api.get(f"/devices/{added['id']}")) == added
    problem(api.post("/devices", PEN, by="manager"), 409, "conflict")
    problem(api.get("/devices/PEN-8"), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "no spaces"}, "code"),
        ({"components": []}, "components"),
        ({"components": [{"component": "tip", "mode": "boil"}]}, "components.0.mode"),
        (
            {"components": [{"component": "tip", "mode": "steam", "material": "nickel"}]},
            "components.0.material",
        ),
        ({"components": [PEN["components"][0]] * 2}, "components"),
        ({"max_depth_mm": "NaN"}, "max_depth_mm"),
        ({"max_depth_mm": "3.5"}, "max_depth_mm"),
        ({"components": "tip"}, "components"),
        ({"components": [1]}, "components.0"),
    ],
)
def test_a_device_that_cannot_be_is_refused_by_field(
    api: Api, change: dict[str, Any], field: str
) -> None:
    response = api.post("/devices", {**PEN, **change}, by="manager")

    assert response.status_code == 422, response.text
    assert response.json is not None
    assert response.json["field"] == field


def test_a_product_is_added_and_listed(api: Api) -> None:
    serum = {"code": "SERUM-1", "kind": "serum", "name": "Hyaluron"}

    added = read(api.post("/products", serum, by="manager"), 201)

    assert added in read(api.get("/products"))["items"]
    bare = {"code": "D-1", "kind": "disinfectant", "name": "Spray"}
    refused = problem(api.post("/products", bare, by="manager"), 422, "invalid_value")
    assert refused["field"] == "contact_seconds"
    strange = {**serum, "code": "D-2", "contact_seconds": True}
    refused = problem(api.post("/products", strange, by="manager"), 422, "invalid_fields")
    assert refused["field"] == "contact_seconds"


def test_a_pack_is_registered_released_and_listed_by_state(api: Api) -> None:
    released = read(api.released_pack("P-1"))

    assert released["closed_sessions"] == []
    assert read(api.get("/packs/P-1")) == released["pack"]
    assert [p["code"] for p in read(api.get("/packs?state=released"))["items"]] == ["P-1"]
    assert read(api.get("/packs?state=registered"))["items"] == []
    problem(api.post("/packs/P-1/release", by="operator"), 409, "conflict")


def test_a_pack_keeps_no_longer_than_the_rules_allow(api: Api) -> None:
    body = {
        "code": "P-2",
        "contents": "forceps",
        "sterilizer": "A1",
        "cycle_number": "8",
        "sterilized_on": "2026-11-20",
        "expires_on": "2036-11-20",
    }

    refused = problem(api.post("/packs", body, by="operator"), 422, "invalid_value")

    assert refused["field"] == "expires_on"
    assert "source:" in refused["problem"]


def test_a_repeated_registration_with_its_key_makes_one_pack(api: Api) -> None:
    body = {
        "code": "P-3",
        "contents": "forceps",
        "sterilizer": "A1",
        "cycle_number": "8",
        "sterilized_on": "2026-11-20",
    }

    first = read(api.post("/packs", body, by="operator", Idempotency_Key="p3"), 201)
    again = api.post("/packs", body, by="operator", Idempotency_Key="p3")

    assert read(again, 201) == first
    assert again.headers["Idempotent-Replayed"] == "true"


def test_checklists_are_listed_and_read_by_version(api: Api) -> None:
    listed = read(api.get("/templates"))["items"]

    assert len(listed) == 5
    newest = read(api.get("/templates/needle_roller"))
    assert newest == read(api.get("/templates/needle_roller@1"))
    assert [i["code"] for i in newest["items"] if i["required_when"]] == ["serum_lot"]
    problem(api.get("/templates/needle_roller@2"), 404, "not_found")


def test_the_rules_say_who_says_so(api: Api) -> None:
    found = read(api.get("/profiles/effective"))

    assert found["on"] == "2026-11-20"
    assert {profile["id"] for profile in found["profiles"]} >= {"US-NEHA-BAMC-2024"}
    assert all(rule["rule"] and rule["source"] for rule in found["rules"])


def test_one_more_profile_tightens_and_cannot_be_taken_twice(api: Api) -> None:
    before = {rule["key"]: rule["value"] for rule in read(api.get("/profiles/effective"))["rules"]}

    added = read(api.post("/profiles", {"profile": "US-CDC-dental"}, by="manager"), 201)

    after = {rule["key"]: rule for rule in added["rules"]}
    assert before.get("spore_test_max_days") != 7
    assert after["spore_test_max_days"]["value"] == 7
    assert after["spore_test_max_days"]["rule"].startswith("US-CDC-dental/")
    assert read(api.get("/profiles/effective")) == added
    problem(api.post("/profiles", {"profile": "US-CDC-dental"}, by="manager"), 409, "conflict")
    refused = api.post("/profiles", {"profile": "XX-NONE"}, by="manager")
    assert "is not a rule profile" in problem(refused, 422, "invalid_value")["detail"]
    problem(api.post("/profiles", {"profile": "US-MN"}, by="practitioner"), 403, "not_permitted")


def pages(api: Api, path: str, limit: int) -> list[dict[str, Any]]:
    """Every line of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = read(api.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}"))
        assert len(page["items"]) <= limit
        found.extend(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_cover_every_session_exactly_once(api: Api, limit: int) -> None:
    # Three of each time, so that pages end between sessions of the same moment.
    opened: list[str] = []
    for _ in range(3):
        api.clock.tick(minutes=1)
        opened.extend(api.open() for _ in range(3))

    listed = [line["id"] for line in pages(api, "/sessions", limit)]

    assert sorted(listed) == sorted(opened)
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_pages_cover_every_device_and_pack_exactly_once(api: Api, limit: int) -> None:
    for number in range(4):
        api.released_pack(f"P-{number}")

    packs = [pack["code"] for pack in pages(api, "/packs", limit)]
    devices = [device["code"] for device in pages(api, "/devices", limit)]

    assert sorted(packs) == ["P-0", "P-1", "P-2", "P-3"]
    assert sorted(devices) == ["PEN-1", "ROLLER-1", "TIP-1"]


def test_lists_of_sessions_are_narrowed(api: Api) -> None:
    first = api.open(client_ref="C-1")
    api.clock.tick(days=2)
    second = api.open(client_ref="C-2")
    api.answer(second, "gloves_worn", "yes", performed_at="2026-11-22T12:00:00Z")

    def listed(query: str) -> list[str]:
        return [line["id"] for line in read(api.get(f"/sessions?{query}"))["items"]]

    assert listed("state=draft,closed") == [second, first]
    assert listed("state=closed") == []
    assert listed("client_ref=c-1") == [first]
    assert listed("client_ref=nobody") == []
    assert listed("from=2026-11-21") == [second]
    assert listed("to=2026-11-20") == [first]
    assert listed("from=2026-11-20T13:00:00%2B01:00&to=2026-11-20T13:00:01%2B01:00") == [first]
    assert listed("late=true") == []
    assert listed(f"practitioner={api.house.practitioner.user_id}") == [second, first]
    assert listed(f"practitioner={api.house.manager.user_id}") == []
