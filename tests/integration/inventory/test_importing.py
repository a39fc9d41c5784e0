"""Spreadsheets: every encoding and separator read, every bad row named, nothing written unconfirmed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from integration.inventory.stocking import at_screen
from sqlalchemy import event

from compliance.domain.access import Actor
from compliance.domain.words import ProductKind
from compliance.errors import ComplianceError, NotFound, Refused
from compliance.operations.auditing import audit_clinic
from compliance.operations.inventory.devices import list_devices
from compliance.operations.inventory.families import FAMILIES, Wanted, every_row
from compliance.operations.inventory.importing import (
    ImportChanged,
    Plan,
    confirm_import,
    plan_import,
    stage_import,
)
from compliance.operations.inventory.products import AddProduct, add_product, list_products
from compliance.operations.inventory.spreadsheets import harmless
from compliance.store import log
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house

PRODUCTS = (
    "Code;Kind;Name;Contact seconds;Use;Maker\n"
    "SKIN-15;disinfectant;Hautgel größer;15;skin;Müller & Söhne\n"
    "SKIN-60;disinfectant;Skin spray;60;skin;\n"
    "SURF-X;disinfectant;Wipes;;surface;\n"
    "S-9;syrup;Serum 9;;;\n"
    "\n"
    "SER-C;serum;Serum C;;;\n"
)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def stage(house: House, family: str, content: bytes) -> Plan:
    with house.database.writing() as tx:
        import_id = stage_import(tx, family, content, actor=at_screen(house.manager), now=NOON)
    with house.database.reading() as tx:
        return plan_import(tx, import_id, actor=at_screen(house.manager))


def size_of_log(house: House) -> int:
    with house.database.reading() as tx:
        head = log.read_head(tx, house.clinic_id, lock=False)
    assert head is not None
    return head.size


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_file_is_read_whatever_spreadsheet_wrote_it(
    house: House, codec: str, name: str, separator: str
) -> None:
    plan = stage(house, "products", PRODUCTS.replace(";", separator).encode(codec))

    assert plan.encoding == name
    assert [row.command.name for row in plan.good] == ["Hautgel größer", "Serum C"]


def test_three_bad_rows_are_named_with_what_is_allowed(house: House) -> None:
    plan = stage(house, "products", PRODUCTS.encode())

    named = [(cell.row, cell.column, cell.value, cell.problem) for cell in plan.bad]
    assert named == [
        (3, "code", "SKIN-60", "is in the inventory already"),
        (4, "contact_seconds", "", "is needed"),
        (5, "kind", "syrup", "is no kind of product"),
    ]
    assert plan.bad[2].allowed == "disinfectant, serum, anaesthetic, aftercare, cartridge"
    assert plan.bad_rows == 3


def test_nothing_is_written_until_it_is_confirmed(house: House) -> None:
    before = size_of_log(house)

    plan = stage(house, "products", PRODUCTS.encode())

    assert size_of_log(house) == before
    with house.database.writing() as tx:
        _, count = confirm_import(
            tx, plan.import_id, plan.verdict, actor=at_screen(house.manager), now=NOON
        )
    assert count == 2
    assert size_of_log(house) == before + 2
    with house.database.reading() as tx:
        codes = {row.code for row in list_products(tx, actor=house.manager)}
    assert {"SKIN-15", "SER-C"} <= codes


def test_what_changed_since_the_preview_undoes_the_confirmation(house: House) -> None:
    plan = stage(house, "products", PRODUCTS.encode())
    with house.database.writing() as tx:
        taken = AddProduct(code="SER-C", kind=ProductKind.SERUM, name="First come")
        add_product(tx, taken, actor=house.manager, now=NOON)
    before = size_of_log(house)

    with pytest.raises(ImportChanged), house.database.writing() as tx:
        confirm_import(tx, plan.import_id, plan.verdict, actor=at_screen(house.manager), now=NOON)

    assert size_of_log(house) == before


def test_a_confirmed_or_a_colleagues_import_is_gone(house: House) -> None:
    plan = stage(house, "products", PRODUCTS.encode())
    with house.database.reading() as tx, pytest.raises(NotFound):
        plan_import(tx, plan.import_id, actor=colleague(house))
    with house.database.writing() as tx:
        confirm_import(tx, plan.import_id, plan.verdict, actor=at_screen(house.manager), now=NOON)

    with house.database.reading() as tx, pytest.raises(NotFound):
        plan_import(tx, plan.import_id, actor=at_screen(house.manager))


def colleague(house: House) -> Actor:
    """Another manager of the same clinic."""
    return replace(at_screen(house.manager), user_id=house.operator.user_id)


def test_a_device_with_two_parts_and_its_limits_comes_from_one_row(house: House) -> None:
    content = (
        "code,label,parts,max_depth_mm\n"
        'PEN-9,Pen 9,"Handpiece = disinfect_and_barrier'
        ' + cartridge=presterilized_single_use/titanium","0,5"\n'
    )
    plan = stage(house, "devices", content.encode())
    with house.database.writing() as tx:
        confirm_import(tx, plan.import_id, plan.verdict, actor=at_screen(house.manager), now=NOON)
    with house.database.reading() as tx:
        pen = next(row for row in list_devices(tx, actor=house.manager) if row.code == "PEN-9")

    assert [part["component"] for part in pen.components] == ["handpiece", "cartridge"]
    assert pen.components[1]["material"] == "titanium"
    assert pen.max_depth_mm == "0.5"


def test_rows_may_not_repeat_each_other_nor_name_what_is_not_there(house: House) -> None:
    content = (
        "product;lot;expires_on;quantity\n"
        "SURF-300;D1;31.01.2028;5\n"
        "SURF-300;D1;2028-01-31;5\n"
        "NOWHERE;D2;2028-01-31;5\n"
        "SURF-300;D3;01/02/2028;5\n"
        "SURF-300;D4;2028-02-30;-1\n"
    )
    plan = stage(house, "lots", content.encode())

    assert [(cell.row, cell.column, cell.problem) for cell in plan.bad] == [
        (3, "lot", "stands in row 2 already"),
        (4, "product", "is not in use here"),
        (5, "expires_on", "is no date that everybody reads alike"),
        (6, "expires_on", "names no real day"),
        (6, "quantity", "is no whole number"),
    ]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"code;kind\n", "file"),
        (b"code;kind;colour\nA;serum;red\n", "heading"),
        (b"code;code;kind;name\nA;A;serum;S\n", "heading"),
        (b"kind;name\nserum;S\n", "heading"),
        (b'code;kind;name\nA;serum;"open\n', "file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x81\x8d", "file"),
        (b"code;kind;name\n" + b"A;serum;S\n" * 5001, "file"),
        (b"x" * (2 * 1024 * 1024 + 1), "file"),
    ],
)
def test_what_is_no_such_spreadsheet_is_refused_as_a_whole(
    house: House, content: bytes, field: str
) -> None:
    with pytest.raises(Refused) as caught:
        stage(house, "products", content)

    assert caught.value.field == field


def test_damaged_files_are_refused_or_judged_and_never_break_anything(house: House) -> None:
    chance = random.Random(20261120)
    original = PRODUCTS.encode()
    for _ in range(150):
        damaged = bytearray(original)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            stage(house, "products", bytes(damaged))
        except ComplianceError:
            continue


def test_an_export_is_harmless_and_reads_back_as_it_was(house: House) -> None:
    with house.database.writing() as tx:
        evil = AddProduct(code="EVIL", kind=ProductKind.SERUM, name="=HYPERLINK(0)")
        add_product(tx, evil, actor=house.manager, now=NOON)
    family = FAMILIES["products"]
    with house.database.reading() as tx:
        rows = every_row(tx, family, Wanted(), actor=house.manager)
    heading = ",".join(column.name for column in family.columns)
    lines = [",".join(f'"{harmless(cell)}"' for cell in row) for row in rows if row[0] == "EVIL"]

    assert "'=HYPERLINK(0)" in lines[0]
    plan = stage(house, "products", "\n".join([heading, lines[0].replace("EVIL", "E2")]).encode())
    assert plan.good[0].command.name == "=HYPERLINK(0)"


def test_files_that_nobody_confirmed_are_forgotten_in_time(house: House) -> None:
    old = stage(house, "products", PRODUCTS.encode())
    with house.database.writing() as tx:
        stage_import(
            tx,
            "products",
            PRODUCTS.encode(),
            actor=at_screen(house.manager),
            now=NOON + timedelta(hours=3),
        )

    with house.database.reading() as tx, pytest.raises(NotFound):
        plan_import(tx, old.import_id, actor=at_screen(house.manager))


def test_a_large_file_takes_as_few_statements_as_a_small_one(house: House) -> None:
    """Tablets wait while it is written, so five thousand rows must not take five thousand turns."""
    rows = "".join(f"BULK-{number:04},Lamp {number},\n" for number in range(5000))
    plan = stage(house, "products", b"code,name,kind\n" + rows.replace(",\n", ",serum\n").encode())
    counted: list[str] = []

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    event.listen(house.database.engine, "before_cursor_execute", count)
    with house.database.writing() as tx:
        confirm_import(tx, plan.import_id, plan.verdict, actor=at_screen(house.manager), now=NOON)
    event.remove(house.database.engine, "before_cursor_execute", count)

    assert len(plan.good) == 5000
    assert len(counted) < 60
    audited = audit_clinic(house.database, house.clinic_id)
    assert audited.problems == ()
