"""Rows of recalls, the packs and sessions in their windows, and the calls to clients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from compliance.domain.words import EvidenceKind, PackState, SessionState
from compliance.store.models.sterilization import Cycle, Recall, RecallCall
from compliance.store.models.things import Pack
from compliance.store.models.treatments import Client, SessionAnswer, TreatmentSession
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list."""

MOST_MEETINGS: Final = 1000
"""Lines of one search; a longer answer says that it is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRow:
    clinic_id: str
    recall_id: str
    kind: str
    sterilizer_id: str | None
    test_id: str | None
    lot: str | None
    since: datetime | None
    last_negative: str | None
    until: datetime | None
    positives: int
    state: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPack:
    """A pack, the load it came from, and the session that opened it."""

    pack_id: str
    code: str
    state: PackState
    cycle_id: str | None
    used_in: str | None
    session_state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A session of a client, and by which thing the search found it."""

    session_id: str
    client_id: str
    client_commitment: bytes
    opened_at: datetime
    state: str
    by: str
    """The code of the pack, the lot, or empty."""


def insert_recall(tx: Tx, row: RecallRow) -> None:
    tx.execute(insert(Recall), asdict(row))


def update_recall(tx: Tx, row: RecallRow, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(Recall)
        .where(Recall.clinic_id == row.clinic_id, Recall.recall_id == row.recall_id)
        .values(**values)
    )


def find_recall(tx: Tx, clinic_id: str, recall_id: str) -> RecallRow | None:
    row = tx.execute(
        select(Recall.__table__).where(Recall.clinic_id == clinic_id, Recall.recall_id == recall_id)
    ).first()
    return None if row is None else RecallRow(**row._mapping)


