"""Coming in with a password, and what an open browser is worth afterwards.

The browser's cookie holds a random token of 32 bytes and the database its hash, so
a stolen database opens no browser. Everything that can end an access is looked at
again on every request: nothing is cached in the cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Actor, Auth
from compliance.errors import NotFound
from compliance.operations.people import attempts
from compliance.operations.people.access import ClinicAccess, list_clinics_open_to
from compliance.operations.people.passwords import check_secret
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Database, Tx

LIFETIME: Final = timedelta(hours=12)
"""After so long a password is asked for again, however busy the browser was."""

SEEN_STEP: Final = timedelta(seconds=30)
"""``seen_at`` is written at most this often, so that reading a page is not a write."""

_TOKEN_BYTES: Final = 32
_LONGEST_USER_AGENT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a person typed into the sign-in page."""

    username: str
    password: str = field(repr=False)
    user_agent: str = ""
    replaces: str | None = field(default=None, repr=False)
    """The token this browser held before; it ends, whoever it belonged to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A browser that somebody is signed in at."""

    user_id: str
    username: str
    display_name: str
    has_pin: bool
    login_id: str
    """Names this login on the account page; the token cannot be derived from it."""
    auth: Auth
    clinic: ClinicAccess | None
    """None when the person has to choose one first."""
    clinics: tuple[ClinicAccess, ...]
    locked: bool
    """Nobody touched it for too long, or somebody locked it: only a PIN or a password opens it."""
    touch_due: bool
    """``seen_at`` has become old enough to be written again."""

    @property
    def actor(self) -> Actor | None:
        """The person acting in the chosen clinic; None while locked or without a clinic."""
        if self.clinic is None or self.locked:
            return None
        return self.clinic.to_actor(self.user_id, self.auth)


def hash_token(token: str) -> bytes:
    """Return what the database keeps of a token. It is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def normal_username(text: str) -> str:
    return text.strip().lower()


def sign_in(database: Database, command: SignIn, *, now: datetime) -> str:
    """Check name and password and return the token of a new login.

    Takes a read, then some tens of milliseconds outside of any transaction, then
    a write of its own; the attempt is kept also when it is refused.

    Raises:
        WrongSecret: the name or password is not right, or the account waits.
        NotPermitted: the account is off, or no clinic is open to the person any more.
    """
    with database.reading() as tx:
        account = people.find_account_by_name(tx, normal_username(command.username))
    proof = check_secret(None if account is None else account.password_hash, command.password)
    token = None
    with database.writing() as tx:
        settled = attempts.settle_attempt(
            tx, account, proof, secret=attempts.Secret.PASSWORD, now=now
        )
        if settled.outcome is attempts.Outcome.ACCEPTED and account is not None:
            clinics = list_clinics_open_to(tx, account, now=now)
            token = _begin_login(tx, command, account.user_id, clinics, now=now)
    attempts.raise_unless_accepted(settled, known=False)
    if token is None:
        raise attempts.WrongSecret("the name or the secret is not right")
    return token


def _begin_login(
    tx: Tx,
    command: SignIn,
    user_id: str,
    clinics: tuple[ClinicAccess, ...],
    *,
    now: datetime,
) -> str:
    if command.replaces is not None:
        store.revoke_login(tx, hash_token(command.replaces), now=now)
    token = new_token()
    store.insert_login(
        tx,
        store.LoginRow(
            token_hash=hash_token(token),
            user_id=user_id,
            clinic_id=clinics[0].clinic_id if len(clinics) == 1 else None,
            auth=Auth.PASSWORD.value,
            created_at=now,
            seen_at=now,
            locked=False,
            revoked_at=None,
            user_agent=command.user_agent[:_LONGEST_USER_AGENT],
        ),
    )
    return token


def new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def resume_login(tx: Tx, token: str, *, now: datetime, idle_lock_seconds: int) -> SignedIn | None:
    """Return who is signed in with this token, or None when nobody is any more.

    Revoked, older than `LIFETIME`, the account off, every membership ended: each
    ends the login at once, also in browsers that are open. Only reads; when
    ``touch_due`` is set the caller lets `touch_login` write.
    """
    token_hash = hash_token(token)
    login = store.find_login(tx, token_hash)
    if login is None or login.revoked_at is not None or now >= login.created_at + LIFETIME:
        return None
    account = people.find_account(tx, login.user_id)
    if account is None or account.disabled_at is not None:
        return None
    clinics = list_clinics_open_to(tx, account, now=now)
    if not clinics and not account.admin:
        return None
    idle = timedelta(seconds=idle_lock_seconds)
    locked = login.locked or now - login.seen_at > idle
    return SignedIn(
        user_id=account.user_id,
        username=account.username,
        display_name=account.display_name,
        has_pin=account.pin_hash is not None,
        login_id=token_hash.hex(),
        auth=Auth(login.auth),
        clinic=next((each for each in clinics if each.clinic_id == login.clinic_id), None),
        clinics=clinics,
        locked=locked,
        # With a short idle lock a fixed step would lock a tablet that is in use.
        touch_due=not locked and now - login.seen_at >= min(SEEN_STEP, idle / 4),
    )


def touch_login(tx: Tx, token: str, *, now: datetime) -> None:
    """Note that somebody is using this browser; the caller's write transaction."""
    store.update_login_seen(tx, hash_token(token), now)


def lock_login(tx: Tx, token: str) -> None:
    """Lock this browser until a PIN or a password is given; the caller's write transaction."""
    store.update_login_locked(tx, hash_token(token))


def sign_out(tx: Tx, token: str, *, now: datetime) -> None:
    """End this login; a token that is unknown or ended already changes nothing."""
    store.revoke_login(tx, hash_token(token), now=now)


def choose_clinic(tx: Tx, token: str, clinic_id: str, *, signed_in: SignedIn) -> None:
    """Work in this clinic from the next request on; the caller's write transaction.

    Raises:
        NotFound: the clinic is not open to this person.
    """
    if all(clinic.clinic_id != clinic_id for clinic in signed_in.clinics):
        raise NotFound("there is no such clinic for you")
    store.update_login_clinic(tx, hash_token(token), clinic_id)
