"""Counting down the shelf when a session that used something from it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.domain.stock import choose_lot, find_taken
from compliance.store import single_things
from compliance.store.session import Tx


def take_from_shelf(tx: Tx, clinic_id: str, record: Mapping[str, Any]) -> None:
    """Take the pieces of an ended session from their lots; the caller's write transaction.

    The entry that ended the session says what was used, so the audit finds the same
    numbers. A lot that nobody counts stays uncounted, and nothing falls below zero:
    counting the shelf sets it right.

    Args:
        tx: the transaction that ends the session.
        clinic_id: the clinic of the session.
        record: the data of its ``session.closed`` or ``session.aborted``.
    """
    taken = find_taken(record)
    if not taken:
        return
    lots = {lot.lot_id: lot for lot in single_things.list_counted_cartridges(tx, clinic_id)}
    left = {lot_id: lot.quantity for lot_id, lot in lots.items()}
    for piece in taken:
        lot = choose_lot(piece, lots.values())
        if lot is not None:
            left[lot.lot_id] = max(0, left[lot.lot_id] - 1)
    for lot_id, quantity in left.items():
        if quantity != lots[lot_id].quantity:
            single_things.update_lot(tx, clinic_id, lot_id, {"quantity": quantity})
