"""What a recall's window holds: loads, packs, and the sessions that opened them, page by page.

Every list is a keyset page and every count is exact, however much is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union, union_all

from compliance.domain.tracing import LotNotice, Trace
from compliance.domain.words import PackState, SessionState
from compliance.store.models.sterilization import Cycle
from compliance.store.models.things import Pack
from compliance.store.models.tracing import SessionEvidence
from compliance.store.models.treatments import TreatmentSession
from compliance.store.recalls import RecallRow, window_condition
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A recall with what it needs to find packs that name the sterilizer by word only."""

    recall: RecallRow
    words: tuple[str, ...] = ()
    """How labels may call the sterilizer; empty for a lot."""
    first_day: date | None = None
    """Of the clinic; the day of the last negative itself is among them, for a word has no hour."""
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPack:
    """A pack, the load it came from, and the session that has it."""

    pack_id: str
    code: str
    contents: str
    state: PackState
    sterilizer: str
    cycle_number: str
    cycle_id: str | None
    """None: its label names the sterilizer by word only."""
    used_in: str | None
    started: bool
    """Whether the treatment that has it began; until then it is not opened."""


def list_cycles(
    tx: Tx, window: Window, *, after: tuple[datetime, str] | None, limit: int | None
) -> list[tuple[str, str, datetime]]:
    """(id, number, run) of the loads taken back, in order of their runs."""
    statement = select(Cycle.cycle_id, Cycle.number, Cycle.run_at).where(
        window_condition(window.recall)
    )
    if after is not None:
        moment, cycle_id = after
        statement = statement.where(
            or_(Cycle.run_at > moment, and_(Cycle.run_at == moment, Cycle.cycle_id > cycle_id))
        )
    rows = tx.execute(statement.order_by(Cycle.run_at, Cycle.cycle_id).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def count_cycles(tx: Tx, window: Window) -> int:
    return (
        tx.scalar(select(func.count()).select_from(Cycle).where(window_condition(window.recall)))
        or 0
    )


def _by_cycle(window: Window, *columns: Any) -> Select[Any]:
    """Packs of recorded loads: the join begins at the loads, whose times are indexed."""
    return (
        select(*columns)
        .select_from(Cycle)
        .join(Pack, and_(Pack.clinic_id == Cycle.clinic_id, Pack.cycle_id == Cycle.cycle_id))
        .where(window_condition(window.recall))
    )


def _by_word(window: Window, *columns: Any) -> Select[Any]:
    """Packs whose label names the sterilizer, from before its loads were recorded."""
    condition = and_(
        Pack.clinic_id == window.recall.clinic_id,
        Pack.sterilizer.in_(window.words),
        Pack.cycle_id.is_(None),
    )
    if window.first_day is not None:
        condition = and_(condition, Pack.sterilized_on >= window.first_day)
    if window.last_day is not None:
        condition = and_(condition, Pack.sterilized_on <= window.last_day)
    return select(*columns).where(condition)


_PACK: Final = (
    Pack.clinic_id,
    Pack.pack_id,
    Pack.code,
    Pack.contents,
    Pack.state,
    Pack.sterilizer,
    Pack.cycle_number,
    Pack.cycle_id,
    Pack.used_in,
)


def _packs(window: Window, *, opened: bool) -> Any:
    """The packs that a client met, or those to pull; a draft's pack is not opened yet."""
    found = union_all(_by_cycle(window, *_PACK), _by_word(window, *_PACK)).subquery()
    started = TreatmentSession.started_at.is_not(None).label("started")
    statement = select(found, started).outerjoin(
        TreatmentSession,
        and_(
            TreatmentSession.clinic_id == found.c.clinic_id,
            TreatmentSession.session_id == found.c.used_in,
        ),
    )
    used = and_(found.c.state == PackState.USED.value, TreatmentSession.started_at.is_not(None))
    wanted = (
        used
        if opened
        else or_(found.c.state != PackState.USED.value, TreatmentSession.started_at.is_(None))
    )
    return found, statement.where(wanted)


def list_packs(
    tx: Tx, window: Window, *, opened: bool, after: str | None, limit: int | None
) -> list[TracedPack]:
    """Packs by code, after a code."""
    found, statement = _packs(window, opened=opened)
    if after is not None:
        statement = statement.where(found.c.code > after)
    rows = tx.execute(statement.order_by(found.c.code).limit(limit))
    return [_traced(row._mapping) for row in rows]


def list_unopened(tx: Tx, window: Window) -> list[str]:
    """Ids of the packs that can still be kept from being used: nobody has opened them."""
    found, statement = _packs(window, opened=False)
    drafts = or_(
        found.c.state.in_([PackState.REGISTERED.value, PackState.RELEASED.value]),
        and_(
            found.c.state == PackState.USED.value,
            TreatmentSession.state == SessionState.DRAFT.value,
        ),
    )
    rows = tx.execute(statement.where(drafts).order_by(found.c.code))
    return [row._mapping["pack_id"] for row in rows]


def find_pack(tx: Tx, window: Window, code: str) -> TracedPack | None:
    """A pack to pull, by the code on its label."""
    found, statement = _packs(window, opened=False)
    row = tx.execute(statement.where(or_(found.c.code == code, found.c.pack_id == code))).first()
    return None if row is None else _traced(row._mapping)


def count_packs(tx: Tx, window: Window, *, opened: bool) -> int:
    _, statement = _packs(window, opened=opened)
    return tx.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _traced(row: Mapping[Any, Any]) -> TracedPack:
    values = {name: row[name] for name in TracedPack.__slots__ if name != "state"}
    return TracedPack(**{**values, "started": bool(row["started"])}, state=PackState(row["state"]))


def met_by_window(window: Window) -> Select[Any]:
    """Ids of the sessions whose clients met what the recall takes back."""
    row = window.recall
    if row.notice is not None:
        return met_by_lot(row.clinic_id, row.notice)
    opened = (_by_cycle(window, Pack.pack_id), _by_word(window, Pack.pack_id))
    packs = union_all(*opened).subquery()
    return select(SessionEvidence.session_id).join_from(
        packs,
        SessionEvidence,
        and_(
            SessionEvidence.clinic_id == row.clinic_id,
            SessionEvidence.kind == Trace.PACK.value,
            SessionEvidence.value == packs.c.pack_id,
        ),
    )


def met_by_trace(clinic_id: str, kind: Trace, value: str) -> Select[Any]:
    """Ids of the sessions whose clients met one device, pack or lot (in its normal spelling)."""
    return select(SessionEvidence.session_id).where(
        SessionEvidence.clinic_id == clinic_id,
        SessionEvidence.kind == kind.value,
        SessionEvidence.value == value,
    )


def met_by_lot(clinic_id: str, notice: LotNotice) -> Select[Any]:
    """Ids of the sessions that met a lot: of this article, or of one that nobody named."""
    found = met_by_trace(clinic_id, Trace.LOT, notice.lot)
    return found.where(SessionEvidence.gtin.in_(["", notice.gtin])) if notice.gtin else found


def met_by_cycle(clinic_id: str, cycle_id: str) -> Select[Any]:
    """Ids of the sessions that opened packs of one load."""
    return _met_packs(
        clinic_id,
        select(Pack.pack_id).where(Pack.clinic_id == clinic_id, Pack.cycle_id == cycle_id),
    )


def met_by_operator(clinic_id: str, user_id: str) -> Select[Any]:
    """Ids of the sessions that opened packs which a person sterilized or released."""
    cycles = union(
        select(Cycle.cycle_id).where(Cycle.clinic_id == clinic_id, Cycle.operator_id == user_id),
        select(Cycle.cycle_id).where(Cycle.clinic_id == clinic_id, Cycle.released_by == user_id),
    ).subquery()
    # Who runs a load mostly releases its packs too: those are found by the load already, and
    # naming them twice would double the longest part of the search.
    others = or_(Pack.cycle_id.is_(None), Pack.cycle_id.not_in(select(cycles.c.cycle_id)))
    packs = union_all(
        select(Pack.pack_id).join_from(
            cycles, Pack, and_(Pack.clinic_id == clinic_id, Pack.cycle_id == cycles.c.cycle_id)
        ),
        select(Pack.pack_id).where(
            Pack.clinic_id == clinic_id, Pack.released_by == user_id, others
        ),
    )
    return _met_packs(clinic_id, packs)


def _met_packs(clinic_id: str, packs: Any) -> Select[Any]:
    found = packs.subquery()
    return select(SessionEvidence.session_id).join_from(
        found,
        SessionEvidence,
        and_(
            SessionEvidence.clinic_id == clinic_id,
            SessionEvidence.kind == Trace.PACK.value,
            SessionEvidence.value == found.c.pack_id,
        ),
    )


def met_by_client(clinic_id: str, client_id: str) -> Select[Any]:
    """Ids of a client's sessions whose treatment began."""
    return select(TreatmentSession.session_id).where(
        TreatmentSession.clinic_id == clinic_id,
        TreatmentSession.client_id == client_id,
        TreatmentSession.started_at.is_not(None),
    )


def spared_by_window(tx: Tx, window: Window, end: datetime) -> ColumnElement[bool]:
    """Which sessions begun in the window are of clients who met nothing of it.

    A condition and not a search by id: so a page of it is read in order of time and no further.
    """
    row = window.recall
    affected = select(TreatmentSession.client_id).where(
        TreatmentSession.clinic_id == row.clinic_id,
        TreatmentSession.session_id.in_(met_by_window(window)),
    )
    condition = and_(
        TreatmentSession.opened_at <= end,
        TreatmentSession.started_at.is_not(None),
        is_without(tx, affected),
    )
    if row.since is not None:
        condition = and_(condition, TreatmentSession.opened_at >= row.since)
    return condition


def is_without(tx: Tx, client_ids: Select[Any]) -> ColumnElement[bool]:
    """Whether a session's client is not among those of a query.

    Two spellings of the same: PostgreSQL walks through a large NOT IN row by row, and
    SQLite would run the inner query of a NOT EXISTS again for each row.
    """
    if tx.dialect.name == "sqlite":
        return TreatmentSession.client_id.not_in(client_ids)
    among = client_ids.with_only_columns(TreatmentSession.client_id.label("client_id")).subquery()
    told = select(among.c.client_id).where(among.c.client_id == TreatmentSession.client_id)
    return ~told.correlate(TreatmentSession).exists()


def names_of(code: str, name: str) -> tuple[str, ...]:
    """How a label may have called a sterilizer before its loads were recorded."""
    said = (code, name)
    return tuple(
        dict.fromkeys(spelled for word in said for spelled in (word, word.lower(), word.upper()))
    )
