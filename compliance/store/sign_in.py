"""Rows of open browsers, API tokens, signing grants and attempts to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from compliance.store.models.people import ApiToken, Login, SignGrant, SignInEvent
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRow:
    """One browser signed in; the token itself is only in its cookie."""

    token_hash: bytes
    user_id: str
    clinic_id: str | None
    auth: str
    created_at: datetime
    seen_at: datetime
    locked: bool
    revoked_at: datetime | None
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One API token; the secret itself was shown once and is nowhere."""

    clinic_id: str
    token_id: str
    user_id: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """Leave to sign one act, as it is given."""

    clinic_id: str
    grant_id: str
    user_id: str
    act_hash: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to sign in and how it ended."""

    event_id: str
    username: str
    at: datetime
    outcome: str


_LOGIN = select(
    Login.token_hash,
    Login.user_id,
    Login.clinic_id,
    Login.auth,
    Login.created_at,
    Login.seen_at,
    Login.locked,
    Login.revoked_at,
    Login.user_agent,
)
_TOKEN = select(
    ApiToken.clinic_id,
    ApiToken.token_id,
    ApiToken.user_id,
    ApiToken.label,
    ApiToken.scopes,
    ApiToken.created_at,
    ApiToken.expires_at,
    ApiToken.revoked_at,
    ApiToken.used_at,
)


def insert_login(tx: Tx, login: LoginRow) -> None:
    tx.execute(
        insert(Login).values(
            token_hash=login.token_hash,
            user_id=login.user_id,
            clinic_id=login.clinic_id,
            auth=login.auth,
            created_at=login.created_at,
            seen_at=login.seen_at,
            locked=login.locked,
            revoked_at=login.revoked_at,
            user_agent=login.user_agent,
        )
    )


def find_login(tx: Tx, token_hash: bytes) -> LoginRow | None:
    row = tx.execute(_LOGIN.where(Login.token_hash == token_hash)).first()
    return None if row is None else LoginRow(**row._mapping)


def find_open_logins(tx: Tx, user_id: str, *, since: datetime) -> list[LoginRow]:
    """The person's logins begun after ``since`` and not revoked, newest first."""
    rows = tx.execute(
        _LOGIN.where(
            Login.user_id == user_id, Login.revoked_at.is_(None), Login.created_at > since
        ).order_by(Login.created_at.desc())
    )
    return [LoginRow(**row._mapping) for row in rows]


def update_login_seen(tx: Tx, token_hash: bytes, seen_at: datetime) -> None:
    # A clock that went back must not make a login look idle.
    tx.execute(
        update(Login)
        .where(Login.token_hash == token_hash, Login.seen_at < seen_at)
        .values(seen_at=seen_at)
    )


def update_login_locked(tx: Tx, token_hash: bytes) -> None:
    tx.execute(update(Login).where(Login.token_hash == token_hash).values(locked=True))


def update_login_clinic(tx: Tx, token_hash: bytes, clinic_id: str) -> None:
    tx.execute(update(Login).where(Login.token_hash == token_hash).values(clinic_id=clinic_id))


