"""Export, sign, verify: the whole way on both databases."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting import exporting
from compliance.operations.reporting.exporting import (
    Cancelled,
    ExportedReport,
    ExportReport,
    export_report,
)
from compliance.operations.reporting.preview import preview_report
from compliance.operations.reporting.ranges import cut_volumes
from compliance.operations.reporting.requests import (
    RequestReport,
    cancel_report,
    find_report,
    make_requested,
    report_path,
    request_report,
)
from compliance.operations.reporting.workshop import Workshop
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from givens import NOON
from harbour import (
    House,
    answer,
    closed_session,
    open_one,
    released_pack,
)

DAY = date(2026, 11, 20)


def manager(house: House) -> Actor:
    return Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )


def export(
    workshop: Workshop, house: House, output: Path, first: date = DAY, last: date = DAY
) -> ExportedReport:
    return export_report(
        workshop,
        ExportReport(first=first, last=last, output=output),
        actor=manager(house),
        now=NOON + timedelta(hours=3),
    )


def judge(workshop: Workshop, path: Path) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(workshop.keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root])


def problems(verdict: Verdict) -> list[str]:
    return [f"{c.code}: {c.reason}" for c in verdict.checks if c.holds is False]


def test_a_report_of_a_busy_day_is_accepted(
    workshop: Workshop, house: House, tmp_path: Path
) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    closed_session(house, NOON)
    closed_session(house, NOON, device="PEN-1", client="C-2")
    closed_session(house, NOON, device="ROLLER-1", client="C-3")
    open_one(house, NOON, client="C-4")

    made = export(workshop, house, tmp_path / "day.pdf")
    verdict = judge(workshop, made.files[0].path)

    assert problems(verdict) == []
    assert verdict.outcome is Outcome.ACCEPTED


def test_a_session_opened_before_the_period_is_proved_from_outside_the_range(
    workshop: Workshop, house: House, tmp_path: Path
) -> None:
    yesterday = open_one(house, NOON - timedelta(0))
    tomorrow = NOON + timedelta(days=1)
    answer(house, yesterday, "gloves_worn", "yes", tomorrow)

    made = export(workshop, house, tmp_path / "next.pdf", DAY + timedelta(1), DAY + timedelta(1))
    verdict = judge(workshop, made.files[0].path)

    assert problems(verdict) == []
    assert verdict.outcome is Outcome.ACCEPTED


def test_an_empty_period_makes_an_accepted_report(
    workshop: Workshop, house: House, tmp_path: Path
) -> None:
    made = export(workshop, house, tmp_path / "empty.pdf", date(2026, 1, 1), date(2026, 1, 31))

    assert judge(workshop, made.files[0].path).outcome is Outcome.ACCEPTED


def test_a_long_period_becomes_volumes_under_an_index(
    workshop: Workshop, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        closed_session(house, NOON, client=f"C-{number}")
    monkeypatch.setattr(
        exporting,
        "cut_volumes",
        lambda tx, clinic, start, end: cut_volumes(tx, clinic, start, end, 1),
    )

    made = export(workshop, house, tmp_path / "long.pdf")

    assert [file.path.name for file in made.files] == [
        "long.pdf",
        "long-01.pdf",
        "long-02.pdf",
        "long-03.pdf",
    ]
    assert [f.start for f in made.files[1:]][1:] == [f.end for f in made.files[1:]][:-1]
    verdicts = [judge(workshop, file.path) for file in made.files]
    assert [problems(verdict) for verdict in verdicts] == [[], [], [], []]
    text = subprocess.run(
        ["pdftotext", "-layout", str(made.files[0].path), "-"], capture_output=True, check=True
    ).stdout.decode()
    squeezed = "".join(text.split())
    assert all(file.sha256 in squeezed for file in made.files[1:])
    # A short index stands on its first page, under the clinic's name, and has no cover.
    assert made.files[0].pages == 1


def test_a_requested_report_is_made_once_and_found_again(workshop: Workshop, house: House) -> None:
    closed_session(house, NOON)
    actor = manager(house)
    with house.database.writing() as tx:
        row = request_report(tx, RequestReport(first=DAY, last=DAY), actor=actor, now=NOON)

    make_requested(workshop, row.clinic_id, row.report_id, now=NOON)
    make_requested(workshop, row.clinic_id, row.report_id, now=NOON)

    with house.database.reading() as tx:
        done = find_report(tx, row.report_id, actor=actor)
    assert (done.state, len(done.files)) == ("done", 1)
    path = report_path(workshop.reports_folder, done, None)
    assert judge(workshop, path).outcome is Outcome.ACCEPTED


def test_a_cancelled_report_leaves_no_file(
    workshop: Workshop, house: House, tmp_path: Path
) -> None:
    closed_session(house, NOON)

    def stop(done: int, total: int) -> None:
        raise Cancelled("stopped")

    command = ExportReport(first=DAY, last=DAY, output=tmp_path / "none.pdf")
    with pytest.raises(Cancelled):
        export_report(workshop, command, actor=manager(house), now=NOON, progress=stop)

    assert list(tmp_path.glob("*.pdf")) == []


def test_a_cancelled_request_is_not_made(workshop: Workshop, house: House) -> None:
    actor = manager(house)
    with house.database.writing() as tx:
        row = request_report(tx, RequestReport(first=DAY, last=DAY), actor=actor, now=NOON)
        cancel_report(tx, row.report_id, actor=actor, now=NOON)

    make_requested(workshop, row.clinic_id, row.report_id, now=NOON)

    with house.database.reading() as tx:
        assert find_report(tx, row.report_id, actor=actor).state == "cancelled"


def test_the_preview_counts_what_the_report_proves(house: House) -> None:
    closed_session(house, NOON)
    open_one(house, NOON, client="C-9")

    with house.database.reading() as tx:
        preview = preview_report(tx, DAY, DAY, actor=manager(house))

    assert (preview.closed, preview.still_open, preview.volumes) == (1, 1, 1)
    assert preview.exceptions == ("1 sessions still open at the end",)
