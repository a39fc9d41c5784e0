"""Rows of one thing at a time: found, added, changed, and which entries spoke of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import RowMapping, and_, bindparam, insert, or_, select, update

from compliance.domain.stock import CountedLot
from compliance.domain.words import ProductKind
from compliance.store.base import Base
from compliance.store.inventory import CONTAINERS, LOTS, ContainerRow, LotRow, RoomRow
from compliance.store.log import read_bodies
from compliance.store.models.inventory import Lot, Room, SharpsContainer, ThingEntry
from compliance.store.models.log import LogPlace
from compliance.store.models.things import Device, Product
from compliance.store.session import Tx

_Row = TypeVar("_Row")

_TABLES: Final[Mapping[str, type[Base]]] = MappingProxyType(
    {"device": Device, "product": Product, "lot": Lot, "container": SharpsContainer, "room": Room}
)
"""By the word that the entries about such a thing begin with."""


def update_device(tx: Tx, clinic_id: str, device_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Device)
        .where(Device.clinic_id == clinic_id, Device.device_id == device_id)
        .values(**values)
    )


def update_product(tx: Tx, clinic_id: str, product_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Product)
        .where(Product.clinic_id == clinic_id, Product.product_id == product_id)
        .values(**values)
    )


def insert_things(tx: Tx, thing: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one table in one go; ``thing`` is the word that its entries begin with."""
    tx.execute(insert(_TABLES[thing]), [dict(row) for row in rows])


def update_lot(tx: Tx, clinic_id: str, lot_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(Lot).where(Lot.clinic_id == clinic_id, Lot.lot_id == lot_id).values(**values))


# Asked at every closing, so built once.
_COUNTED_CARTRIDGES: Final = (
    select(Lot.lot_id, Lot.code, Lot.expires_on, Lot.quantity)
    .join(Product, and_(Product.clinic_id == Lot.clinic_id, Product.product_id == Lot.product_id))
    .where(
        Lot.clinic_id == bindparam("in_clinic"),
        Lot.archived_at.is_(None),
        Lot.quantity.is_not(None),
        Product.kind == ProductKind.CARTRIDGE.value,
    )
)


def list_counted_cartridges(tx: Tx, clinic_id: str) -> list[CountedLot]:
    """Lots of cartridges in use whose pieces are counted; a clinic has some dozens."""
    rows = tx.execute(_COUNTED_CARTRIDGES, {"in_clinic": clinic_id})
    return [
        CountedLot(
            lot_id=row[0],
            code=row[1],
            expires_on=None if row[2] is None else row[2].isoformat(),
            quantity=row[3],
        )
        for row in rows
        if row[3] is not None
    ]


def find_lot(tx: Tx, clinic_id: str, lot_id: str) -> LotRow | None:
    row = tx.execute(LOTS.where(Lot.clinic_id == clinic_id, Lot.lot_id == lot_id)).mappings()
    return _one(LotRow, row.first())


def find_lot_by_code(tx: Tx, clinic_id: str, product_id: str, code: str) -> LotRow | None:
    row = tx.execute(
        LOTS.where(Lot.clinic_id == clinic_id, Lot.product_id == product_id, Lot.code == code)
    ).mappings()
    return _one(LotRow, row.first())


def update_container(tx: Tx, clinic_id: str, container_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(SharpsContainer)
        .where(SharpsContainer.clinic_id == clinic_id, SharpsContainer.container_id == container_id)
        .values(**values)
    )


def find_container(tx: Tx, clinic_id: str, container: str) -> ContainerRow | None:
    """Find by id or by code."""
    row = tx.execute(
        CONTAINERS.where(
            SharpsContainer.clinic_id == clinic_id,
            or_(SharpsContainer.container_id == container, SharpsContainer.code == container),
        )
    ).mappings()
    return _one(ContainerRow, row.first())


def update_room(tx: Tx, clinic_id: str, room_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Room).where(Room.clinic_id == clinic_id, Room.room_id == room_id).values(**values)
    )


def find_room(tx: Tx, clinic_id: str, room: str) -> RoomRow | None:
    """Find by id or by code."""
    row = tx.execute(
        select(Room.__table__).where(
            Room.clinic_id == clinic_id, or_(Room.room_id == room, Room.code == room)
        )
    ).mappings()
    return _one(RoomRow, row.first())


def _one(made: type[_Row], row: RowMapping | None) -> _Row | None:
    return None if row is None else made(**row)


def insert_thing_entry(tx: Tx, clinic_id: str, thing: str, index: int) -> None:
    tx.execute(insert(ThingEntry), {"clinic_id": clinic_id, "thing": thing, "idx": index})


def read_thing_entries(
    tx: Tx, clinic_id: str, *, place: str, thing: str, limit: int
) -> dict[int, bytes]:
    """The newest entries about a thing: their bodies by index, without those that were purged."""
    added = tx.scalar(
        select(LogPlace.idx).where(
            LogPlace.clinic_id == clinic_id, LogPlace.kind == place, LogPlace.thing == thing
        )
    )
    later = tx.scalars(
        select(ThingEntry.idx)
        .where(ThingEntry.clinic_id == clinic_id, ThingEntry.thing == thing)
        .order_by(ThingEntry.idx.desc())
        .limit(limit)
    )
    indexes = [*later, *([] if added is None else [added])]
    return read_bodies(tx, clinic_id, indexes)
