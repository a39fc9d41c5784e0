"""The five families of things as spreadsheets know them: columns, reading, writing, adding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Actor
from compliance.errors import NotFound
from compliance.operations.inventory import cells
from compliance.operations.inventory.checking import check_code, check_label
from compliance.operations.inventory.columns import Column, referring_to_nothing
from compliance.operations.inventory.columns import Family as Family
from compliance.operations.inventory.devices import (
    AddDevice,
    add_device,
    check_device,
    find_device,
    prepare_device,
    search_devices,
)
from compliance.operations.inventory.lots import (
    AddLot,
    add_lot,
    check_lot,
    find_lot,
    prepare_lot,
    search_lots,
)
from compliance.operations.inventory.places import (
    AddRoom,
    OpenContainer,
    add_room,
    find_container,
    find_room,
    open_container,
    prepare_container,
    prepare_room,
    search_containers,
    search_rooms,
)
from compliance.operations.inventory.products import (
    AddProduct,
    add_product,
    check_product,
    find_product,
    prepare_product,
    search_products,
)
from compliance.store import single_things, things
from compliance.store.inventory import Wanted as Wanted
from compliance.store.session import Tx

CODES: Final = "1 to 40 of A-Z, a-z, 0-9, . _ -"


def _check_place(command: AddRoom | OpenContainer) -> None:
    check_code("code", command.code)
    check_label("label", command.label)


_CODE: Final = Column(name="code", read=cells.read_text, allowed=CODES, needed=True)
_ARCHIVED: Final = Column(name="archived_on", read=None)

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "devices": Family(
            name="devices",
            columns=(
                _CODE,
                Column(
                    name="label", read=cells.read_text, allowed="1 to 120 characters", needed=True
                ),
                Column(
                    name="parts",
                    read=cells.read_parts,
                    allowed=f"{cells.PARTS}; modes: {cells.MODES}",
                    needed=True,
                    field="components",
                ),
                Column(name="max_depth_mm", read=cells.read_decimal, allowed="above 0 up to 3"),
                Column(name="settings", read=cells.read_optional, allowed="up to 400 characters"),
                _ARCHIVED,
            ),
            make=AddDevice,
            check=check_device,
            add=add_device,
            prepare=referring_to_nothing(prepare_device),
            code=lambda command: str(command.code),
            search=search_devices,
            find=find_device,
            place=lambda row: (row.label, row.device_id),
            cells=lambda row: (
                row.code,
                row.label,
                cells.write_parts(row.components),
                cells.write(row.max_depth_mm),
                cells.write(row.settings),
                cells.write(row.archived_at),
            ),
        ),
        "products": Family(
            name="products",
            columns=(
                _CODE,
                Column(
                    name="kind",
                    read=cells.read_kind,
                    allowed="disinfectant, serum, anaesthetic, aftercare, cartridge",
                    needed=True,
                ),
                Column(
                    name="name", read=cells.read_text, allowed="1 to 120 characters", needed=True
                ),
                Column(name="maker", read=cells.read_optional, allowed="up to 120 characters"),
                Column(name="listing", read=cells.read_optional, allowed="up to 120 characters"),
                Column(
                    name="contact_seconds",
                    read=cells.read_number,
                    allowed="1 to 86400 seconds; needed for a disinfectant",
                ),
                Column(
                    name="use",
                    read=cells.read_use,
                    allowed="skin, surface or skin+surface; needed for a disinfectant",
                ),
                Column(
                    name="material", read=cells.read_material, allowed="titanium, surgical_steel"
                ),
                Column(name="open_days", read=cells.read_number, allowed="1 to 1095 days"),
                _ARCHIVED,
            ),
            make=AddProduct,
            check=check_product,
            add=add_product,
            prepare=referring_to_nothing(prepare_product),
            code=lambda command: str(command.code),
            search=search_products,
            find=find_product,
            place=lambda row: (row.name, row.product_id),
            cells=lambda row: (
                row.code,
                row.kind,
                row.name,
                cells.write(row.maker),
                cells.write(row.listing),
                cells.write(row.contact_seconds),
                "+".join(row.use),
                cells.write(row.material),
                cells.write(row.open_days),
                cells.write(row.archived_at),
            ),
        ),
        "lots": Family(
            name="lots",
            columns=(
                Column(
                    name="product",
                    read=cells.read_text,
                    allowed="the code of a product in use",
                    needed=True,
                ),
                Column(
                    name="lot",
                    read=cells.read_text,
                    allowed="1 to 40 letters, digits and signs",
                    needed=True,
                    field="code",
                ),
                Column(name="expires_on", read=cells.read_day, allowed=cells.DAYS),
                Column(name="received_on", read=cells.read_day, allowed=cells.DAYS),
                Column(name="quantity", read=cells.read_number, allowed="0 to 100000 pieces"),
                Column(name="opened_on", read=None),
                Column(name="discard_on", read=None),
                _ARCHIVED,
            ),
            make=AddLot,
            check=check_lot,
            add=add_lot,
            prepare=prepare_lot,
            code=lambda command: f"{command.product} {command.code}",
            search=search_lots,
            find=find_lot,
            place=lambda row: (cells.write(row.expires_on), row.lot_id),
            cells=lambda row: (
                row.product_code,
                row.code,
                cells.write(row.expires_on),
                cells.write(row.received_on),
                cells.write(row.quantity),
                cells.write(row.opened_on),
                cells.write(row.discard_on),
                cells.write(row.archived_at),
            ),
            refers=("product", "products"),
        ),
        "containers": Family(
            name="containers",
            columns=(
                _CODE,
                Column(
                    name="label", read=cells.read_text, allowed="1 to 120 characters", needed=True
                ),
                Column(
                    name="room",
                    read=cells.read_optional,
                    allowed="the code of a room in use, or empty",
                ),
                Column(name="opened_on", read=None),
                Column(name="full_on", read=None),
                _ARCHIVED,
            ),
            make=OpenContainer,
            check=_check_place,
            add=open_container,
            prepare=prepare_container,
            code=lambda command: str(command.code),
            search=search_containers,
            find=find_container,
            place=lambda row: (row.label, row.container_id),
            cells=lambda row: (
                row.code,
                row.label,
                cells.write(row.room_code),
                cells.write(row.opened_at),
                cells.write(row.full_at),
                cells.write(row.archived_at),
            ),
            refers=("room", "rooms"),
        ),
        "rooms": Family(
            name="rooms",
            columns=(
                _CODE,
                Column(
                    name="label", read=cells.read_text, allowed="1 to 120 characters", needed=True
                ),
                _ARCHIVED,
            ),
            make=AddRoom,
            check=_check_place,
            add=add_room,
            prepare=referring_to_nothing(prepare_room),
            code=lambda command: str(command.code),
            search=search_rooms,
            find=find_room,
            place=lambda row: (row.label, row.room_id),
            cells=lambda row: (row.code, row.label, cells.write(row.archived_at)),
        ),
    }
)


def find_family(name: str) -> Family:
    """Raises ``NotFound`` for what is no family of things."""
    family = FAMILIES.get(name)
    if family is None:
        raise NotFound(f"there are no things of the kind {name!r}")
    return family


def find_in_use(tx: Tx, family: str, name: str, *, actor: Actor) -> str | None:
    """The id of the product or room of that code, if it can be referred to."""
    row: Any = (
        things.find_product(tx, actor.clinic_id, name)
        if family == "products"
        else single_things.find_room(tx, actor.clinic_id, name)
    )
    if row is None or row.archived_at is not None:
        return None
    return str(row.product_id if family == "products" else row.room_id)


def every_row(
    tx: Tx, family: Family, wanted: Wanted, *, actor: Actor, batch: int = 500
) -> Sequence[tuple[str, ...]]:
    """One batch after another of everything a list shows, as cells."""
    made: list[tuple[str, ...]] = []
    after = None
    while True:
        asked = Wanted(
            text=wanted.text,
            archived=wanted.archived,
            kinds=wanted.kinds,
            after=after,
            limit=batch,
        )
        page = family.search(tx, asked, actor=actor)
        made.extend(family.cells(row) for row in page)
        if len(page) < batch:
            return made
        after = family.place(page[-1])
