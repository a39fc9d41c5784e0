"""The sterilization room of an uploaded report, drawn anew."""

from __future__ import annotations

import dataclasses

from flask import Flask, render_template

from compliance.web.verifying.drawing import MOST_SESSIONS, Redrawn, redraw
from unit.report_drawing.audit_fixture import FixtureAudit, build_audit
from unit.report_drawing.room_fixture import build_room_audit


def draw(app: Flask, audit: FixtureAudit) -> tuple[Redrawn, str]:
    # The drawing asks of an audit only what the fixture has.
    redrawn = redraw(audit)  # type: ignore[arg-type]
    assert redrawn is not None
    with app.test_request_context():
        page = render_template("verify/_drawn.html", redrawn=redrawn, most=MOST_SESSIONS)
    return redrawn, page


def test_the_page_shows_what_the_pdf_shows(app: Flask) -> None:
    redrawn, page = draw(app, build_room_audit())
    assert not redrawn.unreadable
    for said in (
        "A1 · Autoclave A1",
        "135.2–135.6 °C, 191 s, at least 3.17 bar",
        "FAILED: spores grew",
        "Loads of A1, open",
        "told about the blood test",
        "not reached",
        "off the steam line (not decided)",
        "Rules in force: 16 Nov 2026 to 30 Nov 2026",
        "US-CDC-dental, version 2",
    ):
        assert said in page, said
    assert page.count("<svg viewBox") == 2
    assert page.count("l6 6m0-6l-6 6") == 11, "each reading off the steam line is crossed"
    assert "style=" not in page


def test_long_tables_are_cut_and_say_so(app: Flask) -> None:
    _, page = draw(app, build_room_audit(more_cycles=MOST_SESSIONS))
    assert "5 more lines are in the report." in page


def test_a_report_without_a_room_has_no_tables_of_one(app: Flask) -> None:
    _, page = draw(app, build_audit())
    assert "Sterilization cycles" not in page


def test_nonsense_in_the_room_breaks_off_the_drawing_and_not_the_page(app: Flask) -> None:
    audit = build_room_audit()
    entries = [
        (index, body.replace(b'"set_decicelsius":1340', b'"set_decicelsius":"hot"'))
        for index, body in audit.entries
        if body is not None
    ]
    redrawn, page = draw(app, dataclasses.replace(audit, entries=entries))
    assert redrawn.unreadable
    assert redrawn.room is None
    assert "stops making sense" in page
