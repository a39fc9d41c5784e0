"""The first pass over an audit: where everything is, as positions and not as content."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import JsonObject, child, children, number, text, texts
from compliance.report.content.log import Log
from compliance.report.content.room_indexing import RoomPositions, note_room


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    commitment: str
    roles: tuple[str, ...]
    index: int


@dataclass(slots=True, kw_only=True)
class Positions:
    """Grows during the pass and is only read after it. Numbers are indices of entries."""

    people: dict[str, Person] = field(default_factory=dict)
    renamings: dict[str, dict[int, str]] = field(default_factory=dict)
    """By person and entry, the commitment to their name from then on. What is quoted beside
    the range may be later than what is in it, so the order of the pass says nothing."""

    templates: dict[str, JsonObject] = field(default_factory=dict)
    """By the hash that sessions name."""

    signed: dict[str, int] = field(default_factory=dict)
    """Sessions of the range by id, with the entry that ended them, or signed them last."""

    closed: int = 0
    aborted: set[int] = field(default_factory=set)
    awaiting: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    overridden: set[int] = field(default_factory=set)
    amendments: dict[int, list[int]] = field(default_factory=dict)
    """By the closing entry that they amend."""

    incidents: list[int] = field(default_factory=list)
    follow_ups: list[int] = field(default_factory=list)
    clock_anomalies: list[int] = field(default_factory=list)
    restores: list[int] = field(default_factory=list)
    """Wherever in the log: a report must not be silent about one of last year."""

    clinic_changes: list[int] = field(default_factory=list)
    """Wherever in the log: what is reported may have been recorded under another name."""

    stamped: list[str] = field(default_factory=list)
    """When time-stamps were given, by the entries that record them."""

    exports: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    room: RoomPositions = field(default_factory=RoomPositions)
    erasures: dict[str, int] = field(default_factory=dict)
    """By the id of the person or client erased."""

    hidden: dict[str, str] = field(default_factory=dict)
    """By commitment, the person whose erasure took its text; only where somebody was erased."""

    def drawn(self) -> list[int]:
        """Return the entries that stand for a session, in the order of the log."""
        return sorted(self.signed.values())


def find_positions(log: Log) -> Positions:
    """Read every entry once.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    positions = Positions()
    for index, entry in log.outside():
        _note(positions, _FACTS, index, entry)
        note_room(positions.room, index, entry, inside=False)
    for index, maybe in log.inside():
        if maybe is None:
            positions.erased.append(index)
            continue
        _note(positions, _FACTS, index, maybe)
        _note(positions, _EVENTS, index, maybe)
        note_room(positions.room, index, maybe, inside=True)
    _map_hidden(log, positions)
    return positions