def list_recalls(
    tx: Tx, clinic_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[RecallRow]:
    """Newest first, keyset page by (opened_at, id)."""
    statement = select(Recall.__table__).where(Recall.clinic_id == clinic_id)
    if after is not None:
        moment, recall_id = after
        statement = statement.where(
            or_(
                Recall.opened_at < moment,
                and_(Recall.opened_at == moment, Recall.recall_id < recall_id),
            )
        )
    rows = tx.execute(
        statement.order_by(Recall.opened_at.desc(), Recall.recall_id.desc()).limit(limit)
    )
    return [RecallRow(**row._mapping) for row in rows]


def recalls_of(tx: Tx, clinic_id: str, sterilizer_id: str) -> list[RecallRow]:
    """Every recall of a sterilizer, oldest first."""
    rows = tx.execute(
        select(Recall.__table__)
        .where(Recall.clinic_id == clinic_id, Recall.sterilizer_id == sterilizer_id)
        .order_by(Recall.opened_at)
    )
    return [RecallRow(**row._mapping) for row in rows]


def window_cycles(tx: Tx, row: RecallRow) -> list[tuple[str, str, datetime]]:
    """(id, number, run) of the loads that a recall takes back, in order of their runs."""
    statement = select(Cycle.cycle_id, Cycle.number, Cycle.run_at).where(
        Cycle.clinic_id == row.clinic_id, Cycle.sterilizer_id == row.sterilizer_id
    )
    if row.since is not None:
        statement = statement.where(Cycle.run_at > row.since)
    if row.until is not None:
        statement = statement.where(Cycle.run_at < row.until)
    found = tx.execute(statement.order_by(Cycle.run_at, Cycle.cycle_id))
    return [(each[0], each[1], each[2]) for each in found]


_TRACED: Final = select(
    Pack.pack_id,
    Pack.code,
    Pack.state,
    Pack.cycle_id,
    Pack.used_in,
    TreatmentSession.state.label("session_state"),
).outerjoin(
    TreatmentSession,
    and_(TreatmentSession.clinic_id == Pack.clinic_id, TreatmentSession.session_id == Pack.used_in),
)


def packs_of_cycles(tx: Tx, clinic_id: str, cycle_ids: Sequence[str]) -> list[TracedPack]:
    """Every pack of the loads, by code."""
    found = []
    for start in range(0, len(cycle_ids), CHUNK):
        wanted = cycle_ids[start : start + CHUNK]
        found.extend(_traced(tx, clinic_id, Pack.cycle_id.in_(wanted)))
    return sorted(found, key=lambda pack: pack.code)


def packs_of_register(
    tx: Tx, clinic_id: str, sterilizer: str, since: datetime | None
) -> list[TracedPack]:
    """Packs that name the sterilizer by word only, from before its cycles were recorded."""
    named = and_(Pack.sterilizer == sterilizer, Pack.cycle_id.is_(None))
    if since is not None:
        named = and_(named, Pack.sterilized_on >= since.date())
    return _traced(tx, clinic_id, named)


def _traced(tx: Tx, clinic_id: str, condition: ColumnElement[bool]) -> list[TracedPack]:
    rows = tx.execute(_TRACED.where(Pack.clinic_id == clinic_id, condition))
    return [
        TracedPack(**{**row._mapping, "state": PackState(row._mapping["state"])}) for row in rows
    ]


def mark_recalled(tx: Tx, clinic_id: str, pack_ids: Sequence[str]) -> None:
    for start in range(0, len(pack_ids), CHUNK):
        tx.execute(
            update(Pack)
            .where(Pack.clinic_id == clinic_id, Pack.pack_id.in_(pack_ids[start : start + CHUNK]))
            .values(state=PackState.RECALLED.value)
        )


_MEETING: Final = select(
    TreatmentSession.session_id,
    TreatmentSession.client_id,
    Client.ref_commitment,
    TreatmentSession.opened_at,
    TreatmentSession.state,
).join(
    Client,
    and_(
        Client.clinic_id == TreatmentSession.clinic_id,
        Client.client_id == TreatmentSession.client_id,
    ),
)


_OPENED: Final = _MEETING.add_columns(Pack.code).join(
    Pack,
    and_(Pack.clinic_id == TreatmentSession.clinic_id, Pack.used_in == TreatmentSession.session_id),
)


def met_pack(tx: Tx, clinic_id: str, pack_id: str) -> list[Meeting]:
    return _meetings(tx, clinic_id, _OPENED.where(Pack.pack_id == pack_id))


def met_cycles(tx: Tx, clinic_id: str, cycle_ids: Sequence[str]) -> list[Meeting]:
    """Sessions that opened the packs of loads."""
    found = []
    for start in range(0, len(cycle_ids), CHUNK):
        wanted = cycle_ids[start : start + CHUNK]
        found.extend(_meetings(tx, clinic_id, _OPENED.where(Pack.cycle_id.in_(wanted))))
    return found


def met_sessions(tx: Tx, clinic_id: str, session_ids: Iterable[str]) -> list[Meeting]:
    wanted = sorted(set(session_ids))
    found = []
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        found.extend(
            _meetings(tx, clinic_id, _MEETING.where(TreatmentSession.session_id.in_(chunk)))
        )
    return found


def met_device(tx: Tx, clinic_id: str, device_id: str) -> list[Meeting]:
    return _meetings(tx, clinic_id, _MEETING.where(TreatmentSession.device_id == device_id))


def met_operator(tx: Tx, clinic_id: str, user_id: str) -> list[Meeting]:
    """Sessions that opened packs of loads which this person ran or released."""
    statement = _OPENED.join(
        Cycle, and_(Cycle.clinic_id == Pack.clinic_id, Cycle.cycle_id == Pack.cycle_id)
    ).where(or_(Cycle.operator_id == user_id, Cycle.released_by == user_id))
    return _meetings(tx, clinic_id, statement)


def met_lot(tx: Tx, clinic_id: str, lot: str) -> list[Meeting]:
    """Sessions whose evidence names a lot."""
    statement = _MEETING.join(
        SessionAnswer,
        and_(
            SessionAnswer.clinic_id == TreatmentSession.clinic_id,
            SessionAnswer.session_id == TreatmentSession.session_id,
        ),
    ).where(
        type_coerce(SessionAnswer.evidence, Text).contains(
            f'"lot":{json.dumps(lot, ensure_ascii=False)}', autoescape=True
        )
    )
    return list({each.session_id: each for each in _meetings(tx, clinic_id, statement)}.values())


def sessions_between(
    tx: Tx, clinic_id: str, start: datetime | None, end: datetime
) -> list[Meeting]:
    """Sessions started in a window, newest first, at most ``MOST_MEETINGS``."""
    statement = _MEETING.where(
        TreatmentSession.opened_at <= end,
        TreatmentSession.state.not_in([SessionState.DRAFT.value]),
    )
    if start is not None:
        statement = statement.where(TreatmentSession.opened_at >= start)
    return _meetings(tx, clinic_id, statement)


def _meetings(tx: Tx, clinic_id: str, statement: Select[Any]) -> list[Meeting]:
    rows = tx.execute(
        statement.where(TreatmentSession.clinic_id == clinic_id)
        .order_by(TreatmentSession.opened_at.desc(), TreatmentSession.session_id)
        .limit(MOST_MEETINGS)
    )
    return [
        Meeting(
            session_id=row[0],
            client_id=row[1],
            client_commitment=bytes(row[2]),
            opened_at=row[3],
            state=row[4],
            by=row[5] if len(row) > 5 else "",
        )
        for row in rows
    ]


def evidence_of(tx: Tx, clinic_id: str, session_ids: Sequence[str]) -> dict[str, set[EvidenceKind]]:
    """Which kinds of evidence the answers about the device before the treatment hold."""
    found: dict[str, set[EvidenceKind]] = {}
    for start in range(0, len(session_ids), CHUNK):
        rows = tx.execute(
            select(SessionAnswer.session_id, SessionAnswer.evidence).where(
                SessionAnswer.clinic_id == clinic_id,
                SessionAnswer.session_id.in_(session_ids[start : start + CHUNK]),
                SessionAnswer.item == "device_sterilized_before",
            )
        )
        for session_id, pieces in rows:
            found[session_id] = {EvidenceKind(piece["kind"]) for piece in pieces}
    return found


def insert_call(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(RecallCall), dict(values))


def list_calls(tx: Tx, clinic_id: str, recall_id: str) -> Sequence[Mapping[str, Any]]:
    rows = tx.execute(
        select(RecallCall.__table__)
        .where(RecallCall.clinic_id == clinic_id, RecallCall.recall_id == recall_id)
        .order_by(RecallCall.idx)
    )
    return [dict(row._mapping) for row in rows]
