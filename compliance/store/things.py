"""Rows of templates, devices, products and packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from compliance.domain.words import PackState
from compliance.store.models.things import Device, Pack, Product, TemplateVersion
from compliance.store.session import Tx
from compliance.store.uses import delete_use as delete_use
from compliance.store.uses import find_use as find_use
from compliance.store.uses import insert_use as insert_use
from compliance.store.waits import WaitRow as WaitRow
from compliance.store.waits import delete_waits as delete_waits
from compliance.store.waits import end_wait as end_wait
from compliance.store.waits import insert_wait as insert_wait
from compliance.store.waits import list_waits as list_waits
from compliance.store.waits import read_waits as read_waits


def insert_template(
    tx: Tx, clinic_id: str, body: Mapping[str, Any], *, hash_: str, index: int, now: datetime
) -> None:
    tx.execute(
        insert(TemplateVersion).values(
            clinic_id=clinic_id,
            template_id=body["id"],
            version=body["version"],
            hash=hash_,
            body=dict(body),
            published_at=now,
            idx=index,
        )
    )


def find_template(
    tx: Tx, clinic_id: str, template_id: str, version: int | None
) -> tuple[Mapping[str, Any], str] | None:
    """Return (body, hash) of one version, or of the newest."""
    statement = (
        select(TemplateVersion.body, TemplateVersion.hash)
        .where(TemplateVersion.clinic_id == clinic_id, TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.version.desc())
        .limit(1)
    )
    if version is not None:
        statement = statement.where(TemplateVersion.version == version)
    row = tx.execute(statement).first()
    return None if row is None else (row[0], row[1])


def list_templates(tx: Tx, clinic_id: str) -> Sequence[tuple[Mapping[str, Any], str]]:
    """Every version of every template, newest version first within each."""
    rows = tx.execute(
        select(TemplateVersion.body, TemplateVersion.hash)
        .where(TemplateVersion.clinic_id == clinic_id)
        .order_by(TemplateVersion.template_id, TemplateVersion.version.desc())
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    clinic_id: str
    device_id: str
    code: str
    label: str
    components: Sequence[Mapping[str, Any]]
    max_depth_mm: str | None
    settings: str | None = None
    created_at: datetime
    archived_at: datetime | None


def find_device(tx: Tx, clinic_id: str, device: str) -> DeviceRow | None:
    """Find by id or by the code on its label."""
    row = tx.execute(
        select(Device.__table__).where(
            Device.clinic_id == clinic_id, or_(Device.device_id == device, Device.code == device)
        )
    ).first()
    return None if row is None else DeviceRow(**row._mapping)


def list_devices(
    tx: Tx, clinic_id: str, *, after: tuple[str, str] | None, limit: int
) -> Sequence[DeviceRow]:
    """Keyset page by (label, id)."""
    statement = select(Device.__table__).where(
        Device.clinic_id == clinic_id, Device.archived_at.is_(None)
    )
    if after is not None:
        label, device_id = after
        statement = statement.where(
            or_(Device.label > label, and_(Device.label == label, Device.device_id > device_id))
        )
    rows = tx.execute(statement.order_by(Device.label, Device.device_id).limit(limit))
    return [DeviceRow(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    clinic_id: str
    product_id: str
    code: str
    kind: str
    name: str
    contact_seconds: int | None
    use: Sequence[str]
    maker: str | None = None
    listing: str | None = None
    material: str | None = None
    open_days: int | None = None
    created_at: datetime
    archived_at: datetime | None


def find_product(tx: Tx, clinic_id: str, product: str) -> ProductRow | None:
    """Find by id or by code."""
    row = tx.execute(
        select(Product.__table__).where(
            Product.clinic_id == clinic_id,
            or_(Product.product_id == product, Product.code == product),
        )
    ).first()
    return None if row is None else ProductRow(**row._mapping)


def list_products(tx: Tx, clinic_id: str) -> Sequence[ProductRow]:
    """All products in use; a clinic has tens of them, not thousands."""
    rows = tx.execute(
        select(Product.__table__)
        .where(Product.clinic_id == clinic_id, Product.archived_at.is_(None))
        .order_by(Product.kind, Product.name)
        .limit(500)
    )
    return [ProductRow(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRow:
    clinic_id: str
    pack_id: str
    code: str
    device_id: str | None
    contents: str
    sterilizer: str
    cycle_number: str
    sterilized_on: date
    expires_on: date
    state: PackState
    registered_at: datetime
    registered_by: str
    released_at: datetime | None
    released_by: str | None
    used_in: str | None
    cycle_id: str | None = None


def insert_pack(tx: Tx, pack: PackRow) -> None:
    tx.execute(
        insert(Pack).values(
            clinic_id=pack.clinic_id,
            pack_id=pack.pack_id,
            code=pack.code,
            device_id=pack.device_id,
            contents=pack.contents,
            sterilizer=pack.sterilizer,
            cycle_number=pack.cycle_number,
            sterilized_on=pack.sterilized_on,
            expires_on=pack.expires_on,
            state=pack.state.value,
            registered_at=pack.registered_at,
            registered_by=pack.registered_by,
            released_at=pack.released_at,
            released_by=pack.released_by,
            used_in=pack.used_in,
            cycle_id=pack.cycle_id,
        )
    )


def find_pack(tx: Tx, clinic_id: str, pack: str) -> PackRow | None:
    """Find by id or by the code on its label."""
    row = tx.execute(
        select(Pack.__table__).where(
            Pack.clinic_id == clinic_id, or_(Pack.pack_id == pack, Pack.code == pack)
        )
    ).first()
    return None if row is None else _pack(row)


def find_packs(tx: Tx, clinic_id: str, pack_ids: Sequence[str]) -> Sequence[PackRow]:
    if not pack_ids:
        return []
    rows = tx.execute(
        select(Pack.__table__).where(Pack.clinic_id == clinic_id, Pack.pack_id.in_(pack_ids))
    )
    return [_pack(row) for row in rows]


def list_registered(tx: Tx, clinic_id: str, cycle_id: str) -> Sequence[PackRow]:
    """The packs of a load that wait for their release, by code."""
    rows = tx.execute(
        select(Pack.__table__)
        .where(
            Pack.clinic_id == clinic_id,
            Pack.cycle_id == cycle_id,
            Pack.state == PackState.REGISTERED.value,
        )
        .order_by(Pack.code)
    )
    return [_pack(row) for row in rows]


def list_packs(
    tx: Tx,
    clinic_id: str,
    *,
    state: PackState | None,
    device_id: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[PackRow]:
    """Newest first, keyset page by (registered_at, id)."""
    statement = select(Pack.__table__).where(Pack.clinic_id == clinic_id)
    if state is not None:
        statement = statement.where(Pack.state == state.value)
    if device_id is not None:
        statement = statement.where(Pack.device_id == device_id)
    if after is not None:
        moment, pack_id = after
        statement = statement.where(
            or_(
                Pack.registered_at < moment,
                and_(Pack.registered_at == moment, Pack.pack_id < pack_id),
            )
        )
    rows = tx.execute(
        statement.order_by(Pack.registered_at.desc(), Pack.pack_id.desc()).limit(limit)
    )
    return [_pack(row) for row in rows]


def _pack(row: Any) -> PackRow:
    values = dict(row._mapping)
    values["state"] = PackState(values["state"])
    return PackRow(**values)


def update_pack(tx: Tx, clinic_id: str, pack_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Pack).where(Pack.clinic_id == clinic_id, Pack.pack_id == pack_id).values(**values)
    )