def find_session_positions(log: Log, session: str) -> Positions:
    """Read every entry of one session's file, where all of them stand outside of a range.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    positions = Positions()
    for index, entry in log.outside():
        _note(positions, _FACTS, index, entry)
        if child(entry, "data").get("session") == session:
            _note(positions, _EVENTS, index, entry)
    _map_hidden(log, positions)
    return positions


def _map_hidden(log: Log, positions: Positions) -> None:
    """Find which texts went with an erased person; another pass, and only if there is one."""
    if not positions.erasures:
        return
    sessions: dict[str, str] = {}
    for _, entry in itertools.chain(log.outside(), log.inside()):
        if entry is None:
            continue
        data = child(entry, "data")
        session, client = data.get("session"), data.get("client")
        if isinstance(session, str) and isinstance(client, Mapping):
            subject = client.get("id")
            if isinstance(subject, str) and subject in positions.erasures:
                sessions[session] = subject
        if isinstance(session, str) and session in sessions:
            for commitment in _commitments(data):
                positions.hidden[commitment] = sessions[session]


def _commitments(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        commitment = value.get("commit")
        if isinstance(commitment, str):
            yield commitment
        for inner in value.values():
            yield from _commitments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _commitments(inner)


def _note(
    positions: Positions, readers: Mapping[str, _Reader], index: int, entry: JsonObject
) -> None:
    reader = readers.get(text(entry, "kind"))
    if reader is not None:
        reader(positions, index, child(entry, "data"))


def _user_added(positions: Positions, index: int, data: JsonObject) -> None:
    positions.people[text(data, "user")] = Person(
        commitment=text(child(data, "name"), "commit"),
        roles=tuple(texts(data, "roles")),
        index=index,
    )


def _user_changed(positions: Positions, index: int, data: JsonObject) -> None:
    known = positions.people.get(text(data, "user"))
    if known is not None:
        positions.people[text(data, "user")] = Person(
            commitment=known.commitment, roles=tuple(texts(data, "roles")), index=index
        )


def _user_renamed(positions: Positions, index: int, data: JsonObject) -> None:
    renamings = positions.renamings.setdefault(text(data, "user"), {})
    renamings[index] = text(child(data, "new"), "commit")


def _template_published(positions: Positions, _index: int, data: JsonObject) -> None:
    positions.templates[text(data, "hash")] = child(data, "template")


def _erasure(positions: Positions, index: int, data: JsonObject) -> None:
    positions.erasures[text(data, "subject")] = index


def _session_signed(positions: Positions, index: int, data: JsonObject) -> None:
    _forget_earlier(positions, text(data, "session"))
    positions.signed[text(data, "session")] = index
    if text(data, "state") == "awaiting_reprocessing":
        positions.awaiting.add(index)
    if any(item.get("late") is True for item in children(data, "items")):
        positions.late.add(index)
    if children(data, "overrides"):
        positions.overridden.add(index)


def _session_closed(positions: Positions, index: int, data: JsonObject) -> None:
    _session_signed(positions, index, data)
    positions.closed += 1


def _session_aborted(positions: Positions, index: int, data: JsonObject) -> None:
    _session_signed(positions, index, data)
    positions.aborted.add(index)


def _forget_earlier(positions: Positions, session: str) -> None:
    # A session signed early in the range and closed later in it is one session, not two.
    earlier = positions.signed.get(session)
    if earlier is not None:
        for marks in (positions.awaiting, positions.late, positions.overridden):
            marks.discard(earlier)


def _session_amended(positions: Positions, index: int, data: JsonObject) -> None:
    positions.amendments.setdefault(number(data, "closed_index"), []).append(index)


def _incident(positions: Positions, index: int, _data: JsonObject) -> None:
    positions.incidents.append(index)


def _follow_up(positions: Positions, index: int, data: JsonObject) -> None:
    if text(data, "outcome") != "well":
        positions.follow_ups.append(index)


def _clock_anomaly(positions: Positions, index: int, _data: JsonObject) -> None:
    positions.clock_anomalies.append(index)


def _restore(positions: Positions, index: int, _data: JsonObject) -> None:
    positions.restores.append(index)


def _clinic_changed(positions: Positions, index: int, _data: JsonObject) -> None:
    bisect.insort(positions.clinic_changes, index)


def _anchor(positions: Positions, _index: int, data: JsonObject) -> None:
    given = data.get("gen_time")
    if isinstance(given, str):
        positions.stamped.append(given)


def _report_exported(positions: Positions, index: int, _data: JsonObject) -> None:
    positions.exports.append(index)


_Reader = Callable[[Positions, int, JsonObject], None]

_FACTS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "user.added": _user_added,
        "user.changed": _user_changed,
        "user.renamed": _user_renamed,
        "template.published": _template_published,
        "erasure": _erasure,
        "restore": _restore,
        "clinic.changed": _clinic_changed,
        "anchor": _anchor,
    }
)
"""What explains a session, wherever in the log it was said."""

_EVENTS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "session.signed": _session_signed,
        "session.closed": _session_closed,
        "session.aborted": _session_aborted,
        "session.amended": _session_amended,
        "incident.recorded": _incident,
        "followup.recorded": _follow_up,
        "clock.anomaly": _clock_anomaly,
        "report.exported": _report_exported,
        "report.extended": _report_exported,
        "report.renewed": _report_exported,
    }
)
"""What happened in the range and is counted."""
