"""Rows of what sessions met: inserted with the entries that say so, never changed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select

from compliance.store.models.tracing import SessionEvidence
from compliance.store.session import Tx


def insert_met(
    tx: Tx, clinic_id: str, session_id: str, index: int, met: Iterable[tuple[str, str]]
) -> None:
    """Keep each (kind, value) once under the entry that names it."""
    rows = [
        {
            "clinic_id": clinic_id,
            "kind": kind,
            "value": value,
            "session_id": session_id,
            "idx": index,
        }
        for kind, value in sorted(set(met))
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
