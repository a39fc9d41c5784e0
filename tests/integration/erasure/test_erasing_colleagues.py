"""Erasing a former colleague: after they left, two persons, nothing left, and every proof still valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from integration.erasure.leftovers import (
    columns_holding,
    files_holding,
    report,
    sealed_values,
)
from integration.safekeeping.places import MIGRATIONS, back_up, bring_back, judge, workshop_at
from sqlalchemy import create_engine, text

from compliance.domain.access import Actor, Auth, Role, system_actor
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.erasure.asking import (
    RequestColleagueErasure,
    confirm_erasure,
    request_colleague_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.operations.people.accounts import (
    ChangeRoles,
    CreatePerson,
    change_roles,
    create_person,
    disable_person,
    enable_person,
)
from compliance.operations.people.listing import read_names
from compliance.operations.people.passwords import hash_password
from compliance.operations.people.qualifications import (
    AddQualification,
    add_qualification,
    list_qualifications,
    read_scan,
)
from compliance.operations.people.sign_in import SignIn, sign_in
from compliance.operations.reporting.handing_out import hand_out_session
from compliance.operations.reporting.single import INSPECTION, ExportSession
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.restoring import find_installation, undo_restore
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome
from compliance.store.erasures import ErasureRow
from compliance.store.session import Database, StorageRefused, engine_options
from givens import NOON
from harbour import House, build_house, closed_session, open_workshop

NAME = "Zsófia Querfurth-Ångström"
USERNAME = "querfurth.z"
NUMBER = "LIC-QF-77120"
TITLE = "Licence of Dr Querfurth"
SCAN = b"%PDF-1.7 the scan of the licence of Querfurth"
PASSWORD = "a long and winding road"
LATER = NOON + timedelta(hours=1)
AFTER = NOON + timedelta(hours=2)


def office(house: House) -> Actor:
    """Tokens, by which everybody in the house acts, may not manage accounts."""
    return system_actor(house.clinic_id, "tests")


def hire(house: House) -> str:
    """A practitioner with a licence, its scan, and an evening at the tablet."""
    command = CreatePerson(
        username=USERNAME,
        display_name=NAME,
        password_hash=hash_password(PASSWORD, username=USERNAME),
        roles=frozenset({Role.PRACTITIONER}),
    )
    with house.database.writing() as tx:
        user = create_person(tx, command, keyring=house.keyring, actor=office(house), now=NOON)
        licence = AddQualification(
            user_id=user,
            kind="licence",
            title=TITLE,
            number=NUMBER,
            valid_from=date(2026, 1, 1),
            scan=SCAN,
        )
        add_qualification(tx, licence, keyring=house.keyring, actor=house.manager, now=NOON)
    command_in = SignIn(username=USERNAME, password=PASSWORD, user_agent="Querfurth's own tablet")
    sign_in(house.database, command_in, now=NOON)
    return user


def treat_as(house: House, user: str) -> str:
    """A session that the colleague closed."""
    actor = Actor(
        user_id=user,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.PRACTITIONER}),
        auth=Auth.TOKEN,
    )
    return closed_session(replace(house, practitioner=actor), NOON)


def leave(house: House, user: str) -> None:
    with house.database.writing() as tx:
        disable_person(tx, user, actor=office(house), now=NOON)


def ask(house: House, user: str, basis: str = "gdpr_17_1_a") -> ErasureRow:
    with house.database.writing() as tx:
        return request_colleague_erasure(
            tx,
            RequestColleagueErasure(user_id=user, basis=basis),
            actor=house.manager,
            now=LATER,
        )


def erase(house: House, workshop: Workshop, user: str) -> ErasureRow:
    asked = ask(house, user)
    with house.database.writing() as tx:
        row = confirm_erasure(tx, asked.erasure_id, grant=None, actor=house.practitioner, now=LATER)
    complete_erasures(workshop, now=LATER)
    return row


def test_nothing_of_an_erased_colleague_is_left_in_any_file(
    sqlite_database: Database, tmp_path: Path
) -> None:
    house = build_house(sqlite_database, tmp_path, now=NOON)
    made = open_workshop(house, tmp_path / "reports")
    user = hire(house)
    treat_as(house, user)
    leave(house, user)
    quoting = report(made, house, "before.pdf")
    key = house.keyring.subjects.find(house.clinic_id, user)
    assert key is not None
    kept = [key, *sealed_values(house.database, user)]
    plain = [each.encode() for each in (NAME, "Querfurth", USERNAME, NUMBER, TITLE)]
    for secret in (*kept, *plain):
        assert files_holding(tmp_path, [secret]), secret

    erase(house, made, user)

    assert files_holding(tmp_path, [*kept, *plain]) == {}
    assert not quoting.exists()
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    house.database.dispose()
    assert files_holding(tmp_path, [*kept, *plain]) == {}


def test_no_column_of_either_database_knows_an_erased_colleague(
    house: House, workshop: Workshop
) -> None:
    user = hire(house)
    treat_as(house, user)
    leave(house, user)
    secrets = [NAME.encode(), b"Querfurth", USERNAME.encode(), NUMBER.encode()]
    secrets += sealed_values(house.database, user)
    assert columns_holding(house.database, secrets) >= {
        "user_account.username",
        "user_account.display_name",
        "qualification.number",
        "staff_document.sealed",
        "disclosure.sealed",
        "sign_in_event.username",
        "login.user_agent",
    }

    erase(house, workshop, user)

    assert columns_holding(house.database, secrets) == set()


@pytest.mark.postgresql
def test_no_page_of_postgresql_holds_the_words_of_an_erased_colleague(
    fresh_postgresql: Callable[[], str], tmp_path: Path
) -> None:
    """Its own log is another matter, and the documentation says so."""
    url = fresh_postgresql()
    database = Database(create_engine(url, **engine_options(url)), lock_file=None)
    house = build_house(database, tmp_path, now=NOON)
    user = hire(house)
    leave(house, user)
    words = [each.encode() for each in (NAME, "Querfurth", USERNAME, NUMBER)]
    assert set(pages_holding(database, words)) == set(words)

    erase(house, open_workshop(house, tmp_path / "reports"), user)

    assert pages_holding(database, words) == []
    database.dispose()


def pages_holding(database: Database, words: list[bytes]) -> list[bytes]:
    """The words that stand in a file of this database, in rows that are gone too."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        folder = connection.execute(text("SHOW data_directory")).scalar_one()
        oid = connection.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar_one()
    files = [path.read_bytes() for path in Path(folder, "base", str(oid)).iterdir()]
    return [word for word in words if any(word in content for content in files)]


