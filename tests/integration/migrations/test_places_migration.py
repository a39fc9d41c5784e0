"""Where events of the sterilization room stand is found in the log again by revision 0016."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from web.sterilizers.room import add_machine

from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.machines import (
    MoveSterilizer,
    move_sterilizer,
    service_sterilizer,
)
from compliance.store.schema import downgrade, upgrade
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house

MIGRATIONS = ROOT / "migrations"
ROWS = "SELECT kind, thing, idx FROM log_place ORDER BY 1, 2, 3"
NEW = "kind IN ('sterilizer_moved', 'sterilizer_serviced', 'spore_test', 'recall_event')"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def places(house: House) -> list[tuple[str, str, int]]:
    with house.database.reading() as tx:
        return [(row[0], row[1], row[2]) for row in tx.execute(text(ROWS))]


def forget_places(database: Database) -> None:
    """As it was before the revision: these events had no place."""
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log_place'"
    drop = "DROP TRIGGER {}"
    if not database.is_sqlite:
        names = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'log_place'::regclass"
            " AND NOT tgisinternal"
        )
        drop = "DROP TRIGGER {} ON log_place"
    with database.engine.begin() as connection:
        for name in connection.scalars(text(names)).all():
            connection.execute(text(drop.format(name)))
        connection.execute(text(f"DELETE FROM log_place WHERE {NEW}"))


def test_the_places_made_from_the_log_are_those_that_the_acts_made(house: House) -> None:
    machine = add_machine(house, "A1", now=NOON)
    with house.database.writing() as tx:
        service_sterilizer(tx, machine, "repair", NOON.date(), actor=house.manager, now=NOON)
        command = MoveSterilizer(
            sterilizer=machine, to=SterilizerState.SUSPENDED, reason="Its door leaks."
        )
        move_sterilizer(tx, command, actor=house.manager, now=NOON, keyring=house.keyring)
    before = places(house)
    assert {"sterilizer_moved", "sterilizer_serviced"} <= {row[0] for row in before}
    downgrade(house.database, MIGRATIONS, "0015")
    upgrade(house.database, MIGRATIONS)
    assert places(house) == before, "what is known is not noted twice"
    downgrade(house.database, MIGRATIONS, "0015")
    forget_places(house.database)
    assert places(house) != before

    upgrade(house.database, MIGRATIONS)

    assert places(house) == before
    assert audit_clinic(house.database, house.clinic_id).clean
