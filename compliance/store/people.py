"""Rows of people, their roles and the clinics they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, insert, or_, select, update

from compliance.store.base import UtcTime
from compliance.store.models.people import Clinic, Membership, UserAccount
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who can sign in, with the hashes that are checked."""

    user_id: str
    username: str
    display_name: str
    password_hash: str
    pin_hash: str | None
    admin: bool
    disabled_at: datetime | None
    failed_count: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHeld:
    """One role of one person in one clinic."""

    clinic_id: str
    user_id: str
    role: str
    entitled_override: bool
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicRow:
    """What the pages need to know of a clinic."""

    clinic_id: str
    slug: str
    name: str
    time_zone: str
    language: str
    demo: bool


_ACCOUNT = select(
    UserAccount.user_id,
    UserAccount.username,
    UserAccount.display_name,
    UserAccount.password_hash,
    UserAccount.pin_hash,
    UserAccount.admin,
    UserAccount.disabled_at,
    UserAccount.failed_count,
    UserAccount.locked_until,
)
_ROLE = select(
    Membership.clinic_id,
    Membership.user_id,
    Membership.role,
    Membership.entitled_override,
    Membership.valid_from,
    Membership.valid_to,
)
_CLINIC = select(
    Clinic.clinic_id, Clinic.slug, Clinic.name, Clinic.time_zone, Clinic.language, Clinic.demo
)


def valid_at(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The membership counts at ``now``: the start is inclusive, the end is not."""
    return and_(
        Membership.valid_from <= now, or_(Membership.valid_to.is_(None), Membership.valid_to > now)
    )


# Every request asks these; a statement built once costs a tenth of one built each time.
_ACCOUNT_OF: Final = _ACCOUNT.where(UserAccount.user_id == bindparam("of_user"))
_ROLES_OF: Final = _ROLE.where(Membership.user_id == bindparam("of_user")).order_by(
    Membership.clinic_id, Membership.role
)
_ROLES_NOW_OF: Final = _ROLES_OF.where(valid_at(bindparam("now", type_=UtcTime())))
_CLINICS: Final = _CLINIC.order_by(Clinic.name, Clinic.clinic_id)
_CLINICS_OF: Final = _CLINICS.where(Clinic.clinic_id.in_(bindparam("clinics", expanding=True)))


def insert_account(tx: Tx, account: Account, *, now: datetime) -> None:
    tx.execute(
        insert(UserAccount).values(
            user_id=account.user_id,
            username=account.username,
            display_name=account.display_name,
            password_hash=account.password_hash,
            pin_hash=account.pin_hash,
            admin=account.admin,
            created_at=now,
            disabled_at=None,
            failed_count=0,
            locked_until=None,
        )
    )


def find_account_by_name(tx: Tx, username: str) -> Account | None:
    row = tx.execute(_ACCOUNT.where(UserAccount.username == username)).first()
    return None if row is None else Account(**row._mapping)


def find_account(tx: Tx, user_id: str) -> Account | None:
    row = tx.execute(_ACCOUNT_OF, {"of_user": user_id}).first()
    return None if row is None else Account(**row._mapping)


def lock_account(tx: Tx, user_id: str) -> Account | None:
    """Read the account so that nobody else can count an attempt until the transaction ends."""
    row = tx.execute(_ACCOUNT.where(UserAccount.user_id == user_id).with_for_update()).first()
    return None if row is None else Account(**row._mapping)


def update_attempts(
    tx: Tx, user_id: str, *, failed_count: int, locked_until: datetime | None
) -> None:
    tx.execute(
        update(UserAccount)
        .where(UserAccount.user_id == user_id)
        .values(failed_count=failed_count, locked_until=locked_until)
    )


def update_display_name(tx: Tx, user_id: str, name: str) -> None:
    tx.execute(update(UserAccount).where(UserAccount.user_id == user_id).values(display_name=name))


def update_password(tx: Tx, user_id: str, password_hash: str) -> None:
    tx.execute(
        update(UserAccount)
        .where(UserAccount.user_id == user_id)
        .values(password_hash=password_hash)
    )


def update_pin(tx: Tx, user_id: str, pin_hash: str) -> None:
    tx.execute(update(UserAccount).where(UserAccount.user_id == user_id).values(pin_hash=pin_hash))


def update_disabled(tx: Tx, user_id: str, disabled_at: datetime | None) -> None:
    tx.execute(
        update(UserAccount).where(UserAccount.user_id == user_id).values(disabled_at=disabled_at)
    )


def insert_role(tx: Tx, role: RoleHeld) -> None:
    tx.execute(
        insert(Membership).values(
            clinic_id=role.clinic_id,
            user_id=role.user_id,
            role=role.role,
            entitled_override=role.entitled_override,
            valid_from=role.valid_from,
            valid_to=role.valid_to,
        )
    )


def update_role(tx: Tx, role: RoleHeld) -> None:
    tx.execute(
        update(Membership)
        .where(
            Membership.clinic_id == role.clinic_id,
            Membership.user_id == role.user_id,
            Membership.role == role.role,
        )
        .values(
            entitled_override=role.entitled_override,
            valid_from=role.valid_from,
            valid_to=role.valid_to,
        )
    )


def find_roles(tx: Tx, user_id: str, *, valid: datetime | None = None) -> list[RoleHeld]:
    """All roles of one person in all clinics; with ``valid`` only those that count then."""
    if valid is None:
        rows = tx.execute(_ROLES_OF, {"of_user": user_id})
    else:
        rows = tx.execute(_ROLES_NOW_OF, {"of_user": user_id, "now": valid})
    return [RoleHeld(**row._mapping) for row in rows]


def find_clinic_roles(tx: Tx, *, clinic_id: str) -> list[RoleHeld]:
    """All roles that were ever given in one clinic, ended ones too."""
    rows = tx.execute(_ROLE.where(Membership.clinic_id == clinic_id).order_by(Membership.role))
    return [RoleHeld(**row._mapping) for row in rows]


def find_clinic_accounts(tx: Tx, *, clinic_id: str) -> list[Account]:
    """Everybody who has or had a role in the clinic, in the order of their names."""
    members = select(Membership.user_id).where(Membership.clinic_id == clinic_id)
    rows = tx.execute(
        _ACCOUNT.where(UserAccount.user_id.in_(members)).order_by(
            UserAccount.display_name, UserAccount.user_id
        )
    )
    return [Account(**row._mapping) for row in rows]


def find_pin_holders(tx: Tx, *, clinic_id: str, now: datetime) -> list[Account]:
    """The people of a clinic who may take over a shared tablet with a PIN."""
    members = select(Membership.user_id).where(Membership.clinic_id == clinic_id, valid_at(now))
    rows = tx.execute(
        _ACCOUNT.where(
            UserAccount.user_id.in_(members),
            UserAccount.pin_hash.is_not(None),
            UserAccount.disabled_at.is_(None),
        ).order_by(UserAccount.display_name, UserAccount.user_id)
    )
    return [Account(**row._mapping) for row in rows]


def find_clinics(tx: Tx, clinic_ids: Sequence[str] | None) -> list[ClinicRow]:
    """The clinics of these ids by name; ``None`` means every clinic of the installation."""
    if clinic_ids is None:
        rows = tx.execute(_CLINICS)
    else:
        rows = tx.execute(_CLINICS_OF, {"clinics": list(clinic_ids)})
    return [ClinicRow(**row._mapping) for row in rows]
