"""Erasing a client: two persons, nothing left in any file, and every proof still valid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from integration.erasure.leftovers import (
    columns_holding,
    files_holding,
    report,
    sealed_values,
)
from integration.safekeeping.places import (
    MIGRATIONS,
    SECRET,
    back_up,
    bring_back,
    judge,
)
from sqlalchemy import text

from compliance.domain.access import Actor, system_actor
from compliance.errors import Conflict, NotFound, NotPermitted, Refused, SignatureRequired
from compliance.keys.subjects import SubjectErased, SubjectKeys, seal
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.erasure.asking import (
    RequestErasure,
    confirm_erasure,
    list_erasures,
    request_erasure,
    withdraw_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.operations.erasure.weighing import weigh_erasure
from compliance.operations.reporting.single import ExportSession, export_session
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.operations.safekeeping.keys_apart import back_up_keys, restore_keys
from compliance.operations.safekeeping.restoring import find_installation
from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.operations.treatments.opening import recent_client_refs
from compliance.operations.treatments.reading import (
    SessionFilter,
    client_id_of,
    list_sessions,
    read_session,
)
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome
from compliance.store.erasures import ErasureRow
from compliance.store.session import StorageRefused
from givens import NOON, ROOT, open_sqlite
from harbour import House, build_house, closed_session, open_one

NAME = "Zsófia Querfurth-Ångström"
REASON = "She rang: the Querfurth appointment was in room two."
LATER = NOON + timedelta(hours=1)
AFTER = NOON + timedelta(hours=2)


def treat(house: House, client: str = NAME) -> str:
    """A closed session of the client, amended with a reason that names her."""
    session_id = closed_session(house, NOON, client=client)
    with house.database.writing() as tx:
        amend_session(
            tx,
            AmendSession(session_id=session_id, item="body_site", result="neck", reason=REASON),
            actor=house.practitioner,
            now=NOON,
            keyring=house.keyring,
        )
    return session_id


def ask(house: House, client: str = NAME, basis: str = "gdpr_17_1_b") -> ErasureRow:
    with house.database.writing() as tx:
        return request_erasure(
            tx,
            RequestErasure(client_ref=client, basis=basis),
            actor=house.manager,
            now=LATER,
            keyring=house.keyring,
        )


def confirm(house: House, erasure_id: str, actor: Actor | None = None) -> ErasureRow:
    with house.database.writing() as tx:
        return confirm_erasure(
            tx, erasure_id, grant=None, actor=actor or house.practitioner, now=LATER
        )


def erase(house: House, workshop: Workshop, client: str = NAME) -> ErasureRow:
    row = confirm(house, ask(house, client).erasure_id)
    complete_erasures(workshop, now=LATER)
    return row


def test_nothing_of_an_erased_client_is_left_in_any_file(sqlite_path: Path, tmp_path: Path) -> None:
    database = open_sqlite(sqlite_path)
    house = build_house(database, tmp_path, now=NOON)
    made = Workshop(
        database=database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    treat(house)
    treat(house, client="C-77")
    quoting = report(made, house, "before.pdf")
    with database.reading() as tx:
        client = client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring)
    assert client is not None
    key = house.keyring.subjects.find(house.clinic_id, client)
    assert key is not None
    sealed = sealed_values(database, client)
    secrets = [key, NAME.encode(), REASON.encode(), b"Querfurth", *sealed]
    assert files_holding(tmp_path, [key])
    assert files_holding(tmp_path, sealed)

    erase(house, made)

    assert files_holding(tmp_path, secrets) == {}
    assert not quoting.exists()
    # What belongs to somebody else is all there.
    assert sealed_values(database, "")
    assert audit_clinic(database, house.clinic_id).problems == ()
    database.dispose()
    assert files_holding(tmp_path, secrets) == {}


def test_no_column_of_either_database_knows_an_erased_client(
    house: House, workshop: Workshop
) -> None:
    treat(house)
    with house.database.reading() as tx:
        client = client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring)
    assert client is not None
    secrets = [NAME.encode(), b"Querfurth", *sealed_values(house.database, client)]
    assert "disclosure.sealed" in columns_holding(house.database, secrets)

    erase(house, workshop)

    assert columns_holding(house.database, secrets) == set()


def test_the_record_says_when_and_by_which_entry_and_the_search_finds_nobody(
    house: House, workshop: Workshop
) -> None:
    session_id = treat(house)

    row = erase(house, workshop)

    said = f"erased on 20 Nov 2026, entry {row.ended_index}"
    with house.database.reading() as tx:
        record = read_session(tx, session_id, actor=house.manager, now=AFTER, keyring=house.keyring)
        (listed,) = list_sessions(tx, SessionFilter(), actor=house.manager, keyring=house.keyring)
        found = client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring)
        recent = recent_client_refs(tx, actor=house.practitioner, keyring=house.keyring)
    assert record.client_ref == listed.client_ref == said
    assert record.text_of(record.amendments[0].data["reason"]) == said
    assert (found, recent) == (None, [])


def test_the_proofs_of_an_erased_client_still_hold(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    session_id = treat(house)
    row = erase(house, workshop)

    verdict = judge(report(workshop, house, "after.pdf"), house.keys_folder)

    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    content = read_content(verdict.audit)
    (block,) = content.sessions
    assert block.client.startswith(f"erased on 20 Nov 2026, 13:00, entry {row.ended_index}")
    assert block.amendments[0].reason == f"erased on 20 Nov 2026, 13:00, entry {row.ended_index}"
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    single = tmp_path / "single.pdf"
    export_session(
        workshop,
        ExportSession(session_id=session_id, purpose="inspection", output=single),
        actor=house.manager,
        now=AFTER,
    )
    assert judge(single, house.keys_folder).outcome is Outcome.ACCEPTED


def test_a_report_of_an_earlier_day_quotes_the_later_erasure(
    house: House, workshop: Workshop
) -> None:
    treat(house)
    tomorrow = NOON + timedelta(days=1)
    row = ask(house)
    with house.database.writing() as tx:
        row = confirm_erasure(
            tx, row.erasure_id, grant=None, actor=house.practitioner, now=tomorrow
        )
    complete_erasures(workshop, now=tomorrow)

    verdict = judge(report(workshop, house, "earlier.pdf"), house.keys_folder)

    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    assert verdict.audit.end <= (row.ended_index or 0)
    (block,) = read_content(verdict.audit).sessions
    assert block.client.startswith("erased on 21 Nov 2026")


def test_it_takes_two_persons_and_a_signature(house: House) -> None:
    treat(house)
    row = ask(house)

    with pytest.raises(NotPermitted, match="two persons"):
        confirm(house, row.erasure_id, house.manager)
    with pytest.raises(NotPermitted):
        confirm(house, row.erasure_id, house.operator)
    with pytest.raises(SignatureRequired):
        confirm(house, row.erasure_id, system_actor(house.clinic_id, "tests"))
    with house.database.reading() as tx:
        assert client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring)


def test_the_database_itself_refuses_one_person_as_both(house: House) -> None:
    treat(house)
    row = ask(house)

    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("UPDATE erasure SET state = 'erased', ended_by = requested_by"))
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("DELETE FROM erasure"))
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("UPDATE attachment SET sealed = ''"))
    confirm(house, row.erasure_id)
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("UPDATE erasure SET basis = 'other_law'"))


def test_a_request_can_be_taken_back_and_is_asked_for_once(house: House) -> None:
    treat(house)
    row = ask(house)
    with pytest.raises(Conflict, match="already"):
        ask(house)

    with house.database.writing() as tx:
        withdraw_erasure(tx, row.erasure_id, actor=house.manager, now=LATER)

    with pytest.raises(Conflict, match="over"):
        confirm(house, row.erasure_id)
    ask(house)
    with house.database.reading() as tx:
        states = [each.state for each in list_erasures(tx, actor=house.manager)]
    assert states == ["requested", "withdrawn"]
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_nobody_is_erased_while_a_session_of_theirs_is_open(house: House) -> None:
    treat(house)
    row = ask(house)
    open_one(house, LATER, client=NAME)

    with pytest.raises(Conflict, match="still open"):
        confirm(house, row.erasure_id)


def test_the_basis_that_the_time_is_over_holds_only_when_it_is(house: House) -> None:
    treat(house)

    with house.database.reading() as tx:
        weighing = weigh_erasure(tx, NAME, actor=house.manager, now=LATER, keyring=house.keyring)
    assert weighing.still_kept
    assert weighing.sessions == 1
    assert "source" in weighing.rule
    with pytest.raises(Refused, match="to be kept until"):
        ask(house, basis="retention_over")
    with pytest.raises(Refused, match="no legal basis"):
        ask(house, basis="because")
    with pytest.raises(NotFound):
        ask(house, client="Nobody")


def test_an_erased_client_gets_no_new_key_and_a_returning_one_is_somebody_new(
    house: House, workshop: Workshop
) -> None:
    session_id = treat(house)
    row = erase(house, workshop)

    with pytest.raises(SubjectErased), house.database.writing() as tx:
        amend_session(
            tx,
            AmendSession(session_id=session_id, item="body_site", result="face", reason=REASON),
            actor=house.practitioner,
            now=AFTER,
            keyring=house.keyring,
        )
    open_one(house, AFTER, client=NAME)
    with house.database.reading() as tx:
        now = client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring)
    assert now is not None
    assert now != row.subject_id


def test_what_a_crash_left_is_finished_at_the_next_start(house: House, workshop: Workshop) -> None:
    treat(house)
    row = confirm(house, ask(house).erasure_id)
    assert house.keyring.subjects.find(house.clinic_id, row.subject_id) is not None

    found = look_at_records(house.database, house.keys_folder, MIGRATIONS, AFTER)
    assert "erasure_unfinished" in {finding.code for finding in found}
    (done,) = complete_erasures(workshop, now=AFTER)

    assert done.erasure_id == row.erasure_id
    assert house.keyring.subjects.find(house.clinic_id, row.subject_id) is None
    assert complete_erasures(workshop, now=AFTER) == []


def test_the_audit_sees_an_erasure_that_one_person_did_or_that_left_something(
    house: House, workshop: Workshop
) -> None:
    treat(house)
    row = erase(house, workshop)
    with house.database.writing() as tx:
        tx.execute(
            text("UPDATE disclosure SET sealed = :kept WHERE subject_id = :who"),
            {"kept": seal(b"k" * 32, b"{}", b""), "who": row.subject_id},
        )

    (problem,) = audit_clinic(house.database, house.clinic_id).problems

    assert "a sealed value is still stored" in problem.reason


def test_a_backup_from_before_brings_nobody_back_on_this_machine(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    treat(house)
    report(workshop, house, "before.pdf")
    made = back_up(workshop, tmp_path / "early.jsonl.gz", reports=True)
    row = erase(house, workshop)
    url = house.database.engine.url.render_as_string(hide_password=False)
    house.database.dispose()

    place = find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)
    bring_back(place, made, replace=True)

    again = place.site.open_current()
    assert again is not None
    with again.reading() as tx:
        sealed = tx.execute(
            text("SELECT sealed FROM disclosure WHERE subject_id = :who"), {"who": row.subject_id}
        ).scalars()
        assert [bytes(each) for each in sealed if each] == []
        assert client_id_of(tx, NAME, actor=house.manager, keyring=house.keyring) is None
    assert audit_clinic(again, house.clinic_id).problems == ()
    again.dispose()
    assert not (tmp_path / "reports" / house.clinic_id / "before.pdf").exists()


def test_a_restored_log_erases_again_whom_older_keys_would_bring_back(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    treat(house)
    keys = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)
    row = erase(house, workshop)
    records = back_up(workshop, tmp_path / "records.jsonl.gz", now=AFTER)
    other = tmp_path / "other"
    restore_keys(other, Path(keys.file), SECRET)

    place = find_installation(
        f"sqlite:///{other / 'compliance.sqlite3'}", data_dir=other, migrations=MIGRATIONS
    )
    bring_back(place, records)

    subjects = SubjectKeys(other / "subject-keys.sqlite3")
    assert subjects.find(house.clinic_id, row.subject_id) is None
    assert subjects.erased(house.clinic_id) == [row.subject_id]
    subjects.close()
