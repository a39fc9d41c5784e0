"""The sterilization room on the tablet: a load from the first scan to its labels and its spore test."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from pikepdf import Pdf
from sqlalchemy import update
from web.tablet.browsing import PASSWORD, Clock, Tablet, accepted, forms_of, words_of
from werkzeug.test import TestResponse

from compliance.domain.access import Role
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerState, SterilizerType
from compliance.domain.words import PackState, SessionState
from compliance.operations.auditing import audit_clinic
from compliance.operations.inventory.devices import archive_device
from compliance.operations.packs import list_packs
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.sterilization.machines import (
    AddSterilizer,
    MoveSterilizer,
    add_sterilizer,
    move_sterilizer,
)
from compliance.operations.sterilization.packing import initials
from compliance.operations.treatments.reading import read_session
from compliance.store.models.people import UserAccount
from compliance.web.context import EXTENSION
from givens import ROOT
from harbour import House, build_house, closed_session, released_pack

HOME = "/sterilization"
LOAD = f"{HOME}/load"
STRICT = ("UK-HTM-01-05", "US-CA-HSC-119315", "US-NEHA-BAMC-2024")
PROGRAM = Program(name="134 °C", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
GOOD = {
    "lowest": "134,6",
    "highest": "135.2",
    "hold": "3:30",
    "pressure": "3.12",
    "indicator": "5",
    "changed": "yes",
    "lot": "CI-9",
}


@pytest.fixture
def house(app: Flask, clock: Clock, secrets: tuple[PasswordHash, PasswordHash]) -> House:
    """A clinic under rules that demand a day test and an integrator, with one sterilizer."""
    services = app.extensions[EXTENSION]
    house = build_house(
        services.database, services.settings.data_dir, now=clock.now, profiles=STRICT
    )
    with services.database.writing() as tx:
        tx.execute(update(UserAccount).values(password_hash=secrets[0], pin_hash=secrets[1]))
        add_sterilizer(
            tx,
            AddSterilizer(
                code="AC1",
                name="Autoclave 1",
                type=SterilizerType.B,
                serial="SN-1",
                programs=(PROGRAM,),
                installed_on=date(2026, 1, 2),
            ),
            actor=house.manager,
            now=clock.now,
        )
    return house


def scan(room: Tablet, code: str) -> TestResponse:
    return room.send(LOAD, f"{LOAD}/scan", scan=code)


def day_test(room: Tablet, **more: str) -> TestResponse:
    page = next(form for form in links(room.get(HOME).text) if form.endswith("/day-test"))
    began = (room.clock.now - timedelta(minutes=30)).astimezone(ZoneInfo("Europe/Dublin"))
    fields = {
        "started": f"{began:%H:%M}",
        "lowest": "134.5",
        "hold": "210",
        "number": "100",
        "changed": "yes",
        "lot": "BD-1",
    }
    return room.send(page, page, **{**fields, **more})


def links(text: str) -> list[str]:
    return [part.partition('"')[0].replace("&amp;", "&") for part in text.split('href="')[1:]]


def started(room: Tablet) -> str:
    """Start what is in the load and return the address where it is read out."""
    answer = room.send(LOAD, f"{LOAD}/start")
    accepted(answer)
    return answer.headers["Location"]


def read_out(room: Tablet, page: str, **more: str) -> str:
    answer = room.send(page, page, **{**GOOD, **more})
    accepted(answer)
    return answer.headers["Location"]


def release(room: Tablet, cycle: str, **more: str) -> TestResponse:
    page = f"{cycle}/release"
    return room.post(page, {**room.form(page, page), "password": PASSWORD, **more})


def released_load(room: Tablet, *codes: str) -> str:
    """A day test, then a load of these devices, released; returns its page."""
    accepted(day_test(room))
    for code in ("AC1", *codes):
        accepted(scan(room, code))
    cycle = read_out(room, started(room))
    accepted(release(room, cycle))
    return cycle


def packs(house: House) -> list[Any]:
    with house.database.reading() as tx:
        return list(list_packs(tx, actor=house.operator))


def audited(house: House) -> tuple[Any, ...]:
    return tuple(audit_clinic(house.database, house.clinic_id).problems)


def test_a_load_from_the_first_scan_to_its_packs(room: Tablet, house: House, clock: Clock) -> None:
    released_pack(house, "P-1", "ROLLER-1", clock.now)
    session_id = closed_session(house, clock.now, device="ROLLER-1")
    clock.tick(hours=2)
    board = words_of(room.get(HOME))
    assert "Waits 2 hours" in board
    assert "Due today" in board
    assert "UK-HTM-01-05" in board

    accepted(day_test(room))
    accepted(scan(room, "AC1"))
    accepted(scan(room, "ROLLER-1"))
    assert "In a load" in words_of(room.get(HOME))
    accepted(room.send(LOAD, f"{LOAD}/write", text="Tweezers and bowl"))
    reading = started(room)
    clock.tick(minutes=40)
    assert "2 things inside" in words_of(room.get(HOME))
    assert "At least 134.0 °C" in words_of(room.get(reading))
    assert room.form(reading, reading)["number"] == "101"
    cycle = read_out(room, reading)
    assert packs(house)[0].code == "P-1"
    assert "Operator Ó Murchú" in words_of(room.get(cycle))

    assert "The spore test of AC1 is overdue" in words_of(room.get(f"{cycle}/release"))
    wrong = room.send(f"{cycle}/release", f"{cycle}/release", password="wrong password")
    fields = {**room.form(f"{cycle}/release", f"{cycle}/release"), "password": PASSWORD}
    accepted(room.post(f"{cycle}/release", fields))
    accepted(room.post(f"{cycle}/release", fields))

    assert wrong.status_code == 422
    text = words_of(room.get(cycle))
    assert "2 packs are ready. 1 waiting session is closed with it." in text
    made = {pack.contents: pack for pack in packs(house) if pack.code != "P-1"}
    assert set(made) == {"Roller 1", "Tweezers and bowl"}
    assert {pack.state for pack in made.values()} == {PackState.RELEASED}
    assert made["Roller 1"].code == "261120-01"
    with house.database.reading() as tx:
        record = read_session(
            tx, session_id, actor=house.manager, now=clock.now, keyring=house.keyring
        )
    assert record.row.state is SessionState.CLOSED
    assert audited(house) == ()


def test_everything_in_the_way_of_a_start_is_said_at_once_with_its_rule(
    room: Tablet, house: House, clock: Clock
) -> None:
    empty = words_of(room.get(LOAD))
    assert "No sterilizer is chosen" in empty
    assert "Nothing is in the load" in empty

    accepted(scan(room, "AC1"))
    refused = room.send(LOAD, f"{LOAD}/start")

    assert refused.status_code == 409
    text = words_of(refused)
    assert "Nothing is in the load" in text
    assert "No day test of AC1 passed" in text
    assert "UK-HTM-01-05/1 day test required" in text
    with house.database.writing() as tx:
        move_sterilizer(
            tx,
            MoveSterilizer(sterilizer="AC1", to=SterilizerState.SUSPENDED, reason="door seal"),
            actor=house.manager,
            now=clock.now,
            keyring=house.keyring,
        )
    suspended = words_of(room.get(LOAD))
    assert "AC1 is suspended" in suspended
    assert "(US-CA-HSC-119315/1 spore test max days)" in suspended


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("TIP-1", "Tip 1 has no part that is sterilized with steam. Throw it away as sharps"),
        ("PEN-1", "Pen 1 has no part that is sterilized with steam. Disinfect its handpiece"),
        ("P-1", "Pack P-1 is released and sterile until"),
        ("(01)09506000134352(17)280131(10)L1", "the code of a sterile single-use article"),
        ("nothing known", "No device, pack or sterilizer has the code nothing known"),
    ],
)
def test_what_does_not_go_into_a_load_says_what_it_is_and_what_to_do(
    room: Tablet, house: House, clock: Clock, code: str, said: str
) -> None:
    released_pack(house, "P-1", "ROLLER-1", clock.now)

    answer = scan(room, code)

    assert answer.status_code == 422
    assert said in words_of(answer)
    assert "0 things inside" in words_of(answer)


def test_a_device_is_taken_in_once_and_undo_takes_it_out(
    room: Tablet, house: House, clock: Clock
) -> None:
    accepted(scan(room, "ROLLER-1"))
    assert "is in this load already" in words_of(scan(room, "ROLLER-1"))

    token = room.form(LOAD, f"{LOAD}/out")
    accepted(room.post(f"{LOAD}/out", {**token, "row": "1"}))
    assert "0 things inside" in words_of(room.get(LOAD))

    accepted(day_test(room))
    accepted(scan(room, "AC1"))
    accepted(scan(room, "ROLLER-1"))
    started(room)
    assert "is in the load that runs in AC1" in words_of(scan(room, "ROLLER-1"))
    accepted(scan(room, "AC1"))
    assert "A load runs in AC1 and was not read out" in words_of(room.get(LOAD))
    with house.database.writing() as tx:
        archive_device(tx, "ROLLER-1", actor=house.manager, now=clock.now)
    assert "Roller 1 is out of use" in words_of(scan(room, "ROLLER-1"))


def test_an_expired_pack_goes_back_into_a_load_by_its_own_label(
    room: Tablet, house: House, clock: Clock
) -> None:
    released_pack(house, "P-1", "ROLLER-1", clock.now)
    clock.tick(days=40)
    room.sign_in(Role.OPERATOR)

    accepted(scan(room, "P-1"))

    assert "Roller 1" in words_of(room.get(LOAD))


def test_a_failed_load_yields_no_pack_and_says_every_fault(room: Tablet, house: House) -> None:
    accepted(day_test(room))
    for code in ("AC1", "ROLLER-1"):
        accepted(scan(room, code))
    cycle = read_out(room, started(room), lowest="133.9", hold="179", changed="no")

    text = words_of(room.get(cycle))
    assert "The lowest temperature was 133.9 °C, below 134.0 °C." in text
    assert "The hold lasted 179 s, shorter than 180 s." in text
    assert "The chemical indicator of type 5 did not reach its end point." in text
    assert f"{cycle}/release" not in links(room.get(cycle).text)
    page = words_of(room.get(f"{cycle}/release"))
    assert "It cannot be released" in page
    fields = {"password": PASSWORD, "version": "1", "idempotency_key": "k"}
    refused = room.post(f"{cycle}/release", {**room.form(LOAD, f"{LOAD}/scan"), **fields})
    assert refused.status_code == 409
    assert packs(house) == []
    assert room.get(f"{HOME}/labels.pdf?cycle={cycle.rpartition('/')[2]}").status_code == 409


def test_a_missing_integrator_is_entered_afterwards(room: Tablet) -> None:
    accepted(day_test(room))
    for code in ("AC1", "ROLLER-1"):
        accepted(scan(room, code))
    cycle = read_out(room, started(room), indicator="4")
    assert "The rules ask for a type 5 integrator" in words_of(room.get(cycle))

    accepted(room.send(cycle, f"{cycle}/indicator", indicator="5", changed="yes"))
    accepted(release(room, cycle))

    assert "1 pack is ready." in words_of(room.get(cycle))


def test_a_bowie_dick_that_did_not_change_fails_the_day(room: Tablet) -> None:
    accepted(day_test(room, changed="no"))

    board = words_of(room.get(HOME))
    assert "The day test of AC1 failed" in board
    accepted(scan(room, "AC1"))
    assert "No day test of AC1 passed" in words_of(room.get(LOAD))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("lowest", "warm", "is no number"),
        ("lowest", "134.55", "at most 1 decimals"),
        ("hold", "3:99", "is no time"),
        ("changed", "", "The end point is missing"),
        ("ended", "25:61", "is no time of day"),
        ("number", "100", "is the number of a cycle of AC1"),
    ],
)
def test_a_value_that_no_display_shows_is_refused_beside_its_field(
    room: Tablet, field: str, value: str, said: str
) -> None:
    accepted(day_test(room))
    for code in ("AC1", "ROLLER-1"):
        accepted(scan(room, code))
    page = started(room)

    answer = room.send(page, page, **{**GOOD, field: value})

    assert answer.status_code == 422
    assert said in words_of(answer)
    assert f'id="{field}-error"' in answer.text


def test_the_run_of_a_load_is_taken_from_the_log_of_its_sterilizer(
    room: Tablet, house: House, clock: Clock
) -> None:
    accepted(day_test(room))
    for code in ("AC1", "ROLLER-1"):
        accepted(scan(room, code))
    page = started(room)
    log = (ROOT / "tests" / "data" / "autoclave" / "dac_DACLogOK.TXT").read_bytes()
    log = log.replace(b"601362", b"SN-1  ").replace(b"Zyklus:     13", b"Zyklus:    101")
    log = log.replace(b"16-03-2016", b"20-11-2026").replace(b"00:53:20", b"12:02:00")
    for before, after in ((b"00:5", b"12:0"), (b"01:0", b"12:1"), (b"01:1", b"12:2")):
        log = log.replace(before, after)
    clock.tick(hours=1)

    answer = room.client.post(
        f"{page}/log",
        data={**room.form(page, f"{page}/log"), "file": (io.BytesIO(log), "CYCLE.TXT")},
    )

    accepted(answer)
    cycle = answer.headers["Location"]
    text = words_of(room.get(cycle))
    assert "Log of the sterilizer" in text
    assert "Roller 1" in text
    assert "data-curve" in room.get(cycle).text
    accepted(room.send(cycle, f"{cycle}/indicator", indicator="5", changed="yes"))
    if "Undecided" in text:
        for form in forms_of(room.get(cycle).text):
            if form["action"] == f"{cycle}/flag":
                sent = {**form["fields"], "reason": "Seen on the display.", "decision": "accept"}
                accepted(room.post(form["action"], sent))
    accepted(release(room, cycle))
    assert [pack.contents for pack in packs(house)] == ["Roller 1"]
    assert audited(house) == ()


def test_a_load_that_was_broken_off_ends_with_a_reason(room: Tablet, house: House) -> None:
    accepted(day_test(room))
    for code in ("AC1", "ROLLER-1"):
        accepted(scan(room, code))
    page = started(room)

    silent = room.send(page, f"{page}/given-up", reason=" ")
    accepted(room.send(page, f"{page}/given-up", reason="Power was lost."))

    assert silent.status_code == 422
    assert "Running" not in words_of(room.get(HOME))
    assert room.get(page).status_code == 303
    assert room.post(page, {**room.form(LOAD, f"{LOAD}/scan"), **GOOD}).status_code == 422
    assert audited(house) == ()


def test_labels_are_drawn_for_sheet_and_roll_from_the_first_free_place(room: Tablet) -> None:
    cycle = released_load(room, "ROLLER-1")
    query = f"{HOME}/labels.pdf?cycle={cycle.rpartition('/')[2]}"

    sheet = Pdf.open(io.BytesIO(room.get(f"{query}&paper=sheet&skip=24").data))
    roll = Pdf.open(io.BytesIO(room.get(f"{query}&paper=roll").data))

    assert [float(side) for side in sheet.pages[0].mediabox[2:]] == pytest.approx([595.28, 841.89])
    size = [float(side) / 72 * 25.4 for side in roll.pages[0].mediabox[2:]]
    assert size == pytest.approx([62, 29])
    assert room.get(f"{query}&skip=25").status_code == 422
    assert room.get(f"{query}&paper=parchment").status_code == 422


def test_initials_are_those_of_the_printed_name() -> None:
    assert initials("Aoife Ó Murchú") == "AÓM"
    assert initials("operator") == "O"
    assert initials("") == ""


def test_growth_suspends_the_sterilizer_and_leads_to_the_recall(
    room: Tablet, house: House, clock: Clock
) -> None:
    cycle = released_load(room, "ROLLER-1")
    page = f"{cycle}/spore-test"
    accepted(room.send(page, page, lot="BI-7", expires_on="2027-12-31", control_lot="BI-7"))
    assert "Incubating" in words_of(room.get(HOME))
    clock.tick(days=1)
    room.sign_in(Role.OPERATOR)
    test = next(link for link in links(room.get(HOME).text) if "/spore-tests/" in link)

    accepted(room.send(test, test, result="growth", control="growth"))

    text = words_of(room.get(test))
    assert "Growth: failed" in text
    assert "AC1 is suspended" in text
    assert any(link.startswith("/recalls/") for link in links(room.get(test).text))
    assert "A recall is open" in words_of(room.get(HOME))
    assert [pack.state for pack in packs(house)] == [PackState.RECALLED]
    again = room.post(
        test,
        {
            **room.form(LOAD, f"{LOAD}/scan"),
            "result": "no_growth",
            "control": "growth",
            "idempotency_key": "other",
        },
    )
    assert again.status_code == 409
    assert audited(house) == ()


def test_a_dead_control_proves_nothing(room: Tablet) -> None:
    cycle = released_load(room, "ROLLER-1")
    page = f"{cycle}/spore-test"
    accepted(room.send(page, page, lot="BI-7", expires_on="2027-12-31", control_lot="BI-7"))
    test = next(link for link in links(room.get(HOME).text) if "/spore-tests/" in link)

    accepted(room.send(test, test, result="no_growth", control="no_growth"))

    text = words_of(room.get(test))
    assert "Not valid, repeat it" in text
    assert "Due now" in words_of(room.get(HOME))


def test_a_damaged_pack_is_out_of_use_and_said_so_on_the_tablet(
    room: Tablet, tablet: Tablet, house: House
) -> None:
    released_load(room, "ROLLER-1")
    (pack,) = packs(house)
    page = f"{HOME}/packs/{pack.pack_id}"

    silent = room.send(page, f"{page}/damaged", reason="")
    accepted(room.send(page, f"{page}/damaged", reason="The seal is torn."))

    assert silent.status_code == 422
    assert "Damaged" in words_of(room.get(page))
    session = tablet.open(device="ROLLER-1")
    refused = tablet.answer(
        session, "device_sterilized_before", component="roller", kind="pack", ref=pack.code
    )
    assert f"Pack {pack.code} is damaged. Take another released pack and scan it." in words_of(
        refused
    )
    assert audited(house) == ()


def test_only_pages_that_read_codes_may_run_the_reader(room: Tablet, tablet: Tablet) -> None:
    session = tablet.open(device="ROLLER-1")
    pages = {
        HOME: room,
        LOAD: room,
        f"/sessions/{session}": tablet,
    }
    for path, browser in pages.items():
        answer = browser.get(path)
        assert "script-src 'self' 'wasm-unsafe-eval';" in answer.headers["Content-Security-Policy"]
        assert 'id="camera-file"' in answer.text
    assert "wasm" not in tablet.get("/tablet").headers["Content-Security-Policy"]


def test_the_practitioner_does_not_see_the_room(tablet: Tablet, house: House) -> None:
    assert tablet.get(HOME).status_code == 403
    assert tablet.get(LOAD).status_code == 403
