"""A person's name is set right: records show the new one, reports tell the former one, erasure takes both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from integration.erasure.leftovers import files_holding
from integration.erasure.test_erasing_colleagues import NAME, erase, hire, leave, treat_as
from integration.safekeeping.places import judge, report

from compliance.domain.access import Actor, Role, system_actor
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.people.accounts import ChangeRoles, change_roles
from compliance.operations.people.listing import read_names
from compliance.operations.people.renaming import RenamePerson, find_renamings, rename_person
from compliance.operations.reporting.handing_out import hand_out_session
from compliance.operations.reporting.single import CLIENT_COPY, INSPECTION, ExportSession
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import append
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome
from compliance.store import log
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, closed_session, open_workshop, problems
from paper import words_of

LATER = NOON + timedelta(hours=1)
AFTER = NOON + timedelta(hours=2)
FORMER = "Practitioner Ó Murchú"
MARRIED = "Practitioner Ní Bhriain"


def signed_in(actor: Actor) -> Actor:
    """The same person at a screen: whoever decides over accounts has given the password."""
    return replace(actor, auth=system_actor(actor.clinic_id, "tests").auth)


def rename(house: House, name: str, *, user: str = "", by: Actor | None = None) -> None:
    command = RenamePerson(user_id=user or house.practitioner.user_id, display_name=name)
    actor = by or signed_in(house.manager)
    with house.database.writing() as tx:
        rename_person(tx, command, keyring=house.keyring, actor=actor, now=LATER)


def test_reports_show_the_new_name_and_tell_the_former_one_with_its_end(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    before = report(workshop, house.clinic_id, tmp_path / "before.pdf", NOON)

    rename(house, MARRIED)
    after = report(workshop, house.clinic_id, tmp_path / "after.pdf", AFTER)

    assert judge(before, house.keys_folder).outcome is Outcome.ACCEPTED
    verdict = judge(after, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.audit is not None
    content = read_content(verdict.audit)
    (block,) = content.sessions
    assert block.practitioner == MARRIED
    (person,) = [each for each in content.people if each.name == MARRIED]
    (told,) = person.formerly
    assert told.startswith(f"Formerly {FORMER}, until 20 Nov 2026, 13:00 (entry ")
    assert f"Formerly {FORMER}, until" in words_of(after)
    with house.database.reading() as tx:
        assert read_names(tx, clinic_id=house.clinic_id)[house.practitioner.user_id] == MARRIED
        (index,) = find_renamings(tx, house.clinic_id, {house.practitioner.user_id})
        body = bytes(log.read_body(tx, house.clinic_id, index) or b"")
    assert b"Bhriain" not in body
    assert problems(house) == []


@pytest.mark.parametrize("purpose", [INSPECTION, CLIENT_COPY])
def test_a_sessions_file_is_made_anew_with_the_new_name(
    house: House, workshop: Workshop, tmp_path: Path, purpose: str
) -> None:
    session = closed_session(house, NOON)
    command = ExportSession(session_id=session, purpose=purpose, output=tmp_path / "one.pdf")
    first = hand_out_session(workshop, command, actor=house.manager, now=NOON)

    rename(house, MARRIED)
    other = hand_out_session(workshop, command, actor=house.manager, now=AFTER)

    assert other.sha256 != first.sha256
    verdict = judge(other.path, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert MARRIED in words_of(other.path)


def test_a_report_of_days_before_knows_the_name_of_today(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    command = RenamePerson(user_id=house.practitioner.user_id, display_name=MARRIED)
    with house.database.writing() as tx:
        # The person was added inside the range, and the change is quoted from after it.
        rename_person(
            tx,
            command,
            keyring=house.keyring,
            actor=signed_in(house.manager),
            now=NOON + timedelta(days=3),
        )

    made = report(workshop, house.clinic_id, tmp_path / "earlier.pdf", NOON)

    verdict = judge(made, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.audit is not None
    (block,) = read_content(verdict.audit).sessions
    assert block.practitioner == MARRIED


def test_an_erasure_takes_the_former_name_as_well(
    sqlite_database: Database, tmp_path: Path
) -> None:
    house = build_house(sqlite_database, tmp_path, now=NOON)
    workshop = open_workshop(house, tmp_path / "reports")
    user = hire(house)
    treat_as(house, user)
    rename(house, "Zsófia Oduya", user=user)
    leave(house, user)
    names = [NAME.encode(), b"Oduya"]
    assert files_holding(tmp_path, names)

    erase(house, workshop, user)

    assert files_holding(tmp_path, names) == {}
    verdict = judge(report(workshop, house.clinic_id, tmp_path / "e.pdf", NOON), house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.audit is not None
    content = read_content(verdict.audit)
    (person,) = [each for each in content.people if each.name.startswith("erased on")]
    assert person.formerly == ()
    assert problems(house) == []
    with pytest.raises(Conflict, match="erased"):
        rename(house, "Somebody", user=user)


def test_the_audit_finds_a_change_of_a_name_that_was_not_in_force(house: House) -> None:
    rename(house, MARRIED)
    rename(house, "Practitioner Byrne")
    assert problems(house) == []

    lie = {
        "user": house.practitioner.user_id,
        "old": {"commit": "00" * 32},
        "new": {"commit": "11" * 32},
    }
    with house.database.writing() as tx:
        append(tx, house.manager, "user.renamed", lie, now=AFTER)

    assert any("another name was in force" in each for each in problems(house))


def test_what_is_no_name_or_nobodys_to_change_is_refused(house: House) -> None:
    with pytest.raises(Conflict, match="already"):
        rename(house, f" {FORMER} ")
    for name in ("", " ", "x" * 121, "A\x00B"):
        with pytest.raises(Refused, match="is not a name"):
            rename(house, name)
    with pytest.raises(NotFound):
        rename(house, "Nobody", user="0190a000-0000-7000-8000-00000000ffff")
    for other in (house.practitioner, house.operator, house.inspector):
        with pytest.raises(NotPermitted):
            rename(house, MARRIED, by=signed_in(other))
    with house.database.reading() as tx:
        assert find_renamings(tx, house.clinic_id, {house.practitioner.user_id}) == set()


def test_somebody_of_two_clinics_is_renamed_by_the_administrator_in_both_logs(
    house: House, tmp_path: Path
) -> None:
    quay = build_house(house.database, tmp_path, now=NOON, slug="quay")
    admin = system_actor(quay.clinic_id, "tests")
    with house.database.writing() as tx:
        brought = ChangeRoles(
            user_id=house.practitioner.user_id, roles=frozenset({Role.PRACTITIONER})
        )
        change_roles(tx, brought, actor=admin, now=NOON)

    with pytest.raises(NotPermitted, match="other clinics"):
        rename(house, MARRIED)
    rename(house, MARRIED, by=admin)

    # The second log never said a name, and has none to change.
    with house.database.reading() as tx:
        assert len(find_renamings(tx, house.clinic_id, {house.practitioner.user_id})) == 1
        assert find_renamings(tx, quay.clinic_id, {house.practitioner.user_id}) == set()
    assert problems(house) == problems(quay) == []
