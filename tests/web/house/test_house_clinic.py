"""The clinic's page: name and language are set right, and what cannot be changed says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from web.desk.visiting import Browser

from compliance.keys.rotating import NewKeys
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import clinic_of
from compliance.operations.rotating import rotate_keys
from compliance.store.clinics import ClinicRow
from givens import Clock
from harbour import House

PAGE = "/manager/clinic"


def clinic(house: House) -> ClinicRow:
    with house.database.reading() as tx:
        return clinic_of(tx, house.manager)


def test_a_new_name_stands_on_every_page_and_its_history_is_kept(
    manager: Browser, house: House
) -> None:
    before = manager.read(PAGE)
    assert "Name and language are those that the record was begun with." in before
    assert "The seal still bears" not in before

    saved = manager.post(PAGE, page=PAGE, name="Harbor Skin Clinic", language="de")

    assert saved.status_code == 303
    page = manager.read(PAGE)
    assert '<span class="brand-clinic">Harbor Skin Clinic</span>' in page
    assert "“Harbour Skin Clinic” became “Harbor Skin Clinic”" in page
    assert "Language: English became Deutsch." in page
    assert "Manager Ó Murchú" in page
    assert (clinic(house).name, clinic(house).language) == ("Harbor Skin Clinic", "de")
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_the_page_says_what_cannot_be_changed_why_and_the_way_out(manager: Browser) -> None:
    page = manager.read(PAGE)

    assert "What cannot be changed" in page
    assert "one record cannot be counted in two" in page
    assert "found a new clinic there with <code>compliance clinic create</code>" in page
    assert 'name="time_zone"' not in page


def test_a_rotation_is_advised_until_the_seal_has_the_name(
    manager: Browser, house: House, clock: Clock
) -> None:
    manager.post(PAGE, page=PAGE, name="Harbor Skin Clinic", language="en")
    advised = manager.read(PAGE)
    assert "The seal still bears the name “Harbour Skin Clinic”." in advised
    assert "compliance key rotate --clinic harbour" in advised

    rotate_keys(
        house.database,
        clinic(house),
        NewKeys(),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=clock.now,
    )

    assert "The seal still bears" not in manager.read(PAGE)


@pytest.mark.parametrize(
    ("name", "language", "says"),
    [
        ("Harbour Skin Clinic", "en", "has this name and this language already"),
        ("", "en", "Give the clinic&#39;s name."),
        ("  ", "en", "This is not a name. Allowed: 1 to 120 characters."),
        ("x" * 121, "en", "Field cannot be longer than 120 characters."),
        ("Harbour\x01Clinic", "en", "This is not a name."),
        ("Harbor Clinic", "fr", "Not a valid choice."),
    ],
)
def test_what_is_refused_says_so_and_changes_nothing(
    manager: Browser, house: House, name: str, language: str, says: str
) -> None:
    answer = manager.post(PAGE, page=PAGE, name=name, language=language)

    assert answer.status_code == 422
    assert says in answer.text
    assert clinic(house).name == "Harbour Skin Clinic"


def test_only_a_manager_may(visit: Callable[[str], Browser], house: House) -> None:
    for role in ("operator", "practitioner", "inspector"):
        browser = visit(role)
        assert browser.get(PAGE).status_code == 403
        answer = browser.post(PAGE, page="/account", name="Mine", language="en")
        assert answer.status_code == 403
        assert ">Clinic</a>" not in browser.read("/account")
    assert clinic(house).name == "Harbour Skin Clinic"
