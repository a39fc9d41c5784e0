"""The manager's first page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event
from web.desk.visiting import Browser, Filled

from compliance.operations import overview
from compliance.operations.safekeeping.journal import BackupNote, add_note
from compliance.operations.treatments.amending import (
    RecordFollowUp,
    RecordIncident,
    record_follow_up,
    record_incident,
)
from compliance.store import things
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House, closed_session


def test_an_empty_young_clinic_is_ready(house: House, clock: Clock, manager: Browser) -> None:
    clock.tick(days=-20)

    page = manager.read("/manager")

    assert "Nothing is open" in page


def test_every_reason_against_readiness_is_named_with_a_way_to_it(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read("/manager")

    assert "Not yet" in page
    assert "one session has been open for more than a day" in page
    assert "one session has waited for sterilization for more than three days" in page
    assert "one escalated incident has no follow-up" in page
    assert "no report was made for 40 days" in page
    assert f"/manager/sessions/{filled.draft}" in page
    assert f"/manager/sessions/{filled.incident}" in page


def test_a_follow_up_answers_the_incident(
    house: House, filled: Filled, clock: Clock, manager: Browser
) -> None:
    with house.database.writing() as tx:
        record_follow_up(
            tx,
            RecordFollowUp(session_id=filled.incident, outcome="well"),
            actor=house.practitioner,
            now=clock.now,
            keyring=house.keyring,
        )

    assert "escalated incident" not in manager.read("/manager")


def test_an_injury_without_a_session_counts_until_a_report_shows_it(
    house: House, clock: Clock, manager: Browser
) -> None:
    for grade in ("minor", "severe"):
        prick = RecordIncident(
            session_id=None, grade=grade, signs=(), description="A prick while clearing up"
        )
        with house.database.writing() as tx:
            record_incident(
                tx, prick, actor=house.practitioner, now=clock.now, keyring=house.keyring
            )
    page = manager.read("/manager")
    assert "one injury without a session was recorded since the last report" in page

    clock.tick(minutes=5)
    day = clock.now.date().isoformat()
    made = manager.post(
        "/reports", page=f"/reports?from={day}&to={day}", **{"from": day, "to": day}
    )
    assert made.status_code == 303, made.text
    assert "injury without a session" not in manager.read("/manager")


def test_blocked_sessions_say_how_many_things_are_in_the_way(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read("/manager")

    assert "One thing is in the way of the start" in page
    assert "was answered no" in page


def test_what_waits_shows_its_age_and_part(filled: Filled, manager: Browser) -> None:
    page = manager.read("/manager")

    assert "Five days" in page
    assert "Roller" in page


def test_sessions_that_wait_are_counted_though_the_list_stops(
    filled: Filled, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of what waits is cut off somewhere; the numbers must not be."""
    monkeypatch.setattr(things, "list_waits", lambda *_: [])
    monkeypatch.setattr(overview, "_waiting_too_long", lambda *_: None)

    page = manager.read("/manager")

    numbers = re.findall(r"Waiting for sterilization</a></dt><dd>.*?<span>(\d+)</span>", page)
    assert numbers == ["1"]


def test_the_number_of_queries_does_not_grow_with_the_closed_sessions(
    house: House, clock: Clock, manager: Browser
) -> None:

    counted: list[str] = []
    event.listen(
        house.database.engine, "before_cursor_execute", lambda *args: counted.append(args[2])
    )
    closed_session(house, clock.now - timedelta(hours=2), client="C-1")
    counted.clear()
    manager.read("/manager")
    few = len(counted)
    for number in range(2, 6):
        closed_session(house, clock.now - timedelta(hours=2), client=f"C-{number}")
    counted.clear()
    manager.read("/manager")

    assert len(counted) == few


def test_a_missing_or_old_backup_is_told_until_there_is_a_fresh_one(
    app: Flask, clock: Clock, visit: Callable[[str], Browser]
) -> None:
    manager = visit("manager")
    assert "There is no backup yet" in manager.read("/manager")

    note = BackupNote(at=clock.now, ok=True, scheduled=True, file="/mnt/backup/records.age", size=1)
    add_note(app.extensions[EXTENSION].settings.data_dir, note)
    assert "No fresh backup" not in manager.read("/manager")

    clock.tick(hours=49)
    page = visit("manager").read("/manager")
    assert "The last good backup was made 2 days ago" in page
    assert "compliance backup DEST" in page
