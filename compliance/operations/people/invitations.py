"""One-time links: to join a clinic, or to choose a new password. Nobody chooses another's secret.

The link holds a random token of 32 bytes and the database its hash. Who opens it chooses
password and PIN themselves; the log says who made the link, and when it was used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor, Role
from compliance.errors import Conflict, NotFound, Refused
from compliance.ledger.entry import format_time
from compliance.operations.identifiers import new_id
from compliance.operations.people.accounts import (
    LONGEST_NAME,
    check_username,
    require_own_person,
)
from compliance.operations.people.sign_in import hash_token, new_token
from compliance.operations.people.tokens import require_full_sign_in
from compliance.operations.sealing import append
from compliance.store import people, staff
from compliance.store.session import Tx
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
    row = _row(command, name, actor=actor, now=now)
    token = _keep(tx, row)
    data = {
        "invitation": row.invitation_id,
        "roles": list(row.roles),
        "entitled_override": row.entitled_override,
        "valid_to": None if row.valid_to is None else format_time(row.valid_to),
        "expires_at": format_time(row.expires_at),
    }
    append(tx, actor, "user.invited", data, now=now)
    return _link(row, token)


def invite_reset(tx: Tx, user_id: str, *, actor: Actor, now: datetime) -> NewLink:
    """Make a link with which a person can choose a new password; valid for a day.

    Their old password stays good until then. An earlier link of the kind ends.

    Raises:
        NotPermitted: the actor may not manage people, or another clinic depends on the account.
        NotFound: no such person in the clinic.
        Conflict: the account is switched off, or it is the actor's own.
    """
    account = require_own_person(tx, user_id, actor=actor)
    if user_id == actor.user_id:
        raise Conflict("change your own password on the page of your account")
    if account.disabled_at is not None:
        raise Conflict("the account is switched off; switch it on first")
    staff.revoke_resets_of(tx, user_id, now=now)
    row = InvitationRow(
        clinic_id=actor.clinic_id,
        invitation_id=new_id(now),
        token_hash=b"",
        purpose=RESET,
        user_id=user_id,
        username=account.username,
        display_name=account.display_name,
        roles=(),
        entitled_override=False,
        valid_to=None,
        created_at=now,
        created_by=actor.user_id,
        expires_at=now + RESET_LIFETIME,
    )
    token = _keep(tx, row)
    data = {
        "invitation": row.invitation_id,
        "user": user_id,
        "expires_at": format_time(row.expires_at),
    }
    append(tx, actor, "user.reset_offered", data, now=now)
    return _link(row, token)


def _row(command: Invite, name: str, *, actor: Actor, now: datetime) -> InvitationRow:
    return InvitationRow(
        clinic_id=actor.clinic_id,
        invitation_id=new_id(now),
        token_hash=b"",
        purpose=JOIN,
        user_id=None,
        username=command.username,
        display_name=name,
        roles=tuple(sorted(role.value for role in command.roles)),
        entitled_override=command.entitled_override,
        valid_to=command.valid_to,
        created_at=now,
        created_by=actor.user_id,
        expires_at=now + JOIN_LIFETIME,
    )


def _keep(tx: Tx, row: InvitationRow) -> str:
    token = new_token()
    staff.insert_invitation(tx, replace(row, token_hash=hash_token(token)))
    return token


def _link(row: InvitationRow, token: str) -> NewLink:
    return NewLink(
        invitation_id=row.invitation_id,
        token=token,
        expires_at=row.expires_at,
        username=row.username,
    )


def _check_roles(command: Invite, now: datetime) -> None:
    given = sorted(role.value for role in command.roles)
    if not command.roles or Role.ADMIN in command.roles:
        raise Refused(
            "roles",
            given,
            "is not a choice of roles in a clinic",
            allowed="practitioner, operator, manager, inspector",
        )
    if command.valid_to is not None and command.valid_to <= now:
        raise Refused("valid_to", command.valid_to.isoformat(), "is over", allowed="a later day")
    check_inspector(command.roles, command.valid_to, now)


def check_inspector(roles: frozenset[Role], valid_to: datetime | None, now: datetime) -> None:
    """An inspector only reads, and only for a period; raises ``Refused`` otherwise."""
    if Role.INSPECTOR not in roles:
        return
    if len(roles) > 1:
        raise Refused(
            "roles",
            sorted(role.value for role in roles),
            "mixes the inspector with a role that is inspected",
            allowed="inspector alone",
        )
    if valid_to is None or valid_to > now + LONGEST_VISIT:
        raise Refused(
            "valid_to",
            None if valid_to is None else valid_to.isoformat(),
            "does not bound the inspector's access",
            allowed="a day within a year",
        )


def list_open_invitations(tx: Tx, *, actor: Actor, now: datetime) -> list[InvitationRow]:
    """The clinic's links that can still be used, newest first."""
    actor.require(Action.MANAGE_PEOPLE)
    return staff.list_open_invitations(tx, actor.clinic_id, now=now)


def revoke_invitation(tx: Tx, invitation_id: str, *, actor: Actor, now: datetime) -> None:
    """End a link that nobody used yet.

    Raises:
        NotFound: no such link, or it was used or ended.
    """
    actor.require(Action.MANAGE_PEOPLE)
    require_full_sign_in(actor)
    if not staff.revoke_invitation(tx, actor.clinic_id, invitation_id, now=now):
        raise NotFound("there is no such invitation that could still be used")
    append(tx, actor, "invitation.revoked", {"invitation": invitation_id}, now=now)
