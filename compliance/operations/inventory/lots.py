"""Lots: what stands on the shelf, until when, how much of it, and which bottle is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_count, check_day, check_lot_code
from compliance.operations.inventory.entering import Addition, enter_additions, enter_change
from compliance.operations.inventory.products import find_product
from compliance.store import inventory, single_things
from compliance.store.inventory import LotRow, Wanted
from compliance.store.session import Tx

MOST_PIECES: Final = 100_000
MOST_OFFERED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLot:
    """A lot that arrived."""

    product: str
    """The product's id or code."""
    code: str
    """The lot number as its maker prints it."""
    expires_on: date | None = None
    received_on: date | None = None
    quantity: int | None = None
    """Pieces; None where nobody counts."""


def add_lot(tx: Tx, command: AddLot, *, actor: Actor, now: datetime) -> LotRow:
    """Enter a lot of a product.

    Raises:
        NotFound: no such product.
        Refused: an archived product, or a bad number, day or count.
        Conflict: the product has this lot already.
    """
    actor.require(Action.MANAGE_DEVICES)
    check_lot(command)
    product = find_product(tx, command.product, actor=actor)
    if product.archived_at is not None:
        raise Refused("product", product.code, "is archived", allowed="a product in use")
    if single_things.find_lot_by_code(tx, actor.clinic_id, product.product_id, command.code):
        raise Conflict(f"{product.name} has a lot {command.code!r} already")
    addition = prepare_lot(command, product.product_id, actor=actor, now=now)
    enter_additions(tx, actor, [addition], now=now)
    return find_lot(tx, addition.values["lot_id"], actor=actor)


def prepare_lot(command: AddLot, product_id: str, *, actor: Actor, now: datetime) -> Addition:
    """What adding a lot of this product writes; raises ``Refused``."""
    check_lot(command)
    lot_id = new_id(now)
    return Addition(
        values={
            "clinic_id": actor.clinic_id,
            "lot_id": lot_id,
            "product_id": product_id,
            "code": command.code,
            "expires_on": command.expires_on,
            "received_on": command.received_on,
            "quantity": command.quantity,
            "opened_on": None,
            "discard_on": None,
            "created_at": now,
            "archived_at": None,
        },
        kind="lot.added",
        data={
            "lot": lot_id,
            "product": product_id,
            "code": command.code,
            "expires_on": _text(command.expires_on),
            "received_on": _text(command.received_on),
            "quantity": command.quantity,
        },
    )


def check_lot(command: AddLot) -> None:
    """Raises ``Refused`` for what cannot be a lot, whatever the product."""
    check_lot_code("code", command.code)
    check_day("expires_on", command.expires_on)
    check_day("received_on", command.received_on)
    check_count("quantity", command.quantity, least=0, most=MOST_PIECES)


def open_lot(tx: Tx, lot_id: str, *, opened_on: date, actor: Actor, now: datetime) -> LotRow:
    """Enter that the bottle in use was opened; from then on the maker's days count.

    Raises:
        NotFound: no such lot.
        Refused: opened in the future, or after its expiry.
        Conflict: it was opened already.
    """
    actor.require(Action.MANAGE_DEVICES)
    row = _in_use(tx, lot_id, actor=actor)
    if row.opened_on is not None:
        raise Conflict(f"lot {row.code} was opened on {row.opened_on.isoformat()} already")
    today = today_of(tx, actor, now)
    if opened_on > today or (row.expires_on is not None and opened_on > row.expires_on):
        raise Refused(
            "opened_on",
            opened_on.isoformat(),
            "lies in the future or after the expiry",
            allowed=f"up to {min(today, row.expires_on or today).isoformat()}",
        )
    days = find_product(tx, row.product_id, actor=actor).open_days
    discard_on = None if days is None else opened_on + timedelta(days=days)
    data = {
        "lot": lot_id,
        "opened_on": opened_on.isoformat(),
        "discard_on": _text(discard_on),
    }
    enter_change(tx, actor, "lot.opened", data, now=now)
    values = {"opened_on": opened_on, "discard_on": discard_on}
    single_things.update_lot(tx, actor.clinic_id, lot_id, values)
    return find_lot(tx, lot_id, actor=actor)


