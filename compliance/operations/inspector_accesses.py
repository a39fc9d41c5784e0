"""What inspectors read: noted for both sides, shown to both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor, Role
from compliance.operations.identifiers import new_id
from compliance.operations.people.listing import read_names
from compliance.operations.sealing import hold_log
from compliance.store import inspector_accesses as store
from compliance.store import people
from compliance.store.inspector_accesses import AccessRow
from compliance.store.session import Tx

__all__ = ["AccessRow", "Reading", "list_accesses", "list_inspectors", "note_access"]

REPEAT: Final = timedelta(minutes=1)
"""A page that asks for itself again is noted once in so long."""

_LONGEST_THING: Final = 120
_LONGEST_ASKED: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an inspector is about to be shown."""

    way: str
    """``page``, ``file`` or ``api``."""
    what: str
    thing: str = ""
    asked: str = ""
    token_id: str | None = None
    polled: bool = False
    """The page asked for itself again, and nobody's hand did."""


def note_access(tx: Tx, reading: Reading, *, actor: Actor, now: datetime) -> None:
    """Note one read, in a write transaction that is committed before the answer leaves.

    It is no entry of the log: whoever reads changes nothing that a report could speak of,
    and a report must not grow by being read. `enter_accesses` covers it with the next ones.
    """
    row = AccessRow(
        clinic_id=actor.clinic_id,
        access_id=new_id(now),
        user_id=actor.user_id,
        at=now,
        way=reading.way,
        what=reading.what,
        thing=reading.thing[:_LONGEST_THING],
        asked=reading.asked[:_LONGEST_ASKED],
        token_id=reading.token_id,
    )
    if reading.polled and store.is_noted(tx, row, since=now - REPEAT):
        return
    hold_log(tx, actor.clinic_id)
    store.insert_access(tx, row)


def list_accesses(
    tx: Tx,
    *,
    actor: Actor,
    user_id: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> list[AccessRow]:
    """Newest first: a manager sees everybody's, an inspector their own.

    Raises:
        NotPermitted: the actor is neither.
    """
    actor.require(Action.READ_ACCESSES)
    whose = user_id if Role.MANAGER in actor.roles else actor.user_id
    return store.list_accesses(tx, actor.clinic_id, user_id=whose, after=after, limit=limit)


def list_inspectors(tx: Tx, *, actor: Actor) -> dict[str, str]:
    """Names by id of everybody who ever was an inspector of this clinic."""
    actor.require(Action.READ_ACCESSES)
    names = read_names(tx, clinic_id=actor.clinic_id)
    held = people.find_clinic_roles(tx, clinic_id=actor.clinic_id)
    found = {role.user_id for role in held if role.role == Role.INSPECTOR.value}
    return {user: name for user, name in names.items() if user in found}
