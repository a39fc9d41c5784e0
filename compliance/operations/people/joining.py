"""Using a one-time link: what is behind it, and what the person who opens it chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from compliance.domain.access import Action, Auth, Role, system_actor
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.people.access import list_clinics_open_to
from compliance.operations.people.accounts import (
    CreatePerson,
    create_person,
    require_own_person,
    reset_password,
)
from compliance.operations.people.invitations import RESET
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.operations.people.sign_in import hash_token
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append
from compliance.store import clinics, people, staff
from compliance.store.session import Database, Tx
from compliance.store.staff import InvitationRow


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


def read_invitation(tx: Tx, token: str, *, now: datetime) -> OpenInvitation:
    """What is behind a link.

    Raises:
        NotFound: unknown, used, revoked, run out, or made by somebody who may no longer;
            which of them is not told.
    """
    row = _open(tx, token, now)
    clinic = clinics.find_clinic(tx, row.clinic_id)
    if clinic is None:
        raise _gone()
    roles = tuple(Role(role) for role in row.roles)
    return OpenInvitation(
        purpose=row.purpose,
        clinic_name=clinic.name,
        username=row.username,
        display_name=row.display_name,
        roles=roles,
        expires_at=row.expires_at,
        needs_pin=bool({Role.PRACTITIONER, Role.OPERATOR} & set(roles)),
    )


def accept_invitation(
    database: Database, command: AcceptInvitation, *, keyring: Keyring, now: datetime
) -> str:
    """Use a link up: make the account, or renew the password. Returns the username.

    Takes a read, up to two slow hashes outside of any transaction, and a write of its
    own. A renewed password ends all browsers of the person.

    Raises:
        NotFound: as for `read_invitation`.
        Refused: name, password or PIN is not acceptable.
        Conflict: the username was taken meanwhile.
    """
    with database.reading() as tx:
        invitation = read_invitation(tx, command.token, now=now)
    password = hash_password(command.password, username=invitation.username)
    if invitation.needs_pin and not command.pin:
        raise Refused("pin", "…", "is needed at the tablet", allowed="6 to 12 digits")
    pin = hash_pin(command.pin) if command.pin else None
    with database.writing() as tx:
        row = _open(tx, command.token, now)
        if not staff.take_invitation(tx, row.token_hash, now=now):
            raise _gone()
        _use(tx, row, command, (password, pin), keyring=keyring, now=now)
    return row.username


def _use(
    tx: Tx,
    row: InvitationRow,
    command: AcceptInvitation,
    hashes: tuple[PasswordHash, PasswordHash | None],
    *,
    keyring: Keyring,
    now: datetime,
) -> None:
    # Nobody is signed in yet, so the entries are the system's; they name the invitation,
    # and its own entry names who made it.
    actor = system_actor(row.clinic_id, "invitation")
    password, pin = hashes
    user_id = row.user_id
    if row.purpose == RESET and user_id is not None:
        reset_password(tx, user_id, password, actor=actor, now=now)
        if pin is not None:
            people.update_pin(tx, user_id, pin)
    else:
        wanted = CreatePerson(
            username=row.username,
            display_name=row.display_name or command.display_name,
            password_hash=password,
            pin_hash=pin,
            roles=frozenset(Role(role) for role in row.roles),
            entitled_override=row.entitled_override,
            valid_to=row.valid_to,
        )
        user_id = create_person(tx, wanted, keyring=keyring, actor=actor, now=now)
        staff.set_invited_user(tx, row.token_hash, user_id)
    data = {"invitation": row.invitation_id, "user": user_id}
    append(tx, actor, "invitation.accepted", data, now=now)


def _open(tx: Tx, token: str, now: datetime) -> InvitationRow:
    row = staff.find_invitation(tx, hash_token(token))
    if row is None or row.used_at is not None or row.revoked_at is not None:
        raise _gone()
    if now >= row.expires_at or (row.valid_to is not None and now >= row.valid_to):
        raise _gone()
    if not _maker_still_may(tx, row, now):
        raise _gone()
    return row


def _maker_still_may(tx: Tx, row: InvitationRow, now: datetime) -> bool:
    """Whoever made the link must still be able to: a dismissed manager leaves no open doors."""
    if row.created_by.startswith("system:"):
        return True
    account = people.find_account(tx, row.created_by)
    opened = () if account is None else list_clinics_open_to(tx, account, now=now)
    clinic = next((each for each in opened if each.clinic_id == row.clinic_id), None)
    if clinic is None:
        return False
    maker = clinic.to_actor(row.created_by, Auth.PASSWORD)
    if not maker.may(Action.MANAGE_PEOPLE):
        return False
    try:
        if row.user_id is not None:
            return require_own_person(tx, row.user_id, actor=maker).disabled_at is None
    except (NotPermitted, NotFound, Conflict):
        return False
    return True


def _gone() -> NotFound:
    return NotFound("this link was used, has run out or was taken back; ask for a new one")
