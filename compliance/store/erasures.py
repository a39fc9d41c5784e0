"""Rows of erasures, and emptying what the person's key sealed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from compliance.store.models.erasures import Erasure
from compliance.store.models.people import Clinic
from compliance.store.models.things import Attachment, Disclosure
from compliance.store.models.treatments import Client, TreatmentSession
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list; SQLite and PostgreSQL both take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    clinic_id: str
    erasure_id: str
    subject_id: str
    what: str
    basis: str
    state: str
    """``requested``, ``withdrawn`` or ``erased``."""
    requested_by: str
    requested_at: datetime
    requested_index: int
    ended_by: str | None
    ended_at: datetime | None
    ended_index: int | None
    completed_at: datetime | None


_ROW: Final[Any] = select(Erasure.__table__)


def insert_erasure(tx: Tx, row: ErasureRow) -> None:
    values = {name: getattr(row, name) for name in ErasureRow.__slots__}
    tx.execute(insert(Erasure).values(**values))


def update_erasure(tx: Tx, clinic_id: str, erasure_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Erasure)
        .where(Erasure.clinic_id == clinic_id, Erasure.erasure_id == erasure_id)
        .values(**values)
    )


def find_erasure(tx: Tx, clinic_id: str, erasure_id: str) -> ErasureRow | None:
    row = tx.execute(
        _ROW.where(Erasure.clinic_id == clinic_id, Erasure.erasure_id == erasure_id)
    ).first()
    return None if row is None else ErasureRow(**row._mapping)


def find_erasures_of(tx: Tx, clinic_id: str, subject_id: str) -> list[ErasureRow]:
    """Every request about one person, oldest first."""
    return _rows(
        tx,
        _ROW.where(Erasure.clinic_id == clinic_id, Erasure.subject_id == subject_id).order_by(
            Erasure.requested_index
        ),
    )


def list_erasures(tx: Tx, clinic_id: str, *, limit: int) -> list[ErasureRow]:
    """Newest first."""
    return _rows(
        tx,
        _ROW.where(Erasure.clinic_id == clinic_id)
        .order_by(Erasure.requested_index.desc())
        .limit(limit),
    )


def list_incomplete(tx: Tx) -> list[ErasureRow]:
    """Erasures of all clinics whose key may still exist, because a crash came between."""
    return _rows(tx, _ROW.where(Erasure.state == "erased", Erasure.completed_at.is_(None)))


def _rows(tx: Tx, statement: Any) -> list[ErasureRow]:
    return [ErasureRow(**row._mapping) for row in tx.execute(statement)]


def empty_sealed(tx: Tx, clinic_id: str, subject_id: str) -> None:
    """Empty everything sealed for a person, and let the client be found no more.

    The rows stay: they tell whose value a commitment hides, so that a screen can say
    when it was erased. The blind index gives way to noise, since it would still answer
    whether a guessed name had been a client's.
    """
    for table in (Disclosure, Attachment):
        tx.execute(
            update(table)
            .where(table.clinic_id == clinic_id, table.subject_id == subject_id)
            .values(sealed=b"")
        )
    tx.execute(
        update(Client)
        .where(Client.clinic_id == clinic_id, Client.client_id == subject_id)
        .values(ref_index=secrets.token_bytes(32), steel_allergy=None, last_session_at=None)
    )


def commitments_of(tx: Tx, clinic_id: str, subject_id: str) -> set[str]:
    """The commitments in hex whose values the person's key sealed."""
    rows = tx.execute(
        select(Disclosure.commitment).where(
            Disclosure.clinic_id == clinic_id, Disclosure.subject_id == subject_id
        )
    )
    return {bytes(row[0]).hex() for row in rows}


def subjects_still_sealed(tx: Tx, clinic_id: str) -> list[str]:
    """The persons who were erased and of whom a sealed value is still stored."""
    found: set[str] = set()
    for table in (Disclosure, Attachment):
        rows = tx.execute(
            select(table.subject_id)
            .join(
                Erasure,
                (Erasure.clinic_id == table.clinic_id)
                & (Erasure.subject_id == table.subject_id)
                & (Erasure.state == "erased"),
            )
            .where(table.clinic_id == clinic_id, func.length(table.sealed) > 0)
            .distinct()
        )
        found.update(row[0] for row in rows)
    return sorted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedValue:
    """Why a commitment cannot be opened any more."""

    commitment: str
    at: datetime
    index: int
    """Of the entry that erased it."""
    time_zone: str


def find_erased_values(
    tx: Tx, clinic_id: str, commitments: Sequence[bytes]
) -> dict[str, ErasedValue]:
    """Which of the commitments were erased, by commitment in hex."""
    found = {}
    for start in range(0, len(commitments), CHUNK):
        rows = tx.execute(
            select(Disclosure.commitment, Erasure.ended_at, Erasure.ended_index, Clinic.time_zone)
            .join(
                Erasure,
                (Erasure.clinic_id == Disclosure.clinic_id)
                & (Erasure.subject_id == Disclosure.subject_id)
                & (Erasure.state == "erased"),
            )
            .join(Clinic, Clinic.clinic_id == Disclosure.clinic_id)
            .where(
                Disclosure.clinic_id == clinic_id,
                Disclosure.commitment.in_(commitments[start : start + CHUNK]),
            )
        )
        for commitment, at, index, zone in rows:
            if at is None or index is None:
                continue
            key = bytes(commitment).hex()
            found[key] = ErasedValue(commitment=key, at=at, index=index, time_zone=zone)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTrace:
    """What the record holds under a client's pseudonym."""

    sessions: int
    open_sessions: int
    last_opened_at: datetime | None


def count_answered_for(tx: Tx, clinic_id: str, user_id: str) -> int:
    """The sessions of which a person was the practitioner."""
    mine = (TreatmentSession.clinic_id == clinic_id, TreatmentSession.practitioner_id == user_id)
    return tx.scalar(select(func.count()).where(*mine)) or 0


def trace_client(tx: Tx, clinic_id: str, client_id: str) -> ClientTrace:
    mine = (TreatmentSession.clinic_id == clinic_id, TreatmentSession.client_id == client_id)
    count, last = tx.execute(
        select(func.count(), func.max(TreatmentSession.opened_at)).where(*mine)
    ).one()
    still = (
        tx.scalar(
            select(func.count()).where(*mine, TreatmentSession.state.not_in(("closed", "aborted")))
        )
        or 0
    )
    return ClientTrace(sessions=count, open_sessions=still, last_opened_at=last)
