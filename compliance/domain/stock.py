"""What a treatment takes from the shelf: single-use pieces, by the lot that its record names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compliance.domain.tracing import normal_lot
from compliance.domain.words import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One single-use piece that was opened."""

    lot: str
    """In the one spelling under which lots are found."""
    expires_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLot:
    """A lot of cartridges in use whose pieces somebody counts."""

    lot_id: str
    code: str
    expires_on: str | None
    quantity: int


def find_taken(record: Mapping[str, Any]) -> tuple[Taken, ...]:
    """The pieces that a session used, from the data of ``session.closed`` or ``session.aborted``.

    Before the start nothing was opened. What an answer replaced later is not in the
    record any more; whoever counts the shelf finds it.
    """
    if record["started_at"] is None:
        return ()
    return tuple(
        Taken(lot=normal_lot(str(piece["ref"]["lot"])), expires_on=piece["ref"]["expires_on"])
        for item in record["items"]
        for piece in item["evidence"]
        if piece["kind"] == EvidenceKind.LOT.value
    )


def choose_lot(taken: Taken, lots: Iterable[CountedLot]) -> CountedLot | None:
    """The lot that a piece came from; nothing where two fit, for a guess would be no count."""
    fitting = [
        lot
        for lot in lots
        if normal_lot(lot.code) == taken.lot
        and (lot.expires_on is None or taken.expires_on in (None, lot.expires_on))
    ]
    return fitting[0] if len(fitting) == 1 else None
