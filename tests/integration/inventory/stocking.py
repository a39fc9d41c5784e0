"""A house with something of every family in stock, for the tests of the inventory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from compliance.domain.access import Actor, Auth
from compliance.domain.words import ProductKind
from compliance.operations.inventory.devices import ChangeDevice, change_device, find_device
from compliance.operations.inventory.lots import AddLot, add_lot, count_lot, open_lot
from compliance.operations.inventory.places import (
    AddRoom,
    OpenContainer,
    add_room,
    fill_container,
    open_container,
)
from compliance.operations.inventory.products import AddProduct, add_product
from harbour import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Ids of what was added."""

    manager: Actor
    balm: str
    lot: str
    room: str
    container: str
    pen: str


def at_screen(actor: Actor) -> Actor:
    """The same person, signed in with a password."""
    return replace(actor, auth=Auth.PASSWORD)


def stock_up(house: House, now: datetime) -> Stock:
    """Add, open, count and change one thing of each family."""
    manager = at_screen(house.manager)
    today: date = now.date()
    with house.database.writing() as tx:
        room = add_room(tx, AddRoom(code="R1", label="Room 1"), actor=manager, now=now)
        fresh = OpenContainer(code="SH-1", label="Sharps 1", room="R1")
        container = open_container(tx, fresh, actor=manager, now=now)
        fill_container(tx, "SH-1", actor=manager, now=now)
        balm = add_product(
            tx,
            AddProduct(code="BALM", kind=ProductKind.AFTERCARE, name="Balm", open_days=10),
            actor=manager,
            now=now,
        )
        lot = add_lot(
            tx,
            AddLot(product="BALM", code="B9", expires_on=today + timedelta(days=300), quantity=12),
            actor=manager,
            now=now,
        )
        open_lot(tx, lot.lot_id, opened_on=today, actor=manager, now=now)
        count_lot(tx, lot.lot_id, 11, actor=manager, now=now)
        pen = find_device(tx, "PEN-1", actor=manager)
        change_device(
            tx,
            ChangeDevice(
                device_id=pen.device_id, label="Pen A", max_depth_mm="1.50", settings="Speed 5"
            ),
            actor=manager,
            now=now,
        )
    return Stock(
        manager=manager,
        balm=balm.product_id,
        lot=lot.lot_id,
        room=room.room_id,
        container=container.container_id,
        pen=pen.device_id,
    )
