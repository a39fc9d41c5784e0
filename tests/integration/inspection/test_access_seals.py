"""An entry fixes what inspectors read: taken away, changed or added afterwards, it is found."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from integration.safekeeping.places import report
from sqlalchemy import text

from compliance.errors import NotPermitted
from compliance.jobs.tidying import look_after
from compliance.operations.access_seals import (
    enter_accesses,
    enter_days_that_ended,
    find_covered,
    read_covered,
)
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.inspector_accesses import Reading, list_accesses, note_access
from compliance.operations.reporting.workshop import Workshop
from compliance.store import log
from compliance.store.schema import downgrade, upgrade
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house

DAY = timedelta(days=1)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    made = build_house(database, tmp_path, now=NOON)
    for number in range(3):
        read(made, f"first-{number}", number)
    return made


def read(house: House, thing: str, seconds: int) -> None:
    with house.database.writing() as tx:
        now = NOON + timedelta(seconds=seconds)
        reading = Reading(way="page", what="session", thing=thing)
        note_access(tx, reading, actor=house.inspector, now=now)


def enter(house: House, seconds: int) -> int | None:
    with house.database.writing() as tx:
        return enter_accesses(tx, actor=house.manager, now=NOON + timedelta(seconds=seconds))


def problems(house: House) -> list[str]:
    return [problem.reason for problem in audit_clinic(house.database, house.clinic_id).problems]


def tamper(house: House, *statements: str) -> None:
    """As somebody does who has the database in hand and takes its guards away first."""
    sqlite = house.database.is_sqlite
    names = ("refuses_update", "refuses_delete") if sqlite else ("kept",)
    suffix = "" if sqlite else " ON inspector_access"
    with house.database.writing() as tx:
        for name in names:
            tx.execute(text(f"DROP TRIGGER inspector_access_{name}{suffix}"))
        for statement in statements:
            tx.execute(text(statement))


def test_one_entry_covers_every_read_since_the_one_before(house: House) -> None:
    first = enter(house, 10)
    assert enter(house, 11) is None
    read(house, "second", 20)
    second = enter(house, 30)

    assert first is not None
    assert second == first + 1
    with house.database.reading() as tx:
        bodies = log.read_bodies(tx, house.clinic_id, [first, second])
        covered = read_covered(tx, actor=house.inspector)
        numbers = [row.number for row in list_accesses(tx, actor=house.manager, limit=9)]
    told = [json.loads(bodies[index]) for index in (first, second)]
    assert [(each["data"]["first"], each["data"]["last"]) for each in told] == [(1, 3), (4, 4)]
    assert told[0]["data"]["inspectors"] == [house.inspector.user_id]
    assert told[0]["data"]["to"] == "2026-11-20T12:00:02.000Z"
    assert covered is not None
    assert (covered.index, covered.last) == (second, 4)
    assert numbers == [4, 3, 2, 1]
    assert problems(house) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM inspector_access WHERE number = 2",
        "DELETE FROM inspector_access WHERE number = 3",
        "UPDATE inspector_access SET thing = 'another' WHERE number = 1",
        "UPDATE inspector_access SET at = at + 60000 WHERE number = 1",
    ],
)
def test_what_is_taken_away_or_changed_is_found(house: House, change: str) -> None:
    index = enter(house, 10)

    tamper(house, change)

    found = audit_clinic(house.database, house.clinic_id).problems
    assert [(each.table, each.index) for each in found] == [("inspector_access", index)]
    assert found[0].reason.startswith("number=1 to 3: not the reads that were there")


def test_a_gap_among_the_reads_that_no_entry_covers_yet_is_found(house: House) -> None:
    tamper(house, "DELETE FROM inspector_access WHERE number = 2")

    assert problems(house) == ["number=2: the row is missing"]


def test_a_read_that_was_slipped_in_before_the_first_is_found(house: House) -> None:
    enter(house, 10)

    tamper(house, "UPDATE inspector_access SET number = 0 WHERE number = 1")

    assert "there are reads outside of the numbering" in problems(house)


def test_a_day_with_reads_gets_its_entry_once_it_is_over(house: House) -> None:
    assert enter_days_that_ended(house.database, now=NOON) == 0

    # Midnight of the clinic's zone, which is that of Dublin.
    assert enter_days_that_ended(house.database, now=NOON + timedelta(hours=11.9)) == 0
    assert look_after(house.database, lambda: NOON + DAY)[0] == 1
    with house.database.reading() as tx:
        covered = find_covered(tx, house.clinic_id)
    assert covered is not None
    assert covered.last == 3
    assert enter_days_that_ended(house.database, now=NOON + 2 * DAY) == 0
    assert problems(house) == []


def test_a_report_fixes_the_reads_before_it(house: House, tmp_path: Path) -> None:
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )

    report(workshop, house.clinic_id, tmp_path / "report.pdf", NOON + timedelta(minutes=1))

    with house.database.reading() as tx:
        covered = find_covered(tx, house.clinic_id)
    assert covered is not None
    assert covered.last == 3


def test_only_manager_and_inspector_are_told_how_far_it_reaches(house: House) -> None:
    for actor in (house.practitioner, house.operator):
        with pytest.raises(NotPermitted), house.database.reading() as tx:
            read_covered(tx, actor=actor)


def test_reads_from_before_the_numbers_are_numbered_in_their_order(house: House) -> None:
    downgrade(house.database, ROOT / "migrations", "0018")
    upgrade(house.database, ROOT / "migrations")

    with house.database.reading() as tx:
        rows = list_accesses(tx, actor=house.manager, limit=9)
    assert [(row.number, row.thing) for row in rows] == [
        (3, "first-2"),
        (2, "first-1"),
        (1, "first-0"),
    ]
    assert enter(house, 10) is not None
    assert problems(house) == []
