"""Adding people, giving them roles, switching accounts off. Each is an entry of the clinic's log.

A person is one account in the whole installation, roles are given per clinic. A
manager decides over the roles in their own clinic, and over the account itself
only while nobody else's clinic depends on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor, Role
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.people import recording
from compliance.operations.people.erased import refuse_erased
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.people.tokens import require_full_sign_in
from compliance.operations.personal import Keyring
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Tx

LONGEST_NAME: Final = 120
_USERNAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePerson:
    """A new person with their roles in the actor's clinic."""

    username: str
    display_name: str
    password_hash: PasswordHash = field(repr=False)
    """From `passwords.hash_password`: hashing takes too long for a write transaction."""
    roles: frozenset[Role]
    pin_hash: PasswordHash | None = field(default=None, repr=False)
    entitled_override: bool = False
    valid_to: datetime | None = None
    """The end of all the roles, not included; inspectors usually have one."""
    admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoles:
    """The roles a person shall have in the actor's clinic from now on; none ends the access."""

    user_id: str
    roles: frozenset[Role]
    entitled_override: bool = False
    valid_to: datetime | None = None


def create_person(
    tx: Tx, command: CreatePerson, *, keyring: Keyring, actor: Actor, now: datetime
) -> str:
    """Add a person and return their id; the caller's write transaction.

    Raises:
        NotPermitted: the actor may not manage people, or not make administrators.
        Refused: the username, the name or the roles are not acceptable.
        Conflict: the username is taken.
    """
    _require_manager(actor)
    if command.admin:
        actor.require(Action.MANAGE_INSTALLATION)
    account = _checked_account(tx, command, now)
    people.insert_account(tx, account, now=now)
    for role in sorted(command.roles):
        people.insert_role(tx, _role(command, account.user_id, role, actor=actor, now=now))
    recorded = command.roles | ({Role.ADMIN} if command.admin else set())
    person = (account.user_id, account.display_name)
    recording.record_added(tx, keyring, person, recorded, actor=actor, now=now)
    if command.entitled_override:
        recording.record_changed(
            tx,
            account.user_id,
            recorded,
            entitled_override=True,
            valid_to=command.valid_to,
            actor=actor,
            now=now,
        )
    return account.user_id


def _checked_account(tx: Tx, command: CreatePerson, now: datetime) -> people.Account:
    name = _checked_name(command.display_name)
    _check_roles(command.roles, needed=not command.admin)
    check_username(command.username)
    if people.find_account_by_name(tx, command.username) is not None:
        raise Conflict(f"the username {command.username} is taken")
    return people.Account(
        user_id=new_id(now),
        username=command.username,
        display_name=name,
        password_hash=command.password_hash,
        pin_hash=command.pin_hash,
        admin=command.admin,
        disabled_at=None,
        failed_count=0,
        locked_until=None,
    )


def check_username(username: str) -> None:
    """Raises ``Refused`` for what cannot be a username."""
    if _USERNAME.fullmatch(username) is None:
        raise Refused(
            "username",
            username,
            "is not a username",
            allowed="2 to 60 of a-z, 0-9, dot, hyphen and underscore, a letter first",
        )


def change_roles(tx: Tx, command: ChangeRoles, *, actor: Actor, now: datetime) -> None:
    """Give a person exactly these roles in the actor's clinic; the caller's write transaction.

    Ended roles stay as rows with an end. What the person has open in a browser
    follows with the next request.

    Raises:
        NotPermitted: the actor may not manage people.
        NotFound: no such person here; only an administrator can bring one in from elsewhere.
        Refused: the roles are not acceptable.
    """
    _require_manager(actor)
    _check_roles(command.roles, needed=False)
    held = {
        role.role: role
        for role in people.find_roles(tx, command.user_id)
        if role.clinic_id == actor.clinic_id
    }
    if people.find_account(tx, command.user_id) is None:
        raise _unknown()
    if not held and not actor.may(Action.MANAGE_INSTALLATION):
        raise _unknown()
    refuse_erased(tx, command.user_id)
    for role in sorted(command.roles):
        row = _role(command, command.user_id, role, actor=actor, now=now)
        (people.update_role if role in held else people.insert_role)(tx, row)
    for name, old in held.items():
        if Role(name) not in command.roles and (old.valid_to is None or old.valid_to > now):
            people.update_role(tx, _ended(old, now))
    recording.record_changed(
        tx,
        command.user_id,
        command.roles,
        entitled_override=command.entitled_override,
        valid_to=command.valid_to,
        actor=actor,
        now=now,
    )


