"""Products: disinfectants, serums, anaesthetics, aftercare products and cartridges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.words import NEEDLE_MATERIALS, ProductKind
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import (
    check_code,
    check_count,
    check_label,
    check_note,
)
from compliance.operations.inventory.entering import Addition, enter_additions, enter_change
from compliance.store import inventory, single_things, things
from compliance.store.inventory import Wanted
from compliance.store.session import Tx
from compliance.store.things import ProductRow

MOST_OPEN_DAYS: Final = 1095
MOST_SECONDS: Final = 86_400
_CHANGEABLE: Final = (
    "name",
    "contact_seconds",
    "use",
    "maker",
    "listing",
    "material",
    "open_days",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProduct:
    """A disinfectant, serum, anaesthetic, aftercare product or cartridge."""

    code: str
    kind: ProductKind
    name: str
    contact_seconds: int | None = None
    """The contact time its maker demands; for disinfectants."""
    use: tuple[str, ...] = ()
    """``skin``, ``surface`` or both; for disinfectants."""
    maker: str | None = None
    listing: str | None = None
    """Where an authority lists it, such as an EPA number or an EN standard."""
    material: str | None = None
    """Of the needles; for cartridges."""
    open_days: int | None = None
    """Days of use after opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProduct:
    """What a product shall be from now on; its code and its kind stay."""

    product_id: str
    name: str
    contact_seconds: int | None = None
    use: tuple[str, ...] = ()
    maker: str | None = None
    listing: str | None = None
    material: str | None = None
    open_days: int | None = None


def add_product(tx: Tx, command: AddProduct, *, actor: Actor, now: datetime) -> ProductRow:
    """Enter a product; a disinfectant needs its contact time and its use.

    Raises:
        Refused, Conflict: as for devices.
    """
    actor.require(Action.MANAGE_DEVICES)
    addition = prepare_product(command, actor=actor, now=now)
    if things.find_product(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a product with the code {command.code!r}")
    enter_additions(tx, actor, [addition], now=now)
    return ProductRow(**addition.values)


def prepare_product(command: AddProduct, *, actor: Actor, now: datetime) -> Addition:
    """What adding a product writes; raises ``Refused``."""
    checked = check_product(command)
    described = {
        "code": checked.code,
        "kind": checked.kind.value,
        "name": checked.name,
        "contact_seconds": checked.contact_seconds,
        "use": list(checked.use),
        "maker": checked.maker,
        "listing": checked.listing,
        "material": checked.material,
        "open_days": checked.open_days,
    }
    product_id = new_id(now)
    return Addition(
        values={
            **described,
            "clinic_id": actor.clinic_id,
            "product_id": product_id,
            "created_at": now,
            "archived_at": None,
        },
        kind="product.added",
        data={"product": product_id, **described},
    )


def check_product(command: AddProduct) -> AddProduct:
    """Return the product as it will be recorded; raises ``Refused``."""
    check_code("code", command.code)
    if command.kind is ProductKind.DISINFECTANT:
        _check_disinfectant(command)
    if command.material is not None and command.material not in NEEDLE_MATERIALS:
        raise Refused(
            "material",
            command.material,
            "is not a needle material used here",
            allowed=", ".join(NEEDLE_MATERIALS),
        )
    return replace(
        command,
        name=check_label("name", command.name),
        maker=check_note("maker", command.maker),
        listing=check_note("listing", command.listing),
        open_days=check_count("open_days", command.open_days, least=1, most=MOST_OPEN_DAYS),
    )


def _check_disinfectant(command: AddProduct) -> None:
    if command.contact_seconds is None or not 1 <= command.contact_seconds <= MOST_SECONDS:
        raise Refused(
            "contact_seconds", command.contact_seconds, "is needed", allowed="1 to 86400 seconds"
        )
    if not command.use or set(command.use) - {"skin", "surface"}:
        raise Refused("use", command.use, "is needed", allowed="skin, surface")


def _described(product: ProductRow) -> dict[str, Any]:
    values = {name: getattr(product, name) for name in _CHANGEABLE}
    return {**values, "use": list(product.use)}


def change_product(tx: Tx, command: ChangeProduct, *, actor: Actor, now: datetime) -> ProductRow:
    """Set a product right; old and new stay in the log. Nothing new makes no entry.

    Records made before keep the name and the contact time that they were made with.

    Raises:
        NotFound, Refused: as for adding.
    """
    actor.require(Action.MANAGE_DEVICES)
    row = find_product(tx, command.product_id, actor=actor)
    checked = check_product(
        AddProduct(
            code=row.code,
            kind=ProductKind(row.kind),
            name=command.name,
            contact_seconds=command.contact_seconds,
            use=command.use,
            maker=command.maker,
            listing=command.listing,
            material=command.material,
            open_days=command.open_days,
        )
    )
    values = {name: getattr(checked, name) for name in _CHANGEABLE} | {"use": list(checked.use)}
    old = _described(row)
    if values == old:
        return row
    data = {"product": row.product_id, "old": old, "new": values}
    enter_change(tx, actor, "product.changed", data, now=now)
    single_things.update_product(tx, actor.clinic_id, row.product_id, values)
    return find_product(tx, row.product_id, actor=actor)


def archive_product(tx: Tx, product: str, *, actor: Actor, now: datetime) -> None:
    """Take a product out of use: it is no longer offered, old records still show it."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_product(tx, product, actor=actor)
    if row.archived_at is None:
        enter_change(tx, actor, "product.archived", {"product": row.product_id}, now=now)
        single_things.update_product(tx, actor.clinic_id, row.product_id, {"archived_at": now})


def restore_product(tx: Tx, product: str, *, actor: Actor, now: datetime) -> None:
    """Take an archived product into use again."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_product(tx, product, actor=actor)
    if row.archived_at is not None:
        enter_change(tx, actor, "product.restored", {"product": row.product_id}, now=now)
        single_things.update_product(tx, actor.clinic_id, row.product_id, {"archived_at": None})


def find_product(tx: Tx, product: str, *, actor: Actor) -> ProductRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = things.find_product(tx, actor.clinic_id, product)
    if row is None:
        raise NotFound(f"there is no product {product!r} in this clinic")
    return row


def list_products(tx: Tx, *, actor: Actor) -> list[ProductRow]:
    """All products in use, by kind and name."""
    actor.require(Action.READ_THINGS)
    return list(things.list_products(tx, actor.clinic_id))


def search_products(tx: Tx, wanted: Wanted, *, actor: Actor) -> list[ProductRow]:
    """A keyset page by (name, id) of what matches."""
    actor.require(Action.READ_THINGS)
    return inventory.search_products(tx, actor.clinic_id, wanted)