def revoke_login(tx: Tx, token_hash: bytes, *, now: datetime) -> None:
    tx.execute(
        update(Login)
        .where(Login.token_hash == token_hash, Login.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_logins_of(tx: Tx, user_id: str, *, keep: bytes | None, now: datetime) -> None:
    """Revoke the person's logins, all but ``keep``."""
    statement = update(Login).where(Login.user_id == user_id, Login.revoked_at.is_(None))
    if keep is not None:
        statement = statement.where(Login.token_hash != keep)
    tx.execute(statement.values(revoked_at=now))


def _token(values: dict[str, object]) -> TokenRow:
    return TokenRow(**{**values, "scopes": tuple(values["scopes"])})  # type: ignore[arg-type]  # the columns are typed by the model


def insert_token(tx: Tx, token: TokenRow, *, token_hash: bytes) -> None:
    tx.execute(
        insert(ApiToken).values(
            clinic_id=token.clinic_id,
            token_id=token.token_id,
            token_hash=token_hash,
            user_id=token.user_id,
            label=token.label,
            scopes=list(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            used_at=token.used_at,
        )
    )


def find_tokens(tx: Tx, *, clinic_id: str) -> list[TokenRow]:
    """All tokens of a clinic, newest first, ended ones too."""
    rows = tx.execute(
        _TOKEN.where(ApiToken.clinic_id == clinic_id).order_by(ApiToken.token_id.desc())
    )
    return [_token(dict(row._mapping)) for row in rows]


def update_token_used(tx: Tx, token_id: str, *, clinic_id: str, used_at: datetime) -> None:
    tx.execute(
        update(ApiToken)
        .where(ApiToken.clinic_id == clinic_id, ApiToken.token_id == token_id)
        .values(used_at=used_at)
    )


def revoke_token(tx: Tx, token_id: str, *, clinic_id: str, now: datetime) -> None:
    tx.execute(
        update(ApiToken)
        .where(
            ApiToken.clinic_id == clinic_id,
            ApiToken.token_id == token_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def revoke_tokens_of(tx: Tx, user_id: str, *, now: datetime) -> None:
    tx.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def insert_grant(tx: Tx, grant: GrantRow) -> None:
    tx.execute(
        insert(SignGrant).values(
            clinic_id=grant.clinic_id,
            grant_id=grant.grant_id,
            user_id=grant.user_id,
            act_hash=grant.act_hash,
            expires_at=grant.expires_at,
            used_at=None,
        )
    )


def take_grant(
    tx: Tx, grant_id: str, *, clinic_id: str, user_id: str, act_hash: bytes, now: datetime
) -> bool:
    """Mark the grant used if it is for exactly this act and still good; False otherwise.

    One statement, so that two requests cannot both use it.
    """
    done = tx.execute(
        update(SignGrant)
        .where(
            SignGrant.clinic_id == clinic_id,
            SignGrant.grant_id == grant_id,
            SignGrant.user_id == user_id,
            SignGrant.act_hash == act_hash,
            SignGrant.expires_at > now,
            SignGrant.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return done.rowcount == 1


def insert_attempt(tx: Tx, attempt: Attempt) -> None:
    tx.execute(
        insert(SignInEvent).values(
            event_id=attempt.event_id,
            username=attempt.username,
            at=attempt.at,
            outcome=attempt.outcome,
        )
    )


def find_attempts(tx: Tx, username: str, *, limit: int) -> list[Attempt]:
    """The newest attempts under this name, newest first."""
    rows = tx.execute(
        select(SignInEvent.event_id, SignInEvent.username, SignInEvent.at, SignInEvent.outcome)
        .where(SignInEvent.username == username)
        .order_by(SignInEvent.at.desc(), SignInEvent.event_id.desc())
        .limit(limit)
    )
    return [Attempt(**row._mapping) for row in rows]


def delete_attempts(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete some of the attempts made before; returns how many."""
    old = select(SignInEvent.event_id).where(SignInEvent.at < before).limit(limit)
    found = list(tx.scalars(old))
    tx.execute(delete(SignInEvent).where(SignInEvent.event_id.in_(found)))
    return len(found)


def delete_logins(tx: Tx, *, begun_before: datetime, limit: int) -> int:
    """Delete some of the browsers signed in before; returns how many."""
    old = select(Login.token_hash).where(Login.created_at < begun_before).limit(limit)
    found = list(tx.scalars(old))
    tx.execute(delete(Login).where(Login.token_hash.in_(found)))
    return len(found)


def delete_grants(tx: Tx, *, ended_before: datetime, limit: int) -> int:
    """Delete some of the grants that ran out before; returns how many."""
    old = select(SignGrant.grant_id).where(SignGrant.expires_at < ended_before).limit(limit)
    found = list(tx.scalars(old))
    tx.execute(delete(SignGrant).where(SignGrant.grant_id.in_(found)))
    return len(found)
