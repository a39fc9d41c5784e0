"""Shared tablets: a PIN unlocks one or hands it to a colleague. A PIN is not a signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from compliance.domain.access import Auth
from compliance.errors import NotFound
from compliance.operations.people import attempts
from compliance.operations.people.access import list_clinics_open_to
from compliance.operations.people.passwords import check_secret
from compliance.operations.people.sign_in import (
    SignedIn,
    hash_token,
    new_token,
    normal_username,
)
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Database, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Somebody typed a PIN at a tablet that is signed in."""

    token: str = field(repr=False)
    """The token this browser holds; it ends and a new one takes its place."""
    username: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who may take over the tablet."""

    username: str
    display_name: str


def list_colleagues(tx: Tx, *, clinic_id: str, now: datetime) -> tuple[Colleague, ...]:
    """The people of the clinic who have a PIN, by name."""
    return tuple(
        Colleague(username=account.username, display_name=account.display_name)
        for account in people.find_pin_holders(tx, clinic_id=clinic_id, now=now)
    )


def take_over_tablet(
    database: Database, command: TakeOver, *, signed_in: SignedIn, now: datetime
) -> str:
    """Unlock the tablet for the same person or hand it to a colleague; returns the new token.

    The new login is known by PIN and inherits the age of the old one: with PINs
    alone a tablet stays open no longer than one password allows. Takes a read, a
    check outside of any transaction, and a write of its own.

    Raises:
        NotFound: the browser works in no clinic, or its login has just ended.
        WrongSecret: the PIN is not right, or the person has none in this clinic.
        TooManyAttempts: the account waits after repeated failures.
        NotPermitted: the account was switched off.
    """
    if signed_in.clinic is None:
        raise NotFound("choose a clinic first")
    clinic_id = signed_in.clinic.clinic_id
    with database.reading() as tx:
        account = people.find_account_by_name(tx, normal_username(command.username))
        if account is not None and not _works_in(tx, account, clinic_id, now=now):
            account = None
    proof = check_secret(None if account is None else account.pin_hash, command.pin)
    token = None
    with database.writing() as tx:
        settled = attempts.settle_attempt(tx, account, proof, secret=attempts.Secret.PIN, now=now)
        if settled.outcome is attempts.Outcome.ACCEPTED and account is not None:
            token = _replace_login(tx, command.token, account.user_id, clinic_id, now=now)
    attempts.raise_unless_accepted(settled, known=True)
    if token is None:
        raise NotFound("this browser is signed out; sign in again")
    return token


def _works_in(tx: Tx, account: people.Account, clinic_id: str, *, now: datetime) -> bool:
    return any(
        clinic.clinic_id == clinic_id for clinic in list_clinics_open_to(tx, account, now=now)
    )


def _replace_login(
    tx: Tx, token: str, user_id: str, clinic_id: str, *, now: datetime
) -> str | None:
    old = store.find_login(tx, hash_token(token))
    if old is None or old.revoked_at is not None:
        return None
    store.revoke_login(tx, old.token_hash, now=now)
    fresh = new_token()
    store.insert_login(
        tx,
        store.LoginRow(
            token_hash=hash_token(fresh),
            user_id=user_id,
            clinic_id=clinic_id,
            auth=Auth.PIN.value,
            created_at=old.created_at,
            seen_at=now,
            locked=False,
            revoked_at=None,
            user_agent=old.user_agent,
        ),
    )
    return fresh
