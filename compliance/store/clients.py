"""Rows of clients, under their pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from compliance.store.models.treatments import Client, TreatmentSession
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    clinic_id: str
    client_id: str
    ref_index: bytes
    ref_commitment: bytes
    steel_allergy: bool | None
    last_session_at: datetime | None


_CLIENT = select(
    Client.clinic_id,
    Client.client_id,
    Client.ref_index,
    Client.ref_commitment,
    Client.steel_allergy,
    Client.last_session_at,
)


def find_client(tx: Tx, clinic_id: str, ref_index: bytes) -> ClientRow | None:
    row = tx.execute(
        _CLIENT.where(Client.clinic_id == clinic_id, Client.ref_index == ref_index)
    ).first()
    return None if row is None else ClientRow(**row._mapping)


def read_client(tx: Tx, clinic_id: str, client_id: str) -> ClientRow | None:
    row = tx.execute(
        _CLIENT.where(Client.clinic_id == clinic_id, Client.client_id == client_id)
    ).first()
    return None if row is None else ClientRow(**row._mapping)


def insert_client(tx: Tx, client: ClientRow, *, now: datetime) -> None:
    tx.execute(
        insert(Client),
        {
            "clinic_id": client.clinic_id,
            "client_id": client.client_id,
            "ref_index": client.ref_index,
            "ref_commitment": client.ref_commitment,
            "steel_allergy": client.steel_allergy,
            "last_session_at": client.last_session_at,
            "created_at": now,
        },
    )


def touch_client(tx: Tx, clinic_id: str, client_id: str, *, now: datetime) -> None:
    tx.execute(
        update(Client)
        .where(Client.clinic_id == clinic_id, Client.client_id == client_id)
        .values(last_session_at=now)
    )


def remember_allergy(tx: Tx, clinic_id: str, client_id: str, *, allergic: bool) -> None:
    tx.execute(
        update(Client)
        .where(Client.clinic_id == clinic_id, Client.client_id == client_id)
        .values(steel_allergy=allergic)
    )


def recent_clients(tx: Tx, clinic_id: str, limit: int) -> Sequence[ClientRow]:
    rows = tx.execute(
        _CLIENT.where(Client.clinic_id == clinic_id, Client.last_session_at.is_not(None))
        .order_by(Client.last_session_at.desc(), Client.client_id.desc())
        .limit(limit)
    )
    return [ClientRow(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSession:
    session_id: str
    template_id: str
    state: str
    opened_at: datetime
    started_at: datetime | None


def past_sessions(tx: Tx, clinic_id: str, client_id: str, limit: int) -> Sequence[PastSession]:
    """The client's newest sessions, for the warnings at opening."""
    rows = tx.execute(
        select(
            TreatmentSession.session_id,
            TreatmentSession.template_id,
            TreatmentSession.state,
            TreatmentSession.opened_at,
            TreatmentSession.started_at,
        )
        .where(TreatmentSession.clinic_id == clinic_id, TreatmentSession.client_id == client_id)
        .order_by(TreatmentSession.opened_at.desc(), TreatmentSession.session_id.desc())
        .limit(limit)
    )
    return [PastSession(**row._mapping) for row in rows]
