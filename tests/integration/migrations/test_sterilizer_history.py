"""Revision 0013 notes what happened to sterilizers before it in their history."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from web.sterilizers.room import add_machine

from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.inventory.entering import read_thing_history
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


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def kinds_of(house: House, sterilizer: str) -> list[str]:
    with house.database.reading() as tx:
        history = read_thing_history(tx, "sterilizer", sterilizer, actor=house.manager)
    return [line.kind for line in history]


def forget_history(database: Database) -> None:
    """As it was before the revision: nobody had noted anything about sterilizers."""
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'thing_entry'"
    drop = "DROP TRIGGER {}"
    if not database.is_sqlite:
        names = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'thing_entry'::regclass"
            " AND NOT tgisinternal"
        )
        drop = "DROP TRIGGER {} ON thing_entry"
    with database.engine.begin() as connection:
        for name in connection.scalars(text(names)).all():
            connection.execute(text(drop.format(name)))
        connection.execute(text("DELETE FROM thing_entry"))


def test_the_history_is_made_from_the_log_once(house: House) -> None:
    machine = add_machine(house, "A1", now=NOON)
    with house.database.writing() as tx:
        service_sterilizer(tx, machine, "repair", NOON.date(), actor=house.manager, now=NOON)
        command = MoveSterilizer(
            sterilizer=machine, to=SterilizerState.SUSPENDED, reason="Its door leaks."
        )
        move_sterilizer(tx, command, actor=house.manager, now=NOON, keyring=house.keyring)
    told = ["sterilizer.moved", "sterilizer.serviced", "sterilizer.added"]
    assert kinds_of(house, machine) == told
    downgrade(house.database, MIGRATIONS, "0012")
    upgrade(house.database, MIGRATIONS)
    assert kinds_of(house, machine) == told
    downgrade(house.database, MIGRATIONS, "0012")
    forget_history(house.database)

    upgrade(house.database, MIGRATIONS)

    assert kinds_of(house, machine) == told
    assert audit_clinic(house.database, house.clinic_id).clean
