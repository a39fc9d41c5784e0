"""Which sessions, and so which clients, met a thing: the one search behind every recall."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Text, and_, or_, select, type_coerce

from compliance.domain.words import SessionState
from compliance.store.models.sterilization import Cycle
from compliance.store.models.things import Pack
from compliance.store.models.treatments import Client, SessionAnswer, TreatmentSession
from compliance.store.session import Tx

CHUNK: Final = 500
"""Values in one IN list."""

MOST_MEETINGS: Final = 1000
"""Lines of one query; a longer answer says that it is cut."""


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


_MEETING: Final[Any] = select(
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


_OPENED: Final[Any] = _MEETING.add_columns(Pack.code).join(
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


def evidence_of(
    tx: Tx, clinic_id: str, session_ids: Sequence[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """The pieces by which each session showed that its device was sterile."""
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


def met_client(tx: Tx, clinic_id: str, client_id: str) -> list[Meeting]:
    return _meetings(tx, clinic_id, _MEETING.where(TreatmentSession.client_id == client_id))
