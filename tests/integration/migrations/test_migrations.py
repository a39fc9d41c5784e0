"""Revisions go up, down and up again on both databases, and keep the data they can keep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from auditing import audit
from sqlalchemy import inspect, text

from compliance.operations.treatments.loading import SessionEnded
from compliance.store.schema import METADATA, alembic_config, downgrade, is_current, upgrade
from compliance.store.session import Database, StorageRefused
from givens import NOON, ROOT
from harbour import House, answer, build_house, closed_session

MIGRATIONS = ROOT / "migrations"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found: list[object] = compare_metadata(context, METADATA)
    return found


def guards(database: Database) -> set[str]:
    statement = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if not database.is_sqlite:
        statement = (
            "SELECT tgname || ' ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        )
    with database.engine.connect() as connection:
        return set(connection.scalars(text(statement)))


def test_the_migrated_schema_is_what_the_models_say(database: Database) -> None:
    assert differences(database) == []
    assert is_current(database, MIGRATIONS)


def test_up_down_and_up_again_ends_where_it_began(database: Database) -> None:
    before = guards(database)
    assert before

    downgrade(database, MIGRATIONS, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert guards(database) == set()
    assert not is_current(database, MIGRATIONS)
    upgrade(database, MIGRATIONS)

    assert guards(database) == before
    assert differences(database) == []


def revisions(database: Database) -> Iterator[str]:
    script = ScriptDirectory.from_config(alembic_config(database, MIGRATIONS))
    for revision in script.walk_revisions():
        if isinstance(revision.down_revision, str):
            yield revision.down_revision


def test_every_single_step_can_be_taken_back_and_taken_again(database: Database) -> None:
    for below in list(revisions(database)):
        downgrade(database, MIGRATIONS, below)
        upgrade(database, MIGRATIONS)
        assert differences(database) == []


def test_a_closed_session_survives_going_down_to_the_tables_and_up_again(house: House) -> None:
    session_id = closed_session(house, NOON)
    root = audit(house).root

    downgrade(house.database, MIGRATIONS, "0001")
    upgrade(house.database, MIGRATIONS)

    result = audit(house)
    assert result.problems == ()
    assert result.root == root
    with pytest.raises(SessionEnded):
        answer(house, session_id, "gloves_worn", "no", NOON)
    with (
        pytest.raises(StorageRefused, match="the session has ended"),
        house.database.writing() as tx,
    ):
        tx.execute(text("UPDATE treatment_session SET state = 'treated'"))


def test_what_was_changed_while_the_guards_were_down_is_found(house: House) -> None:
    closed_session(house, NOON)

    downgrade(house.database, MIGRATIONS, "0001")
    with house.database.writing() as tx:
        tx.execute(text("UPDATE treatment_session SET late = NOT late"))
    upgrade(house.database, MIGRATIONS)

    assert [(p.table, "column late" in p.reason) for p in audit(house).problems] == [
        ("treatment_session", True)
    ]


@pytest.mark.parametrize(
    "path", sorted((MIGRATIONS / "versions").glob("*.py")), ids=lambda p: p.stem
)
def test_a_revision_imports_nothing_of_ours(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")

    assert {name.partition(".")[0] for name in imported} <= {
        "__future__",
        "alembic",
        "collections",
        "json",
        "sqlalchemy",
        "typing",
    }
