"""An inspector's challenge goes into the log and is found in the next report, and in no earlier one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from integration.safekeeping.places import report

from compliance.errors import NotPermitted, Refused
from compliance.keys.storage import export_root_pem
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.inspections import enter_challenge, list_challenges
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, closed_session, open_workshop

GIVEN = "Grüner Kranich  7731"
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    made = build_house(database, tmp_path, now=NOON)
    closed_session(made, NOON)
    return made


@pytest.fixture
def workshop(house: House, tmp_path: Path) -> Workshop:
    return open_workshop(house, tmp_path / "reports")


def judge(path: Path, house: House, challenge: str | None) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root], challenge=challenge)


def test_the_challenge_is_in_the_next_report_whatever_its_period(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    before = report(workshop, house.clinic_id, tmp_path / "before.pdf", NOON)
    with house.database.writing() as tx:
        made = enter_challenge(tx, GIVEN, actor=house.inspector, now=TOMORROW)

    after = report(workshop, house.clinic_id, tmp_path / "after.pdf", NOON)

    found = judge(after, house, " Grüner Kranich 7731 ")
    assert (found.outcome, found.level) == (Outcome.ACCEPTED, 3)
    assert "the challenge that you gave" in found.sentence
    assert found.audit is not None
    assert made.index >= found.audit.end
    # A second log could hold the challenge too, and the verdict goes on saying so.
    assert any("second one" in line for line in found.does_not_prove)
    earlier = judge(before, house, GIVEN)
    assert earlier.outcome is Outcome.REJECTED
    assert [check.code for check in earlier.failed] == ["challenge"]
    assert judge(after, house, "another word").outcome is Outcome.REJECTED
    assert judge(before, house, None).level == 0
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_inspectors_and_managers_enter_challenges_and_nobody_else(house: House) -> None:
    for number, actor in enumerate((house.inspector, house.manager)):
        with house.database.writing() as tx:
            enter_challenge(tx, f"word {number}", actor=actor, now=NOON)
    for actor in (house.practitioner, house.operator):
        with pytest.raises(NotPermitted), house.database.writing() as tx:
            enter_challenge(tx, "word 3", actor=actor, now=NOON)
    for bad in ("abc", "x" * 201, "tab\x07bell"):
        with pytest.raises(Refused), house.database.writing() as tx:
            enter_challenge(tx, bad, actor=house.manager, now=NOON)
    with house.database.reading() as tx:
        listed = [each.text for each in list_challenges(tx, actor=house.inspector)]
    assert listed == ["word 1", "word 0"]
