"""Entries about things, and a thing's history read back from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.ledger.entry import parse_time
from compliance.operations.sealing import append, append_many
from compliance.store import inventory, single_things
from compliance.store.names import display_names
from compliance.store.session import Tx

THINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{thing}.{act}": thing
        for thing, acts in (
            ("device", ("changed", "archived", "restored")),
            ("product", ("changed", "archived", "restored")),
            ("lot", ("changed", "opened", "counted", "archived", "restored")),
            ("container", ("changed", "filled", "archived", "restored")),
            ("room", ("changed", "archived", "restored")),
            ("sterilizer", ("moved", "serviced", "mapped")),
        )
        for act in acts
    }
)
"""Entries about a thing after the one that added it, each with the key of ``data`` that names it."""

HISTORY_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One entry about a thing."""

    index: int
    kind: str
    at: datetime
    user: str
    """The person's name, or ``system:NAME``."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A thing that is about to be added: the columns of its row, and its entry."""

    values: Mapping[str, Any]
    kind: str
    data: Mapping[str, Any]


def enter_additions(tx: Tx, actor: Actor, additions: Sequence[Addition], *, now: datetime) -> None:
    """Add things of one kind, each with its entry; rows and entries go in as batches.

    A spreadsheet holds thousands of rows, and tablets wait while it is written.
    """
    if additions:
        kind = additions[0].kind
        single_things.insert_things(tx, kind.partition(".")[0], [each.values for each in additions])
        append_many(tx, actor, [(kind, each.data) for each in additions], now=now)


def enter_change(tx: Tx, actor: Actor, kind: str, data: Mapping[str, Any], *, now: datetime) -> int:
    """Append an entry about a thing and note it in the thing's history; the caller's transaction."""
    index = append(tx, actor, kind, data, now=now)
    single_things.insert_thing_entry(tx, actor.clinic_id, str(data[THINGS[kind]]), index)
    return index


def read_thing_history(
    tx: Tx, thing: str, thing_id: str, *, actor: Actor
) -> tuple[HistoryLine, ...]:
    """The entries about a thing, the newest first, at most ``HISTORY_LIMIT`` and the first.

    Args:
        tx: one snapshot.
        thing: ``device``, ``product``, ``lot``, ``container``, ``room`` or ``sterilizer``.
        thing_id: its id; of another clinic's thing there is no history.
        actor: who reads.
    """
    actor.require(Action.READ_THINGS)
    bodies = single_things.read_thing_entries(
        tx, actor.clinic_id, place=thing, thing=thing_id, limit=HISTORY_LIMIT
    )
    entries = {index: json.loads(body) for index, body in bodies.items()}
    names = display_names(tx, (entry["by"]["user"] for entry in entries.values()))
    return tuple(
        HistoryLine(
            index=index,
            kind=entry["kind"],
            at=parse_time(entry["at"]),
            user=names.get(entry["by"]["user"], entry["by"]["user"]),
            data=entry["data"],
        )
        for index, entry in sorted(entries.items(), reverse=True)
    )


def count_things(tx: Tx, *, actor: Actor) -> dict[str, int]:
    """How many things of each family are in use."""
    actor.require(Action.READ_THINGS)
    return inventory.count_in_use(tx, actor.clinic_id)
