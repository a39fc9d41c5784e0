"""Facts about a database that its administrator should know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists as sql_exists
from sqlalchemy import select

from compliance.store.models.log import LogHead
from compliance.store.models.people import ApiToken, Clinic, SignInEvent, UserAccount
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class EndlessToken:
    slug: str
    token_id: str
    label: str


def newest_entry(tx: Tx) -> str | None:
    """The recorded time of the newest entry of any clinic."""
    return tx.scalar(select(LogHead.last_at).order_by(LogHead.last_at.desc()).limit(1))


def people_absent_since(tx: Tx, moment: datetime) -> list[str]:
    """Usernames that may sign in and were made, but never used, before and since the moment."""
    signed_in = sql_exists().where(
        SignInEvent.username == UserAccount.username,
        SignInEvent.outcome == "accepted",
        SignInEvent.at >= moment,
    )
    rows = tx.scalars(
        select(UserAccount.username)
        .where(UserAccount.disabled_at.is_(None), UserAccount.created_at < moment, ~signed_in)
        .order_by(UserAccount.username)
    )
    return list(rows)


def endless_tokens(tx: Tx) -> list[EndlessToken]:
    """API tokens that are good for ever."""
    rows = tx.execute(
        select(Clinic.slug, ApiToken.token_id, ApiToken.label)
        .join(Clinic, Clinic.clinic_id == ApiToken.clinic_id)
        .where(ApiToken.revoked_at.is_(None), ApiToken.expires_at.is_(None))
        .order_by(Clinic.slug, ApiToken.token_id)
    )
    return [EndlessToken(**row._mapping) for row in rows]
