"""Setting right over the API: the device, the lots on the shelf, and the files handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from web.api.calling import Api, problem, read

from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.erasure.completing import remove_files
from compliance.report.disclosed import disclosed_commitments
from compliance.web.context import EXTENSION
from harbour import evidence_for

PRODUCT: dict[str, Any] = {
    "code": "CART-9",
    "kind": "cartridge",
    "name": "Nine needles",
    "maker": "Needleworks",
    "listing": None,
    "material": "titanium",
    "open_days": None,
}


def test_a_wrong_device_is_set_right_before_closing(api: Api) -> None:
    session = api.open("TIP-1")
    api.answer_phase(session, "before")

    done = read(api.post(f"/sessions/{session}/device", {"device_id": "PEN-1"}))

    found = read(api.get(f"/sessions/{session}"))
    assert found["device"]["label"] == "Pen 1"
    assert done["version"] == found["version"]
    blockers = problem(api.step(session, "start"), 409, "blocked")["blockers"]
    assert "device_sterilized_before" in {each["item"] for each in blockers}
    same = api.post(f"/sessions/{session}/device", {"device_id": "PEN-1"})
    assert problem(same, 422, "invalid_value")["field"] == "device"
    problem(api.post(f"/sessions/{session}/device", {"device_id": "PEN-9"}), 404, "not_found")


def test_a_wrong_device_is_amended_with_its_evidence_under_one_signature(api: Api) -> None:
    session = api.closed()
    body = {
        "device_id": "PEN-1",
        "evidence_before": evidence_for("PEN-1", "before"),
        "reason": "The pen was used.",
    }

    first = api.post(f"/sessions/{session}/device-amendments", body, Idempotency_Key="once")
    again = api.post(f"/sessions/{session}/device-amendments", body, Idempotency_Key="once")

    assert read(first, 201) == read(again, 201)
    amendments = read(api.get(f"/sessions/{session}"))["amendments"]
    assert [(each["item"], each["new"]) for each in amendments][1:] == [
        ("device_sterilized_before", "yes"),
        ("device_sterilized_after", "no"),
    ]
    assert amendments[0]["item"] == "device"
    problem(api.post(f"/sessions/{api.open()}/device-amendments", body), 409, "session_not_ended")
    assert audit_clinic(api.house.database, api.house.clinic_id).problems == ()


@pytest.mark.parametrize(
    ("purpose", "by", "status"),
    [
        ("client_copy", "practitioner", 200),
        ("client_copy", "manager", 200),
        ("inspection", "manager", 200),
        ("inspection", "practitioner", 403),
        ("client_copy", "inspector", 403),
        ("somebody_else", "manager", 422),
    ],
)
def test_a_sessions_file_is_made_for_who_may_hand_it_out(
    api: Api, purpose: str, by: str, status: int
) -> None:
    answered = api.post(f"/sessions/{api.closed()}/file", {"purpose": purpose}, by=by)

    assert answered.status_code == status, answered.text
    assert answered.data.startswith(b"%PDF") == (status == 200)


def exported(api: Api) -> int:
    """How many entries of the log speak of a file handed out."""
    bodies = "SELECT body FROM log_body WHERE clinic_id = :clinic"
    with api.house.database.reading() as tx:
        found = tx.execute(text(bodies), {"clinic": api.house.clinic_id}).scalars().all()
    return sum(b'"kind":"report.exported"' in bytes(body) for body in found)


def test_a_sessions_file_is_made_once_for_one_key(api: Api) -> None:
    address = f"/sessions/{api.closed()}/file"
    body = {"purpose": "client_copy"}

    first = api.post(address, body, by="manager", Idempotency_Key="file-1")
    again = api.post(address, body, by="manager", Idempotency_Key="file-1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.data.startswith(b"%PDF")
    assert again.data == first.data
    assert again.headers["Content-Disposition"] == first.headers["Content-Disposition"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert exported(api) == 1
    other = api.post(address, {"purpose": "inspection"}, by="manager", Idempotency_Key="file-1")
    problem(other, 409, "idempotency_mismatch")
    theirs = api.post(address, body, by="practitioner", Idempotency_Key="file-1")
    assert "Idempotent-Replayed" not in theirs.headers
    assert exported(api) == 2
    assert audit_clinic(api.house.database, api.house.clinic_id).problems == ()


def test_a_sessions_file_is_the_same_again_without_a_key(api: Api) -> None:
    address, body = f"/sessions/{api.closed()}/file", {"purpose": "inspection"}
    first = api.post(address, body, by="manager")
    again = api.post(address, body, by="manager")
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (200, False)
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert (exported(api), len(kept_files(api))) == (1, 1)


def test_a_request_that_lost_the_race_gets_the_first_ones_file(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found nothing kept and both drew; only one entry is made."""
    address, body = f"/sessions/{api.closed()}/file", {"purpose": "client_copy"}
    first = api.post(address, body, by="manager", Idempotency_Key="file-1")
    monkeypatch.setattr("compliance.operations.reporting.single.recall_answer", lambda *_: None)

    second = api.post(address, body, by="manager", Idempotency_Key="file-1")

    assert second.data == first.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert exported(api) == 1
    assert len(kept_files(api)) == 1


