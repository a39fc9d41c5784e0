"""What a manager sees of a person and decides about them, beside the account itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Action, Actor, Role
from compliance.errors import Conflict, NotFound
from compliance.operations.people import recording
from compliance.operations.people.accounts import (
    ChangeRoles,
    change_roles,
    require_member,
    require_own_person,
)
from compliance.operations.people.invitations import check_inspector
from compliance.operations.people.listing import (
    AttemptSummary,
    LoginSummary,
    Person,
    list_attempts,
    list_logins,
    list_people,
)
from compliance.operations.people.sign_in import normal_username
from compliance.operations.people.tokens import TokenSummary, list_tokens
from compliance.store import people, staff
from compliance.store import sign_in as store
from compliance.store.session import Tx

ATTEMPTS_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTerm:
    """One role a person has or had in one clinic."""

    clinic_id: str
    clinic_name: str
    role: Role
    valid_from: datetime
    valid_to: datetime | None
    entitled_override: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile:
    """Everything the page about one person shows."""

    person: Person
    terms: tuple[RoleTerm, ...]
    """In this clinic; for the administrator in all of them."""
    elsewhere: bool
    """Another clinic depends on the account too: only the administrator decides over it."""
    is_admin: bool
    last_sign_in: datetime | None
    waits_until: datetime | None
    """Set while the account waits after wrong attempts."""
    logins: tuple[LoginSummary, ...]
    attempts: tuple[AttemptSummary, ...]
    tokens: tuple[TokenSummary, ...]


def read_person(tx: Tx, user_id: str, *, actor: Actor, now: datetime) -> PersonFile:
    """One person as their manager sees them.

    Raises:
        NotPermitted, NotFound: nobody of that id in this clinic.
    """
    actor.require(Action.MANAGE_PEOPLE)
    account = require_member(tx, user_id, actor=actor)
    person = next(each for each in list_people(tx, actor=actor, now=now) if each.user_id == user_id)
    held = people.find_roles(tx, user_id)
    everywhere = actor.may(Action.MANAGE_INSTALLATION)
    names = {clinic.clinic_id: clinic.name for clinic in people.find_clinics(tx, None)}
    waiting = account.locked_until is not None and account.locked_until > now
    return PersonFile(
        person=person,
        terms=tuple(
            RoleTerm(
                clinic_id=role.clinic_id,
                clinic_name=names[role.clinic_id],
                role=Role(role.role),
                valid_from=role.valid_from,
                valid_to=role.valid_to,
                entitled_override=role.entitled_override,
            )
            for role in held
            if everywhere or role.clinic_id == actor.clinic_id
        ),
        elsewhere=any(role.clinic_id != actor.clinic_id for role in held),
        is_admin=account.admin,
        last_sign_in=staff.last_accepted(tx, [account.username]).get(account.username),
        waits_until=account.locked_until if waiting else None,
        logins=list_logins(tx, user_id=user_id, now=now),
        attempts=list_attempts(tx, username=account.username, limit=ATTEMPTS_SHOWN),
        tokens=tuple(each for each in list_tokens(tx, actor=actor) if each.user_id == user_id),
    )


def last_sign_ins(tx: Tx, *, actor: Actor, now: datetime) -> Mapping[str, datetime]:
    """When each person of the clinic was last known by password or PIN, by username."""
    usernames = [person.username for person in list_people(tx, actor=actor, now=now)]
    return staff.last_accepted(tx, usernames)


def set_roles(tx: Tx, command: ChangeRoles, *, actor: Actor, now: datetime) -> None:
    """Give a person exactly these roles, as `change_roles`, with two more rules.

    Raises:
        Conflict: the actor would take their own role of manager away.
        Refused: an inspector without an end, or with another role.
    """
    manages = Role.MANAGER in command.roles and command.valid_to is None
    if command.user_id == actor.user_id and Role.MANAGER in actor.roles and not manages:
        raise Conflict("nobody ends their own role of manager; ask another manager")
    check_inspector(command.roles, command.valid_to, now)
    change_roles(tx, command, actor=actor, now=now)


def find_by_username(tx: Tx, username: str, *, actor: Actor) -> str:
    """The id of somebody who works in another clinic of this installation.

    Raises:
        NotPermitted: only the administrator may bring people over.
        NotFound: nobody has that name.
    """
    actor.require(Action.MANAGE_INSTALLATION)
    account = people.find_account_by_name(tx, normal_username(username))
    if account is None:
        raise NotFound(f"nobody has the username {username!r}")
    return account.user_id


def end_login_of(tx: Tx, user_id: str, login_id: str, *, actor: Actor, now: datetime) -> None:
    """Sign one browser of a person out, and enter that; the caller's write transaction.

    Raises:
        NotPermitted, NotFound: no such person here, or another clinic depends on the account.
    """
    require_own_person(tx, user_id, actor=actor)
    if login_id not in {login.login_id for login in list_logins(tx, user_id=user_id, now=now)}:
        raise NotFound("there is no such open browser of this person")
    store.revoke_login(tx, bytes.fromhex(login_id), now=now)
    recording.record_plain(tx, "user.signed_out", user_id, actor=actor, now=now)
