"""Who an API token stands for, in one statement: every call of the API asks it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, and_, bindparam, select

from compliance.store.base import UtcTime
from compliance.store.models.people import ApiToken, Clinic, Membership, UserAccount
from compliance.store.people import ClinicRow, valid_at
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerRow:
    """A token with its person, and the roles that count now in the token's clinic."""

    token_id: str
    user_id: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    username: str
    display_name: str
    admin: bool
    disabled_at: datetime | None
    clinic: ClinicRow
    roles: frozenset[str]
    entitled_override: bool


_TOKEN: Final = (
    ApiToken.token_id,
    ApiToken.user_id,
    ApiToken.scopes,
    ApiToken.expires_at,
    ApiToken.revoked_at,
    ApiToken.used_at,
    UserAccount.username,
    UserAccount.display_name,
    UserAccount.admin,
    UserAccount.disabled_at,
)
_CLINIC: Final = (
    Clinic.clinic_id,
    Clinic.slug,
    Clinic.name,
    Clinic.time_zone,
    Clinic.language,
    Clinic.demo,
)
_HASH: BindParameter[Any] = bindparam("with_hash")
_NOW: BindParameter[Any] = bindparam("now", type_=UtcTime())
_BEARER: Final = (
    select(*_TOKEN, *_CLINIC, Membership.role, Membership.entitled_override)
    .join(UserAccount, UserAccount.user_id == ApiToken.user_id)
    .join(Clinic, Clinic.clinic_id == ApiToken.clinic_id)
    .outerjoin(
        Membership,
        and_(
            Membership.clinic_id == ApiToken.clinic_id,
            Membership.user_id == ApiToken.user_id,
            valid_at(_NOW),
        ),
    )
    .where(ApiToken.token_hash == _HASH)
)
_FIRST_OF_CLINIC: Final = len(_TOKEN)
_ROLE: Final = _FIRST_OF_CLINIC + len(_CLINIC)


def find_bearer(tx: Tx, token_hash: bytes, *, now: datetime) -> BearerRow | None:
    """The token of this hash, ended or not; one without a role has none in ``roles``."""
    rows = tx.execute(_BEARER, {"with_hash": token_hash, "now": now}).all()
    if not rows:
        return None
    first = rows[0]
    return BearerRow(
        token_id=first[0],
        user_id=first[1],
        scopes=tuple(first[2]),
        expires_at=first[3],
        revoked_at=first[4],
        used_at=first[5],
        username=first[6],
        display_name=first[7],
        admin=first[8],
        disabled_at=first[9],
        clinic=ClinicRow(
            **{column.key: first[place] for place, column in enumerate(_CLINIC, _FIRST_OF_CLINIC)}
        ),
        roles=frozenset(row[_ROLE] for row in rows if row[_ROLE] is not None),
        entitled_override=any(row[_ROLE + 1] for row in rows),
    )
