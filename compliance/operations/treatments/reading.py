"""Reading sessions: the one record that pages and the API show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from compliance.domain.access import Action, Actor
from compliance.domain.gate import GateAnswer, ask_close, ask_finish, ask_start
from compliance.domain.words import SessionState
from compliance.operations.personal import ERASED, Keyring, find_index, read_texts
from compliance.operations.treatments.loading import Loaded, find_row, load_facts, load_many_facts
from compliance.store import clients, log, names, session_lists, session_notes, things
from compliance.store.session import Tx
from compliance.store.session_lists import SessionFilter, SessionLine
from compliance.store.session_notes import AmendmentRow, EventRow
from compliance.store.sessions import SessionRow
from compliance.store.things import WaitRow

__all__ = ["AmendmentRow", "SessionFilter", "SessionLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Everything a screen shows of one session, of one moment."""

    loaded: Loaded
    client_ref: str
    """Where the client was erased, when and by which entry."""
    gate: GateAnswer
    """The answer to the next step."""
    next_step: str | None
    """``start``, ``finish``, ``close`` or None when nothing is left to do."""
    amendments: tuple[AmendmentRow, ...]
    events: tuple[EventRow, ...]
    waits: tuple[WaitRow, ...]
    names: Mapping[str, str]
    """Printed names by user id."""
    texts: Mapping[str, str]
    """Disclosed reasons by commitment, for notes, amendments and events."""

    @property
    def row(self) -> SessionRow:
        return self.loaded.row

    def name_of(self, user_id: str) -> str:
        return self.names.get(user_id, user_id)

    def text_of(self, committed: Mapping[str, str] | None) -> str:
        if committed is None:
            return ""
        return self.texts.get(committed["commit"], ERASED)


