"""Which sessions, and so which clients, met something: the one search behind every recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, distinct, func, or_, select

from compliance.domain.tracing import Trace
from compliance.store.models.sterilization import Cycle
from compliance.store.models.things import Pack
from compliance.store.models.tracing import SessionEvidence
from compliance.store.models.treatments import Client, SessionAnswer, TreatmentSession
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A session of a client that met what was looked for."""

    session_id: str
    client_id: str
    client_commitment: bytes
    opened_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetPack:
    """A pack that a session opened, and the load it came from."""

    code: str
    sterilizer: str
    cycle_number: str
    sterilizer_id: str | None
    """None where the label names the sterilizer by word only."""
    run_at: datetime | None


def list_meetings(
    tx: Tx,
    clinic_id: str,
    found: Select[Any],
    *,
    after: tuple[datetime, str] | None,
    limit: int | None,
) -> list[Meeting]:
    """The sessions of a search in order of their treatments, after a place (opened_at, id)."""
    statement = (
        select(
            TreatmentSession.session_id,
            TreatmentSession.client_id,
            Client.ref_commitment,
            TreatmentSession.opened_at,
            TreatmentSession.state,
        )
        .join(
            Client,
            and_(
                Client.clinic_id == TreatmentSession.clinic_id,
                Client.client_id == TreatmentSession.client_id,
            ),
        )
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.session_id.in_(found))
    )
    if after is not None:
        moment, session_id = after
        statement = statement.where(
            or_(
                TreatmentSession.opened_at > moment,
                and_(
                    TreatmentSession.opened_at == moment, TreatmentSession.session_id > session_id
                ),
            )
        )
    rows = tx.execute(
        statement.order_by(TreatmentSession.opened_at, TreatmentSession.session_id).limit(limit)
    )
    return [
        Meeting(
            session_id=row[0],
            client_id=row[1],
            client_commitment=bytes(row[2]),
            opened_at=row[3],
            state=row[4],
        )
        for row in rows
    ]


def count_meetings(tx: Tx, clinic_id: str, found: Select[Any]) -> tuple[int, int]:
    """(sessions, clients) of a search, exactly."""
    row = tx.execute(
        select(func.count(), func.count(distinct(TreatmentSession.client_id))).where(
            TreatmentSession.clinic_id == clinic_id, TreatmentSession.session_id.in_(found)
        )
    ).one()
    return int(row[0]), int(row[1])


def is_met(tx: Tx, clinic_id: str, session_id: str, found: Select[Any]) -> str | None:
    """The client of a session, if the session is among those of a search."""
    return tx.scalar(
        select(TreatmentSession.client_id).where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.session_id == session_id,
            TreatmentSession.session_id.in_(found),
        )
    )


def clients_without(tx: Tx, clinic_id: str, found: Select[Any], told: Select[Any]) -> int:
    """How many clients of a search have no session among those of another one."""
    reached = select(TreatmentSession.client_id).where(
        TreatmentSession.clinic_id == clinic_id, TreatmentSession.session_id.in_(told)
    )
    return (
        tx.scalar(
            select(func.count(distinct(TreatmentSession.client_id))).where(
                TreatmentSession.clinic_id == clinic_id,
                TreatmentSession.session_id.in_(found),
                TreatmentSession.client_id.not_in(reached),
            )
        )
        or 0
    )


def evidence_of(
    tx: Tx, clinic_id: str, session_ids: Sequence[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """The pieces by which each session shows now that its device was sterile."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(SessionAnswer.session_id, SessionAnswer.evidence).where(
                SessionAnswer.clinic_id == clinic_id,
                SessionAnswer.session_id.in_(session_ids[start : start + CHUNK]),
                SessionAnswer.item == "device_sterilized_before",
            )
        )
        found.update({session_id: list(pieces) for session_id, pieces in rows})
    return found


def traces_of(
    tx: Tx, clinic_id: str, session_ids: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """(kind, value) of everything that each session ever met, in order of the log."""
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(SessionEvidence.session_id, SessionEvidence.kind, SessionEvidence.value)
            .where(
                SessionEvidence.clinic_id == clinic_id,
                SessionEvidence.session_id.in_(session_ids[start : start + CHUNK]),
            )
            .order_by(SessionEvidence.idx, SessionEvidence.kind, SessionEvidence.value)
        )
        for session_id, kind, value in rows:
            met = found.setdefault(session_id, [])
            if (kind, value) not in met:
                met.append((kind, value))
    return found


def packs_of(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> dict[str, list[MetPack]]:
    """Every pack that each session ever opened."""
    found: dict[str, list[MetPack]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(
                SessionEvidence.session_id,
                Pack.code,
                Pack.sterilizer,
                Pack.cycle_number,
                Cycle.sterilizer_id,
                Cycle.run_at,
            )
            .distinct()
            .join(
                Pack,
                and_(
                    Pack.clinic_id == SessionEvidence.clinic_id,
                    Pack.pack_id == SessionEvidence.value,
                ),
            )
            .outerjoin(
                Cycle, and_(Cycle.clinic_id == Pack.clinic_id, Cycle.cycle_id == Pack.cycle_id)
            )
            .where(
                SessionEvidence.clinic_id == clinic_id,
                SessionEvidence.kind == Trace.PACK.value,
                SessionEvidence.session_id.in_(session_ids[start : start + CHUNK]),
            )
            .order_by(Pack.code)
        )
        for session_id, code, sterilizer, number, sterilizer_id, run_at in rows:
            found.setdefault(session_id, []).append(
                MetPack(
                    code=code,
                    sterilizer=sterilizer,
                    cycle_number=number,
                    sterilizer_id=sterilizer_id,
                    run_at=run_at,
                )
            )
    return found
