"""Marks on things that may be used once: which session uses them."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from compliance.store.models.things import EvidenceUse
from compliance.store.session import Tx


def find_use(tx: Tx, clinic_id: str, kind: str, ref: str) -> str | None:
    """The session that uses a thing that may be used once, or None."""
    return tx.scalar(
        select(EvidenceUse.session_id).where(
            EvidenceUse.clinic_id == clinic_id, EvidenceUse.kind == kind, EvidenceUse.ref == ref
        )
    )


def insert_use(tx: Tx, clinic_id: str, kind: str, ref: str, session_id: str) -> None:
    tx.execute(
        insert(EvidenceUse).values(clinic_id=clinic_id, kind=kind, ref=ref, session_id=session_id)
    )


def delete_use(tx: Tx, clinic_id: str, kind: str, ref: str) -> None:
    tx.execute(
        delete(EvidenceUse).where(
            EvidenceUse.clinic_id == clinic_id, EvidenceUse.kind == kind, EvidenceUse.ref == ref
        )
    )
