"""Leave to sign exactly one act: the electronic signature's re-authentication.

Whoever holds a grant has typed their password within the last two minutes for
this very act. The grant names the act by its hash, so what was on the screen is
what gets signed, and it works once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Actor, Auth
from compliance.errors import NotPermitted, SignatureRequired
from compliance.operations.identifiers import new_id
from compliance.operations.people import attempts
from compliance.operations.people.passwords import check_secret
from compliance.store import people
from compliance.store import sign_in as store
from compliance.store.session import Database, Tx

GRANT_LIFETIME: Final = timedelta(minutes=2)
"""The end is not included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantUsed:
    """What the record says about how the signer was known."""

    auth: Auth
    """``password``, or ``token``: printed as "by token, not re-authenticated"."""
    grant_id: str | None


def issue_grant(
    database: Database, *, actor: Actor, password: str, act_hash: bytes, now: datetime
) -> str:
    """Check the actor's password and return a grant for the act with this SHA-256.

    Takes a read, a check outside of any transaction, and a write of its own, in
    which a wrong password is counted.

    Raises:
        WrongSecret: the password is not right.
        TooManyAttempts: the account waits after repeated failures.
        NotPermitted: the account was switched off, or the actor is no person at a screen.
    """
    if actor.auth not in {Auth.PASSWORD, Auth.PIN}:
        raise NotPermitted("only a person at a screen can sign with a password")
    with database.reading() as tx:
        account = people.find_account(tx, actor.user_id)
    proof = check_secret(None if account is None else account.password_hash, password)
    grant = store.GrantRow(
        clinic_id=actor.clinic_id,
        grant_id=new_id(now),
        user_id=actor.user_id,
        act_hash=act_hash,
        expires_at=now + GRANT_LIFETIME,
    )
    with database.writing() as tx:
        settled = attempts.settle_attempt(
            tx, account, proof, secret=attempts.Secret.PASSWORD, now=now
        )
        if settled.outcome is attempts.Outcome.ACCEPTED:
            store.insert_grant(tx, grant)
    attempts.raise_unless_accepted(settled, known=True)
    return grant.grant_id


def use_grant(
    tx: Tx, grant_id: str | None, *, actor: Actor, act_hash: bytes, now: datetime
) -> GrantUsed:
    """Use up the grant for this act, in the transaction that signs; if that fails, it stays good.

    A token that may sign needs no grant: there is nobody to ask for a password.

    Raises:
        SignatureRequired: no grant, or one that was used, has expired, or belongs
            to another act, person or clinic; a token without the scope ``sign``.
    """
    if actor.auth is Auth.TOKEN:
        if not actor.may_sign:
            raise SignatureRequired("this token has no scope 'sign'")
        return GrantUsed(auth=Auth.TOKEN, grant_id=None)
    taken = grant_id is not None and store.take_grant(
        tx,
        grant_id,
        clinic_id=actor.clinic_id,
        user_id=actor.user_id,
        act_hash=act_hash,
        now=now,
    )
    if not taken:
        raise SignatureRequired("sign with your password; a signature counts once and 2 minutes")
    return GrantUsed(auth=Auth.PASSWORD, grant_id=grant_id)
