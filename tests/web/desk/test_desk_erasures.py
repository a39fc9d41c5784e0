"""Erasing at the desk and by program: one asks, another signs, and the list says what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from web.api.calling import make_token
from web.desk.visiting import PASSWORD, Browser, Filled
from werkzeug.test import TestResponse

from compliance.domain.access import system_actor
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.people.accounts import disable_person
from compliance.operations.people.listing import read_names
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House, closed_session

ERASURES = "/manager/erasures"


def ask(manager: Browser, client: str = "C-1002", basis: str = "gdpr_17_1_b") -> str:
    """Enter a request; returns where it is looked at."""
    answered = manager.post(ERASURES, page=ERASURES, client_ref=client, basis=basis)
    assert answered.status_code == 303, answered.text
    return str(answered.headers["Location"])


def test_one_asks_and_another_signs_and_the_name_is_gone(
    house: House, filled: Filled, visit: Callable[[str], Browser]
) -> None:
    manager, colleague = visit("manager"), visit("practitioner")
    place = ask(manager)

    own = manager.read(place)
    assert "somebody else has to confirm it" in own
    assert "Erase for good" not in own
    assert "to be kept until" in own or "want the record kept until" in own
    wrong = colleague.post(f"{place}/confirm", page=place, password="not this one")
    assert wrong.status_code == 422
    assert "This password is not right." in wrong.text
    signed = colleague.post(f"{place}/confirm", page=place, password=PASSWORD)
    assert signed.status_code == 303

    assert "The key is destroyed" in manager.read(place)
    (said,) = set(
        re.findall(r"erased on 20 Nov 2026, entry \d+", manager.read("/manager/sessions"))
    )
    record = manager.read(f"/manager/sessions/{filled.amended}")
    assert said in record
    assert "C-1002" not in record
    assert "The wrong site was tapped" not in record
    found = manager.read("/manager/sessions?client=C-1002")
    assert "No client has this reference" in found
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_whoever_asked_cannot_confirm_and_may_take_it_back(
    filled: Filled, manager: Browser
) -> None:
    place = ask(manager)

    refused = manager.post(f"{place}/confirm", page=place, password=PASSWORD)
    back = manager.post(f"{place}/withdraw", page=place)

    assert refused.status_code == 403
    assert back.status_code == 303
    assert "Taken back" in manager.read(ERASURES)
    assert "C-1002" in manager.read("/manager/sessions")


def test_an_unknown_client_and_a_basis_that_does_not_hold_are_said_beside_their_fields(
    filled: Filled, manager: Browser
) -> None:
    unknown = manager.post(ERASURES, page=ERASURES, client_ref="Nobody", basis="gdpr_17_1_b")
    early = manager.post(ERASURES, page=ERASURES, client_ref="C-1002", basis="retention_over")

    assert unknown.status_code == early.status_code == 422
    assert "Nobody in this clinic is known by this reference." in unknown.text
    assert "the record is to be kept until" in early.text
    assert "This record is to be kept until" in early.text


def test_a_former_colleague_is_asked_for_by_name_and_signed_by_another(
    house: House, filled: Filled, clock: Clock, visit: Callable[[str], Browser]
) -> None:
    manager, colleague = visit("manager"), visit("practitioner")
    assert "Former colleague" not in manager.read(ERASURES)
    office = system_actor(house.clinic_id, "tests")
    left = house.operator.user_id
    with house.database.writing() as tx:
        name = read_names(tx, clinic_id=house.clinic_id)[left]
        disable_person(tx, left, actor=office, now=clock.now)
    fields = {"former-colleague": left, "former-basis": "retention_over"}
    early = manager.post(f"{ERASURES}/colleagues", page=ERASURES, **fields)
    assert early.status_code == 422
    assert "the record is to be kept until" in early.text
    assert "This record is to be kept until" in early.text

    asked = manager.post(
        f"{ERASURES}/colleagues", page=ERASURES, **{**fields, "former-basis": "gdpr_17_1_a"}
    )
    place = str(asked.headers["Location"])
    assert name in colleague.read(place)
    signed = colleague.post(f"{place}/confirm", page=place, password=PASSWORD)

    assert signed.status_code == 303
    listed = manager.read("/manager/people")
    assert re.search(r"erased on 20 Nov 2026, entry \d+", listed)
    assert name not in listed
    assert "Former colleague" not in manager.read(ERASURES)
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_program_asks_for_a_former_colleague(app: Flask, house: House, clock: Clock) -> None:
    client = app.test_client()
    heads = {"Authorization": f"Bearer {make_token(house, house.manager, clock.now)}"}
    left = house.operator.user_id
    body = {"user": left, "basis": "other_law"}
    still = client.post("/api/v1/erasures/colleagues", json=body, headers=heads)
    with house.database.writing() as tx:
        disable_person(tx, left, actor=system_actor(house.clinic_id, "tests"), now=clock.now)
    made = client.post("/api/v1/erasures/colleagues", json=body, headers=heads)

    assert still.status_code == 409
    assert "switch it off first" in answered(still)["detail"]
    assert made.status_code == 201
    assert (answered(made)["what"], answered(made)["subject"]) == ("user", left)


def answered(response: TestResponse) -> dict[str, Any]:
    assert isinstance(response.json, dict)
    return response.json


def test_a_program_asks_and_another_persons_program_confirms(
    app: Flask, house: House, clock: Clock
) -> None:
    closed_session(house, clock.now, client="C-1")
    client = app.test_client()
    heads = {
        role: {"Authorization": f"Bearer {make_token(house, getattr(house, role), clock.now)}"}
        for role in ("manager", "practitioner")
    }

    made = client.post(
        "/api/v1/erasures",
        json={"client_ref": "C-1", "basis": "gdpr_17_1_c"},
        headers=heads["manager"],
    )
    asked = answered(made)
    place = f"/api/v1/erasures/{asked['id']}"
    same = client.post(f"{place}/confirm", json={}, headers=heads["manager"])
    done = client.post(f"{place}/confirm", json={}, headers=heads["practitioner"])
    again = client.post(f"{place}/withdraw", json={}, headers=heads["manager"])
    listed = client.get("/api/v1/erasures", headers=heads["manager"])

    assert (made.status_code, same.status_code, done.status_code) == (201, 403, 200)
    assert answered(done)["state"] == "erased"
    assert again.status_code == 409
    assert answered(listed)["items"][0]["completed_at"] is not None
    subject = asked["subject"]
    assert app.extensions[EXTENSION].keyring.subjects.find(house.clinic_id, subject) is None
