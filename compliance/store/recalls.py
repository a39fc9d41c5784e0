"""Rows of recalls, the packs in their windows, and the calls to clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from compliance.domain.words import PackState
from compliance.store.models.sterilization import Cycle, Recall, RecallCall
from compliance.store.models.things import Pack
from compliance.store.models.treatments import TreatmentSession
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list."""


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


def is_in_window(row: RecallRow, run_at: datetime) -> bool:
    """Whether a recall takes back what its sterilizer ran at a moment."""
    begun = row.since is None or run_at > row.since
    return begun and (row.until is None or run_at < row.until)


def recalled_lots(tx: Tx, clinic_id: str, lots: Sequence[str]) -> frozenset[str]:
    """Those of the lots that a maker's notice takes back."""
    rows = tx.scalars(
        select(Recall.lot).where(
            Recall.clinic_id == clinic_id, Recall.kind == "lot", Recall.lot.in_(lots)
        )
    )
    return frozenset(lot for lot in rows if lot is not None)


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


def insert_call(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(RecallCall), dict(values))


def list_calls(tx: Tx, clinic_id: str, recall_id: str) -> Sequence[Mapping[str, Any]]:
    rows = tx.execute(
        select(RecallCall.__table__)
        .where(RecallCall.clinic_id == clinic_id, RecallCall.recall_id == recall_id)
        .order_by(RecallCall.idx)
    )
    return [dict(row._mapping) for row in rows]
