"""A clinic's name is set right: every signed file bears it, and what was signed before stays valid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from integration.reporting.test_traced_files import recall_command
from integration.safekeeping.places import judge, report
from sqlalchemy import update

from compliance.errors import Conflict, NotPermitted, Refused
from compliance.keys.rotating import NewKeys
from compliance.operations.changing_clinic import (
    ChangeClinic,
    change_clinic,
    find_former_seal,
    list_changes,
)
from compliance.operations.clinics import clinic_of
from compliance.operations.reporting import exporting
from compliance.operations.reporting.handing_out import hand_out_session
from compliance.operations.reporting.single import CLIENT_COPY, INSPECTION, ExportSession
from compliance.operations.reporting.tracing import export_trace
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.rotating import rotate_keys
from compliance.operations.sealing import CLINIC_CHANGED, append, hold_log
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome
from compliance.store.clinics import ClinicRow
from compliance.store.models.people import Clinic
from givens import NOON
from harbour import House, closed_session, problems
from paper import words_of

LATER = NOON + timedelta(hours=1)
AFTER = NOON + timedelta(hours=2)
RIGHT = "Harbor Skin Clinic"


def rename(house: House, name: str | None = RIGHT, language: str | None = None) -> ClinicRow:
    with house.database.writing() as tx:
        command = ChangeClinic(name=name, language=language)
        return change_clinic(tx, command, actor=house.manager, now=LATER)


def test_a_report_bears_the_new_name_and_tells_the_former_one(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    before = report(workshop, house.clinic_id, tmp_path / "before.pdf", NOON)

    changed = rename(house)
    after = report(workshop, house.clinic_id, tmp_path / "after.pdf", AFTER)

    assert (changed.name, changed.slug, changed.language) == (RIGHT, "harbour", "en")
    assert judge(before, house.keys_folder).outcome is Outcome.ACCEPTED
    kept = judge(before, house.keys_folder).checkpoint
    assert kept is not None
    verdict = judge(after, house.keys_folder, kept)
    assert (verdict.outcome, verdict.level, verdict.clinic) == (Outcome.ACCEPTED, 3, RIGHT)
    page = words_of(after)
    assert RIGHT in page
    assert "Formerly Harbour Skin Clinic, until 20 Nov 2026, 13:00 (entry" in page
    assert "Formerly" not in words_of(before)
    assert problems(house) == []


def test_a_report_of_days_before_quotes_the_change_as_well(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    with house.database.writing() as tx:
        command = ChangeClinic(name=RIGHT, language="de")
        change_clinic(tx, command, actor=house.manager, now=NOON + timedelta(days=3))

    made = report(workshop, house.clinic_id, tmp_path / "earlier.pdf", NOON)
    later = report(workshop, house.clinic_id, tmp_path / "later.pdf", NOON + timedelta(days=5))

    verdict = judge(made, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.audit is not None
    content = read_content(verdict.audit)
    assert content.language == "de"
    (former,) = content.formerly
    assert former.startswith("Früher Harbour Skin Clinic, bis 23. Nov. 2026")
    after = judge(later, house.keys_folder)
    assert after.outcome is Outcome.ACCEPTED, after.failed
    assert after.audit is not None
    # Nothing in this one was recorded under the former name.
    assert read_content(after.audit).formerly == ()


@pytest.mark.parametrize("purpose", [INSPECTION, CLIENT_COPY])
def test_a_sessions_file_is_made_anew_and_tells_the_former_name(
    house: House, workshop: Workshop, tmp_path: Path, purpose: str
) -> None:
    session = closed_session(house, NOON)
    command = ExportSession(session_id=session, purpose=purpose, output=tmp_path / "one.pdf")
    first = hand_out_session(workshop, command, actor=house.manager, now=NOON)
    again = hand_out_session(workshop, command, actor=house.manager, now=LATER)

    rename(house)
    other = hand_out_session(workshop, command, actor=house.manager, now=AFTER)

    assert again.sha256 == first.sha256
    assert other.sha256 != first.sha256
    verdict = judge(other.path, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.clinic == RIGHT
    assert "Formerly Harbour Skin Clinic, until" in words_of(other.path)


def test_a_recalls_lists_tell_the_former_name(house: House, workshop: Workshop) -> None:
    command = recall_command(house)
    first = export_trace(workshop, command, actor=house.manager, now=LATER)
    rename(house)

    made = export_trace(workshop, command, actor=house.manager, now=AFTER)

    assert made.sha256 != first.sha256
    verdict = judge(made.path, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.clinic == RIGHT
    assert "Formerly Harbour Skin Clinic, until" in words_of(made.path)
    assert judge(first.path, house.keys_folder).outcome is Outcome.ACCEPTED


def test_a_report_under_way_while_the_name_changes_agrees_with_its_log(
    house: House, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_session(house, NOON)
    renamed: list[None] = []
    hold = hold_log

    def hold_after(tx: Any, clinic_id: str) -> None:
        # The clinic was looked at before; now, with the log held, it is called otherwise.
        if not renamed:
            renamed.append(None)
            change_clinic(tx, ChangeClinic(name=RIGHT), actor=house.manager, now=LATER)
        hold(tx, clinic_id)

    monkeypatch.setattr(exporting, "hold_log", hold_after)
    made = report(workshop, house.clinic_id, tmp_path / "meanwhile.pdf", AFTER)

    verdict = judge(made, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.clinic == RIGHT


def test_the_audit_derives_the_name_and_finds_a_row_or_an_entry_that_lies(house: House) -> None:
    rename(house)
    rename(house, None, "de")
    assert problems(house) == []
    with house.database.reading() as tx:
        newest, first = list_changes(tx, actor=house.manager)
    assert (first.old_name, first.new_name) == ("Harbour Skin Clinic", RIGHT)
    assert (newest.old_language, newest.new_language) == ("en", "de")
    assert newest.user == "Manager Ó Murchú"

    # As somebody would who edits the database by hand.
    with house.database.writing() as tx:
        tx.execute(update(Clinic).where(Clinic.clinic_id == house.clinic_id).values(name="Another"))
    assert any("clinic" in each for each in problems(house))
    with house.database.writing() as tx:
        tx.execute(update(Clinic).where(Clinic.clinic_id == house.clinic_id).values(name=RIGHT))
        lie = {
            "old": {"name": "Never called so", "language": "de"},
            "new": {"name": RIGHT, "language": "de"},
        }
        append(tx, house.manager, CLINIC_CHANGED, lie, now=AFTER)
    assert any("another name or language was in force" in each for each in problems(house))


def test_what_is_no_change_or_no_name_is_refused_and_leaves_no_entry(house: House) -> None:
    with pytest.raises(Conflict, match="already"):
        rename(house, "  Harbour  Skin Clinic ")
    for name in ("", "   ", "x" * 121, "Harbour\x00Clinic"):
        with pytest.raises(Refused, match="is not a name"):
            rename(house, name)
    with pytest.raises(Refused, match="is not offered"):
        rename(house, None, "fr")
    for other in (house.practitioner, house.operator, house.inspector):
        with house.database.writing() as tx, pytest.raises(NotPermitted):
            change_clinic(tx, ChangeClinic(name="Mine"), actor=other, now=LATER)
    with house.database.reading() as tx:
        assert list_changes(tx, actor=house.manager) == ()
        assert clinic_of(tx, house.manager).name == "Harbour Skin Clinic"


def test_the_old_seal_stays_accepted_and_the_next_rotation_takes_the_new_name(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    clinic = rename(house)
    made = report(workshop, house.clinic_id, tmp_path / "old-seal.pdf", AFTER)
    verdict = judge(made, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.signed_by is not None
    assert "Harbour Skin Clinic" in verdict.signed_by
    assert find_former_seal(house.keys_folder, clinic) == "Harbour Skin Clinic"

    rotate_keys(
        house.database,
        clinic,
        NewKeys(),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=AFTER,
    )

    assert find_former_seal(house.keys_folder, clinic) is None
    # A name beyond what a certificate holds is not told of for ever.
    long = replace(
        clinic, name=RIGHT + " and a long way further, with everything that belongs to it"
    )
    assert find_former_seal(house.keys_folder, long) == RIGHT
    renewed = report(workshop, house.clinic_id, tmp_path / "new-seal.pdf", AFTER)
    after = judge(renewed, house.keys_folder)
    assert after.outcome is Outcome.ACCEPTED, after.failed
    assert after.signed_by is not None
    assert RIGHT in after.signed_by
    assert problems(house) == []
