"""What a tablet did without network, before it could know of a recall, stands on the recall's list."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from cryptography import x509
from integration.sterilization.recalled import (
    add_machine,
    load,
    notice,
    only_recall,
    room,
    spore,
    worklist,
)
from sqlalchemy import text

from compliance.domain.sterilization.words import Growth
from compliance.errors import ComplianceError, Conflict
from compliance.keys.storage import export_root_pem
from compliance.ledger.entry import format_time
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.recalling import NoteCall, close_recall, note_call
from compliance.operations.sterilization.searching import who_met
from compliance.operations.treatments.answering import AnswerItem, answer_item
from compliance.operations.treatments.closing import AbortSession, abort_session
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.operations.treatments.loading import SessionEnded
from compliance.operations.treatments.refusing import enter_refused, may_matter
from compliance.report.content.reading import read_content
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, evidence_for, open_one

HOUR = timedelta(hours=1)
DONE = NOON + HOUR
RECALLED = NOON + 2 * HOUR
ARRIVED = NOON + 3 * HOUR


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return room(database, tmp_path)


def send(
    house: House, session: str, evidence: Any, *, done: datetime | None, now: datetime = ARRIVED
) -> int | None:
    """Send a late answer as the pages and the API do; the index of what its refusal left."""
    command = AnswerItem(
        session_id=session,
        item="device_sterilized_before",
        result="yes",
        evidence=evidence,
        performed_at=done,
    )
    with pytest.raises((EvidenceRefused, SessionEnded)) as refused, house.database.writing() as tx:
        answer_item(tx, command, actor=house.practitioner, now=now, keyring=house.keyring)
    error = refused.value
    assert isinstance(error, ComplianceError)
    if not may_matter(command, error, now=now):
        return None
    with house.database.writing() as tx:
        return enter_refused(tx, command, actor=house.practitioner, now=now)


def failed_load(house: House) -> str:
    """A session opened before its pack's load is taken back; returns its id."""
    add_machine(house, NOON)
    cycle = load(house, "1", ("P-1", "P-2"), NOON)
    session = open_one(house, DONE, device="ROLLER-1", client="C-1")
    spore(house, cycle, Growth.GROWTH, RECALLED)
    return session


def test_the_client_of_a_refused_late_answer_is_on_the_list_with_the_reason(house: House) -> None:
    session = failed_load(house)

    index = send(house, session, evidence_for("ROLLER-1", "before"), done=DONE)

    (met,) = worklist(house, ARRIVED).affected
    assert (met.client_ref, met.meeting.session_id) == ("C-1", session)
    assert [pack.code for pack in met.packs] == ["P-1"]
    (note,) = met.refused
    assert note.index == index
    assert (note.data["performed_at"], note.data["at"]) == (format_time(DONE), format_time(ARRIVED))
    with house.database.reading() as tx:
        found = who_met(tx, "pack", "P-1", actor=house.operator, keyring=house.keyring, limit=9)
    assert [each.client_ref for each in found] == ["C-1"]
    assert audit(house).problems == ()


def test_the_recall_cannot_be_closed_before_that_client_was_told(house: House) -> None:
    tip = open_one(house, DONE, client="C-2")
    recall = notice(house, "(01)09506000134352(10)L1", RECALLED).recall_id
    send(house, tip, evidence_for("TIP-1", "before"), done=DONE)

    with pytest.raises(Conflict, match="1 of the clients"), house.database.writing() as tx:
        close_recall(tx, recall, actor=house.manager, now=ARRIVED)
    call = NoteCall(recall_id=recall, session_id=tip, outcome="reached")
    with house.database.writing() as tx:
        note_call(tx, call, actor=house.practitioner, now=ARRIVED, keyring=house.keyring)
    with house.database.writing() as tx:
        assert close_recall(tx, recall, actor=house.manager, now=ARRIVED).state == "closed"


def test_an_answer_that_comes_again_is_entered_once(house: House) -> None:
    session = failed_load(house)
    pieces = evidence_for("ROLLER-1", "before")

    assert send(house, session, pieces, done=DONE) is not None
    assert send(house, session, pieces, done=DONE, now=ARRIVED + HOUR) is None
    assert len(worklist(house, ARRIVED).affected[0].refused) == 1
    assert audit(house).problems == ()


def test_what_is_refused_before_any_use_or_for_another_reason_lists_nobody(house: House) -> None:
    session = failed_load(house)

    assert send(house, session, evidence_for("ROLLER-1", "before"), done=None) is None
    assert send(house, session, evidence_for("ROLLER-1", "before"), done=ARRIVED) is None
    unknown = evidence_for("ROLLER-1", "before", pack="P-77")
    assert send(house, session, unknown, done=DONE) is None
    assert worklist(house, ARRIVED).affected == ()


def test_a_late_answer_to_a_session_that_ended_meanwhile_lists_its_client(house: House) -> None:
    session = failed_load(house)
    gone = AbortSession(
        session_id=session, what="Left.", why="Ill.", corrective_action="None.", grant=None
    )
    with house.database.writing() as tx:
        signing = house.token_actor(house.practitioner)
        abort_session(tx, gone, actor=signing, now=RECALLED, keyring=house.keyring)

    assert send(house, session, evidence_for("ROLLER-1", "before"), done=DONE) is not None

    (met,) = worklist(house, ARRIVED).affected
    assert (met.client_ref, met.meeting.state) == ("C-1", "aborted")
    assert audit(house).problems == ()


def test_the_audit_misses_a_removed_line_about_a_refused_answer(house: House) -> None:
    session = failed_load(house)
    send(house, session, evidence_for("ROLLER-1", "before"), done=DONE)
    assert only_recall(house).state == "open"

    with house.database.writing() as tx:
        if house.database.is_sqlite:
            tx.execute(text("DROP TRIGGER session_note_refuses_delete"))
        else:
            tx.execute(text("ALTER TABLE session_note DISABLE TRIGGER USER"))
        tx.execute(text("DELETE FROM session_note WHERE kind = 'refused'"))

    assert {problem.table for problem in audit(house).problems} == {"session_note"}


def test_a_report_names_the_client_of_a_refused_late_answer(
    sqlite_database: Database, tmp_path: Path
) -> None:
    house = room(sqlite_database, tmp_path)
    session = failed_load(house)
    index = send(house, session, evidence_for("ROLLER-1", "before"), done=DONE)
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    day = NOON.date()
    command = ExportReport(first=day, last=day, output=tmp_path / "report.pdf")

    made = export_report(workshop, command, actor=house.manager, now=ARRIVED)

    roots = [x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))]
    verdict = verify_report(made.files[0].path.read_bytes(), trust_roots=roots)
    assert [check.reason for check in verdict.failed] == []
    assert verdict.audit is not None
    (recall,) = read_content(verdict.audit).room.recalls
    (line,) = recall.worklist
    assert line.client == "C-1"
    assert line.by == f"pack P-1, A1 cycle 1: entered late, and refused (entry {index})"
