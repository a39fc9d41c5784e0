"""Which sessions, and so which clients, met something: the one search behind every recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    func,
    or_,
    select,
    type_coerce,
)

from compliance.domain.tracing import Mark, Trace
from compliance.store.models.sterilization import Cycle
from compliance.store.models.things import Pack
from compliance.store.models.tracing import SessionEvidence
from compliance.store.models.treatments import Client, SessionAnswer, TreatmentSession
from compliance.store.session import Tx
from compliance.store.windows import is_without

CHUNK: Final = 500
"""Values in one IN list."""

_WIDE: Final = (
    "work_mem = '64MB'",
    "random_page_cost = 1.1",
    "jit = off",
    "max_parallel_workers_per_gather = 0",
)

_MARK: Final = (SessionEvidence.kind, SessionEvidence.value, SessionEvidence.gtin)

Search = Select[Any] | ColumnElement[bool]
"""Ids of sessions, or what is true of them."""


def _sessions(tx: Tx, clinic_id: str, found: Search, *columns: Any) -> Select[Any]:
    """Columns of the sessions of a search, each session once.

    Two spellings of the same: SQLite looks each id up as it comes, PostgreSQL would read
    all sessions for an IN and so joins ids that it has made distinct before.
    """
    statement = (
        select(*columns)
        .select_from(TreatmentSession)
        .where(TreatmentSession.clinic_id == clinic_id)
    )
    if isinstance(found, ColumnElement):
        return statement.where(found)
    if tx.dialect.name == "sqlite":
        return statement.where(TreatmentSession.session_id.in_(found))
    ids = found.distinct().subquery()
    return statement.join(ids, ids.columns[0] == TreatmentSession.session_id)


def _expect_many(tx: Tx) -> None:
    """Let PostgreSQL plan the rest of the transaction for a search that may be wide.

    Its defaults are of turning disks and little memory: it would rather read whole tables
    than indexes, and sort ids in files. Its helpers would each make the same list of packs.
    """
    if tx.dialect.name == "postgresql":
        for setting in _WIDE:
            tx.exec_driver_sql(f"SET LOCAL {setting}")


def _in_time(tx: Tx, found: Search) -> Any:
    """The order of a page.

    For a search by id PostgreSQL must find the ids first: in hope of an early end it
    would else walk along the index of times and ask for each session whether it is one.
    """
    if tx.dialect.name == "sqlite" or isinstance(found, ColumnElement):
        return TreatmentSession.opened_at
    return type_coerce(TreatmentSession.opened_at, BigInteger) + 0


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
    found: Search,
    *,
    after: tuple[datetime, str] | None,
    limit: int | None,
) -> list[Meeting]:
    """The sessions of a search in order of their treatments, after a place (opened_at, id)."""
    _expect_many(tx)
    statement = _sessions(
        tx,
        clinic_id,
        found,
        TreatmentSession.session_id,
        TreatmentSession.client_id,
        TreatmentSession.opened_at,
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
    place = (_in_time(tx, found), TreatmentSession.session_id)
    # The page first, from what an index holds, and the rest after: joined before the limit,
    # SQLite may read all clients.
    page = statement.order_by(*place).limit(limit).subquery()
    rows = tx.execute(
        select(page, TreatmentSession.state, Client.ref_commitment)
        .join(
            TreatmentSession,
            and_(
                TreatmentSession.clinic_id == clinic_id,
                TreatmentSession.session_id == page.c.session_id,
            ),
        )
        .join(Client, and_(Client.clinic_id == clinic_id, Client.client_id == page.c.client_id))
        .order_by(page.c.opened_at, page.c.session_id)
    )
    return [
        Meeting(
            session_id=row[0],
            client_id=row[1],
            client_commitment=bytes(row[4]),
            opened_at=row[2],
            state=row[3],
        )
        for row in rows
    ]


def count_meetings(tx: Tx, clinic_id: str, found: Search) -> tuple[int, int]:
    """(sessions, clients) of a search, exactly."""
    _expect_many(tx)
    by_client = (
        _sessions(tx, clinic_id, found, func.count().label("sessions"))
        .group_by(TreatmentSession.client_id)
        .subquery()
    )
    row = tx.execute(select(func.sum(by_client.c.sessions), func.count()).select_from(by_client))
    sessions, clients = row.one()
    return int(sessions or 0), int(clients)


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
    _expect_many(tx)
    reached = select(TreatmentSession.client_id).where(
        TreatmentSession.clinic_id == clinic_id, TreatmentSession.session_id.in_(told)
    )
    owed = (
        _sessions(tx, clinic_id, found, TreatmentSession.client_id)
        .where(is_without(tx, reached))
        .distinct()
        .subquery()
    )
    return tx.scalar(select(func.count()).select_from(owed)) or 0


def clients_among(
    tx: Tx, clinic_id: str, client_ids: Sequence[str], told: Select[Any]
) -> frozenset[str]:
    """Those of the clients with a session among those of a search."""
    if not client_ids:
        return frozenset()
    rows = tx.scalars(
        select(TreatmentSession.client_id).where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.session_id.in_(told),
            TreatmentSession.client_id.in_(client_ids),
        )
    )
    return frozenset(rows)


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


def traces_of(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> dict[str, list[Mark]]:
    """Everything that each session ever met, in order of the log."""
    found: dict[str, list[Mark]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(SessionEvidence.session_id, *_MARK)
            .where(
                SessionEvidence.clinic_id == clinic_id,
                SessionEvidence.session_id.in_(session_ids[start : start + CHUNK]),
            )
            .order_by(SessionEvidence.idx, SessionEvidence.kind, SessionEvidence.value)
        )
        for session_id, *values in rows:
            met, mark = found.setdefault(session_id, []), Mark(*values)
            if mark not in met:
                met.append(mark)
    return found


def packs_among(
    tx: Tx, clinic_id: str, traces: Mapping[str, Sequence[Mark]]
) -> dict[str, list[MetPack]]:
    """Every pack among what each session ever met, by code."""
    opened = {
        session_id: [mark.value for mark in met if mark.kind == Trace.PACK.value]
        for session_id, met in traces.items()
    }
    known = _read_packs(tx, clinic_id, sorted({each for ids in opened.values() for each in ids}))
    return {
        session_id: sorted(
            (known[each] for each in ids if each in known), key=lambda pack: pack.code
        )
        for session_id, ids in opened.items()
    }


def _read_packs(tx: Tx, clinic_id: str, pack_ids: Sequence[str]) -> dict[str, MetPack]:
    """Asked by id alone: joined with what was met, SQLite would walk through every pack."""
    found = {}
    for start in range(0, len(pack_ids), CHUNK):
        rows = tx.execute(
            select(
                Pack.pack_id,
                Pack.code,
                Pack.sterilizer,
                Pack.cycle_number,
                Cycle.sterilizer_id,
                Cycle.run_at,
            )
            .outerjoin(
                Cycle, and_(Cycle.clinic_id == Pack.clinic_id, Cycle.cycle_id == Pack.cycle_id)
            )
            .where(Pack.clinic_id == clinic_id, Pack.pack_id.in_(pack_ids[start : start + CHUNK]))
        )
        for pack_id, code, sterilizer, number, sterilizer_id, run_at in rows:
            found[pack_id] = MetPack(
                code=code,
                sterilizer=sterilizer,
                cycle_number=number,
                sterilizer_id=sterilizer_id,
                run_at=run_at,
            )
    return found
