"""The guards refuse what no operation would do, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from auditing import Story, Told
from sqlalchemy import text

from compliance.store.session import StorageRefused

FROZEN = {
    "log_entry": "leaf_hash = leaf_hash",
    "log_body": "body = body",
    "log_node": "hash = hash",
    "log_place": "idx = idx + 1",
    "log_mention": "thing = 'x'",
    "template_version": "hash = 'x'",
    "session_amendment": "item = 'x'",
    "session_note": "kind = 'x'",
    "session_evidence": "value = 'x'",
    "clinic_event": "kind = 'x'",
    "attachment": "kind = 'x'",
}
TRUNCATED = (*FROZEN, "treatment_session", "session_answer")

REPLACED = {
    "log_entry": "clinic_id, idx, leaf_hash",
    "log_body": "clinic_id, idx, body",
    "log_node": "clinic_id, level, idx, hash",
    "log_place": "clinic_id, kind, thing, idx",
    "log_mention": "clinic_id, thing, idx",
    "session_note": "clinic_id, session_id, idx, kind, item, data",
    "session_amendment": "clinic_id, session_id, idx, item, data, at",
    "clinic_event": "clinic_id, idx, kind, session_id, data, at",
}


def attempt(story: Story, statement: str) -> None:
    with story.house.database.writing() as tx:
        values = {"closed": story.closed, "draft": story.draft, "aborted": story.aborted}
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        tx.execute(text(statement), used)


@pytest.fixture(scope="module")
def refuses(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One copy for all: what is refused changes nothing."""
    database = told.copy(tmp_path_factory.mktemp("refuses"))
    yield replace(told.story, house=replace(told.story.house, database=database))
    database.dispose()


@pytest.mark.parametrize("table", FROZEN)
def test_nothing_in_the_record_is_updated_or_deleted(refuses: Story, table: str) -> None:
    with pytest.raises(StorageRefused, match="append-only"):
        attempt(refuses, f"UPDATE {table} SET {FROZEN[table]}")
    with pytest.raises(StorageRefused, match="append-only"):
        attempt(refuses, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TRUNCATED)
def test_nothing_in_the_record_is_truncated(refuses: Story, table: str) -> None:
    if refuses.house.database.is_sqlite:
        # SQLite has no TRUNCATE; a DELETE without a condition is optimised into one.
        with pytest.raises(StorageRefused):
            attempt(refuses, f"DELETE FROM {table}")
        return
    with pytest.raises(StorageRefused):
        attempt(refuses, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", REPLACED)
def test_nothing_in_the_record_is_replaced(refuses: Story, table: str) -> None:
    columns = REPLACED[table]
    copied = f"SELECT {columns} FROM {table} LIMIT 1"
    statement = f"INSERT OR REPLACE INTO {table} ({columns}) {copied}"
    if not refuses.house.database.is_sqlite:
        last = columns.rsplit(", ", 1)[1]
        statement = (
            f"INSERT INTO {table} ({columns}) {copied}"
            f" ON CONFLICT ON CONSTRAINT pk_{table} DO UPDATE SET {last} = excluded.{last}"
        )
    with pytest.raises(StorageRefused, match="append-only"):
        attempt(refuses, statement)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'treated'",
        "late = NOT late",
        "needle_material = 'surgical_steel'",
        "practitioner_id = 'x'",
        "version = version + 1",
        "started_at = started_at - 1",
        "closed_index = closed_index + 1",
        "warnings = '[1]'",
    ],
)
def test_an_ended_session_keeps_every_column(refuses: Story, change: str) -> None:
    with pytest.raises(StorageRefused, match="the session has ended"):
        attempt(refuses, f"UPDATE treatment_session SET {change} WHERE session_id = :closed")


def test_sessions_are_never_deleted(refuses: Story) -> None:
    with pytest.raises(StorageRefused, match="never deleted"):
        attempt(refuses, "DELETE FROM treatment_session WHERE session_id = :draft")


@pytest.mark.parametrize("session", ["closed", "aborted"])
def test_the_answers_of_an_ended_session_stay(refuses: Story, session: str) -> None:
    with pytest.raises(StorageRefused, match="the session has ended"):
        attempt(refuses, f"UPDATE session_answer SET late = NOT late WHERE session_id = :{session}")
    with pytest.raises(StorageRefused, match="the session has ended"):
        attempt(refuses, f"DELETE FROM session_answer WHERE session_id = :{session}")
    columns = "clinic_id, session_id, item, result, evidence, user_id, auth, recorded_at"
    columns += ", performed_at, late, idx"
    copied = columns.replace(" item", " 'added'")
    source = f"SELECT {copied} FROM session_answer WHERE session_id = :{session} LIMIT 1"
    with pytest.raises(StorageRefused, match="the session has ended"):
        attempt(refuses, f"INSERT INTO session_answer ({columns}) {source}")


def test_an_answer_cannot_be_moved_into_an_ended_session(refuses: Story) -> None:
    statement = (
        "UPDATE session_answer SET session_id = :closed, item = 'moved'"
        " WHERE session_id = :draft AND item = 'gloves_worn'"
    )
    with pytest.raises(StorageRefused, match="the session has ended"):
        attempt(refuses, statement)


def test_the_database_refuses_to_close_an_incomplete_session(refuses: Story) -> None:
    for state in ("closed", "awaiting_reprocessing"):
        statement = (
            f"UPDATE treatment_session SET state = '{state}', closed_index = 1,"
            " needle_material = 'titanium' WHERE session_id = :draft"
        )
        with pytest.raises(StorageRefused, match="the checklist is not complete"):
            attempt(refuses, statement)


def test_the_database_refuses_to_insert_a_session_that_is_closed_already(refuses: Story) -> None:
    columns = "clinic_id, state, version, template_id, template_version, client_id, device_id"
    columns += ", practitioner_id, opened_at, opened_index, closed_index, needle_material"
    columns += ", late, amended, warnings"
    statement = (
        f"INSERT INTO treatment_session (session_id, {columns})"
        f" SELECT 'made-up', {columns} FROM treatment_session WHERE session_id = :closed"
    )
    with pytest.raises(StorageRefused, match="begins as a draft"):
        attempt(refuses, statement)


@pytest.mark.parametrize("material", ["nickel", "steel", ""])
def test_no_other_needle_material_is_stored(refuses: Story, material: str) -> None:
    with pytest.raises(StorageRefused, match="needle_material_known"):
        attempt(
            refuses,
            f"UPDATE treatment_session SET needle_material = '{material}' WHERE session_id = :draft",
        )
    with pytest.raises(StorageRefused, match="needle_material_known"):
        attempt(
            refuses,
            "UPDATE session_answer SET item = 'needle_material',"
            f" result = '\"{material}\"' WHERE session_id = :draft AND item = 'gloves_worn'",
        )