def test_screens_and_reports_say_when_and_by_which_entry(house: House, workshop: Workshop) -> None:
    user = hire(house)
    treat_as(house, user)
    leave(house, user)

    row = erase(house, workshop, user)

    said = f"erased on 20 Nov 2026, entry {row.ended_index}"
    with house.database.reading() as tx:
        assert read_names(tx, clinic_id=house.clinic_id)[user] == said
        (licence,) = list_qualifications(tx, actor=house.manager, user_id=user)
        with pytest.raises(NotFound):
            read_scan(
                tx,
                licence.qualification_id,
                user_id=user,
                actor=house.manager,
                keyring=house.keyring,
            )
    assert (licence.title, licence.number) == (said, "")
    verdict = judge(report(workshop, house, "after.pdf"), house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    content = read_content(verdict.audit)
    printed = f"erased on 20 Nov 2026, 13:00, entry {row.ended_index} ({user[-8:]})"
    (block,) = content.sessions
    assert block.practitioner == printed
    assert printed in {person.name for person in content.people}
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_report_and_a_file_from_before_the_erasure_quote_it(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    user = hire(house)
    session = treat_as(house, user)
    leave(house, user)
    single = tmp_path / "single.pdf"
    wanted = ExportSession(session_id=session, purpose=INSPECTION, output=single)
    first = hand_out_session(workshop, wanted, actor=house.manager, now=LATER)
    tomorrow = LATER + timedelta(days=1)
    asked = ask(house, user)
    with house.database.writing() as tx:
        row = confirm_erasure(
            tx, asked.erasure_id, grant=None, actor=house.practitioner, now=tomorrow
        )
    complete_erasures(workshop, now=tomorrow)

    verdict = judge(report(workshop, house, "earlier.pdf"), house.keys_folder)
    again = hand_out_session(workshop, wanted, actor=house.manager, now=tomorrow)
    twice = hand_out_session(workshop, wanted, actor=house.manager, now=tomorrow)

    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    assert verdict.audit.end <= (row.ended_index or 0)
    (block,) = read_content(verdict.audit).sessions
    assert block.practitioner.startswith("erased on 21 Nov 2026")
    assert judge(single, house.keys_folder).outcome is Outcome.ACCEPTED
    assert first.sha256 != again.sha256 == twice.sha256


def test_who_still_works_here_or_elsewhere_is_not_erased(house: House) -> None:
    user = hire(house)

    with pytest.raises(Conflict, match="switched on"):
        ask(house, user)
    leave(house, user)
    with pytest.raises(Refused, match="to be kept until"):
        ask(house, user, basis="retention_over")
    with pytest.raises(NotFound):
        ask(house, "01900000-0000-7000-8000-000000000000")
    asked = ask(house, user)
    with pytest.raises(Conflict, match="already"):
        ask(house, user)
    with house.database.writing() as tx:
        enable_person(tx, user, actor=office(house), now=LATER)
    with pytest.raises(Conflict, match="switched on"), house.database.writing() as tx:
        confirm_erasure(tx, asked.erasure_id, grant=None, actor=house.practitioner, now=LATER)
    with pytest.raises(NotPermitted, match="two persons"), house.database.writing() as tx:
        confirm_erasure(tx, asked.erasure_id, grant=None, actor=house.manager, now=LATER)


def test_an_erased_colleague_cannot_come_back_under_the_old_account(
    house: House, workshop: Workshop
) -> None:
    user = hire(house)
    leave(house, user)
    erase(house, workshop, user)

    licence = AddQualification(
        user_id=user, kind="licence", title=TITLE, number="", valid_from=date(2026, 1, 1)
    )
    with pytest.raises(Conflict, match="was erased"), house.database.writing() as tx:
        enable_person(tx, user, actor=office(house), now=AFTER)
    with pytest.raises(Conflict, match="was erased"), house.database.writing() as tx:
        add_qualification(tx, licence, keyring=house.keyring, actor=house.manager, now=AFTER)
    roles = ChangeRoles(user_id=user, roles=frozenset({Role.OPERATOR}))
    with pytest.raises(Conflict, match="was erased"), house.database.writing() as tx:
        change_roles(tx, roles, actor=office(house), now=AFTER)
    with pytest.raises(Conflict, match="already"):
        ask(house, user)
    assert hire(house) != user


def test_the_database_lets_a_scan_be_emptied_only_by_an_erasure(
    house: House, workshop: Workshop
) -> None:
    user = hire(house)
    leave(house, user)
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("UPDATE staff_document SET sealed = ''"))
    erase(house, workshop, user)

    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("UPDATE staff_document SET sealed = 'x', media_type = 'image/png'"))
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("DELETE FROM staff_document"))