def count_lot(tx: Tx, lot_id: str, quantity: int, *, actor: Actor, now: datetime) -> LotRow:
    """Enter how many pieces there are; old and new stay in the log."""
    actor.require(Action.MANAGE_DEVICES)
    row = _in_use(tx, lot_id, actor=actor)
    check_count("quantity", quantity, least=0, most=MOST_PIECES)
    if quantity == row.quantity:
        return row
    data = {"lot": lot_id, "old": row.quantity, "new": quantity}
    enter_change(tx, actor, "lot.counted", data, now=now)
    single_things.update_lot(tx, actor.clinic_id, lot_id, {"quantity": quantity})
    return find_lot(tx, lot_id, actor=actor)


def change_lot(
    tx: Tx,
    lot_id: str,
    *,
    expires_on: date | None,
    received_on: date | None,
    actor: Actor,
    now: datetime,
) -> LotRow:
    """Set the days of a lot right; old and new stay in the log."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_lot(tx, lot_id, actor=actor)
    check_day("expires_on", expires_on)
    check_day("received_on", received_on)
    values: dict[str, Any] = {"expires_on": expires_on, "received_on": received_on}
    old = {"expires_on": _text(row.expires_on), "received_on": _text(row.received_on)}
    new = {name: _text(day) for name, day in values.items()}
    if old == new:
        return row
    enter_change(tx, actor, "lot.changed", {"lot": lot_id, "old": old, "new": new}, now=now)
    single_things.update_lot(tx, actor.clinic_id, lot_id, values)
    return find_lot(tx, lot_id, actor=actor)


def archive_lot(tx: Tx, lot_id: str, *, actor: Actor, now: datetime) -> None:
    """Take a lot off the shelf: it is no longer offered, old records still show it."""
    actor.require(Action.MANAGE_DEVICES)
    if find_lot(tx, lot_id, actor=actor).archived_at is None:
        enter_change(tx, actor, "lot.archived", {"lot": lot_id}, now=now)
        single_things.update_lot(tx, actor.clinic_id, lot_id, {"archived_at": now})


def restore_lot(tx: Tx, lot_id: str, *, actor: Actor, now: datetime) -> None:
    """Put an archived lot back on the shelf."""
    actor.require(Action.MANAGE_DEVICES)
    if find_lot(tx, lot_id, actor=actor).archived_at is not None:
        enter_change(tx, actor, "lot.restored", {"lot": lot_id}, now=now)
        single_things.update_lot(tx, actor.clinic_id, lot_id, {"archived_at": None})


def find_lot(tx: Tx, lot_id: str, *, actor: Actor) -> LotRow:
    """Find a lot by its id; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = single_things.find_lot(tx, actor.clinic_id, lot_id)
    if row is None:
        raise NotFound("there is no such lot in this clinic")
    return row


def list_lots(
    tx: Tx, *, actor: Actor, product: str | None = None, kind: str | None = None
) -> list[LotRow]:
    """The lots in use of a product or of a kind, what expires first at the front.

    At most 200; ``product`` is an id. For screens that offer lots to choose from.
    """
    actor.require(Action.READ_THINGS)
    wanted = Wanted(kinds=() if kind is None else (kind,), limit=MOST_OFFERED)
    return inventory.search_lots(tx, actor.clinic_id, wanted, product_id=product or "")


def search_lots(tx: Tx, wanted: Wanted, *, actor: Actor) -> list[LotRow]:
    """A keyset page by (expiry, id) of what matches."""
    actor.require(Action.READ_THINGS)
    return inventory.search_lots(tx, actor.clinic_id, wanted)


def lots_ending_soon(tx: Tx, *, actor: Actor, now: datetime, days: int = 30) -> list[LotRow]:
    """Lots in use that are over or will be within so many days, the earliest first."""
    actor.require(Action.READ_THINGS)
    day = today_of(tx, actor, now) + timedelta(days=days)
    return inventory.lots_ending_by(tx, actor.clinic_id, day, limit=100)


def today_of(tx: Tx, actor: Actor, now: datetime) -> date:
    """The date on the clinic's wall."""
    return now.astimezone(ZoneInfo(clinic_of(tx, actor).time_zone)).date()


def _in_use(tx: Tx, lot_id: str, *, actor: Actor) -> LotRow:
    row = find_lot(tx, lot_id, actor=actor)
    if row.archived_at is not None:
        raise Conflict(f"lot {row.code} is archived; take it into use first")
    return row


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
