"""Devices, products, lots, containers and rooms: entered, changed, archived, never deleted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from integration.inventory.stocking import Stock, stock_up
from sqlalchemy import text

from compliance.domain.words import ProductKind
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.auditing import AuditResult, audit_clinic
from compliance.operations.inventory import devices, lots, places, products
from compliance.operations.inventory.devices import search_devices
from compliance.operations.inventory.entering import read_thing_history
from compliance.operations.inventory.families import Wanted
from compliance.operations.inventory.lots import AddLot
from compliance.operations.inventory.products import AddProduct, ChangeProduct
from compliance.store.session import Database, StorageRefused
from givens import NOON
from harbour import House, answer, build_house, closed_session, open_one


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


@pytest.fixture
def stock(house: House) -> Stock:
    return stock_up(house, NOON)


def test_every_change_is_an_entry_with_what_was_there_before(house: House, stock: Stock) -> None:
    with house.database.reading() as tx:
        history = read_thing_history(tx, "device", stock.pen, actor=house.manager)

    assert [line.kind for line in history] == ["device.changed", "device.added"]
    assert history[0].data["old"]["label"] == "Pen 1"
    assert history[0].data["new"] == {
        "label": "Pen A",
        "max_depth_mm": "1.5",
        "settings": "Speed 5",
    }
    assert history[0].user == "Manager Ó Murchú"


def test_saving_what_stands_there_already_makes_no_entry(house: House, stock: Stock) -> None:
    with house.database.writing() as tx:
        same = devices.ChangeDevice(
            device_id=stock.pen, label=" Pen  A ", max_depth_mm="1.5", settings="Speed 5"
        )
        devices.change_device(tx, same, actor=stock.manager, now=NOON)
        history = read_thing_history(tx, "device", stock.pen, actor=house.manager)

    assert len(history) == 2


def test_the_whole_inventory_can_be_derived_from_the_log(house: House, stock: Stock) -> None:
    with house.database.writing() as tx:
        lots.archive_lot(tx, stock.lot, actor=stock.manager, now=NOON)
        places.archive_room(tx, stock.room, actor=stock.manager, now=NOON)
        places.restore_room(tx, stock.room, actor=stock.manager, now=NOON)
        places.change_container(
            tx, stock.container, label="Sharps one", room=None, actor=stock.manager, now=NOON
        )
        products.archive_product(tx, stock.balm, actor=stock.manager, now=NOON)
    closed_session(house, NOON)

    assert _audit(house).problems == ()


def test_a_quietly_changed_count_is_found(house: House, stock: Stock) -> None:
    with house.database.writing() as tx:
        tx.execute(text("UPDATE lot SET quantity = 90 WHERE code = 'B9'"))

    problems = _audit(house).problems

    assert [(each.table, "quantity" in each.reason) for each in problems] == [("lot", True)]


def _audit(house: House) -> AuditResult:
    return audit_clinic(house.database, house.clinic_id)


def test_an_opened_bottle_ends_after_its_makers_days(house: House, stock: Stock) -> None:
    with house.database.reading() as tx:
        row = lots.find_lot(tx, stock.lot, actor=stock.manager)

    assert row.discard_on == NOON.date() + timedelta(days=10)
    assert row.last_day == row.discard_on


def test_lots_are_offered_by_product_and_kind_what_ends_first_at_the_front(
    house: House, stock: Stock
) -> None:
    with house.database.writing() as tx:
        for code, days in (("LATE", 500), ("SOON", 20)):
            lot = AddLot(product="BALM", code=code, expires_on=NOON.date() + timedelta(days=days))
            lots.add_lot(tx, lot, actor=stock.manager, now=NOON)
        lots.add_lot(tx, AddLot(product="BALM", code="NONE"), actor=stock.manager, now=NOON)
    with house.database.reading() as tx:
        of_product = lots.list_lots(tx, actor=house.practitioner, product=stock.balm)
        of_kind = lots.list_lots(tx, actor=house.practitioner, kind="serum")

    assert [row.code for row in of_product] == ["SOON", "B9", "LATE", "NONE"]
    assert of_kind == []


def test_the_same_lot_of_a_product_is_entered_once(house: House, stock: Stock) -> None:
    with pytest.raises(Conflict), house.database.writing() as tx:
        lots.add_lot(tx, AddLot(product="BALM", code="B9"), actor=stock.manager, now=NOON)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (AddProduct(code="X", kind=ProductKind.DISINFECTANT, name="No time"), "contact_seconds"),
        (AddProduct(code="X", kind=ProductKind.CARTRIDGE, name="C", material="gold"), "material"),
        (AddProduct(code="?", kind=ProductKind.SERUM, name="S"), "code"),
        (AddProduct(code="X", kind=ProductKind.SERUM, name="S", open_days=0), "open_days"),
    ],
)
def test_a_product_that_cannot_be_is_refused_by_its_field(
    house: House, command: AddProduct, field: str
) -> None:
    with pytest.raises(Refused) as caught, house.database.writing() as tx:
        products.add_product(tx, command, actor=house.manager, now=NOON)

    assert caught.value.field == field


def test_an_archived_device_cannot_be_chosen_and_its_records_stay_readable(house: House) -> None:
    session_id = closed_session(house, NOON)
    with house.database.writing() as tx:
        devices.archive_device(tx, "TIP-1", actor=house.manager, now=NOON)

    with pytest.raises(Refused):
        open_one(house, NOON)
    with house.database.reading() as tx:
        assert devices.find_device(tx, "TIP-1", actor=house.manager).archived_at == NOON
        assert tx.scalar(
            text("SELECT count(*) FROM treatment_session WHERE session_id = :id"),
            {"id": session_id},
        )


def test_an_archived_disinfectant_is_refused_in_sessions_that_begin_later(house: House) -> None:
    before = open_one(house, NOON)
    later = NOON + timedelta(minutes=5)
    with house.database.writing() as tx:
        products.archive_product(tx, "SKIN-60", actor=house.manager, now=later)
    after = open_one(house, later + timedelta(minutes=5), client="C-2")
    skin = [
        {
            "component": "skin",
            "kind": "disinfection",
            "ref": {"product": "SKIN-60", "contact_seconds": 60},
        }
    ]

    answer(house, before, "skin_disinfected_before", "yes", later, evidence=skin)
    with pytest.raises(Refused):
        answer(
            house,
            after,
            "skin_disinfected_before",
            "yes",
            later + timedelta(minutes=6),
            evidence=skin,
        )


def test_the_database_never_deletes_what_a_record_may_cite(house: House, stock: Stock) -> None:
    for table in ("lot", "room", "sharps_container", "thing_entry"):
        with pytest.raises(StorageRefused), house.database.writing() as tx:
            tx.execute(text(f"DELETE FROM {table}"))


def test_lists_go_on_where_the_page_before_ended(house: House) -> None:
    seen: list[str] = []
    after = None
    with house.database.reading() as tx:
        for _ in range(4):
            page = search_devices(tx, Wanted(after=after, limit=1), actor=house.manager)
            seen.extend(row.code for row in page)
            after = (page[-1].label, page[-1].device_id) if page else after

    assert seen == ["PEN-1", "ROLLER-1", "TIP-1"]


def test_searching_finds_parts_of_name_and_code_and_takes_signs_literally(house: House) -> None:
    def found(words: str) -> list[str]:
        with house.database.reading() as tx:
            return [row.code for row in search_devices(tx, Wanted(text=words), actor=house.manager)]

    assert found("roll") == ["ROLLER-1"]
    assert found("-1") == ["PEN-1", "ROLLER-1", "TIP-1"]
    assert found("%") == []


def test_another_clinics_things_are_not_found(house: House, stock: Stock, tmp_path: Path) -> None:
    other = build_house(house.database, tmp_path, now=NOON, slug="north")

    with house.database.reading() as tx:
        with pytest.raises(NotFound):
            lots.find_lot(tx, stock.lot, actor=other.manager)
        assert read_thing_history(tx, "lot", stock.lot, actor=other.manager) == ()


def test_only_who_manages_devices_changes_the_inventory(house: House, stock: Stock) -> None:
    command = ChangeProduct(product_id=stock.balm, name="Another")
    with pytest.raises(NotPermitted), house.database.writing() as tx:
        products.change_product(tx, command, actor=house.practitioner, now=NOON)
