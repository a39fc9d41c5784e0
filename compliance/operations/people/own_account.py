"""What people do with their own account: password, PIN, open browsers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from compliance.errors import NotFound
from compliance.operations.people import attempts
from compliance.operations.people.listing import list_logins
from compliance.operations.people.passwords import check_secret, hash_password, hash_pin
from compliance.operations.people.sign_in import SignedIn
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Database, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword:
    """The password somebody has and the one they want."""

    current: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPin:
    """The PIN somebody wants, with their password."""

    password: str = field(repr=False)
    pin: str = field(repr=False)


def set_password(
    database: Database, command: SetPassword, *, signed_in: SignedIn, now: datetime
) -> None:
    """Change one's own password; every other browser of the person is signed out.

    Takes a read, two slow hashes outside of any transaction, and a write of its own.

    Raises:
        Refused: the new password is not acceptable.
        WrongSecret: the current password is not right.
        TooManyAttempts: the account waits after repeated failures.
    """
    new_hash = hash_password(command.new, username=signed_in.username)
    with database.reading() as tx:
        account = people.find_account(tx, signed_in.user_id)
    proof = check_secret(None if account is None else account.password_hash, command.current)
    with database.writing() as tx:
        settled = attempts.settle_attempt(
            tx, account, proof, secret=attempts.Secret.PASSWORD, now=now
        )
        if settled.outcome is attempts.Outcome.ACCEPTED:
            people.update_password(tx, signed_in.user_id, new_hash)
            keep = bytes.fromhex(signed_in.login_id)
            store.revoke_logins_of(tx, signed_in.user_id, keep=keep, now=now)
    attempts.raise_unless_accepted(settled, known=True)


def set_pin(database: Database, command: SetPin, *, signed_in: SignedIn, now: datetime) -> None:
    """Set one's own PIN; nobody else ever does, for the record says who was known by it.

    Takes a read, two slow hashes outside of any transaction, and a write of its own.

    Raises:
        Refused: the PIN is not acceptable.
        WrongSecret: the password is not right.
        TooManyAttempts: the account waits after repeated failures.
    """
    pin_hash = hash_pin(command.pin)
    with database.reading() as tx:
        account = people.find_account(tx, signed_in.user_id)
    proof = check_secret(None if account is None else account.password_hash, command.password)
    with database.writing() as tx:
        settled = attempts.settle_attempt(
            tx, account, proof, secret=attempts.Secret.PASSWORD, now=now
        )
        if settled.outcome is attempts.Outcome.ACCEPTED:
            people.update_pin(tx, signed_in.user_id, pin_hash)
    attempts.raise_unless_accepted(settled, known=True)


def revoke_login(tx: Tx, login_id: str, *, signed_in: SignedIn, now: datetime) -> None:
    """Sign one of the person's own browsers out; the caller's write transaction.

    Raises:
        NotFound: no open login of this person has that id.
    """
    own = {login.login_id for login in list_logins(tx, user_id=signed_in.user_id, now=now)}
    if login_id not in own:
        raise NotFound("there is no such login of yours")
    store.revoke_login(tx, bytes.fromhex(login_id), now=now)
