"""One-time links: to join a clinic, or to choose a new password. Nobody chooses another's secret.

The link holds a random token of 32 bytes and the database its hash. Who opens it chooses
password and PIN themselves; the log says who made the link, and when it was used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor, Auth, Role, system_actor
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.ledger.entry import format_time
from compliance.operations.identifiers import new_id
from compliance.operations.people.access import list_clinics_open_to
from compliance.operations.people.accounts import (
    LONGEST_NAME,
    CreatePerson,
    check_username,
    create_person,
    require_own_person,
    reset_password,
)
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.operations.people.sign_in import hash_token, new_token
from compliance.operations.people.tokens import require_full_sign_in
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append
from compliance.store import clinics, people, staff
from compliance.store.session import Database, Tx
from compliance.store.staff import InvitationRow

JOIN_LIFETIME: Final = timedelta(days=7)
RESET_LIFETIME: Final = timedelta(days=1)
LONGEST_VISIT: Final = timedelta(days=366)
"""An inspector's access ends after so long at the latest."""

JOIN: Final = "join"
RESET: Final = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Somebody wanted in the actor's clinic."""

    username: str
    display_name: str
    """Empty: the invited person says it."""
    roles: frozenset[Role]
    entitled_override: bool = False
    valid_to: datetime | None = None
    """The end of the roles, not included; an inspector must have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link just made; the only time its secret is seen."""

    invitation_id: str
    token: str = field(repr=False)
    expires_at: datetime
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """What the page behind a link may show to whoever holds it."""

    purpose: str
    clinic_name: str
    username: str
    display_name: str
    roles: tuple[Role, ...]
    expires_at: datetime
    needs_pin: bool
    """Whoever works at the tablet switches users with a PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation:
    """What the invited person typed."""

    token: str = field(repr=False)
    display_name: str
    password: str = field(repr=False)
    pin: str = field(default="", repr=False)


def invite_person(tx: Tx, command: Invite, *, actor: Actor, now: datetime) -> NewLink:
    """Make a link with which somebody can join the actor's clinic; valid for 7 days.

    The account is made when the link is used, with what the person chose.

    Raises:
        NotPermitted: the actor may not manage people, or is known by PIN or token only.
        Refused: username, name, roles or end are not acceptable.
        Conflict: the username is taken.
    """
    actor.require(Action.MANAGE_PEOPLE)
    require_full_sign_in(actor)
    check_username(command.username)
    _check_roles(command, now)
    name = " ".join(command.display_name.split())
    if len(name) > LONGEST_NAME:
        raise Refused("display_name", name, "is too long", allowed=f"up to {LONGEST_NAME}")
    if people.find_account_by_name(tx, command.username) is not None:
        raise Conflict(f"the username {command.username} is taken")
    link, row = _make(actor, command.username, JOIN_LIFETIME, now)
    row = InvitationRow(
        **row,
        purpose=JOIN,
        user_id=None,
        display_name=name,
        roles=tuple(sorted(role.value for role in command.roles)),
        entitled_override=command.entitled_override,
        valid_to=command.valid_to,
    )
    staff.insert_invitation(tx, row)
    data = {
        "invitation": row.invitation_id,
        "roles": list(row.roles),
        "entitled_override": row.entitled_override,
        "valid_to": None if row.valid_to is None else format_time(row.valid_to),
        "expires_at": format_time(row.expires_at),
    }
    append(tx, actor, "user.invited", data, now=now)
    return link
