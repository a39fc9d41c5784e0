"""Rows of recalls, the packs in their windows, and the calls to clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, distinct, func, insert, or_, select, update

from compliance.domain.tracing import LotNotice, normal_lot
from compliance.domain.words import PackState
from compliance.store.models.sterilization import Cycle, Recall, RecallCall
from compliance.store.models.things import Pack
from compliance.store.models.tracing import RecallPull
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
    gtin: str | None
    since: datetime | None
    last_negative: str | None
    until: datetime | None
    positives: int
    state: str
    opened_at: datetime
    closed_at: datetime | None

    @property
    def notice(self) -> LotNotice | None:
        """What a maker takes back; None for the loads of a sterilizer."""
        if self.lot is None:
            return None
        return LotNotice(lot=normal_lot(self.lot), gtin=self.gtin or "")


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
    tx: Tx,
    clinic_id: str,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
    state: str | None = None,
) -> list[RecallRow]:
    """Newest first, keyset page by (opened_at, id)."""
    statement = select(Recall.__table__).where(Recall.clinic_id == clinic_id)
    if state is not None:
        statement = statement.where(Recall.state == state)
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


def list_notices(tx: Tx, clinic_id: str) -> frozenset[LotNotice]:
    """Every maker's notice of a clinic, the closed ones too: nobody may use such a lot again."""
    rows = tx.execute(
        select(Recall.lot, Recall.gtin).where(Recall.clinic_id == clinic_id, Recall.kind == "lot")
    )
    return frozenset(
        LotNotice(lot=normal_lot(lot), gtin=gtin or "") for lot, gtin in rows if lot is not None
    )


def count_open(tx: Tx, clinic_id: str) -> int:
    statement = select(func.count()).select_from(Recall)
    return tx.scalar(statement.where(Recall.clinic_id == clinic_id, Recall.state == "open")) or 0


def window_cycles(tx: Tx, row: RecallRow) -> list[tuple[str, str, datetime]]:
    """(id, number, run) of every load that a recall takes back, in order of their runs."""
    statement = select(Cycle.cycle_id, Cycle.number, Cycle.run_at).where(window_condition(row))
    found = tx.execute(statement.order_by(Cycle.run_at, Cycle.cycle_id))
    return [(each[0], each[1], each[2]) for each in found]


def window_condition(row: RecallRow) -> ColumnElement[bool]:
    """Which loads a recall takes back."""
    condition = and_(Cycle.clinic_id == row.clinic_id, Cycle.sterilizer_id == row.sterilizer_id)
    if row.since is not None:
        condition = and_(condition, Cycle.run_at > row.since)
    if row.until is not None:
        condition = and_(condition, Cycle.run_at < row.until)
    return condition


def mark_recalled(tx: Tx, clinic_id: str, pack_ids: Sequence[str]) -> None:
    for start in range(0, len(pack_ids), CHUNK):
        tx.execute(
            update(Pack)
            .where(Pack.clinic_id == clinic_id, Pack.pack_id.in_(pack_ids[start : start + CHUNK]))
            .values(state=PackState.RECALLED.value)
        )


def insert_call(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(RecallCall), dict(values))


def list_calls(
    tx: Tx, clinic_id: str, recall_id: str, session_ids: Sequence[str] | None = None
) -> Sequence[Mapping[str, Any]]:
    """The calls of a recall in order, all or those to the clients of some sessions."""
    statement = select(RecallCall.__table__).where(
        RecallCall.clinic_id == clinic_id, RecallCall.recall_id == recall_id
    )
    if session_ids is not None:
        statement = statement.where(RecallCall.session_id.in_(session_ids))
    return [dict(row._mapping) for row in tx.execute(statement.order_by(RecallCall.idx))]


def told_by(row: RecallRow, outcomes: Iterable[str]) -> Select[Any]:
    """Ids of the sessions about which a call ended in one of the outcomes."""
    return select(RecallCall.session_id).where(
        RecallCall.clinic_id == row.clinic_id,
        RecallCall.recall_id == row.recall_id,
        RecallCall.outcome.in_(sorted(outcomes)),
    )


def insert_pull(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(RecallPull), dict(values))


def list_pulls(tx: Tx, row: RecallRow, pack_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """By pack: the newest word on whether it was found."""
    rows = tx.execute(
        select(RecallPull.__table__)
        .where(
            RecallPull.clinic_id == row.clinic_id,
            RecallPull.recall_id == row.recall_id,
            RecallPull.pack_id.in_(pack_ids),
        )
        .order_by(RecallPull.idx)
    )
    return {each._mapping["pack_id"]: dict(each._mapping) for each in rows}


def list_looked_for(tx: Tx, row: RecallRow, limit: int) -> list[str]:
    """The packs that were looked for, found or not; by id."""
    return list(
        tx.scalars(
            select(RecallPull.pack_id)
            .distinct()
            .where(RecallPull.clinic_id == row.clinic_id, RecallPull.recall_id == row.recall_id)
            .order_by(RecallPull.pack_id)
            .limit(limit)
        )
    )


def count_pulls(tx: Tx, row: RecallRow) -> int:
    """How many packs were looked for, found or not."""
    statement = select(func.count(distinct(RecallPull.pack_id))).where(
        RecallPull.clinic_id == row.clinic_id, RecallPull.recall_id == row.recall_id
    )
    return tx.scalar(statement) or 0
