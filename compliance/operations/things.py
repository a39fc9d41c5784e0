"""Devices and products: what a treatment uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.depth import classify_depth
from compliance.domain.evidence import Component
from compliance.domain.words import NEEDLE_MATERIALS, ProductKind
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.sealing import append
from compliance.store import things
from compliance.store.session import Tx
from compliance.store.things import DeviceRow, ProductRow

__all__ = ["DeviceRow", "ProductRow"]

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_COMPONENT: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDevice:
    """A handpiece or reusable device with every part that touches the client."""

    code: str
    """On its label; scanned to choose it."""
    label: str
    components: tuple[Component, ...]
    max_depth_mm: str | None = None


def add_device(tx: Tx, command: AddDevice, *, actor: Actor, now: datetime) -> DeviceRow:
    """Enter a device into the clinic's inventory and log.

    Raises:
        Refused: a bad code, label, component, material or depth.
        Conflict: the code is taken.
    """
    actor.require(Action.MANAGE_DEVICES)
    _check_device(command)
    if things.find_device(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a device with the code {command.code!r}")
    device = DeviceRow(
        clinic_id=actor.clinic_id,
        device_id=new_id(now),
        code=command.code,
        label=command.label.strip(),
        components=[component.to_json() for component in command.components],
        max_depth_mm=command.max_depth_mm,
        created_at=now,
        archived_at=None,
    )
    things.insert_device(tx, device)
    data = {
        "device": device.device_id,
        "code": device.code,
        "label": device.label,
        "components": [dict(component) for component in device.components],
        "max_depth_mm": device.max_depth_mm,
    }
    append(tx, actor, "device.added", data, now=now)
    return device


def _check_device(command: AddDevice) -> None:
    _check_code("code", command.code)
    _check_label("label", command.label)
    names = [component.component for component in command.components]
    if not 1 <= len(names) <= 8 or len(set(names)) != len(names):
        raise Refused("components", names, "must be 1 to 8 different parts")
    for component in command.components:
        if _COMPONENT.fullmatch(component.component) is None:
            raise Refused(
                "components.component",
                component.component,
                "is no code",
                allowed="a-z, 0-9 and _, starting with a letter",
            )
        if component.material not in (None, *NEEDLE_MATERIALS):
            raise Refused(
                "components.material",
                component.material,
                "is not a needle material used here",
                allowed=", ".join(NEEDLE_MATERIALS),
            )
    if command.max_depth_mm is not None:
        try:
            classify_depth(Decimal(command.max_depth_mm))
        except InvalidOperation as error:
            raise Refused(
                "max_depth_mm", command.max_depth_mm, "is no number", allowed="0.1 to 3"
            ) from error


def find_device(tx: Tx, device: str, *, actor: Actor) -> DeviceRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = things.find_device(tx, actor.clinic_id, device)
    if row is None:
        raise NotFound(f"there is no device {device!r} in this clinic")
    return row


def list_devices(
    tx: Tx, *, actor: Actor, after: tuple[str, str] | None = None, limit: int = 50
) -> list[DeviceRow]:
    """A keyset page by (label, id)."""
    actor.require(Action.READ_THINGS)
    return list(things.list_devices(tx, actor.clinic_id, after=after, limit=limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProduct:
    """A disinfectant, serum, anaesthetic or aftercare product."""

    code: str
    kind: ProductKind
    name: str
    contact_seconds: int | None = None
    """The contact time its maker demands; for disinfectants."""
    use: tuple[str, ...] = ()
    """``skin``, ``surface`` or both; for disinfectants."""


def add_product(tx: Tx, command: AddProduct, *, actor: Actor, now: datetime) -> ProductRow:
    """Enter a product; a disinfectant needs its contact time and its use.

    Raises:
        Refused, Conflict: as for devices.
    """
    actor.require(Action.MANAGE_DEVICES)
    _check_code("code", command.code)
    _check_label("name", command.name)
    if command.kind is ProductKind.DISINFECTANT:
        _check_disinfectant(command)
    if things.find_product(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a product with the code {command.code!r}")
    product = ProductRow(
        clinic_id=actor.clinic_id,
        product_id=new_id(now),
        code=command.code,
        kind=command.kind.value,
        name=command.name.strip(),
        contact_seconds=command.contact_seconds,
        use=list(command.use),
        created_at=now,
        archived_at=None,
    )
    things.insert_product(tx, product)
    data = {
        "product": product.product_id,
        "code": product.code,
        "kind": product.kind,
        "name": product.name,
        "contact_seconds": product.contact_seconds,
        "use": list(product.use),
    }
    append(tx, actor, "product.added", data, now=now)
    return product


def _check_disinfectant(command: AddProduct) -> None:
    if command.contact_seconds is None or not 1 <= command.contact_seconds <= 86_400:
        raise Refused(
            "contact_seconds", command.contact_seconds, "is needed", allowed="1 to 86400 seconds"
        )
    if not command.use or set(command.use) - {"skin", "surface"}:
        raise Refused("use", command.use, "is needed", allowed="skin, surface")


def list_products(tx: Tx, *, actor: Actor) -> list[ProductRow]:
    """All products in use, by kind and name."""
    actor.require(Action.READ_THINGS)
    return list(things.list_products(tx, actor.clinic_id))


def _check_code(field: str, text: str) -> None:
    if CODE.fullmatch(text) is None:
        raise Refused(field, text, "is no code", allowed="1 to 40 of A-Z, a-z, 0-9, . _ -")


def _check_label(field: str, text: str) -> None:
    if not 1 <= len(text.strip()) <= 120:
        raise Refused(field, text, "is missing", allowed="1 to 120 characters")
