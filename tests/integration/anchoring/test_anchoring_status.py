"""Gaps are said: to the manager in words, to whoever looks after the machine by the doctor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from outside import Outside

from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.anchoring.rounds import anchor_due
from compliance.operations.anchoring.status import Gap, read_status
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.doctor.diagnosing import diagnose
from compliance.operations.safekeeping.doctor.findings import Finding, Level
from compliance.settings import Settings
from compliance.store.session import Database
from givens import NOON, ROOT, Clock
from harbour import House, build_house


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


def gap(workshop: Workshop, house: House, clock: Clock) -> Gap:
    with house.database.reading() as tx:
        return read_status(tx, house.clinic_id, workshop.anchors, now=clock()).gap


def test_a_day_without_is_amber_and_a_week_is_red(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    anchor_due(workshop, now=clock())
    for hours, expected in ((24, Gap.NONE), (1, Gap.AMBER), (6 * 24 - 1, Gap.AMBER), (1, Gap.RED)):
        clock.tick(hours=hours)
        assert gap(workshop, house, clock) is expected, clock()
    assert gap(replace(workshop, anchors=AnchorPlan()), house, clock) is Gap.OFF


def test_a_clinic_that_never_had_one_is_counted_from_its_founding(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    outside.silent |= {"https://one", "https://two"}
    anchor_due(workshop, now=clock())
    assert gap(workshop, house, clock) is Gap.NONE
    clock.tick(days=2)
    with house.database.reading() as tx:
        status = read_status(tx, house.clinic_id, workshop.anchors, now=clock())
    assert status.gap is Gap.AMBER
    assert [one.target for one in status.failing] == ["https://one", "https://two"]


def doctor(house: House, tmp_path: Path, now: Clock, **more: str) -> dict[str, Finding]:
    url = house.database.engine.url.render_as_string(hide_password=False)
    settings = Settings.from_environ(
        {"COMPLIANCE_DATA_DIR": str(tmp_path), "COMPLIANCE_DATABASE_URL": url, **more}
    )
    found = diagnose(settings, environ={}, migrations=ROOT / "migrations", now=now())
    return {finding.code: finding for finding in found}


def test_the_doctor_names_gaps_and_whoever_does_not_answer(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    anchor_due(workshop, now=clock())
    outside.silent.add("https://one")
    anchor_due(workshop, now=clock.tick(days=8))
    (tmp_path / "tsa.pem").write_bytes(outside.first.root.public_bytes(Encoding.PEM))
    named = {
        "COMPLIANCE_TSA_URL": "https://one https://two",
        "COMPLIANCE_TSA_CERTIFICATES": str(tmp_path / "tsa.pem"),
    }
    found = doctor(house, tmp_path, clock, **named)
    assert "anchor_gap" not in found, "the other authority answered"
    assert "https://one" in found["outside_silent"].what

    clock.tick(days=2)
    assert doctor(house, tmp_path, clock, **named)["anchor_gap"].level is Level.WARNING
    clock.tick(days=6)
    assert doctor(house, tmp_path, clock, **named)["anchor_gap"].level is Level.UNSAFE


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({}, "tsa_not_set"),
        ({"COMPLIANCE_TSA_URL": "local"}, "tsa_local"),
        ({"COMPLIANCE_TSA_URL": "https://a"}, "tsa_not_pinned"),
        ({"COMPLIANCE_WITNESS_POLICY": "missing"}, "outside_setting"),
    ],
)
def test_the_doctor_knows_what_a_setting_is_worth(
    house: House, clock: Clock, tmp_path: Path, setting: dict[str, str], code: str
) -> None:
    assert code in doctor(house, tmp_path, clock, **setting)
