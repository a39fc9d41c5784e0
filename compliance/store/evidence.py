"""Rows of what sessions met: inserted with the entries that say so, never changed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select

from compliance.domain.tracing import Mark, join_marks
from compliance.store.models.tracing import SessionEvidence
from compliance.store.session import Tx


def insert_met(tx: Tx, clinic_id: str, session_id: str, index: int, met: Iterable[Mark]) -> None:
    """Keep each kind and value once under the entry that names it."""
    rows = [
        {
            "clinic_id": clinic_id,
            "kind": mark.kind,
            "value": mark.value,
            "session_id": session_id,
            "idx": index,
            "gtin": mark.gtin,
        }
        for mark in join_marks(met)
    ]
    if rows:
        tx.execute(insert(SessionEvidence), rows)


def list_met(tx: Tx, clinic_id: str, session_id: str) -> frozenset[tuple[str, str]]:
    """(kind, value) of everything that a session met."""
    rows = tx.execute(
        select(SessionEvidence.kind, SessionEvidence.value).where(
            SessionEvidence.clinic_id == clinic_id, SessionEvidence.session_id == session_id
        )
    )
    return frozenset((kind, value) for kind, value in rows)
