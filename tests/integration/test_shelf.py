"""What treatments take from the shelf: pieces of a counted lot, and packs that an amendment names."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from compliance.domain.words import ProductKind
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.lots import AddLot, add_lot, count_lot, find_lot
from compliance.operations.inventory.products import AddProduct, add_product
from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.operations.treatments.devices import AmendDevice, amend_device
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.store import things
from compliance.store.models.inventory import Lot
from compliance.store.schema import downgrade, upgrade
from compliance.store.session import Database
from compliance.store.uses import delete_use, find_use, insert_use
from givens import NOON, ROOT
from harbour import (
    House,
    answer,
    build_house,
    closed_session,
    evidence_for,
    open_one,
    released_pack,
)

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def add_cartridges(
    house: House, code: str, *, expires_on: date | None, quantity: int | None
) -> str:
    """A lot of a cartridge of its own; returns its id."""
    with house.database.writing() as tx:
        product = AddProduct(code=new_id(NOON)[-8:], kind=ProductKind.CARTRIDGE, name="Tips")
        made = add_product(tx, product, actor=house.manager, now=NOON)
        lot = AddLot(product=made.product_id, code=code, expires_on=expires_on, quantity=quantity)
        return add_lot(tx, lot, actor=house.manager, now=NOON).lot_id


def left(house: House, lot_id: str) -> int | None:
    with house.database.reading() as tx:
        return find_lot(tx, lot_id, actor=house.manager).quantity


def problems(house: House) -> list[str]:
    return [problem.reason for problem in audit_clinic(house.database, house.clinic_id).problems]


def test_each_closed_session_takes_a_piece_until_none_is_left(house: House) -> None:
    lot = add_cartridges(house, "l 1", expires_on=date(2028, 1, 31), quantity=2)
    other_day = add_cartridges(house, "L1", expires_on=date(2029, 1, 31), quantity=9)
    uncounted = add_cartridges(house, "L2", expires_on=None, quantity=None)

    counts = []
    for number in range(3):
        closed_session(house, NOON + timedelta(minutes=number), client=f"C-{number}")
        counts.append(left(house, lot))

    assert counts == [1, 0, 0]
    assert left(house, other_day) == 9
    assert left(house, uncounted) is None
    assert problems(house) == []


def test_counting_sets_right_what_was_taken(house: House) -> None:
    lot = add_cartridges(house, "L1", expires_on=date(2028, 1, 31), quantity=5)
    closed_session(house, NOON)
    with house.database.writing() as tx:
        count_lot(tx, lot, quantity=12, actor=house.manager, now=LATER)
    closed_session(house, LATER, client="C-2")

    assert left(house, lot) == 11
    assert problems(house) == []


def test_two_lots_that_fit_are_not_guessed_between(house: House) -> None:
    lots = [
        add_cartridges(house, code, expires_on=date(2028, 1, 31), quantity=4)
        for code in ("L1", "l1")
    ]
    closed_session(house, NOON)

    assert [left(house, lot) for lot in lots] == [4, 4]
    assert problems(house) == []


def test_a_number_changed_by_hand_is_found(house: House) -> None:
    lot = add_cartridges(house, "L1", expires_on=date(2028, 1, 31), quantity=4)
    closed_session(house, NOON)
    with house.database.writing() as tx:
        tx.execute(update(Lot).where(Lot.lot_id == lot).values(quantity=4))

    assert any("quantity" in reason for reason in problems(house))


def test_a_pack_that_an_amendment_names_is_used_up(house: House) -> None:
    """Both ways to amend: the device with its evidence, and the one item."""
    pack = released_pack(house, "P-1", "ROLLER-1", NOON)
    other = released_pack(house, "P-2", "ROLLER-1", NOON)
    session_id = closed_session(house, NOON, device="TIP-1")
    by_device = AmendDevice(
        session_id=session_id,
        device="ROLLER-1",
        evidence_before=evidence_for("ROLLER-1", "before"),
        evidence_after=[],
        reason="The roller was used, not the tip",
    )
    by_item = AmendSession(
        session_id=session_id,
        item="device_sterilized_before",
        result="yes",
        reason="It was the other pack",
        evidence=evidence_for("ROLLER-1", "before", pack="P-2"),
    )
    with house.database.writing() as tx:
        actor = house.token_actor(house.manager)
        amend_device(tx, by_device, actor=actor, now=LATER, keyring=house.keyring)
        amend_session(tx, by_item, actor=actor, now=LATER, keyring=house.keyring)

    with house.database.reading() as tx:
        used = {things.find_pack(tx, house.clinic_id, each) for each in (pack, other)}
    assert {(row.state.value, row.used_in) for row in used if row} == {("used", session_id)}
    again = open_one(house, LATER, device="ROLLER-1", client="C-2")
    with pytest.raises(EvidenceRefused, match="used"):
        answer(
            house,
            again,
            "device_sterilized_before",
            "yes",
            LATER,
            evidence=evidence_for("ROLLER-1", "before"),
        )
    assert problems(house) == []


def with_serial(serial: str) -> list[dict[str, Any]]:
    """Evidence of a tip that is one of its kind."""
    (piece,) = evidence_for("TIP-1", "before")
    return [{**piece, "ref": {**piece["ref"], "serial": serial}}]


def amend_serial(house: House, session_id: str, serial: str) -> None:
    command = AmendSession(
        session_id=session_id,
        item="device_sterilized_before",
        result="yes",
        reason="It was the other tip",
        evidence=with_serial(serial),
    )
    with house.database.writing() as tx:
        actor = house.token_actor(house.manager)
        amend_session(tx, command, actor=actor, now=LATER, keyring=house.keyring)


def test_an_article_that_an_amendment_names_by_its_serial_is_used_up(house: House) -> None:
    session_id = closed_session(house, NOON, device="TIP-1")
    amend_serial(house, session_id, "S-7")
    # Said twice of the same session it stays that session's.
    amend_serial(house, session_id, "S-7")

    again = open_one(house, LATER, device="TIP-1", client="C-2")
    with pytest.raises(EvidenceRefused, match="used"):
        answer(
            house,
            again,
            "device_sterilized_before",
            "yes",
            LATER,
            evidence=with_serial("S-7"),
        )
    answer(house, again, "device_sterilized_before", "yes", LATER, evidence=with_serial("S-8"))
    assert problems(house) == []


@pytest.mark.parametrize("batch", [1, 5000])
def test_the_audit_misses_and_names_marks_of_amended_articles(
    house: House, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Whether the amendment stands in the batch of the session's end or in a later one."""
    monkeypatch.setattr("compliance.operations.auditing.audit.BATCH", batch)
    session_id = closed_session(house, NOON, device="TIP-1")
    amend_serial(house, session_id, "S-7")
    assert problems(house) == []

    with house.database.writing() as tx:
        insert_use(tx, house.clinic_id, "lot", "|L1|S-9", session_id)
    (forged,) = problems(house)
    with house.database.writing() as tx:
        for serial in ("S-9", "S-7"):
            delete_use(tx, house.clinic_id, "lot", f"|L1|{serial}")
    (missing,) = problems(house)

    assert "S-9" in forged
    assert "no entry of the log made this row" in forged
    assert "S-7: the row is missing" in missing


def test_older_amendments_are_marked_by_revision_0018(house: House) -> None:
    session_id = closed_session(house, NOON, device="TIP-1")
    amend_serial(house, session_id, "S-7")
    with house.database.writing() as tx:
        delete_use(tx, house.clinic_id, "lot", "|L1|S-7")

    downgrade(house.database, ROOT / "migrations", "0017")
    upgrade(house.database, ROOT / "migrations")

    assert problems(house) == []
    with house.database.reading() as tx:
        assert find_use(tx, house.clinic_id, "lot", "|L1|S-7") == session_id
