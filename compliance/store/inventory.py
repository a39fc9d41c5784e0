"""Rows of the inventory: searching every family, lots, containers, rooms, histories, imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    func,
    or_,
    select,
)

from compliance.store.models.inventory import Lot, Room, SharpsContainer
from compliance.store.models.things import Device, Product
from compliance.store.session import Tx
from compliance.store.things import DeviceRow, ProductRow

_NO_END: Final = date(9999, 12, 31)
"""Where a lot without an expiry sorts."""

_Table = type[Device] | type[Product] | type[Lot] | type[SharpsContainer] | type[Room]


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


LOTS: Final = select(
    Lot.__table__,
    Product.code.label("product_code"),
    Product.name.label("product_name"),
    Product.kind.label("product_kind"),
).join(Product, and_(Product.clinic_id == Lot.clinic_id, Product.product_id == Lot.product_id))
CONTAINERS: Final = select(
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
    statement = LOTS.where(Lot.clinic_id == clinic_id)
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
        CONTAINERS.where(SharpsContainer.clinic_id == clinic_id),
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
        LOTS.where(
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
