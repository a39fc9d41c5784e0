"""The inventory's pages: add, set right, archive, print labels, import and save spreadsheets."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest
from flask import Flask
from web.desk.visiting import Browser, browse

from compliance.domain.words import ProductKind
from compliance.operations.inventory.products import AddProduct, add_product
from harbour import House

THINGS = "/manager/things"
FAMILIES = ("devices", "products", "lots", "containers", "rooms")


def add(manager: Browser, family: str, **fields: object) -> str:
    """Add a thing by its form; returns the path of its page."""
    page = f"{THINGS}/{family}/new"
    answer = manager.post(page, page=page, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def add_pen(manager: Browser) -> str:
    return add(
        manager,
        "devices",
        code="PEN-7",
        label="Pen 7",
        max_depth_mm="0,5",
        **{
            "part-0-name": "Hand piece",
            "part-0-mode": "disinfect_and_barrier",
            "part-1-name": "Cartridge",
            "part-1-mode": "presterilized_single_use",
            "part-1-material": "titanium",
        },
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_an_empty_family_says_the_next_step(app: Flask, manager: Browser, family: str) -> None:
    text = manager.read(f"{THINGS}/{family}?q=nothing-has-this-name")

    assert "Nothing fits" in text


def test_a_device_with_two_parts_is_added_set_right_and_archived(manager: Browser) -> None:
    page = add_pen(manager)
    text = manager.read(page)
    assert "Hand piece: disinfected, with barrier" in text
    assert "0.5 mm" in text

    manager.post(f"{page}/change", page=page, label="Pen seven", max_depth_mm="1", settings="")
    text = manager.read(page)
    assert "Name: Pen 7 → Pen seven" in text
    assert "Deepest setting, mm: 0.5 → 1" in text

    manager.post(f"{page}/archive", page=page)
    assert "PEN-7" not in manager.read(f"{THINGS}/devices")
    assert "PEN-7" in manager.read(f"{THINGS}/devices?show=archived")
    manager.post(f"{page}/restore", page=page)
    assert "PEN-7" in manager.read(f"{THINGS}/devices")


def test_a_refusal_keeps_what_was_typed_and_stands_beside_its_field(manager: Browser) -> None:
    page = f"{THINGS}/devices/new"
    answer = manager.post(
        page,
        page=page,
        code="PEN-1",
        label="Second",
        **{"part-0-name": "Handpiece", "part-0-mode": "steam"},
    )

    assert answer.status_code == 422
    assert "There is already a device with the code" in answer.text
    assert 'value="Second"' in answer.text
    assert 'value="Handpiece"' in answer.text


def test_a_lot_is_opened_counted_and_offered_with_its_product(manager: Browser) -> None:
    product = add(manager, "products", code="BALM", kind="aftercare", name="Balm", open_days="30")
    product_id = product.rpartition("/")[2]
    lot = add(
        manager, "lots", product=product_id, code="B9", expires_on="2027-05-01", quantity="12"
    )

    manager.post(f"{lot}/open", page=lot, **{"o-opened_on": "2026-11-19"})
    manager.post(f"{lot}/count", page=lot, **{"c-quantity": "11"})

    text = manager.read(lot)
    assert "12 → 11 pieces" in text
    assert "19 Dec 2026" in text
    assert "B9" in manager.read(product)
    late = manager.post(f"{lot}/open", page=lot, **{"o-opened_on": "2026-11-19"})
    assert late.status_code == 422


def test_a_full_container_is_entered_once(manager: Browser) -> None:
    add(manager, "rooms", code="R1", label="Room 1")
    page = add(manager, "containers", code="SH-1", label="Sharps 1", room="")

    manager.post(f"{page}/full", page=page)

    text = manager.read(page)
    assert "Full and closed" in text
    assert f"{page}/full" not in text


def test_what_ends_soon_stands_on_the_overview(manager: Browser) -> None:
    product = add(manager, "products", code="S", kind="serum", name="Serum")
    product_id = product.rpartition("/")[2]
    for code, day in (("OLD", "2026-11-01"), ("SOON", "2026-12-01"), ("FARAWAY", "2028-01-01")):
        # Its page takes the message that says so, which would name the lot as well.
        manager.read(add(manager, "lots", product=product_id, code=code, expires_on=day))

    text = manager.read(THINGS)

    assert "OLD" in text
    assert "Ends soon" in text
    assert "FARAWAY" not in text


def test_labels_fill_sheets_of_twenty_one_and_skip_those_already_used(manager: Browser) -> None:
    for skip, pages in ((0, 1), (18, 1), (19, 2)):
        answer = manager.get(f"{THINGS}/devices/labels.pdf?skip={skip}")
        assert answer.mimetype == "application/pdf"
        with pikepdf.open(io.BytesIO(answer.data)) as pdf:
            assert len(pdf.pages) == pages

    assert manager.get(f"{THINGS}/devices/labels.pdf?skip=21").status_code == 422


def upload(manager: Browser, family: str, content: str) -> str:
    page = f"{THINGS}/{family}/import"
    answer = manager.post(page, page=page, file=(io.BytesIO(content.encode("cp1252")), "list.csv"))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def confirm(manager: Browser, plan: str) -> int:
    verdict = re.search(r'name="verdict"[^>]*value="([0-9a-f]{64})"', manager.read(plan))
    assert verdict
    return manager.post(plan, page=plan, verdict=verdict[1]).status_code


def test_an_import_names_three_bad_rows_and_takes_the_others_when_confirmed(
    manager: Browser,
) -> None:
    plan = upload(
        manager,
        "products",
        "code;kind;name;contact_seconds;use\n"
        "SKIN-15;disinfectant;Hautgel größer;15;skin\n"
        "SKIN-60;disinfectant;Skin spray;60;skin\n"
        "WIPES;disinfectant;Wipes;;surface\n"
        "S-9;syrup;Serum;;\n",
    )
    text = manager.read(plan)
    assert "Import 1 row, leave out 3" in text
    for told in ("SKIN-60", "is in the inventory already", "is needed", "syrup", "Windows-1252"):
        assert told in text
    assert "SKIN-15" not in manager.read(f"{THINGS}/products")

    assert confirm(manager, plan) == 303

    assert "Hautgel größer" in manager.read(f"{THINGS}/products")
    assert manager.get(plan).status_code == 404


def test_a_confirmation_of_what_changed_since_shows_the_new_judgement(
    manager: Browser, house: House, clock: object
) -> None:
    plan = upload(manager, "products", "code;kind;name\nSER;serum;Serum\nTWO;serum;Two\n")
    verdict = re.search(r'name="verdict"[^>]*value="([0-9a-f]{64})"', manager.read(plan))
    assert verdict
    add(manager, "products", code="SER", kind="serum", name="First come")

    answer = manager.post(plan, page=plan, verdict=verdict[1])

    assert answer.status_code == 409
    assert "The inventory changed while you were looking" in answer.text
    assert confirm(manager, plan) == 303


def test_a_file_that_is_no_spreadsheet_is_refused_beside_the_field(manager: Browser) -> None:
    page = f"{THINGS}/rooms/import"
    for content in (b"\x89PNG\r\n\x1a\n\x00", b"colour;size\nred;1\n"):
        answer = manager.post(page, page=page, file=(io.BytesIO(content), "rooms.csv"))
        assert answer.status_code == 422
        assert "error-summary" in answer.text


def test_a_saved_list_is_harmless_and_can_be_imported_again(
    manager: Browser, house: House, clock: object
) -> None:
    with house.database.writing() as tx:
        evil = AddProduct(code="EVIL", kind=ProductKind.SERUM, name="=1+1")
        add_product(tx, evil, actor=house.manager, now=clock.now)  # type: ignore[attr-defined]  # the clock of the tests
    answer = manager.get(f"{THINGS}/products?format=csv")
    text = answer.data.decode("utf-8-sig")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "'=1+1" in text
    plan = upload(manager, "products", text.replace("EVIL", "E2"))
    assert "=1+1" in manager.read(plan)


def test_broken_addresses_are_refused_and_unknown_things_not_found(manager: Browser) -> None:
    for path, status in (
        (f"{THINGS}/nothing", 404),
        (f"{THINGS}/devices/no-such-thing", 404),
        (f"{THINGS}/devices?cursor=%21", 422),
        (f"{THINGS}/lots?cursor=WyJ4IiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0", 422),
        (f"{THINGS}/products?kind=syrup", 422),
        (f"{THINGS}/devices?format=xlsx", 422),
        (f"{THINGS}/devices?q=%00", 400),
    ):
        assert manager.get(path).status_code == status, path


def test_another_clinics_manager_does_not_find_our_things(
    app: Flask, manager: Browser, house: House
) -> None:
    page = add_pen(manager)

    stranger = browse(app)

    assert stranger.get(page).status_code == 303
