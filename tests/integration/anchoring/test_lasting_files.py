"""Kept files last: volumes and one session's files too, and again before a time-stamp expires."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from outside import Outside, check
from timing_authorities import buy_authority

from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import export_root_pem
from compliance.operations.anchoring import extending
from compliance.operations.anchoring.extending import BEFORE, extend_reports
from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.auditing import audit_clinic
from compliance.operations.once import Keyed, RequestKey
from compliance.operations.reporting import exporting
from compliance.operations.reporting.lasting import GRACE
from compliance.operations.reporting.ranges import cut_volumes
from compliance.operations.reporting.requests import (
    ReportRow,
    RequestReport,
    find_report,
    make_requested,
    request_report,
)
from compliance.operations.reporting.single import INSPECTION, ExportSession, export_session
from compliance.operations.reporting.workshop import Workshop
from compliance.report.content.reading import read_content
from compliance.report.lasting import read_archived
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.store.lasting_files import LastingRow
from compliance.store.session import Database
from givens import NOON, ROOT, Clock
from harbour import House, build_house, closed_session
from unit.report_drawing.reading_aloud import broken_rules


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


def manager(house: House) -> Actor:
    return Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )


def make_report(workshop: Workshop, house: House, now: datetime) -> ReportRow:
    command = RequestReport(first=NOON.date(), last=NOON.date())
    with house.database.writing() as tx:
        asked = request_report(tx, command, actor=manager(house), now=now)
    make_requested(workshop, house.clinic_id, asked.report_id, now=now)
    return read_row(house, asked.report_id)


def read_row(house: House, report_id: str) -> ReportRow:
    with house.database.reading() as tx:
        return find_report(tx, report_id, actor=manager(house))


def paths_of(workshop: Workshop, row: ReportRow) -> list[Path]:
    return [workshop.reports_folder / row.clinic_id / file["name"] for file in row.files]


def judge(house: House, path: Path, authorities: list[x509.Certificate]) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    pins = Pins(authorities=tuple(authorities))
    return verify_report(path.read_bytes(), trust_roots=[root], pins=pins)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def go_to(clock: Clock, moment: datetime) -> datetime:
    clock.now = moment
    return moment


def renewed(workshop: Workshop, outside: Outside, now: datetime) -> Workshop:
    """The authority has a new certificate under a new root."""
    outside.second = buy_authority(now, name="Harbour Time II")
    third = outside.authority("https://three", outside.second)
    return replace(workshop, anchors=AnchorPlan(authorities=(third,)))


def test_an_index_and_its_volumes_get_an_archive_time_stamp_each(
    workshop: Workshop,
    house: House,
    clock: Clock,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed_session(house, NOON)
    closed_session(house, NOON, client="C-1002", pack="P-2")
    monkeypatch.setattr(
        exporting,
        "cut_volumes",
        lambda tx, clinic, start, end: cut_volumes(tx, clinic, start, end, 1),
    )
    row = make_report(workshop, house, clock())
    before = [path.read_bytes() for path in paths_of(workshop, row)]
    assert len(before) > 2
    assert extend_reports(workshop, now=clock.tick(hours=2)) == len(before)

    row = read_row(house, row.report_id)
    index, *volumes = paths_of(workshop, row)
    said = " ".join(subprocess.check_output(["pdftotext", "-raw", index, "-"], text=True).split())
    for path, former, file in zip([index, *volumes], before, row.files, strict=True):
        assert path.read_bytes().startswith(former)
        assert (file["sha256"], file["bytes"]) == (sha256(path), path.stat().st_size)
        verdict = judge(house, path, outside.roots)
        assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
        assert "saw the file with its seal at 2026-11-20T14" in check(verdict, "seal_time").reason
        assert broken_rules(path) <= {"PDFA3A-SIGNATURE-BYTERANGE-001"}
    for former in before[1:]:
        # What the index says of a volume stays true: it counts the bytes before the time-stamp.
        digest = hashlib.sha256(former).hexdigest()
        assert f"SHA-256 of {len(former)} bytes" in said
        assert digest in said.replace(" ", "")
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_kept_file_of_one_session_lasts_and_is_handed_out_extended(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    session = closed_session(house, NOON)
    request = RequestKey(
        clinic_id=house.clinic_id, principal=house.manager.user_id, route="file", key="once"
    )
    command = ExportSession(
        session_id=session,
        purpose=INSPECTION,
        output=tmp_path / "session.pdf",
        keyed=Keyed(request=request, body={}),
    )
    made = export_session(workshop, command, actor=manager(house), now=clock())
    handed_out = made.path.read_bytes()
    assert extend_reports(workshop, now=clock.tick(hours=2)) == 1

    again = export_session(workshop, command, actor=manager(house), now=clock())
    assert again.replayed
    assert again.sha256 == sha256(again.path) != made.sha256
    assert again.path.read_bytes().startswith(handed_out)
    verdict = judge(house, again.path, outside.roots)
    assert (verdict.outcome, verdict.about) == (Outcome.ACCEPTED, "inspection")
    assert "saw the file with its seal" in check(verdict, "seal_time").reason
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_further_time_stamp_is_added_before_the_newest_expires(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    row = make_report(workshop, house, clock())
    (path,) = paths_of(workshop, row)
    assert extend_reports(workshop, now=clock.tick(hours=2)) == 1
    first = path.read_bytes()
    until = read_archived(first).until
    assert until is not None
    assert extend_reports(workshop, now=go_to(clock, until - BEFORE - timedelta(hours=1))) == 0

    # The authority still has the certificate it had: its word would expire on the same day.
    assert extend_reports(workshop, now=go_to(clock, until - BEFORE)) == 0
    assert path.read_bytes() == first
    later = renewed(workshop, outside, clock())
    assert extend_reports(later, now=clock.tick(hours=1)) == 0
    assert extend_reports(later, now=clock.tick(days=1)) == 1

    assert path.read_bytes().startswith(first)
    assert read_archived(path.read_bytes()).stamps == 2
    verdict = judge(house, path, outside.roots)
    assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
    reason = check(verdict, "seal_time").reason
    assert "Harbour Time saw the file with its seal at 2026-11-20T14" in reason
    assert "Harbour Time II saw the file with its seal at 2027-02" in reason
    assert extend_reports(later, now=clock.tick(days=2)) == 0
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    audit = judge(house, paths_of(later, make_report(later, house, clock()))[0], []).audit
    assert audit is not None
    assert [one.sha256 for one in read_content(audit).exports][-1] != sha256(path)


def test_a_crash_between_entry_and_name_is_made_good(
    workshop: Workshop,
    house: House,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed_session(house, NOON)
    row = make_report(workshop, house, clock())
    (path,) = paths_of(workshop, row)
    before = path.read_bytes()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(extending, "_settle", crash)
        with pytest.raises(KeyboardInterrupt):
            extend_reports(workshop, now=clock.tick(hours=2))
    assert path.read_bytes() == before
    assert extend_reports(workshop, now=clock.tick(seconds=30)) == 0
    assert sha256(path) == read_row(house, row.report_id).files[0]["sha256"]
    assert read_archived(path.read_bytes()).stamps == 1
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_was_erased_does_not_come_back(
    workshop: Workshop,
    house: House,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed_session(house, NOON)
    first, second = (paths_of(workshop, make_report(workshop, house, clock()))[0] for _ in range(2))
    first.with_name(f".{first.name}.extended").write_bytes(b"a copy that a crash left")
    first.unlink()
    enter = extending._enter

    def erase_meanwhile(workshop: Workshop, row: LastingRow, copy: Path, now: datetime) -> None:
        enter(workshop, row, copy, now)
        second.unlink()

    monkeypatch.setattr(extending, "_enter", erase_meanwhile)
    extend_reports(workshop, now=clock.tick(hours=2))
    assert list(first.parent.iterdir()) == []
    assert extend_reports(workshop, now=clock.tick(days=1000)) == 0


def test_a_file_that_cannot_be_read_keeps_no_other_waiting(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    closed_session(house, NOON)
    first, second = (paths_of(workshop, make_report(workshop, house, clock()))[0] for _ in range(2))
    first.write_bytes(b"%PDF-1.7 and nothing")
    assert extend_reports(workshop, now=clock.tick(hours=2)) == 1
    assert read_archived(second.read_bytes()).stamps == 1
    assert first.read_bytes() == b"%PDF-1.7 and nothing"


def test_the_first_archive_time_stamp_waits_for_revocations(
    database: Database, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    house = build_house(database, tmp_path, now=NOON)
    own = Workshop(
        database=database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
        anchors=outside.plan(),
    )
    closed_session(house, NOON)
    make_report(own, house, clock())
    assert extend_reports(own, now=go_to(clock, NOON + GRACE - timedelta(seconds=1))) == 0
    assert extend_reports(own, now=go_to(clock, NOON + GRACE)) == 1
