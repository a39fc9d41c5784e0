"""Rows of invitations, qualifications and their scans; when people last came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update

from compliance.store.models.people import SignInEvent
from compliance.store.models.staff import Invitation, Qualification, StaffDocument
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """A one-time link; the token itself was shown once and is nowhere."""

    clinic_id: str
    invitation_id: str
    token_hash: bytes
    purpose: str
    user_id: str | None
    username: str
    display_name: str
    roles: tuple[str, ...]
    entitled_override: bool
    valid_to: datetime | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def insert_invitation(tx: Tx, row: InvitationRow) -> None:
    tx.execute(
        insert(Invitation).values(
            clinic_id=row.clinic_id,
            invitation_id=row.invitation_id,
            token_hash=row.token_hash,
            purpose=row.purpose,
            user_id=row.user_id,
            username=row.username,
            display_name=row.display_name,
            roles=list(row.roles),
            entitled_override=row.entitled_override,
            valid_to=row.valid_to,
            created_at=row.created_at,
            created_by=row.created_by,
            expires_at=row.expires_at,
            used_at=row.used_at,
            revoked_at=row.revoked_at,
        )
    )


def find_invitation(tx: Tx, token_hash: bytes) -> InvitationRow | None:
    row = tx.execute(
        select(Invitation.__table__).where(Invitation.token_hash == token_hash)
    ).first()
    return None if row is None else _invitation(row)


def list_open_invitations(tx: Tx, clinic_id: str, *, now: datetime) -> list[InvitationRow]:
    """Links that can still be used, newest first."""
    rows = tx.execute(
        select(Invitation.__table__)
        .where(
            Invitation.clinic_id == clinic_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.created_at.desc(), Invitation.invitation_id.desc())
    )
    return [_invitation(row) for row in rows]


def take_invitation(tx: Tx, token_hash: bytes, *, now: datetime) -> bool:
    """Mark the link used if it is still good; one statement, so that it works once."""
    done = tx.execute(
        update(Invitation)
        .where(
            Invitation.token_hash == token_hash,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(used_at=now)
    )
    return done.rowcount == 1


def set_invited_user(tx: Tx, token_hash: bytes, user_id: str) -> None:
    tx.execute(
        update(Invitation).where(Invitation.token_hash == token_hash).values(user_id=user_id)
    )


def revoke_invitation(tx: Tx, clinic_id: str, invitation_id: str, *, now: datetime) -> bool:
    """End a link that was not used; False when there is none."""
    done = tx.execute(
        update(Invitation)
        .where(
            Invitation.clinic_id == clinic_id,
            Invitation.invitation_id == invitation_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return done.rowcount == 1


def revoke_resets_of(tx: Tx, user_id: str, *, now: datetime) -> None:
    """End every unused link that would renew this person's password, in all clinics."""
    tx.execute(
        update(Invitation)
        .where(
            Invitation.user_id == user_id,
            Invitation.purpose == "reset",
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def _invitation(row: Any) -> InvitationRow:
    values = dict(row._mapping)
    values["token_hash"] = bytes(values["token_hash"])
    values["roles"] = tuple(values["roles"])
    return InvitationRow(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRow:
    clinic_id: str
    qualification_id: str
    user_id: str
    kind: str
    title: str
    number: str
    valid_from: date
    valid_to: date | None
    depth_limit_mm: str | None
    document_id: str | None
    created_at: datetime
    archived_at: datetime | None


def insert_qualification(tx: Tx, row: QualificationRow) -> None:
    tx.execute(
        insert(Qualification).values(
            clinic_id=row.clinic_id,
            qualification_id=row.qualification_id,
            user_id=row.user_id,
            kind=row.kind,
            title=row.title,
            number=row.number,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            depth_limit_mm=row.depth_limit_mm,
            document_id=row.document_id,
            created_at=row.created_at,
            archived_at=row.archived_at,
        )
    )


def archive_qualification(tx: Tx, clinic_id: str, qualification_id: str, *, now: datetime) -> None:
    tx.execute(
        update(Qualification)
        .where(
            Qualification.clinic_id == clinic_id,
            Qualification.qualification_id == qualification_id,
        )
        .values(archived_at=now)
    )


def list_qualifications(
    tx: Tx, clinic_id: str, *, user_id: str | None = None
) -> list[QualificationRow]:
    """A clinic's qualifications, or one person's: those that count first, then by their start."""
    statement = select(Qualification.__table__).where(Qualification.clinic_id == clinic_id)
    if user_id is not None:
        statement = statement.where(Qualification.user_id == user_id)
    rows = tx.execute(
        statement.order_by(
            Qualification.archived_at.is_not(None),
            Qualification.valid_from.desc(),
            Qualification.qualification_id,
        )
    )
    return [QualificationRow(**row._mapping) for row in rows]


# Asked at every answer and every closing, so built once.
_DEPTHS: Final = select(
    Qualification.depth_limit_mm, Qualification.valid_from, Qualification.valid_to
).where(
    Qualification.clinic_id == bindparam("in_clinic"),
    Qualification.user_id == bindparam("of_user"),
    Qualification.depth_limit_mm.is_not(None),
    Qualification.archived_at.is_(None),
)


def find_depth_licences(
    tx: Tx, clinic_id: str, user_id: str
) -> Sequence[tuple[str, date, date | None]]:
    """(limit, first day, last day) of the person's licences that name a depth."""
    rows = tx.execute(_DEPTHS, {"in_clinic": clinic_id, "of_user": user_id})
    return [(str(row[0]), row[1], row[2]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A sealed scan."""

    clinic_id: str
    document_id: str
    user_id: str
    media_type: str
    sha256: str
    sealed: bytes
    created_at: datetime


def insert_document(tx: Tx, row: DocumentRow) -> None:
    tx.execute(
        insert(StaffDocument).values(
            clinic_id=row.clinic_id,
            document_id=row.document_id,
            user_id=row.user_id,
            media_type=row.media_type,
            sha256=row.sha256,
            sealed=row.sealed,
            created_at=row.created_at,
        )
    )


def find_document(tx: Tx, clinic_id: str, document_id: str) -> DocumentRow | None:
    row = tx.execute(
        select(StaffDocument.__table__).where(
            StaffDocument.clinic_id == clinic_id, StaffDocument.document_id == document_id
        )
    ).first()
    if row is None:
        return None
    values = dict(row._mapping)
    values["sealed"] = bytes(values["sealed"])
    return DocumentRow(**values)


def last_accepted(tx: Tx, usernames: Sequence[str]) -> dict[str, datetime]:
    """When each of these names was last accepted with a password or PIN."""
    if not usernames:
        return {}
    rows = tx.execute(
        select(SignInEvent.username, func.max(SignInEvent.at))
        .where(SignInEvent.username.in_(usernames), SignInEvent.outcome == "accepted")
        .group_by(SignInEvent.username)
    )
    return {row[0]: row[1] for row in rows}
