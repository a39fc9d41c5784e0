"""Bearer tokens of the API: one person, one clinic, some scopes, an end."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Action, Actor, Auth
from compliance.errors import NotFound, NotPermitted, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.people import recording
from compliance.operations.people.access import ClinicAccess, bearer_access, list_clinics_open_to
from compliance.operations.people.sign_in import hash_token
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.bearers import find_bearer
from compliance.store.session import Tx

PREFIX: Final = "ast_"
"""Lets a scanner for leaked secrets recognise ours."""

LONGEST_LABEL: Final = 80
USED_STEP: Final = timedelta(minutes=1)
"""``used_at`` is written at most this often."""


class Scope(enum.StrEnum):
    """What a token may be used for, within what its person may do."""

    READ = "read"
    WRITE = "write"
    SIGN = "sign"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateToken:
    """A token wanted for a person who works in the actor's clinic."""

    user_id: str
    label: str
    scopes: frozenset[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made; the only time its secret is seen."""

    token_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSummary:
    """One token on a list."""

    token_id: str
    user_id: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBearer:
    """The person a valid token stands for."""

    token_id: str
    username: str
    display_name: str
    actor: Actor
    clinic: ClinicAccess
    scopes: frozenset[Scope]
    touch_due: bool


def create_token(tx: Tx, command: CreateToken, *, actor: Actor, now: datetime) -> NewToken:
    """Make a token and enter it in the log; the secret is not kept.

    A token acts in its person's name, so only that person may make it, or
    whoever runs the command line; the log says which.

    Raises:
        NotPermitted: for somebody else, or by PIN or by another token.
        NotFound: the person does not work in this clinic.
        Refused: label, scopes or end are not acceptable.
    """
    require_full_sign_in(actor)
    if actor.auth is not Auth.SYSTEM and command.user_id != actor.user_id:
        raise NotPermitted("only the person it acts for may make a token")
    label, scopes = _checked(command, now)
    account = people.find_account(tx, command.user_id)
    if account is None or _access(tx, account, actor.clinic_id, now) is None:
        raise NotFound("nobody of that id works in this clinic")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = store.TokenRow(
        clinic_id=actor.clinic_id,
        token_id=new_id(now),
        user_id=command.user_id,
        label=label,
        scopes=tuple(sorted(scopes)),
        created_at=now,
        expires_at=command.expires_at,
        revoked_at=None,
        used_at=None,
    )
    store.insert_token(tx, row, token_hash=hash_token(secret))
    recording.record_token_created(tx, row, actor=actor, now=now)
    return NewToken(token_id=row.token_id, secret=secret)


def require_full_sign_in(actor: Actor) -> None:
    """Refuse a PIN and a token for acts that give access to others or to machines.

    Raises:
        NotPermitted: the actor is known by PIN or by token only.
    """
    if actor.auth not in {Auth.PASSWORD, Auth.SYSTEM}:
        raise NotPermitted("sign in with your password for this")


def _checked(command: CreateToken, now: datetime) -> tuple[str, frozenset[str]]:
    label = command.label.strip()
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise Refused(
            "label", label, "has the wrong length", allowed=f"1 to {LONGEST_LABEL} characters"
        )
    known = {scope.value for scope in Scope}
    if not command.scopes or not command.scopes <= known:
        raise Refused(
            "scopes",
            sorted(command.scopes),
            "is not a choice of scopes",
            allowed="read, write, sign, export",
        )
    if command.expires_at is not None and command.expires_at <= now:
        raise Refused("expires", command.expires_at.isoformat(), "is over", allowed="a later time")
    return label, command.scopes


def _access(tx: Tx, account: people.Account, clinic_id: str, now: datetime) -> ClinicAccess | None:
    open_clinics = list_clinics_open_to(tx, account, now=now)
    return next((each for each in open_clinics if each.clinic_id == clinic_id), None)


def resume_token(tx: Tx, secret: str, *, now: datetime) -> TokenBearer | None:
    """Return who this token stands for, or None when it is worth nothing (any more).

    Revoked, expired, the account off, the membership ended: each ends it at once.
    Only reads; when ``touch_due`` is set the caller lets `touch_token` write.
    """
    if not secret.startswith(PREFIX):
        return None
    row = find_bearer(tx, hash_token(secret), now=now)
    if row is None or row.revoked_at is not None:
        return None
    if row.expires_at is not None and now >= row.expires_at:
        return None
    clinic = bearer_access(row)
    if clinic is None:
        return None
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return TokenBearer(
        token_id=row.token_id,
        username=row.username,
        display_name=row.display_name,
        actor=clinic.to_actor(row.user_id, Auth.TOKEN, may_sign=Scope.SIGN in scopes),
        clinic=clinic,
        scopes=scopes,
        touch_due=row.used_at is None or now - row.used_at >= USED_STEP,
    )


def touch_token(tx: Tx, bearer: TokenBearer, *, now: datetime) -> None:
    """Note that the token was used; the caller's write transaction."""
    store.update_token_used(tx, bearer.token_id, clinic_id=bearer.clinic.clinic_id, used_at=now)


def list_tokens(tx: Tx, *, actor: Actor) -> tuple[TokenSummary, ...]:
    """The clinic's tokens, newest first; one's own for who may not manage people."""
    return tuple(
        TokenSummary(
            token_id=row.token_id,
            user_id=row.user_id,
            label=row.label,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            used_at=row.used_at,
        )
        for row in store.find_tokens(tx, clinic_id=actor.clinic_id)
        if row.user_id == actor.user_id or actor.may(Action.MANAGE_PEOPLE)
    )


def revoke_token(tx: Tx, token_id: str, *, actor: Actor, now: datetime) -> None:
    """End a token of the clinic and enter that in the log; once more changes nothing.

    Raises:
        NotFound: no such token among those `list_tokens` shows the actor.
    """
    found = {token.token_id: token for token in list_tokens(tx, actor=actor)}.get(token_id)
    if found is None:
        raise NotFound("there is no such token in this clinic")
    if found.revoked_at is None:
        store.revoke_token(tx, token_id, clinic_id=actor.clinic_id, now=now)
        recording.record_token_revoked(tx, token_id, found.user_id, actor=actor, now=now)
