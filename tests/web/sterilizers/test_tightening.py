"""Taking on one more rule profile: shown before, entered, and never taken back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update
from web.desk.visiting import Browser

from compliance.operations.adding_profiles import add_profile
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import clinic_of
from compliance.store.models.people import Clinic
from givens import Clock
from harbour import House, closed_session

ADD = "/manager/rules/add"


def profiles(house: House) -> tuple[str, ...]:
    with house.database.reading() as tx:
        return clinic_of(tx, house.manager).profiles


def test_what_would_change_is_shown_before_anything_does(manager: Browser, house: House) -> None:
    before = profiles(house)

    offered = manager.read(ADD)
    shown = manager.read(f"{ADD}?profile=US-CDC-dental")

    assert "CDC, infection control in dental settings" in offered
    assert "The rules you work under" not in offered
    assert "A spore test at least every" in shown
    assert "7 days" in shown
    assert "US-CDC-dental/1 spore_test_max_days" in shown
    assert "Take it on for good" in shown
    assert profiles(house) == before


def test_a_profile_that_was_taken_on_binds_and_is_not_offered_again(
    manager: Browser, house: House
) -> None:
    taken = manager.post(ADD, page=f"{ADD}?profile=US-CDC-dental", profile="US-CDC-dental")

    assert taken.status_code == 303
    assert "binds this clinic from now on" in manager.read("/manager/rules")
    assert "US-CDC-dental" in profiles(house)
    assert "?profile=US-CDC-dental" not in manager.read(ADD)
    again = manager.post(ADD, page=ADD, profile="US-CDC-dental")
    assert again.status_code == 422
    assert "taken US-CDC-dental already" in again.text


def test_an_unknown_profile_is_refused_by_name(manager: Browser, house: House) -> None:
    before = profiles(house)

    answer = manager.post(ADD, page=ADD, profile="XX-NOWHERE")

    assert answer.status_code == 422
    assert "XX-NOWHERE" in answer.text
    assert "is not a rule profile" in answer.text
    assert profiles(house) == before


def test_only_the_manager_may_tighten(visit: Callable[[str], Browser], house: House) -> None:
    before = profiles(house)

    for role in ("operator", "practitioner", "inspector"):
        browser = visit(role)
        assert browser.get(ADD).status_code == 403
        assert browser.post(ADD, page="/account", profile="US-MN").status_code == 403

    assert profiles(house) == before


def test_the_audit_derives_the_stack_and_old_records_keep_their_rules(
    house: House, clock: Clock
) -> None:
    closed_session(house, clock.now)
    with house.database.writing() as tx:
        add_profile(tx, "UK-HTM-01-05", actor=house.manager, now=clock.now)
    with house.database.writing() as tx:
        add_profile(tx, "US-CDC-dental", actor=house.manager, now=clock.now)

    assert problems(house) == []

    # As somebody would who edits the database by hand.
    with house.database.writing() as tx:
        tx.execute(
            update(Clinic)
            .where(Clinic.clinic_id == house.clinic_id)
            .values(profiles=["ASEPTRAIL-BASE"])
        )
    assert any("clinic" in each for each in problems(house))


def problems(house: House) -> list[str]:
    return [str(each) for each in audit_clinic(house.database, house.clinic_id).problems]
