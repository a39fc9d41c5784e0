"""Reading treatment sessions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from compliance.domain.access import Action
from compliance.domain.words import SessionState
from compliance.errors import Refused
from compliance.operations.clinics import clinic_of
from compliance.operations.personal import read_texts
from compliance.operations.treatments.reading import (
    SessionFilter,
    client_id_of,
    find_commitments,
    list_sessions,
    read_history,
    read_session,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.presenting import show_history, show_line, show_session
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.session_requests import SessionQuery
from compliance.web.api.schemas.sessions import (
    STATES,
    HistoryOut,
    SessionListOut,
    SessionOut,
)
from compliance.web.api.writing import Answer, Asking, Reply, etag, read
from compliance.web.context import services

TAG: Final = "Sessions"


@serve(
    "GET",
    "/sessions",
    Call(needs=Action.READ_SESSIONS, query=SessionQuery, gives=SessionListOut, tag=TAG),
)
def get_sessions(query: dict[str, Any]) -> Reply:
    """List sessions, newest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        client_id = None
        if "client_ref" in query:
            client_id = client_id_of(
                tx, query["client_ref"], actor=asking.actor, keyring=services().keyring
            )
            if client_id is None:
                return Answer(body={"items": [], "next_cursor": None})
        rows = list_sessions(
            tx,
            _filter(tx, query, asking, client_id),
            actor=asking.actor,
            keyring=services().keyring,
            after=after,
            limit=limit + 1,
        )
        page, cursor = cut_page(
            rows, limit, lambda listed: (listed.line.opened_at, listed.line.session_id)
        )
        return Answer(body={"items": [show_line(each) for each in page], "next_cursor": cursor})

    return read(work)


def _filter(tx: Tx, query: dict[str, Any], asking: Asking, client_id: str | None) -> SessionFilter:
    zone = ZoneInfo(clinic_of(tx, asking.actor).time_zone)
    return SessionFilter(
        states=_states(query.get("state")),
        opened_from=_bound(query.get("from_"), zone, days=0),
        opened_to=_bound(query.get("to"), zone, days=1),
        practitioner_id=query.get("practitioner"),
        client_id=client_id,
        late=query.get("late"),
    )


def _states(text: str | None) -> tuple[SessionState, ...]:
    if text is None:
        return ()
    words = text.split(",")
    for word in words:
        if word not in STATES:
            raise Refused("state", word, "is no state", allowed=", ".join(STATES))
    return tuple(SessionState(word) for word in dict.fromkeys(words))


def _bound(value: date | datetime | None, zone: ZoneInfo, *, days: int) -> datetime | None:
    """A date means its midnight in the clinic's zone, the end of a range the next one."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        midnight = datetime.combine(value + timedelta(days=days), time(), tzinfo=zone)
        return midnight.astimezone(ZoneInfo("UTC"))
    except OverflowError as error:
        raise Refused("to" if days else "from", value.isoformat(), "is out of reach") from error


@serve(
    "GET",
    "/sessions/<uuid:session_id>",
    Call(needs=Action.READ_SESSIONS, gives=SessionOut, tag=TAG),
)
def get_session(session_id: UUID) -> Reply:
    """Read one session with everything about it

    Items with their answers and evidence, the next step and every blocker in its way,
    amendments beside the old values, events, and what waits for sterilization. `ETag`
    is the version.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        record = read_session(
            tx,
            str(session_id),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return Answer(body=show_session(record), headers=etag(record.row.version))

    return read(work)


@serve(
    "GET",
    "/sessions/<uuid:session_id>/history",
    Call(needs=Action.READ_SESSIONS, gives=HistoryOut, tag=TAG),
)
def get_history(session_id: UUID) -> Reply:
    """Read every log entry about a session, oldest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        actor, keyring = asking.actor, services().keyring
        lines = read_history(tx, str(session_id), actor=actor)
        record = read_session(tx, str(session_id), actor=actor, now=asking.now, keyring=keyring)
        wanted = find_commitments([line.data for line in lines])
        texts = read_texts(tx, keyring, actor.clinic_id, wanted)
        items = [show_history(line, record, texts) for line in lines]
        return Answer(body={"items": items, "next_cursor": None})

    return read(work)
