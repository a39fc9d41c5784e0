"""Lists of people, of a person's open browsers and of attempts to sign in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Action, Actor, Role
from compliance.operations.people.sign_in import LIFETIME
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person as their clinic sees them."""

    user_id: str
    username: str
    display_name: str
    roles: frozenset[Role]
    """The roles that count now."""
    entitled_override: bool
    valid_to: datetime | None
    """The latest end of these roles; None when one of them has no end."""
    disabled: bool
    has_pin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSummary:
    """One browser where the person is signed in."""

    login_id: str
    auth: str
    created_at: datetime
    seen_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSummary:
    """One attempt to sign in under the person's name."""

    at: datetime
    outcome: str


def list_people(tx: Tx, *, actor: Actor, now: datetime) -> tuple[Person, ...]:
    """Everybody who has or had a role in the actor's clinic, by name.

    Raises:
        NotPermitted: the actor may not manage people.
    """
    actor.require(Action.MANAGE_PEOPLE)
    held: dict[str, list[people.RoleHeld]] = defaultdict(list)
    for role in people.find_clinic_roles(tx, clinic_id=actor.clinic_id):
        if role.valid_from <= now and (role.valid_to is None or role.valid_to > now):
            held[role.user_id].append(role)
    return tuple(
        _person(account, held[account.user_id])
        for account in people.find_clinic_accounts(tx, clinic_id=actor.clinic_id)
    )


def _person(account: people.Account, held: list[people.RoleHeld]) -> Person:
    ends = [role.valid_to for role in held]
    return Person(
        user_id=account.user_id,
        username=account.username,
        display_name=account.display_name,
        roles=frozenset(Role(role.role) for role in held),
        entitled_override=any(role.entitled_override for role in held),
        valid_to=max((end for end in ends if end is not None), default=None)
        if None not in ends
        else None,
        disabled=account.disabled_at is not None,
        has_pin=account.pin_hash is not None,
    )


def read_names(tx: Tx, *, clinic_id: str) -> Mapping[str, str]:
    """The display names of everybody who ever had a role in the clinic, by user id."""
    return {
        account.user_id: account.display_name
        for account in people.find_clinic_accounts(tx, clinic_id=clinic_id)
    }


def list_logins(tx: Tx, *, user_id: str, now: datetime) -> tuple[LoginSummary, ...]:
    """The browsers where this person is signed in, newest first."""
    return tuple(
        LoginSummary(
            login_id=row.token_hash.hex(),
            auth=row.auth,
            created_at=row.created_at,
            seen_at=row.seen_at,
            user_agent=row.user_agent,
        )
        for row in store.find_open_logins(tx, user_id, since=now - LIFETIME)
    )


def list_attempts(tx: Tx, *, username: str, limit: int = 10) -> tuple[AttemptSummary, ...]:
    """The newest attempts to sign in under this name, newest first."""
    return tuple(
        AttemptSummary(at=row.at, outcome=row.outcome)
        for row in store.find_attempts(tx, username, limit=limit)
    )
