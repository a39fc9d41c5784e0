"""The manager's sterilizers: the board, one sterilizer, its moves and services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from web.desk.visiting import Browser
from web.sterilizers.room import Room, add_machine, bind, read_spores, run_by_hand

from compliance.domain.sterilization.words import Growth, SterilizerState
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.machines import find_sterilizer
from givens import Clock
from harbour import House

NEW = {
    "code": "S9",
    "name": "Small one",
    "serial": "77-1",
    "type": "N",
    "installed_on": "2026-11-20",
    "date_order": "mdy",
    "chamber_litres": "8",
    "program-0-name": "134 °C",
    "program-0-lowest": "134",
    "program-0-highest": "137,0",
    "program-0-seconds": "180",
}


def state_of(house: House, code: str) -> SterilizerState:
    with house.database.reading() as tx:
        return find_sterilizer(tx, code, actor=house.manager).state


def move(manager: Browser, code: str, to: str, **more: str) -> Any:
    here = f"/manager/sterilizers/{code}"
    fields = {"m-to": to, "m-reason": "As the plan says.", **more}
    return manager.post(f"{here}/move", page=here, **fields)


def test_an_empty_board_says_what_to_do(manager: Browser) -> None:
    assert "Add the autoclave with the limits of its programs" in manager.read(
        "/manager/sterilizers"
    )


def test_the_board_tells_states_hours_and_what_is_due_by_which_rule(
    manager: Browser, house: House, clock: Clock, room: Room
) -> None:
    bind(house, "US-CDC-dental", "UK-HTM-01-05", now=clock.now)

    text = manager.read("/manager/sterilizers")

    assert "Overdue since 15 Nov 2026, 13:00" in text
    assert "US-CDC-dental/1 spore_test_max_days" in text
    assert "Not run yet today" in text
    assert "A spore test failed." in text
    assert "/recalls/" in text
    assert "0.9 h since the last valid spore test" in text
    assert "Retired" in text


def test_forty_hours_of_operation_make_a_test_due_before_the_month_is_over(
    manager: Browser, house: House, clock: Clock
) -> None:
    bind(house, "US-GA-511-3-8", now=clock.now)
    began = clock.now - timedelta(days=6)
    add_machine(house, "G1", now=began)
    tested = run_by_hand(house, "G1", "1", began=began, minutes=600, now=clock.now)
    read_spores(house, tested, Growth.NO_GROWTH, now=clock.now)
    for number in range(2, 5):
        start = began + timedelta(days=number)
        run_by_hand(house, "G1", str(number), began=start, minutes=790, now=clock.now)
    assert "39.5 h of 40 h since the last valid spore test" in manager.read("/manager/sterilizers")
    assert "Due by 15 Dec 2026" in manager.read("/manager/sterilizers")

    start = clock.now - timedelta(hours=2)
    run_by_hand(house, "G1", "5", began=start, minutes=60, now=clock.now)

    text = manager.read("/manager/sterilizers/G1")
    assert "Overdue since 20 Nov 2026, 10:30" in text
    assert "Every 40 hours of operation, by an independent laboratory." in text
    assert "US-GA-511-3-8/1 spore_test_max_run_hours" in text


def test_a_sterilizer_is_added_with_its_programs(manager: Browser, house: House) -> None:
    answered = manager.post("/manager/sterilizers/new", page="/manager/sterilizers/new", **NEW)

    assert answered.headers["Location"] == "/manager/sterilizers/S9"
    text = manager.read("/manager/sterilizers/S9")
    assert "134.0 °C to 137.0 °C, at least 3:00 min" in text
    assert "No valid negative spore test since it was installed or repaired." in text
    assert "Month, day, year" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"program-0-seconds": "soon"}, "Program 1 needs a name, two temperatures and a hold"),
        ({"program-0-name": ""}, "Program 1 needs a name."),
        ({"program-0-lowest": "90"}, "has impossible limits"),
        (
            {
                "program-0-name": "",
                "program-0-lowest": "",
                "program-0-highest": "",
                "program-0-seconds": "",
            },
            "has the wrong length",
        ),
        ({"code": "A1"}, "There is already a sterilizer with the code"),
        ({"installed_on": ""}, "Give the day."),
    ],
)
def test_what_is_wrong_with_a_new_one_is_said_and_nothing_typed_is_lost(
    manager: Browser, room: Room, change: dict[str, str], said: str
) -> None:
    answered = manager.post(
        "/manager/sterilizers/new", page="/manager/sterilizers/new", **{**NEW, **change}
    )

    assert answered.status_code == 422
    assert said in answered.text
    assert "Small one" in answered.text


def test_moves_are_entered_with_their_reason_and_shown_in_the_history(
    manager: Browser, house: House, room: Room
) -> None:
    assert move(manager, "A1", "suspended", **{"m-reason": "Its door leaks."}).status_code == 303

    assert state_of(house, "A1") is SterilizerState.SUSPENDED
    text = manager.read("/manager/sterilizers/A1")
    assert "In service → Suspended" in text
    assert "Reason: Its door leaks." in text
    assert audit_clinic(house.database, house.clinic_id).clean


def test_the_way_back_into_service_is_refused_without_proof_and_told(
    manager: Browser, house: House, clock: Clock, room: Room
) -> None:
    assert move(manager, "A2", "retest").status_code == 303
    text = manager.read("/manager/sterilizers/A2")
    assert "Proof is missing" in text

    refused = move(manager, "A2", "in_service")

    assert refused.status_code == 409
    assert "run one and read it first" in refused.text
    clock.tick(hours=2)
    tested = run_by_hand(house, "A2", "8", began=clock.now - timedelta(hours=1), now=clock.now)
    read_spores(house, tested, Growth.NO_GROWTH, now=clock.now)
    assert "Proof is there" in manager.read("/manager/sterilizers/A2")
    assert move(manager, "A2", "in_service").status_code == 303
    assert "Proved by a valid negative spore test." in manager.read("/manager/sterilizers/A2")


def test_a_state_that_does_not_follow_cannot_be_chosen(
    manager: Browser, house: House, room: Room
) -> None:
    assert move(manager, "A2", "in_service").status_code == 422
    assert move(manager, "A3", "in_service").status_code == 422
    assert state_of(house, "A3") is SterilizerState.RETIRED
    assert "It is retired for good." in manager.read("/manager/sterilizers/A3")


def test_a_move_needs_a_reason(manager: Browser, house: House, room: Room) -> None:
    answered = move(manager, "A1", "suspended", **{"m-reason": "no"})

    assert answered.status_code == 422
    assert "is no reason" in answered.text
    assert state_of(house, "A1") is SterilizerState.IN_SERVICE


def test_a_repair_makes_a_spore_test_due_and_a_future_day_is_refused(
    manager: Browser, room: Room
) -> None:
    here = "/manager/sterilizers/A1"
    future = {"s-service": "repair", "s-on": "2026-12-24"}
    assert manager.post(f"{here}/service", page=here, **future).status_code == 422

    done = manager.post(f"{here}/service", page=here, **{**future, "s-on": "2026-11-19"})

    assert done.status_code == 303
    text = manager.read(here)
    assert "A spore test is due now." in text
    assert "Overdue since 20 Nov 2026, 12:00" in text
    assert "19 Nov 2026" in text


def test_nobody_but_the_manager_sees_the_desk(visit: Callable[[str], Browser], room: Room) -> None:
    for role in ("operator", "practitioner", "inspector"):
        assert visit(role).get("/manager/sterilizers").status_code == 403


def test_the_rules_of_a_past_day_are_those_of_its_day(
    manager: Browser, house: House, clock: Clock
) -> None:
    bind(house, "US-GA-511-3-8", "US-CDC-dental", now=clock.now)

    today = manager.read("/manager/rules")
    before = manager.read("/manager/rules?on=2026-11-19")

    assert "40 hours of operation" in today
    assert "Second-hand source: check it" in today
    assert "7 days" in today
    assert "US-GA-511-3-8: 31 days" in today
    assert "US-GA-511-3-8" not in before
    assert "What bound this clinic on 19 Nov 2026" in before
    assert "US-NEHA-BAMC-2024" in before


def test_a_day_before_the_log_and_a_broken_one_are_told(manager: Browser, house: House) -> None:
    assert "log began on" in manager.read("/manager/rules?on=2026-01-01")
    assert "No rules for this day" in manager.read("/manager/rules?on=2010-01-01")
    assert "That is not a date" in manager.read("/manager/rules?on=tomorrow")
