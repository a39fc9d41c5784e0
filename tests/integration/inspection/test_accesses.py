"""What inspectors read is kept, shown to both sides, and nobody can change it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from compliance.domain.access import Actor
from compliance.errors import NotPermitted
from compliance.operations.inspector_accesses import (
    AccessRow,
    Reading,
    list_accesses,
    list_inspectors,
    note_access,
)
from compliance.store.copying import list_tables, read_rows
from compliance.store.models.inspections import InspectorAccess
from compliance.store.session import Database, StorageRefused
from givens import NOON
from harbour import House, build_house

SESSION = Reading(way="page", what="session", thing="019aa000-0000-7000-8000-000000000001")


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def note(house: House, reading: Reading, now: datetime, *, actor: Actor | None = None) -> None:
    with house.database.writing() as tx:
        note_access(tx, reading, actor=actor or house.inspector, now=now)


def listed(house: House, actor: Actor, **more: object) -> list[AccessRow]:
    with house.database.reading() as tx:
        return list_accesses(tx, actor=actor, **{"limit": 50, **more})  # type: ignore[arg-type]  # passed on as they come


def test_both_sides_see_the_same_lines_newest_first(house: House) -> None:
    note(house, SESSION, NOON)
    note(house, Reading(way="api", what="search", asked="kind=lot"), NOON + timedelta(seconds=1))

    seen = listed(house, house.manager)

    assert [row.what for row in seen] == ["search", "session"]
    assert seen == listed(house, house.inspector)
    assert (seen[1].at, seen[1].thing, seen[1].user_id) == (
        NOON,
        SESSION.thing,
        house.inspector.user_id,
    )
    with house.database.reading() as tx:
        assert list(list_inspectors(tx, actor=house.manager)) == [house.inspector.user_id]


def test_an_inspector_never_sees_what_another_one_read(house: House) -> None:
    note(house, SESSION, NOON, actor=house.manager)
    note(house, SESSION, NOON)
    other = house.manager.user_id

    assert len(listed(house, house.manager)) == 2
    assert len(listed(house, house.manager, user_id=other)) == 1
    mine = listed(house, house.inspector, user_id=other)
    assert [row.user_id for row in mine] == [house.inspector.user_id]
    for actor in (house.practitioner, house.operator):
        with pytest.raises(NotPermitted):
            listed(house, actor)


def test_pages_follow_each_other_without_a_gap_within_one_millisecond(house: House) -> None:
    for number in range(5):
        note(house, Reading(way="page", what="session", thing=str(number)), NOON)
    found: list[AccessRow] = []
    after: tuple[datetime, str] | None = None
    while page := listed(house, house.manager, after=after, limit=2):
        found += page
        after = (page[-1].at, page[-1].access_id)

    assert sorted(row.thing for row in found) == ["0", "1", "2", "3", "4"]


def test_a_page_that_asks_for_itself_is_noted_once_a_minute(house: House) -> None:
    polled = Reading(way="page", what="report", thing="r", polled=True)
    for seconds in (0, 1, 59, 61):
        note(house, polled, NOON + timedelta(seconds=seconds))
    note(house, Reading(way="page", what="report", thing="r"), NOON + timedelta(seconds=62))

    assert [(row.at - NOON).seconds for row in listed(house, house.manager)] == [62, 61, 0]


def test_the_database_refuses_to_change_or_delete_a_line(house: House) -> None:
    note(house, SESSION, NOON)
    kept = listed(house, house.manager)
    changes = [
        update(InspectorAccess).values(thing="another"),
        delete(InspectorAccess),
        insert(InspectorAccess).values(
            clinic_id=house.clinic_id,
            access_id=kept[0].access_id,
            user_id="somebody",
            at=NOON,
            way="page",
            what="session",
            thing="",
            asked="",
        ),
    ]
    if house.database.is_sqlite:
        changes.append(text("REPLACE INTO inspector_access SELECT * FROM inspector_access"))  # type: ignore[arg-type]  # plain SQL has another type
    else:
        changes.append(text("TRUNCATE inspector_access"))  # type: ignore[arg-type]  # plain SQL has another type
    for change in changes:
        with pytest.raises(StorageRefused), house.database.writing() as tx:
            tx.execute(change)

    assert listed(house, house.manager) == kept


def test_a_backup_carries_the_lines(house: House) -> None:
    note(house, SESSION, NOON)
    (shape,) = [each for each in list_tables() if each.name == "inspector_access"]
    with house.database.reading() as tx:
        rows = list(read_rows(tx, shape))
        count = tx.scalar(select(func.count()).select_from(InspectorAccess))

    assert (len(rows), count) == (1, 1)
    assert SESSION.thing in rows[0]
