"""The evidence bundle: whole, checkable by ordinary tools, and the same each time it is packed."""

from __future__ import annotations

import json
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509

from compliance.operations.reporting.bundle import TwoFilesOfOneName, write_bundle
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house, closed_session

DAY = date(2026, 11, 20)


@pytest.fixture
def workshop(sqlite_database: Database, tmp_path: Path) -> Workshop:
    house: House = build_house(sqlite_database, tmp_path, now=NOON)
    closed_session(house, NOON)
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    export_report(
        workshop,
        ExportReport(first=DAY, last=DAY, output=tmp_path / "day.pdf"),
        actor=house.manager,
        now=NOON,
    )
    return workshop


def test_a_bundle_holds_the_pdf_its_audit_the_root_and_their_sums(
    workshop: Workshop, tmp_path: Path
) -> None:
    report = tmp_path / "day.pdf"

    write_bundle(workshop, [report], tmp_path / "day.zip")

    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "day.zip") as archive:
        names = sorted(archive.namelist())
        archive.extractall(folder)
    assert names == ["README.txt", "ROOT.pem", "SHA256SUMS", "day.audit.json", "day.pdf"]
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    root = x509.load_pem_x509_certificate((folder / "ROOT.pem").read_bytes())
    verdict = verify_report((folder / "day.pdf").read_bytes(), trust_roots=[root])
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    assert verdict.audit.canonical == (folder / "day.audit.json").read_bytes()
    assert json.loads(verdict.audit.canonical)["schema"] == "aseptrail/audit/3"
    assert "compliance verify day.pdf --trust ROOT.pem" in (folder / "README.txt").read_text()


def test_the_same_files_give_the_same_archive(workshop: Workshop, tmp_path: Path) -> None:
    report = tmp_path / "day.pdf"

    first = write_bundle(workshop, [report], tmp_path / "first.zip")
    second = write_bundle(workshop, [report], tmp_path / "second.zip")

    assert first == second


def test_a_bundle_that_cannot_be_made_leaves_nothing_behind(
    workshop: Workshop, tmp_path: Path
) -> None:
    report = tmp_path / "day.pdf"

    with pytest.raises(TwoFilesOfOneName):
        write_bundle(workshop, [report, report], tmp_path / "twice.zip")
    with pytest.raises(FileNotFoundError):
        write_bundle(workshop, [tmp_path / "none.pdf"], tmp_path / "none.zip")

    assert list(tmp_path.glob("*.zip")) == []
    assert list(tmp_path.glob(".*zip*")) == []
