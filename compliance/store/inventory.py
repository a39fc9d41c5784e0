"""Rows of the inventory: searching every family, lots, containers, rooms, histories, imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from compliance.store.log import read_bodies
from compliance.store.models.inventory import Lot, Room, SharpsContainer, StagedImport, ThingEntry
from compliance.store.models.log import LogPlace
from compliance.store.models.things import Device, Product
from compliance.store.session import Tx
from compliance.store.things import DeviceRow, ProductRow

_NO_END: Final = date(9999, 12, 31)
"""Where a lot without an expiry sorts."""

_Table = type[Device] | type[Product] | type[Lot] | type[SharpsContainer] | type[Room]
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list shows, and from where on."""

    text: str = ""
    """Found anywhere in code or name, whatever the case."""
    archived: bool = False
    """Whether to list what is archived instead of what is in use."""
    kinds: tuple[str, ...] = ()
    """Kinds of products; none means all."""
    after: tuple[str, str] | None = None
    """The sort text and the id of the last row already seen."""
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """A lot with the product it belongs to."""

    clinic_id: str
    lot_id: str
    product_id: str
    code: str
    expires_on: date | None
    received_on: date | None
    quantity: int | None
    opened_on: date | None
    discard_on: date | None
    created_at: datetime
    archived_at: datetime | None
    product_code: str
    product_name: str
    product_kind: str

    @property
    def last_day(self) -> date | None:
        """The last day of use: the expiry, or earlier once it was opened."""
        ends = [day for day in (self.expires_on, self.discard_on) if day is not None]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRow:
    """A sharps container with the name of its room."""

    clinic_id: str
    container_id: str
    code: str
    label: str
    room_id: str | None
    room_code: str | None
    room_label: str | None
    opened_at: datetime
    full_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """A room of the clinic."""

    clinic_id: str
    room_id: str
    code: str
    label: str
    created_at: datetime
    archived_at: datetime | None


_LOT: Final = select(
    Lot.__table__,
    Product.code.label("product_code"),
    Product.name.label("product_name"),
    Product.kind.label("product_kind"),
).join(Product, and_(Product.clinic_id == Lot.clinic_id, Product.product_id == Lot.product_id))
_CONTAINER: Final = select(
    SharpsContainer.__table__, Room.code.label("room_code"), Room.label.label("room_label")
).outerjoin(
    Room, and_(Room.clinic_id == SharpsContainer.clinic_id, Room.room_id == SharpsContainer.room_id)
)


def search_devices(tx: Tx, clinic_id: str, wanted: Wanted) -> list[DeviceRow]:
    """A keyset page by (label, id)."""
    found = _page(
        select(Device.__table__).where(Device.clinic_id == clinic_id),
        wanted,
        shelf=Device,
        texts=(Device.code, Device.label),
        order=(Device.label, Device.device_id),
    )
    return [DeviceRow(**row) for row in _mappings(tx, found)]


def search_products(tx: Tx, clinic_id: str, wanted: Wanted) -> list[ProductRow]:
    """A keyset page by (name, id)."""
    statement = select(Product.__table__).where(Product.clinic_id == clinic_id)
    if wanted.kinds:
        statement = statement.where(Product.kind.in_(wanted.kinds))
    found = _page(
        statement,
        wanted,
        shelf=Product,
        texts=(Product.code, Product.name, func.coalesce(Product.maker, "")),
        order=(Product.name, Product.product_id),
    )
    return [ProductRow(**row) for row in _mappings(tx, found)]


def search_lots(tx: Tx, clinic_id: str, wanted: Wanted, *, product_id: str = "") -> list[LotRow]:
    """A keyset page by (expiry, id): what expires first comes first."""
    statement = _LOT.where(Lot.clinic_id == clinic_id)
    if wanted.kinds:
        statement = statement.where(Product.kind.in_(wanted.kinds))
    if product_id:
        statement = statement.where(Lot.product_id == product_id)
    found = _page(
        statement,
        wanted,
        shelf=Lot,
        texts=(Lot.code, Product.code, Product.name),
        order=(func.coalesce(Lot.expires_on, _NO_END), Lot.lot_id),
    )
    return [LotRow(**row) for row in _mappings(tx, found)]


def search_containers(tx: Tx, clinic_id: str, wanted: Wanted) -> list[ContainerRow]:
    """A keyset page by (label, id)."""
    found = _page(
        _CONTAINER.where(SharpsContainer.clinic_id == clinic_id),
        wanted,
        shelf=SharpsContainer,
        texts=(SharpsContainer.code, SharpsContainer.label),
        order=(SharpsContainer.label, SharpsContainer.container_id),
    )
    return [ContainerRow(**row) for row in _mappings(tx, found)]


def search_rooms(tx: Tx, clinic_id: str, wanted: Wanted) -> list[RoomRow]:
    """A keyset page by (label, id)."""
    found = _page(
        select(Room.__table__).where(Room.clinic_id == clinic_id),
        wanted,
        shelf=Room,
        texts=(Room.code, Room.label),
        order=(Room.label, Room.room_id),
    )
    return [RoomRow(**row) for row in _mappings(tx, found)]


