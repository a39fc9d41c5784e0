"""Whose work a client met: who ran the load, who released it, who released the pack; each once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from integration.sterilization.recalled import add_machine, load, register, room, run, started

from compliance.domain.access import Actor
from compliance.operations.packs import release_pack
from compliance.operations.sterilization.releasing import release_cycle
from compliance.operations.sterilization.searching import count_met, who_met
from compliance.store.session import Database
from givens import NOON
from harbour import House

HOUR = timedelta(hours=1)


def test_a_client_is_listed_once_for_each_person_whose_work_was_met(
    database: Database, tmp_path: Path
) -> None:
    house = room(database, tmp_path)
    register(house, "OLD-1", NOON - 9 * HOUR)
    with house.database.writing() as tx:
        release_pack(tx, "OLD-1", grant=None, actor=signing(house), now=NOON - 9 * HOUR)
    add_machine(house, NOON - 8 * HOUR)
    load(house, "1", ("P-1",), NOON - 7 * HOUR)
    cycle = run(house, "2", NOON - 6 * HOUR)
    register(house, "P-2", NOON - 6 * HOUR, number="2")
    with house.database.writing() as tx:
        release_cycle(tx, cycle.cycle_id, grant=None, actor=signing(house), now=NOON - 5 * HOUR)
    for client, pack in (("C-1", "P-1"), ("C-2", "P-2"), ("C-3", "OLD-1")):
        started(house, NOON, client=client, pack=pack)

    assert met(house, house.operator.user_id) == ["C-1", "C-2"]
    assert met(house, house.manager.user_id) == ["C-2", "C-3"]
    assert met(house, house.practitioner.user_id) == []


def signing(house: House) -> Actor:
    return house.token_actor(house.manager)


def met(house: House, user_id: str) -> list[str]:
    with house.database.reading() as tx:
        found = who_met(
            tx, "operator", user_id, actor=house.manager, keyring=house.keyring, limit=50
        )
        counted = count_met(tx, "operator", user_id, actor=house.manager, keyring=house.keyring)
    clients = [each.client_ref for each in found]
    assert counted == (len(found), len(set(clients)))
    return sorted(clients)
