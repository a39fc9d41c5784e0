"""Treatment sessions over the API, from opening to what follows the closing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from web.api.calling import Api, problem, read

from harbour import INK

PROTOCOLS = (
    ("needle_roller", "ROLLER-1"),
    ("roller_or_pen_expert", "PEN-1"),
    ("pen_topical_anaesthetic", "PEN-1"),
    ("clinic_device", "TIP-1"),
    ("cosmetic_medical_microneedling", "TIP-1"),
)


def missing(response: Any) -> set[str]:
    found = problem(response, 409, "blocked")["blockers"]
    assert all(set(each) == {"item", "code", "reason", "rule", "fix"} for each in found)
    return {each["item"] for each in found}


@pytest.mark.parametrize(("template", "device"), PROTOCOLS)
def test_every_seed_protocol_is_done_end_to_end_and_blocks_until_its_last_item(
    api: Api, template: str, device: str
) -> None:
    api.released_pack("P-1")
    session = api.open(device, template=template)

    blocked = missing(api.step(session, "start"))
    assert {"gloves_worn", "mask_worn", "needle_material", "device_sterilized_before"} <= blocked

    api.answer_phase(session, "before", device)
    assert read(api.step(session, "start"))["state"] == "in_progress"
    api.answer_phase(session, "during", device)
    assert read(api.step(session, "finish"))["state"] == "treated"
    assert "device_sterilized_after" in missing(api.step(session, "close"))
    api.answer_phase(session, "after", device)
    last = api.send("DELETE", f"/sessions/{session}/items/aftercare_given")
    assert last.status_code == 200
    assert missing(api.step(session, "close")) == {"aftercare_given"}
    api.answer(session, "aftercare_given", "yes")

    closed = read(api.step(session, "close"))

    waits = device == "ROLLER-1"
    assert closed["state"] == ("awaiting_reprocessing" if waits else "closed")


def test_a_steam_device_waits_until_its_next_pack_is_released(api: Api) -> None:
    api.released_pack("P-1")
    session = api.closed("ROLLER-1")
    waiting = read(api.get("/waiting", by="operator"))["items"]
    assert [each["session_id"] for each in waiting] == [session]
    api.clock.tick(hours=2)

    released = read(api.released_pack("P-2"))

    assert released["closed_sessions"] == [session]
    assert released["pack"]["state"] == "released"
    assert read(api.get(f"/sessions/{session}"))["state"] == "closed"
    assert read(api.get("/waiting", by="operator"))["items"] == []


def test_a_session_is_read_whole(api: Api) -> None:
    session = api.closed("PEN-1")

    response = api.get(f"/sessions/{session}")
    found = read(response)

    assert found["client_ref"] == "C-1001"
    assert found["practitioner"]["name"] == "Practitioner Ó Murchú"
    answers = {item["code"]: item["answer"] for item in found["items"]}
    assert answers["needle_material"]["result"] == "titanium"
    assert {piece["component"] for piece in answers["device_sterilized_before"]["evidence"]} == {
        "handpiece",
        "cartridge",
    }
    assert found["gate"] == {"next_step": None, "open": True, "blockers": [], "waiting": []}
    assert response.headers["ETag"] == f'"{found["version"]}"'


def test_opening_answers_with_the_warnings_and_the_address(api: Api) -> None:
    api.closed()
    body = {"client_ref": "C-1001", "template": "clinic_device", "device_id": "TIP-1"}

    response = api.post("/sessions", body)

    opened = read(response, 201)
    assert {warning["code"] for warning in opened["warnings"]} == {"interval"}
    assert response.headers["Location"] == f"/api/v1/sessions/{opened['id']}"


def test_a_chosen_id_cannot_open_twice(api: Api) -> None:
    chosen = "01890a5d-ac96-774b-bcce-b302099a8057"
    assert api.open(id=chosen) == chosen

    again = api.post(
        "/sessions",
        {"client_ref": "C-2", "template": "clinic_device", "device_id": "TIP-1", "id": chosen},
    )

    problem(again, 409, "conflict")


@pytest.mark.parametrize(
    ("item", "body", "field", "allowed"),
    [
        ("gloves_worn", {"result": "perhaps"}, "gloves_worn", "yes, no"),
        ("needle_material", {"result": "gold"}, "needle_material", "titanium, surgical_steel"),
        ("gloves", {"result": "yes"}, "item", "gloves_worn"),
        ("gloves_worn", {}, "result", ""),
        ("gloves_worn", {"result": "yes", "colour": "blue"}, "colour", "result"),
        ("gloves_worn", {"result": "yes", "performed_at": "2026-11-20T12:00"}, "performed_at", ""),
        ("gloves_worn", {"result": "yes", "performed_at": 5}, "performed_at", "RFC 3339"),
        ("gloves_worn", {"result": "yes", "evidence": [1]}, "gloves_worn", "no evidence"),
        ("device_sterilized_before", {"result": [{"kind": 1}]}, "device_sterilized_before", ""),
    ],
)
def test_a_bad_answer_names_the_field_and_what_is_allowed(
    api: Api, item: str, body: dict[str, Any], field: str, allowed: str
) -> None:
    session = api.open()

    response = api.send("PUT", f"/sessions/{session}/items/{item}", body)

    assert response.status_code == 422
    assert response.json is not None
    assert response.json["field"] == field
    assert allowed in response.json["allowed"]


def test_every_bad_field_is_named_at_once(api: Api) -> None:
    found = problem(
        api.post("/sessions", {"client_ref": "", "colour": "blue"}), 422, "invalid_fields"
    )

    assert {each["field"] for each in found["errors"]} == {
        "client_ref",
        "template",
        "device_id",
        "colour",
    }


def test_evidence_that_may_not_be_used_is_refused_with_the_way_out(api: Api) -> None:
    session = api.open()
    lot = {"component": "tip", "kind": "lot", "ref": {"lot": "L", "expires_on": "2020-01-01"}}

    response = api.answer(session, "device_sterilized_before", "yes", evidence=[lot])

    assert "expired" in problem(response, 422, "evidence_refused")["detail"]


def test_an_answer_before_its_turn_is_a_conflict(api: Api) -> None:
    problem(api.answer(api.open(), "skin_disinfected_after", "yes"), 409, "too_early")


def test_if_match_lets_only_the_version_seen_be_changed(api: Api) -> None:
    session = api.open()
    seen = api.get(f"/sessions/{session}").headers["ETag"]
    path = f"/sessions/{session}/items/gloves_worn"

    first = api.send("PUT", path, {"result": "yes"}, If_Match=seen)
    second = api.send("PUT", path, {"result": "no"}, If_Match=seen)

    assert first.headers["ETag"] == '"2"'
    problem(second, 412, "version_mismatch")
    problem(api.step(session, "start", If_Match='"1"'), 412, "version_mismatch")
    missing(api.step(session, "start", If_Match='"2"'))


def test_a_retry_of_the_closing_gets_the_same_record(api: Api) -> None:
    session = api.treated()

    first = api.step(session, "close", Idempotency_Key="close-1")
    again = api.step(session, "close", Idempotency_Key="close-1")

    assert read(first) == read(again)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    found = read(api.get(f"/sessions/{session}"))
    assert found["closed_index"] == read(first)["index"]


def test_a_key_that_comes_with_another_body_is_refused(api: Api) -> None:
    session = api.open()
    path = f"/sessions/{session}/items/gloves_worn"
    api.send("PUT", path, {"result": "yes"}, Idempotency_Key="k")

    other = api.send("PUT", path, {"result": "no"}, Idempotency_Key="k")

    problem(other, 409, "idempotency_mismatch")


def test_keys_of_two_people_are_two_keys(api: Api) -> None:
    body = {"client_ref": "C-1", "template": "clinic_device", "device_id": "TIP-1"}

    mine = api.post("/sessions", body, Idempotency_Key="k")
    theirs = api.post("/sessions", body, by="manager", Idempotency_Key="k")

    assert read(mine, 201)["id"] != read(theirs, 201)["id"]


@pytest.mark.parametrize("key", ["", "k" * 201, " k", "Ünïcode".encode().decode("latin-1")])
def test_a_key_that_cannot_be_kept_is_refused(api: Api, key: str) -> None:
    response = api.step(api.open(), "start", Idempotency_Key=key)

    assert problem(response, 422, "invalid_value")["field"] == "Idempotency-Key"


def test_a_refused_request_keeps_its_key_free(api: Api) -> None:
    session = api.open()
    missing(api.step(session, "start", Idempotency_Key="k"))
    api.answer_phase(session, "before")

    assert read(api.step(session, "start", Idempotency_Key="k"))["state"] == "in_progress"


def test_a_session_is_aborted_with_its_whole_deviation(api: Api) -> None:
    session = api.open()
    deviation = {"what": "It broke.", "why": "It fell.", "corrective_action": "Cleaned up."}

    lacking = api.post(f"/sessions/{session}/abort", {"what": "It broke."})
    aborted = api.post(f"/sessions/{session}/abort", deviation)

    fields = {each["field"] for each in problem(lacking, 422, "invalid_fields")["errors"]}
    assert fields == {"why", "corrective_action"}
    assert read(aborted)["state"] == "aborted"
    problem(api.post(f"/sessions/{session}/abort", deviation), 409, "session_ended")


def test_an_amendment_stands_beside_the_old_value(api: Api) -> None:
    session = api.closed()
    body = {"item": "body_site", "result": "neck", "reason": "The wrong site was tapped."}

    amended = read(api.post(f"/sessions/{session}/amendments", body), 201)

    found = read(api.get(f"/sessions/{session}"))
    assert amended["state"] == found["state"] == "closed"
    (amendment,) = found["amendments"]
    assert (amendment["old"], amendment["new"]) == ("face", "neck")
    assert amendment["reason"] == "The wrong site was tapped."
    assert amendment["signature"]["auth"] == "token"
    problem(api.post(f"/sessions/{api.open()}/amendments", body), 409, "session_not_ended")


def test_an_override_opens_a_screened_start(api: Api) -> None:
    session = api.open()
    api.answer_phase(session, "before")
    piece = {"component": "client", "kind": "contraindication", "ref": "eczema"}
    api.answer(session, "contraindications_screened", "present", evidence=[piece])
    assert missing(api.step(session, "start")) == {"contraindications_screened"}
    body = {"item": "contraindications_screened", "reason": "Healed, and elsewhere."}

    not_entitled = api.post(f"/sessions/{session}/overrides", body, by="manager")
    read(api.post(f"/sessions/{session}/overrides", body), 201)

    problem(not_entitled, 403, "not_permitted")
    assert read(api.step(session, "start"))["state"] == "in_progress"
    (override,) = read(api.get(f"/sessions/{session}"))["overrides"]
    assert override["reason"] == "Healed, and elsewhere."


def test_a_colleague_takes_over(api: Api) -> None:
    session = api.open()

    taken = api.post(f"/sessions/{session}/take-over", {"reason": "Shift ended."}, by="manager")
    again = api.post(f"/sessions/{session}/take-over", {"reason": "Shift ended."}, by="manager")

    assert read(taken)["state"] == "draft"
    assert problem(again, 422, "invalid_value")["field"] == "practitioner"
    found = read(api.get(f"/sessions/{session}"))
    assert found["practitioner"]["name"] == "Manager Ó Murchú"
    assert found["handovers"][0]["from"]["name"] == "Practitioner Ó Murchú"


def test_a_wrong_client_is_set_right_before_closing(api: Api) -> None:
    session = api.open()

    read(api.post(f"/sessions/{session}/client", {"client_ref": "C-2"}))

    assert read(api.get(f"/sessions/{session}"))["client_ref"] == "C-2"
    closed = api.closed()
    late = api.post(f"/sessions/{closed}/client", {"client_ref": "C-3"})
    problem(late, 409, "session_ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text_id": "microneedling_consent", "ink_png": "%%%"}, 422, "invalid_value"),
        ({"text_id": "microneedling_consent", "ink_png": "aGVsbG8="}, 422, "invalid_value"),
        ({"text_id": "unknown", "ink_png": base64.b64encode(INK).decode()}, 404, "not_found"),
    ],
)
def test_a_consent_that_proves_nothing_is_refused(
    api: Api, body: dict[str, str], status: int, code: str
) -> None:
    problem(api.post(f"/sessions/{api.open()}/consent", body), status, code)


def test_what_follows_a_closing_is_recorded(api: Api) -> None:
    session = api.closed()
    incident = {"grade": "minor", "signs": ["bruising"], "description": "A bruise."}
    follow_up = {"outcome": "well", "note": "No complaints."}

    first = read(api.post(f"/sessions/{session}/incidents", incident), 201)
    second = read(api.post(f"/sessions/{session}/follow-ups", follow_up), 201)
    bad = api.post(f"/sessions/{session}/incidents", {**incident, "signs": ["sneezing"]})

    assert second["index"] == first["index"] + 1
    assert problem(bad, 422, "invalid_fields")["field"] == "signs.0"
    events = read(api.get(f"/sessions/{session}"))["events"]
    assert {each["text"] for each in events} == {"A bruise.", "No complaints."}
    assert [each["escalated"] for each in events if each["kind"] == "incident.recorded"] == [True]


def test_the_history_tells_who_what_when_and_why(api: Api) -> None:
    session = api.open()
    api.answer(session, "gloves_worn", "yes")
    api.answer(session, "gloves_worn", "no", reason="They tore.")

    lines = read(api.get(f"/sessions/{session}/history"))["items"]

    assert [line["kind"] for line in lines] == [
        "session.opened",
        "session.answered",
        "session.answered",
    ]
    assert lines[2]["data"]["old"] == "yes"
    assert lines[2]["data"]["reason"]["value"] == "They tore."
    assert lines[2]["by"]["name"] == "Practitioner Ó Murchú"


def test_an_answer_entered_late_keeps_both_times(api: Api) -> None:
    session = api.open()
    done = api.clock()
    api.clock.tick(minutes=30)

    sent = api.answer(session, "gloves_worn", "yes", performed_at=done.isoformat())

    assert sent.status_code == 200
    items = read(api.get(f"/sessions/{session}"))["items"]
    answer = next(item["answer"] for item in items if item["code"] == "gloves_worn")
    assert answer["late"] is True
    assert answer["performed_at"] == "2026-11-20T12:00:00.000Z"
    assert answer["recorded_at"] == "2026-11-20T12:30:00.000Z"


def test_only_who_answered_takes_the_answer_back(api: Api) -> None:
    session = api.open()
    api.answer(session, "gloves_worn", "yes")
    path = f"/sessions/{session}/items/gloves_worn"

    problem(api.send("DELETE", path, by="manager"), 403, "not_permitted")
    read(api.send("DELETE", path))
    problem(api.send("DELETE", path), 404, "not_found")


@pytest.mark.postgresql
def test_a_session_is_done_on_postgresql_too(postgresql_api: Api) -> None:
    api = postgresql_api
    session = api.treated("PEN-1")

    first = api.step(session, "close", Idempotency_Key="k")
    again = api.step(session, "close", Idempotency_Key="k")

    assert read(first) == read(again)
    assert read(api.get(f"/sessions/{session}"))["state"] == "closed"
    page = read(api.get("/sessions?limit=1"))
    assert page["next_cursor"] is None
    strange = api.answer(api.open(), "body_site", "face", reason="a\0b")
    assert strange.status_code == 422