def _page(
    statement: Select[Any],
    wanted: Wanted,
    *,
    shelf: _Table,
    texts: Sequence[ColumnElement[str] | Any],
    order: tuple[Any, Any],
) -> Select[Any]:
    first, last = order
    away = shelf.archived_at.is_not(None) if wanted.archived else shelf.archived_at.is_(None)
    statement = statement.where(away)
    if wanted.text:
        needle = wanted.text.lower()
        statement = statement.where(
            or_(*(func.lower(text).contains(needle, autoescape=True) for text in texts))
        )
    if wanted.after is not None:
        place: Any = wanted.after[0]
        if shelf is Lot:
            place = date.fromisoformat(place) if place else _NO_END
        statement = statement.where(
            or_(first > place, and_(first == place, last > wanted.after[1]))
        )
    return statement.order_by(first, last).limit(wanted.limit)


def _mappings(tx: Tx, statement: Select[Any]) -> Sequence[RowMapping]:
    return tx.execute(statement).mappings().all()


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


def insert_lot(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(Lot), dict(values))


def update_lot(tx: Tx, clinic_id: str, lot_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(Lot).where(Lot.clinic_id == clinic_id, Lot.lot_id == lot_id).values(**values))


def find_lot(tx: Tx, clinic_id: str, lot_id: str) -> LotRow | None:
    row = tx.execute(_LOT.where(Lot.clinic_id == clinic_id, Lot.lot_id == lot_id)).mappings()
    return _one(LotRow, row.first())


def find_lot_by_code(tx: Tx, clinic_id: str, product_id: str, code: str) -> LotRow | None:
    row = tx.execute(
        _LOT.where(Lot.clinic_id == clinic_id, Lot.product_id == product_id, Lot.code == code)
    ).mappings()
    return _one(LotRow, row.first())


def insert_container(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(SharpsContainer), dict(values))


def update_container(tx: Tx, clinic_id: str, container_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(SharpsContainer)
        .where(SharpsContainer.clinic_id == clinic_id, SharpsContainer.container_id == container_id)
        .values(**values)
    )


def find_container(tx: Tx, clinic_id: str, container: str) -> ContainerRow | None:
    """Find by id or by code."""
    row = tx.execute(
        _CONTAINER.where(
            SharpsContainer.clinic_id == clinic_id,
            or_(SharpsContainer.container_id == container, SharpsContainer.code == container),
        )
    ).mappings()
    return _one(ContainerRow, row.first())


def insert_room(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(Room), dict(values))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file that was read and waits for its confirmation."""

    clinic_id: str
    import_id: str
    family: str
    user_id: str
    text: str
    encoding: str
    created_at: datetime


def insert_staged(tx: Tx, staged: Staged) -> None:
    tx.execute(
        insert(StagedImport).values(
            clinic_id=staged.clinic_id,
            import_id=staged.import_id,
            family=staged.family,
            user_id=staged.user_id,
            text=staged.text,
            encoding=staged.encoding,
            created_at=staged.created_at,
        )
    )


def find_staged(tx: Tx, clinic_id: str, import_id: str) -> Staged | None:
    row = tx.execute(
        select(StagedImport.__table__).where(
            StagedImport.clinic_id == clinic_id, StagedImport.import_id == import_id
        )
    ).mappings()
    return _one(Staged, row.first())


def delete_staged(tx: Tx, clinic_id: str, *, import_id: str | None, before: datetime) -> None:
    """Forget one file, and every one staged before a moment."""
    tx.execute(
        delete(StagedImport).where(
            StagedImport.clinic_id == clinic_id,
            or_(StagedImport.import_id == import_id, StagedImport.created_at < before),
        )
    )


def count_in_use(tx: Tx, clinic_id: str) -> dict[str, int]:
    """How many of each family are in use; products by their kind."""
    counts: dict[str, int] = {}
    families: tuple[tuple[str, _Table], ...] = (
        ("devices", Device),
        ("lots", Lot),
        ("containers", SharpsContainer),
        ("rooms", Room),
        ("products", Product),
    )
    for name, table in families:
        counts[name] = (
            tx.scalar(
                select(func.count()).where(
                    table.clinic_id == clinic_id, table.archived_at.is_(None)
                )
            )
            or 0
        )
    return counts


def lots_ending_by(tx: Tx, clinic_id: str, day: date, *, limit: int) -> list[LotRow]:
    """Lots in use whose last day is that day or earlier, the earliest first."""
    rows = tx.execute(
        _LOT.where(
            Lot.clinic_id == clinic_id,
            Lot.archived_at.is_(None),
            or_(Lot.expires_on <= day, Lot.discard_on <= day),
            or_(Lot.quantity.is_(None), Lot.quantity > 0),
        )
        .order_by(func.coalesce(Lot.discard_on, Lot.expires_on), Lot.lot_id)
        .limit(limit)
    ).mappings()
    return [LotRow(**row) for row in rows]


def taken_codes(tx: Tx, clinic_id: str, family: str) -> set[str]:
    """The codes a family has given out, archived ones too."""
    if family == "lots":
        rows = tx.execute(
            select(Product.code, Lot.code)
            .join(
                Product,
                and_(Product.clinic_id == Lot.clinic_id, Product.product_id == Lot.product_id),
            )
            .where(Lot.clinic_id == clinic_id)
        )
        return {f"{product} {code}" for product, code in rows}
    tables: dict[str, type[Device | Product | SharpsContainer | Room]] = {
        "devices": Device,
        "products": Product,
        "containers": SharpsContainer,
        "rooms": Room,
    }
    table = tables[family]
    return set(tx.scalars(select(table.code).where(table.clinic_id == clinic_id)))