def read_session(
    tx: Tx, session_id: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> SessionRecord:
    """Read one session of the actor's clinic; raises ``NotFound`` for any other."""
    actor.require(Action.READ_SESSIONS)
    row = find_row(tx, session_id, actor=actor)
    loaded = load_facts(tx, row, now=now)
    next_step, gate = _next(loaded)
    amendments = tuple(session_notes.read_amendments(tx, row.clinic_id, session_id))
    events = tuple(session_notes.read_events(tx, row.clinic_id, session_id))
    data = [each.data for each in loaded.notes]
    data += [each.data for each in amendments]
    data += [each.data for each in events]
    commitments = {row.client_commitment.hex()} | find_commitments(data)
    texts = read_texts(tx, keyring, row.clinic_id, commitments)
    users = {row.practitioner_id} | {answer.user_id for answer in loaded.answers.values()}
    users = users.union(*(_users(each) for each in data))
    return SessionRecord(
        loaded=loaded,
        client_ref=texts.get(row.client_commitment.hex(), ERASED),
        gate=gate,
        next_step=next_step,
        amendments=amendments,
        events=events,
        waits=tuple(things.read_waits(tx, row.clinic_id, session_id)),
        names=names.display_names(tx, users),
        texts=texts,
    )


def _next(loaded: Loaded) -> tuple[str | None, GateAnswer]:
    match loaded.row.state:
        case SessionState.DRAFT:
            return "start", ask_start(loaded.facts)
        case SessionState.IN_PROGRESS:
            return "finish", ask_finish(loaded.facts)
        case SessionState.TREATED:
            return "close", ask_close(loaded.facts)
        case _:
            return None, GateAnswer(blockers=())


def find_commitments(value: object) -> set[str]:
    """Every ``{"commit": hex}`` inside a piece of JSON."""
    if isinstance(value, Mapping):
        if set(value) == {"commit"} and isinstance(value["commit"], str):
            return {value["commit"]}
        return set().union(*(find_commitments(inner) for inner in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(find_commitments(inner) for inner in value))
    return set()


def _users(data: Mapping[str, Any]) -> set[str]:
    signature = data.get("signature")
    found = {data.get("by"), data.get("from"), data.get("to")}
    if isinstance(signature, Mapping):
        found.add(signature.get("by"))
    return {user for user in found if isinstance(user, str)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One entry of the log about a session."""

    index: int
    kind: str
    at: str
    user_id: str
    auth: str
    data: Mapping[str, Any]


def read_history(tx: Tx, session_id: str, *, actor: Actor) -> list[HistoryLine]:
    """Every entry about a session in the log's order: who, what, when, old, new, why."""
    actor.require(Action.READ_SESSIONS)
    find_row(tx, session_id, actor=actor)
    lines = []
    for index, body in log.read_mentions(tx, actor.clinic_id, session_id):
        entry = json.loads(body)
        lines.append(
            HistoryLine(
                index=index,
                kind=entry["kind"],
                at=entry["at"],
                user_id=entry["by"]["user"],
                auth=entry["by"]["auth"],
                data=entry["data"],
            )
        )
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A line of a list with its client's reference opened."""

    line: SessionLine
    client_ref: str


def list_sessions(
    tx: Tx,
    wanted: SessionFilter,
    *,
    actor: Actor,
    keyring: Keyring,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ListedSession]:
    """A keyset page, newest first; three queries whatever its length."""
    actor.require(Action.READ_SESSIONS)
    lines = session_lists.list_sessions(tx, actor.clinic_id, wanted, after=after, limit=limit)
    return open_refs(tx, keyring, actor.clinic_id, lines)


def list_oldest_sessions(
    tx: Tx,
    wanted: SessionFilter,
    *,
    actor: Actor,
    keyring: Keyring,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[ListedSession]:
    """A keyset page, oldest first, for lists that are worked off."""
    actor.require(Action.READ_SESSIONS)
    lines = session_lists.list_oldest(tx, actor.clinic_id, wanted, after=after, limit=limit)
    return open_refs(tx, keyring, actor.clinic_id, lines)


def open_refs(
    tx: Tx, keyring: Keyring, clinic_id: str, lines: Sequence[SessionLine]
) -> list[ListedSession]:
    """Put the client's reference beside each line; two queries whatever their number."""
    texts = read_texts(tx, keyring, clinic_id, {line.client_commitment.hex() for line in lines})
    return [
        ListedSession(line=line, client_ref=texts.get(line.client_commitment.hex(), ERASED))
        for line in lines
    ]


def count_sessions(tx: Tx, wanted: SessionFilter, *, actor: Actor) -> int:
    """Count, at most one more than the cap of ``store.session_lists``."""
    actor.require(Action.READ_SESSIONS)
    return session_lists.count_sessions(tx, actor.clinic_id, wanted)


def client_id_of(tx: Tx, client_ref: str, *, actor: Actor, keyring: Keyring) -> str | None:
    """Find a client by reference through the blind index, for the search field."""
    actor.require(Action.READ_SESSIONS)
    index = find_index(keyring, actor.clinic_id, "client.ref", client_ref)
    row = clients.find_client(tx, actor.clinic_id, index)
    return None if row is None else row.client_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpDue:
    """A client to ask how they are, and since when or from when on."""

    session_id: str
    client_ref: str
    practitioner_id: str
    due_on: date


def list_follow_ups_due(
    tx: Tx, *, actor: Actor, now: datetime, due_to: date, keyring: Keyring, limit: int = 30
) -> list[FollowUpDue]:
    """The follow-ups nobody has recorded, due up to and including a day, oldest first.

    Looks back three weeks; what was never asked by then is history.
    """
    actor.require(Action.RECORD_EVENT)
    lines = session_lists.list_follow_ups_due(
        tx, actor.clinic_id, opened_from=now - timedelta(days=21), due_to=due_to, limit=limit
    )
    texts = read_texts(
        tx, keyring, actor.clinic_id, {each.client_commitment.hex() for each in lines}
    )
    return [
        FollowUpDue(
            session_id=line.session_id,
            client_ref=texts.get(line.client_commitment.hex(), ERASED),
            practitioner_id=line.practitioner_id,
            due_on=line.due_on,
        )
        for line in lines
    ]


def load_many(
    tx: Tx, session_ids: Sequence[str], *, actor: Actor, now: datetime
) -> dict[str, GateAnswer]:
    """The next step's gate of a few open sessions, for the cards of the home screen."""
    actor.require(Action.READ_SESSIONS)
    loaded = load_many_facts(tx, actor.clinic_id, session_ids, now=now)
    return {session_id: _next(each)[1] for session_id, each in loaded.items()}
