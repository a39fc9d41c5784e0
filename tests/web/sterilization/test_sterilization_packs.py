"""Packs by hand: register, release, take out of use, and what closes with a release."""

from __future__ import annotations

from datetime import date

from web.tablet.browsing import PASSWORD, Clock, Tablet, accepted, words_of

from compliance.domain.words import SessionState
from compliance.operations.packs import find_pack
from compliance.operations.sterilization.packing import suggest_code
from compliance.operations.treatments.reading import read_session
from harbour import House, closed_session, released_pack


def register(room: Tablet, **fields: str) -> str:
    """Register a pack by the form and return its code."""
    given = {
        "contents": "one roller",
        "sterilizer": "A1",
        "cycle_number": "101",
        **fields,
    }
    page = room.form("/sterilization/packs", "/sterilization/packs")
    accepted(room.post("/sterilization/packs", {**page, **given}))
    return fields.get("code", page["code"])


def release_page(room: Tablet, house: House, code: str) -> str:
    with house.database.reading() as tx:
        pack = find_pack(tx, code, actor=house.operator)
    return f"/sterilization/packs/{pack.pack_id}/release"


def test_the_suggested_code_counts_the_day() -> None:
    today = date(2026, 11, 20)

    assert suggest_code([], today) == "261120-01"
    assert suggest_code(["261120-09", "P-1", "261119-40"], today) == "261120-10"


def test_a_registered_pack_waits_and_the_next_one_is_half_filled(room: Tablet) -> None:
    code = register(room)

    text = words_of(room.get("/sterilization/packs"))
    assert code in text
    assert "A1, cycle 101" in text
    fields = room.form("/sterilization/packs", "/sterilization/packs")
    assert fields["sterilizer"] == "A1"
    assert fields["code"] == "261120-02"


def test_registering_twice_registers_one_pack(room: Tablet) -> None:
    fields = {
        **room.form("/sterilization/packs", "/sterilization/packs"),
        "contents": "one roller",
        "sterilizer": "A1",
        "cycle_number": "101",
    }

    accepted(room.post("/sterilization/packs", fields))
    accepted(room.post("/sterilization/packs", fields))
    taken = room.post("/sterilization/packs", {**fields, "idempotency_key": "another"})

    assert taken.status_code == 409
    assert "There is already a pack with the code" in words_of(taken)


def test_a_wrong_date_is_refused_beside_its_field(room: Tablet) -> None:
    page = room.form("/sterilization/packs", "/sterilization/packs")

    answer = room.post(
        "/sterilization/packs",
        {
            **page,
            "contents": "x",
            "sterilizer": "A1",
            "cycle_number": "1",
            "expires_on": "2036-01-01",
        },
    )

    assert answer.status_code == 422
    assert 'id="expires_on-error"' in answer.text


def test_a_release_with_the_password_closes_the_waiting_session(
    room: Tablet, house: House, clock: Clock
) -> None:
    released_pack(house, "P-1", "ROLLER-1", clock.now)
    session_id = closed_session(house, clock.now, device="ROLLER-1")
    clock.tick(hours=2)
    assert "Roller 1" in words_of(room.get("/sterilization"))
    assert "Waits 2 hours" in words_of(room.get("/sterilization"))
    page = release_page(room, house, register(room, device="ROLLER-1"))

    wrong = room.send(page, page, password="wrong password")
    fields = {**room.form(page, page), "password": PASSWORD}
    accepted(room.post(page, fields))
    accepted(room.post(page, fields))

    assert wrong.status_code == 422
    assert "1 waiting session is closed with it" in words_of(room.get("/sterilization/packs"))
    assert "Nothing waits" in words_of(room.get("/sterilization"))
    with house.database.reading() as tx:
        record = read_session(
            tx, session_id, actor=house.manager, now=clock.now, keyring=house.keyring
        )
    assert record.row.state is SessionState.CLOSED


def test_a_released_pack_is_not_released_again(room: Tablet, house: House) -> None:
    page = release_page(room, house, register(room))
    fields = {**room.form(page, page), "password": PASSWORD}
    accepted(room.post(page, fields))

    again = room.post(page, {**fields, "idempotency_key": "another"})

    accepted(again)
    assert "cannot be released" in words_of(room.get("/sterilization/packs"))
    assert room.get(page).status_code == 303


def test_the_released_packs_come_in_pages(room: Tablet, house: House, clock: Clock) -> None:
    for number in range(32):
        clock.tick(minutes=1)
        released_pack(house, f"P-{number:02d}", "ROLLER-1", clock.now)

    first = room.get("/sterilization/packs")
    link = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")

    assert "P-31" in words_of(first)
    assert "P-01" not in words_of(first)
    assert "P-01" in words_of(room.get(link))


def test_the_treatment_room_does_not_see_the_desk(tablet: Tablet) -> None:
    assert tablet.get("/sterilization").status_code == 403
