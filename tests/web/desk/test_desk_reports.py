"""Audit reports: preview, request, progress, files; and the inspector's desk."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from pyhanko.pdf_utils.reader import PdfFileReader
from web.desk.visiting import Browser, Filled

from compliance.domain.access import Actor, Auth, Role
from compliance.operations.people.accounts import ChangeRoles, change_roles
from compliance.operations.reporting.requests import RequestReport, request_report
from compliance.store.reports import update_report
from compliance.web.context import EXTENSION
from compliance.web.desk.periods import list_presets
from compliance.web.first_run.door import FirstRun
from givens import Clock
from harbour import House

NOVEMBER = {"from": "2026-11-01", "to": "2026-11-20"}


def make_report(manager: Browser, key: str = "k-1", **fields: str) -> str:
    """Ask for the report of November and return its address."""
    response = manager.post(
        "/reports", page="/reports", idempotency_key=key, **{**NOVEMBER, **fields}
    )
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def queue_report(house: House, clock: Clock) -> str:
    """A report that no worker has taken yet."""
    with house.database.writing() as tx:
        row = request_report(
            tx,
            RequestReport(first=date(2026, 11, 1), last=date(2026, 11, 20)),
            actor=house.manager,
            now=clock.now,
        )
    return row.report_id


def test_the_preview_counts_before_anything_is_made(filled: Filled, manager: Browser) -> None:
    page = manager.read("/reports?from=2026-11-01&to=2026-11-20")

    assert "One aborted session" in page
    assert "One amended session" in page
    assert "One adverse event" in page
    assert "Three sessions still open at the end" in page
    assert "No report yet" in page


def test_a_field_for_the_inspectors_signature_is_a_tick_away(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read("/reports?from=2026-11-01&to=2026-11-20")
    assert "Leave a field for the inspector’s own signature" in page
    assert 'name="countersign" value="yes"' in page

    inviting = make_report(manager, countersign="yes")
    plain = make_report(manager, key="k-2")

    assert "The inspector may sign this report too" in manager.read(inviting)
    assert "The inspector may sign this report too" not in manager.read(plain)
    fields = []
    for address in (inviting, plain):
        with manager.get(f"{address}/pdf") as answer:
            reader = PdfFileReader(io.BytesIO(answer.data))
        form = reader.root["/AcroForm"]["/Fields"]
        fields.append([form[at]["/T"] for at in range(len(form))])
    assert fields == [["Inspector", "Seal"], ["Seal"]]


def test_a_period_that_ends_before_it_begins_is_explained(house: House, manager: Browser) -> None:
    page = manager.read("/reports?from=2026-11-20&to=2026-11-01")

    assert "lies before the beginning" in page


def test_a_date_that_is_none_is_explained(house: House, manager: Browser) -> None:
    assert "Give the first and the last day" in manager.read("/reports?from=soon&to=later")


def test_the_presets_are_whole_months_and_quarters() -> None:
    presets = {each.label: each for each in list_presets(date(2026, 1, 5), date(2025, 12, 31))}

    assert presets["Last month"].first == date(2025, 12, 1)
    assert presets["Last month"].last == date(2025, 12, 31)
    assert presets["This quarter"].first == date(2026, 1, 1)
    assert presets["Since the last report"].first == date(2025, 12, 31)


def test_since_the_last_report_needs_a_report() -> None:
    labels = [each.label for each in list_presets(date(2026, 1, 5), None)]

    assert labels == ["This month", "Last month", "This quarter"]


def test_a_report_is_made_and_can_be_taken_away(filled: Filled, manager: Browser) -> None:
    address = make_report(manager)

    page = manager.read(address)
    pdf = manager.get(f"{address}/pdf")

    shown = re.sub(r"\s", "", page)
    assert pdf.data.startswith(b"%PDF-")
    assert hashlib.sha256(pdf.data).hexdigest() in shown
    assert pdf.headers["Content-Disposition"].startswith("attachment; filename=harbour-audit-")
    assert pdf.headers["Cache-Control"] == "no-store"
    assert "Verify it yourself" in page


def test_the_same_press_twice_makes_one_report(filled: Filled, manager: Browser) -> None:
    assert make_report(manager) == make_report(manager)
    assert make_report(manager, key="k-2") != make_report(manager)


def test_after_a_report_the_clinic_knows_when_it_was(filled: Filled, manager: Browser) -> None:
    make_report(manager)

    page = manager.read("/manager")
    assert "no report was made" not in page
    assert "The last report was made on" in page


def test_a_bad_request_makes_nothing(house: House, manager: Browser) -> None:
    response = manager.post("/reports", page="/reports", **{"from": "2026-11-01", "to": "x"})
    backwards = manager.post(
        "/reports", page="/reports", **{"from": "2026-11-02", "to": "2026-11-01"}
    )

    assert response.status_code == backwards.status_code == 422
    assert "lies before the beginning" in backwards.text


def test_a_report_under_way_shows_progress_and_polls(
    house: House, clock: Clock, manager: Browser
) -> None:
    report_id = queue_report(house, clock)
    with house.database.writing() as tx:
        values = {"state": "running", "done": 140, "total": 214}
        update_report(tx, house.clinic_id, report_id, values)

    page = manager.read(f"/reports/{report_id}")

    assert '<progress value="140" max="214"' in page
    assert 'hx-trigger="every 1s"' in page
    assert "Aseptrail-Background" in page
    assert f'href="/reports/{report_id}"' in page


def test_a_report_under_way_can_be_cancelled_once(
    house: House, clock: Clock, manager: Browser
) -> None:
    report_id = queue_report(house, clock)
    address = f"/reports/{report_id}"

    cancelled = manager.post(f"{address}/cancel", page=address)
    again = manager.post(f"{address}/cancel", page=address)

    assert cancelled.status_code == 303
    assert again.status_code == 409
    page = manager.read(address)
    assert "The report was cancelled" in page
    assert "hx-trigger" not in page


def test_a_failed_report_says_why(house: House, clock: Clock, manager: Browser) -> None:
    report_id = queue_report(house, clock)
    with house.database.writing() as tx:
        values = {"state": "failed", "problem": "the worker stopped; ask for it again"}
        update_report(tx, house.clinic_id, report_id, values)

    assert "The worker stopped" in manager.read(f"/reports/{report_id}")


@pytest.mark.parametrize("path", ["pdf", "volumes/1"])
def test_a_file_that_is_not_there_is_not_found(
    house: House, clock: Clock, manager: Browser, path: str
) -> None:
    report_id = queue_report(house, clock)

    assert manager.get(f"/reports/{report_id}/{path}").status_code == 404


def test_the_choices_are_kept_with_the_report(
    house: House, filled: Filled, manager: Browser
) -> None:
    address = make_report(manager, practitioner=house.practitioner.user_id, state="closed")

    assert "chosen by practitioner and state" in manager.read(address)


def test_the_root_is_public_and_names_its_fingerprint(app: Flask, house: House) -> None:
    stranger = app.test_client()

    pem = stranger.get("/root.pem")
    page = stranger.get("/root")

    assert pem.data.startswith(b"-----BEGIN CERTIFICATE-----")
    assert re.search(r"([0-9a-f]{4} ){15}[0-9a-f]{4}", page.text)


def test_without_a_clinic_there_is_no_root_yet(app: Flask) -> None:
    stranger = app.test_client()

    assert stranger.get("/root.pem").location == "/first-run"

    # Somebody may have founded a clinic whose keys are not on this machine.
    app.extensions[FirstRun.NAME].over = True
    assert stranger.get("/root.pem").status_code == 404
    assert "No certificate yet" in stranger.get("/root").text


def test_an_inspector_sees_when_the_access_ends(
    house: House, clock: Clock, inspector: Browser
) -> None:
    admin = Actor(
        user_id="system:tests",
        clinic_id=house.clinic_id,
        roles=frozenset({Role.ADMIN, Role.MANAGER}),
        auth=Auth.SYSTEM,
    )
    command = ChangeRoles(
        user_id=house.inspector.user_id,
        roles=frozenset({Role.INSPECTOR}),
        valid_to=clock.now + timedelta(days=7),
    )
    with house.database.writing() as tx:
        change_roles(tx, command, actor=admin, now=clock.now)

    assert "You can read here until 27 Nov 2026, 12:00" in inspector.read("/inspector")
    clock.tick(days=8)
    assert inspector.get("/inspector").status_code == 303


def test_an_inspector_reads_records_and_changes_nothing(filled: Filled, inspector: Browser) -> None:
    page = inspector.read(f"/inspector/sessions/{filled.amended}")

    assert "<ins>Neck</ins> <del>Face</del>" in page
    assert "/amend" not in page
    assert f"/inspector/sessions/{filled.amended}" in inspector.read("/inspector")
    assert inspector.get("/inspector?format=csv").mimetype == "text/csv"


def test_an_inspector_takes_reports_away_but_makes_none(
    filled: Filled, manager: Browser, visit: Callable[[str], Browser]
) -> None:
    address = make_report(manager)
    inspector = visit("inspector")

    page = inspector.read("/reports")

    assert address in page
    assert "Make a report" not in page
    assert inspector.get(f"{address}/pdf").status_code == 200
    assert inspector.post("/reports", page="/reports", **NOVEMBER).status_code == 403


def test_the_worker_is_told_only_after_the_request_is_kept(
    app: Flask, house: House, manager: Browser
) -> None:
    """A worker that starts at once must find the row."""
    services = app.extensions[EXTENSION]

    address = make_report(manager)

    page = manager.read(address)
    assert services.workshop.reports_folder.is_dir()
    assert "Ready" in page
