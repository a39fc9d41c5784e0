"""A rule that counts hours of operation is judged in the report too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from integration.sterilization.recalled import add_machine, run, spore

from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.domain.sterilization.words import Growth
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.report.content.reading import read_content
from compliance.report.content.values import ExceptionKind
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house

HOUR = timedelta(hours=1)


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    profiles = ("US-GA-511-3-8", "ASEPTRAIL-BASE")
    return build_house(sqlite_database, tmp_path, now=NOON - timedelta(days=9), profiles=profiles)


def long_run(house: House, number: int, *, hours: int) -> None:
    """A run that began ``number`` days before noon."""
    began = NOON - timedelta(days=number)
    command = RecordCycle(
        sterilizer="A1",
        number=f"1{9 - number}",
        program="134",
        run_at=began,
        ended_at=began + hours * HOUR,
        lowest_decicelsius=1343,
        hold_seconds=185,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with house.database.writing() as tx:
        record_cycle(tx, command, actor=house.operator, now=began + hours * HOUR)


def overdue(house: House, folder: Path) -> list[str]:
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=folder / "reports",
    )
    first, last = (NOON - timedelta(days=8)).date(), NOON.date()
    command = ExportReport(first=first, last=last, output=folder / "report.pdf")
    made = export_report(workshop, command, actor=house.manager, now=NOON + HOUR)
    roots = [x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))]
    verdict = verify_report(made.files[0].path.read_bytes(), trust_roots=roots)
    assert [check.reason for check in verdict.failed] == []
    audit: Any = verdict.audit
    lines = read_content(audit).exceptions
    return [line.sentence for line in lines if line.kind is ExceptionKind.OVERDUE]


@pytest.mark.parametrize(("hours", "found"), [(9, 0), (10, 1), (14, 1)])
def test_a_spore_test_is_overdue_by_hours_of_operation(
    hours: int, found: int, house: House, tmp_path: Path
) -> None:
    begin = NOON - timedelta(days=8)
    add_machine(house, begin)
    spore(house, run(house, "1", begin + HOUR), Growth.NO_GROWTH, begin + 2 * HOUR)
    for number in (5, 4, 3, 2):
        long_run(house, number, hours=hours)

    said = overdue(house, tmp_path)

    assert len(said) == found
    assert all("US-GA-511-3-8/1 spore_test_max_run_hours" in each for each in said)