def kept_files(api: Api) -> list[Path]:
    folder: Path = api.client.application.extensions[EXTENSION].workshop.reports_folder
    return sorted(folder.rglob("session-*.pdf"))


def test_a_kept_file_is_private_and_its_end_is_told(api: Api) -> None:
    address, body = f"/sessions/{api.closed()}/file", {"purpose": "client_copy"}
    api.post(address, body, by="manager", Idempotency_Key="file-1")
    (kept,) = kept_files(api)
    assert kept.stat().st_mode & 0o077 == 0

    # As the erasure of the client leaves the folder.
    assert disclosed_commitments(kept)
    assert remove_files(kept.parent, disclosed_commitments(kept) or set()) == [kept]

    problem(api.post(address, body, by="manager", Idempotency_Key="file-1"), 409, "file_gone")
    assert api.post(address, body, by="manager", Idempotency_Key="file-2").status_code == 200


def test_an_open_session_has_no_file(api: Api) -> None:
    answered = api.post(f"/sessions/{api.open()}/file", {"purpose": "client_copy"}, by="manager")

    assert answered.status_code == 409


def test_a_product_is_recorded_with_all_that_is_known_of_it(api: Api) -> None:
    added = read(api.post("/products", PRODUCT, by="manager"), 201)

    assert {name: added[name] for name in PRODUCT} == PRODUCT
    wrong = api.post("/products", {**PRODUCT, "code": "C-8", "material": "nickel"}, by="manager")
    assert {each["field"] for each in problem(wrong, 422, "invalid_fields")["errors"]} == {
        "material"
    }


def test_a_lot_is_added_opened_and_counted(api: Api) -> None:
    read(api.post("/products", {**PRODUCT, "open_days": 30}, by="manager"), 201)
    lot = {"product": "CART-9", "code": "L1", "expires_on": "2028-01-31", "quantity": 4}

    added = read(api.post("/lots", lot, by="manager"), 201)
    assert (added["product"]["code"], added["quantity"]) == ("CART-9", 4)
    today = api.clock().date().isoformat()
    opened = read(api.post(f"/lots/{added['id']}/open", {"opened_on": today}, by="manager"))
    assert opened["opened_on"] == today
    assert opened["discard_on"] > today
    api.closed()
    assert read(api.get(f"/lots/{added['id']}"))["quantity"] == 3
    counted = read(api.post(f"/lots/{added['id']}/count", {"quantity": 9}, by="manager"))
    assert counted["quantity"] == 9
    assert counted in read(api.get("/lots?limit=200"))["items"]
    assert read(api.get("/lots?text=nothing-like-it"))["items"] == []
    problem(api.post("/lots", lot, by="manager"), 409, "conflict")
    problem(api.post("/lots", lot, by="practitioner"), 403, "not_permitted")


def test_lots_are_listed_page_by_page(api: Api) -> None:
    read(api.post("/products", PRODUCT, by="manager"), 201)
    for number in range(3):
        lot = {"product": "CART-9", "code": f"X{number}", "expires_on": f"2027-0{number + 1}-01"}
        read(api.post("/lots", lot, by="manager"), 201)

    first = read(api.get("/lots?text=X&limit=2"))
    second = read(api.get(f"/lots?text=X&limit=2&cursor={first['next_cursor']}"))

    assert [row["code"] for row in first["items"] + second["items"]] == ["X0", "X1", "X2"]
    assert second["next_cursor"] is None
