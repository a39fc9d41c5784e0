"""Sealed personal values and attachments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select

from compliance.store.models.things import Attachment, Disclosure
from compliance.store.session import Tx

CHUNK = 500
"""Values in one IN list; SQLite and PostgreSQL both take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedValue:
    clinic_id: str
    commitment: bytes
    subject_id: str
    field: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    clinic_id: str
    attachment_id: str
    session_id: str
    subject_id: str
    kind: str
    media_type: str
    sha256: str
    sealed: bytes
    index: int


def insert_disclosure(tx: Tx, value: SealedValue) -> None:
    tx.execute(
        insert(Disclosure),
        {
            "clinic_id": value.clinic_id,
            "commitment": value.commitment,
            "subject_id": value.subject_id,
            "field": value.field,
            "sealed": value.sealed,
        },
    )


def find_disclosures(tx: Tx, clinic_id: str, commitments: Sequence[bytes]) -> list[SealedValue]:
    found: list[SealedValue] = []
    for start in range(0, len(commitments), CHUNK):
        rows = tx.execute(
            select(
                Disclosure.commitment, Disclosure.subject_id, Disclosure.field, Disclosure.sealed
            ).where(
                Disclosure.clinic_id == clinic_id,
                Disclosure.commitment.in_(commitments[start : start + CHUNK]),
            )
        )
        found.extend(
            SealedValue(
                clinic_id=clinic_id,
                commitment=bytes(row[0]),
                subject_id=row[1],
                field=row[2],
                sealed=bytes(row[3]),
            )
            for row in rows
        )
    return found


def insert_attachment(tx: Tx, file: SealedFile) -> None:
    tx.execute(
        insert(Attachment).values(
            clinic_id=file.clinic_id,
            attachment_id=file.attachment_id,
            session_id=file.session_id,
            subject_id=file.subject_id,
            kind=file.kind,
            media_type=file.media_type,
            sha256=file.sha256,
            sealed=file.sealed,
            idx=file.index,
        )
    )


def find_attachment(tx: Tx, clinic_id: str, session_id: str, kind: str) -> SealedFile | None:
    row = tx.execute(
        select(
            Attachment.attachment_id,
            Attachment.subject_id,
            Attachment.media_type,
            Attachment.sha256,
            Attachment.sealed,
            Attachment.idx,
        )
        .where(
            Attachment.clinic_id == clinic_id,
            Attachment.session_id == session_id,
            Attachment.kind == kind,
        )
        .order_by(Attachment.idx.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return SealedFile(
        clinic_id=clinic_id,
        attachment_id=row[0],
        session_id=session_id,
        subject_id=row[1],
        kind=kind,
        media_type=row[2],
        sha256=row[3],
        sealed=bytes(row[4]),
        index=row[5],
    )
