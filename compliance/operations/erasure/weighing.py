"""What should be known before somebody is erased, a client or a former colleague."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.erasure import kept_until
from compliance.errors import NotFound
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.personal import Keyring, find_index
from compliance.store import clients, erased_people, erasures, people
from compliance.store.session import Tx

CLIENT: Final = "client"
COLLEAGUE: Final = "user"
"""What is erased, as entries name it."""

_STILL_OPEN: Final = (
    "a session of this client is still open; close or abort it first,"
    " or its checklist could not be completed"
)
_STILL_ON: Final = (
    "this account is still switched on; switch it off first, at Manager, People:"
    " who still works here goes on signing with their name"
)
_ELSEWHERE: Final = (
    "this person has worked in another clinic of this installation too, and the account is"
    " one for all of them; it cannot be erased for one clinic alone"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What an erasure would meet."""

    subject_id: str
    sessions: int
    """Of the client, or those the colleague answered for."""
    last_on: date | None
    """In the clinic's zone: the client's last session, or when the account was switched off."""
    keep_until: date | None
    """Until when the clinic's rules want the record kept; None where they say nothing."""
    rule: str
    """The rule behind it, with its source."""
    still_kept: bool
    """Whether that day is still to come."""
    obstacle: str
    """Why nobody can be erased yet, and what to do; empty where nothing is in the way."""


def weigh_erasure(
    tx: Tx, client_ref: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> Weighing:
    """Find a client by reference and say what an erasure would meet; reads only.

    Raises:
        NotFound: nobody here is known by this reference.
    """
    actor.require(Action.REQUEST_ERASURE)
    index = find_index(keyring, actor.clinic_id, "client.ref", client_ref)
    client = clients.find_client(tx, actor.clinic_id, index)
    if client is None:
        raise NotFound("nobody in this clinic is known by this reference")
    return weigh_subject(tx, CLIENT, client.client_id, actor=actor, now=now)


def weigh_subject(tx: Tx, what: str, subject_id: str, *, actor: Actor, now: datetime) -> Weighing:
    """Say what the erasure of somebody already found would meet; reads only.

    Args:
        what: ``client`` or ``user``.

    Raises:
        NotFound: nobody of that id has or had a role in this clinic.
    """
    if what == COLLEAGUE:
        return _weigh_colleague(tx, subject_id, actor=actor, now=now)
    trace = erasures.trace_client(tx, actor.clinic_id, subject_id)
    obstacle = _STILL_OPEN if trace.open_sessions else ""
    seen = (trace.sessions, trace.last_opened_at)
    return _weigh(tx, subject_id, seen, obstacle, actor=actor, now=now)


def former_colleagues(tx: Tx, *, actor: Actor) -> list[tuple[str, str]]:
    """(id, name) of those whose account in this clinic is switched off and who are not erased.

    Raises:
        NotPermitted: the actor may not ask for erasures.
    """
    actor.require(Action.REQUEST_ERASURE)
    return [
        (account.user_id, account.display_name)
        for account in people.find_clinic_accounts(tx, clinic_id=actor.clinic_id)
        if account.disabled_at is not None and not erased_people.is_erased(tx, account.user_id)
    ]


def _weigh_colleague(tx: Tx, user_id: str, *, actor: Actor, now: datetime) -> Weighing:
    account = people.find_account(tx, user_id)
    worked_in = {role.clinic_id for role in people.find_roles(tx, user_id)}
    if account is None or actor.clinic_id not in worked_in:
        raise NotFound("there is no such person in this clinic")
    obstacle = ""
    if account.disabled_at is None:
        obstacle = _STILL_ON
    elif worked_in != {actor.clinic_id}:
        obstacle = _ELSEWHERE
    seen = (erasures.count_answered_for(tx, actor.clinic_id, user_id), account.disabled_at)
    return _weigh(tx, user_id, seen, obstacle, actor=actor, now=now)


def _weigh(
    tx: Tx,
    subject_id: str,
    seen: tuple[int, datetime | None],
    obstacle: str,
    *,
    actor: Actor,
    now: datetime,
) -> Weighing:
    sessions, last_at = seen
    clinic = clinic_of(tx, actor)
    zone = ZoneInfo(clinic.time_zone)
    today = now.astimezone(zone).date()
    last = None if last_at is None else last_at.astimezone(zone).date()
    rules = effective_rules(clinic.profiles, today)
    years = rules.values.get("records_years")
    until = kept_until(last, years) if last is not None and isinstance(years, int) else None
    return Weighing(
        subject_id=subject_id,
        sessions=sessions,
        last_on=last,
        keep_until=until,
        rule="" if until is None else str(rules.cite("records_years")),
        still_kept=until is not None and today < until,
        obstacle=obstacle,
    )