def disable_person(tx: Tx, user_id: str, *, actor: Actor, now: datetime) -> None:
    """Switch an account off: its browsers and tokens end at once; the caller's write transaction.

    Raises:
        NotPermitted: the actor may not manage people, or another clinic depends on the account.
        NotFound: no such person in the clinic.
        Conflict: it is the actor's own account.
    """
    account = require_own_person(tx, user_id, actor=actor)
    if user_id == actor.user_id:
        raise Conflict("nobody switches off their own account; ask another manager")
    if account.disabled_at is not None:
        return
    people.update_disabled(tx, user_id, now)
    store.revoke_logins_of(tx, user_id, keep=None, now=now)
    store.revoke_tokens_of(tx, user_id, now=now)
    recording.record_plain(tx, "user.disabled", user_id, actor=actor, now=now)


def enable_person(tx: Tx, user_id: str, *, actor: Actor, now: datetime) -> None:
    """Switch an account on again; its old browsers and tokens stay ended.

    Raises:
        NotPermitted: as for `disable_person`.
        NotFound: as for `disable_person`.
    """
    account = require_own_person(tx, user_id, actor=actor)
    if account.disabled_at is None:
        return
    people.update_disabled(tx, user_id, None)
    people.update_attempts(tx, user_id, failed_count=0, locked_until=None)
    recording.record_plain(tx, "user.enabled", user_id, actor=actor, now=now)


def reset_password(
    tx: Tx, user_id: str, password_hash: PasswordHash, *, actor: Actor, now: datetime
) -> None:
    """Give somebody else a new password; ends their browsers and is entered in the log.

    The entry matters: who knows a person's password can sign in their name, and an
    inspector shall see when somebody else last chose it.

    Raises:
        NotPermitted: as for `disable_person`.
        NotFound: as for `disable_person`.
    """
    require_own_person(tx, user_id, actor=actor)
    people.update_password(tx, user_id, password_hash)
    people.update_attempts(tx, user_id, failed_count=0, locked_until=None)
    store.revoke_logins_of(tx, user_id, keep=None, now=now)
    recording.record_plain(tx, "user.password_reset", user_id, actor=actor, now=now)


def require_member(tx: Tx, user_id: str, *, actor: Actor) -> people.Account:
    """Return the account of somebody who has or had a role in the actor's clinic.

    Raises:
        NotFound: nobody of that id.
    """
    account = people.find_account(tx, user_id)
    clinics = {role.clinic_id for role in people.find_roles(tx, user_id)}
    if account is None or actor.clinic_id not in clinics:
        raise _unknown()
    return account


def require_own_person(tx: Tx, user_id: str, *, actor: Actor) -> people.Account:
    """Return an account over which the actor may decide as a whole.

    Raises:
        NotPermitted: the actor may not manage people, or another clinic depends on the account.
        NotFound: no such person in the clinic.
        Conflict: the person was erased.
    """
    _require_manager(actor)
    account = people.find_account(tx, user_id)
    clinics = {role.clinic_id for role in people.find_roles(tx, user_id)}
    if account is None:
        raise _unknown()
    refuse_erased(tx, user_id)
    if actor.may(Action.MANAGE_INSTALLATION):
        return account
    if actor.clinic_id not in clinics:
        raise _unknown()
    if account.admin or clinics != {actor.clinic_id}:
        raise NotPermitted("the account serves other clinics too; ask the administrator")
    return account


def _require_manager(actor: Actor) -> None:
    actor.require(Action.MANAGE_PEOPLE)
    require_full_sign_in(actor)


def _unknown() -> NotFound:
    return NotFound("there is no such person in this clinic")


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refused(
            "display_name", name, "has the wrong length", allowed=f"1 to {LONGEST_NAME} characters"
        )
    return name


def _check_roles(roles: frozenset[Role], *, needed: bool) -> None:
    if Role.ADMIN in roles or (needed and not roles):
        raise Refused(
            "roles",
            sorted(role.value for role in roles),
            "is not a choice of roles in a clinic",
            allowed="practitioner, operator, manager, inspector",
        )


def _role(
    command: CreatePerson | ChangeRoles, user_id: str, role: Role, *, actor: Actor, now: datetime
) -> people.RoleHeld:
    return people.RoleHeld(
        clinic_id=actor.clinic_id,
        user_id=user_id,
        role=role.value,
        entitled_override=command.entitled_override,
        valid_from=now,
        valid_to=command.valid_to,
    )


def _ended(role: people.RoleHeld, now: datetime) -> people.RoleHeld:
    return people.RoleHeld(
        clinic_id=role.clinic_id,
        user_id=role.user_id,
        role=role.role,
        entitled_override=role.entitled_override,
        valid_from=role.valid_from,
        valid_to=now,
    )