def test_the_audit_sees_a_name_that_was_put_back(house: House, workshop: Workshop) -> None:
    user = hire(house)
    leave(house, user)
    erase(house, workshop, user)
    with house.database.writing() as tx:
        tx.execute(
            text("UPDATE user_account SET username = 'zsofia' WHERE user_id = :who"), {"who": user}
        )

    (problem,) = audit_clinic(house.database, house.clinic_id).problems

    assert "a name, a number or a scan is still stored" in problem.reason


def test_a_backup_from_before_brings_no_colleague_back_on_this_machine(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    user = hire(house)
    leave(house, user)
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    erase(house, workshop, user)
    url = house.database.engine.url.render_as_string(hide_password=False)
    house.database.dispose()

    place = find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)
    bring_back(place, made, replace=True)

    again = place.site.open_current()
    assert again is not None
    with again.reading() as tx:
        assert read_names(tx, clinic_id=house.clinic_id)[user] == "erased"
        stored = tx.execute(text("SELECT username FROM user_account")).scalars().all()
        sealed = tx.execute(text("SELECT sealed FROM staff_document")).scalars().all()
    words = [each.encode() for each in (NAME, "Querfurth", USERNAME, NUMBER)]
    assert files_holding(tmp_path, words) == {}
    if not again.is_sqlite:
        assert pages_holding(again, words) == []
    assert USERNAME not in stored
    assert [bytes(each) for each in sealed] == [b""]
    assert audit_clinic(again, house.clinic_id).problems == ()
    again.dispose()


def test_a_database_put_aside_brings_no_colleague_back_when_the_restore_is_undone(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    user = hire(house)
    leave(house, user)
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    url = house.database.engine.url.render_as_string(hide_password=False)
    house.database.dispose()
    place = find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)
    bring_back(place, made, replace=True)
    restored = workshop_at(place, workshop)
    erase(replace(house, database=restored.database), restored, user)
    restored.database.dispose()

    undo_restore(place, system_user="tests", now=AFTER)

    last = workshop_at(place, workshop).database
    with last.reading() as tx:
        assert read_names(tx, clinic_id=house.clinic_id)[user] == "erased"
    assert audit_clinic(last, house.clinic_id).problems == ()
    last.dispose()


def test_the_command_line_names_the_account(house: House) -> None:
    user = hire(house)
    leave(house, user)

    with house.database.writing() as tx:
        row = request_colleague_erasure(
            tx,
            RequestColleagueErasure(user_id=user, basis="other_law"),
            actor=office(house),
            now=LATER,
        )

    assert (row.what, row.subject_id) == ("user", user)
