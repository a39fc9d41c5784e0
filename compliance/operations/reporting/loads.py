"""What a report quotes of the sterilization room: where packs came from, and how machines stood."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.domain.sterilization.words import SporeOutcome
from compliance.operations.sterilization.affected import affected_meetings
from compliance.store import log, recalls
from compliance.store.session import Tx

MOST_EVENTS: Final = 2000
"""Entries about one open recall from before the range that are quoted, the newest ones."""

MOST_SESSIONS: Final = 500
"""Sessions from before the range that one recall brings into a report, the newest ones."""

_CHUNK: Final = 500
_A_LOOK: Final = 12
"""Spore tests that are looked at together, backwards from the range's start."""

_WITH_EVIDENCE: Final = frozenset(
    {"session.closed", "session.signed", "session.aborted", "session.amended"}
)
_DUE_AGAIN: Final = frozenset({"repair", "installation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A cycle of the range whose readings a report may show."""

    cycle_id: str
    curve_sha256: str
    unusual: bool
    """It failed or was flagged."""


@dataclass(slots=True, kw_only=True)
class WantedLoads:
    """Packs and cycles that entries name; grows while they are read."""

    packs: set[str] = field(default_factory=set)
    cycles: set[str] = field(default_factory=set)
    runs: list[Run] = field(default_factory=list)
    tested: set[str] = field(default_factory=set)
    """Cycles that held a spore test."""

    _asked: set[str] = field(default_factory=set)

    def look_at(self, entry: Mapping[str, Any]) -> None:
        """Note what an entry names."""
        kind, data = entry["kind"], entry["data"]
        if kind in _WITH_EVIDENCE:
            self._look_at_evidence(data)
        elif kind == "session.refused":
            self.packs |= {thing["pack"] for thing in data["used"] if thing["pack"] is not None}
        elif kind in ("cycle.recorded", "cycle.imported"):
            self._look_at_run(data)
        elif kind == "pack.registered":
            self.cycles |= {data["cycle_id"]} if data.get("cycle_id") else set()
        elif kind in ("cycle.released", "cycle.flag_decided", "indicator.read"):
            self.cycles.add(data["cycle"])
            if data.get("indicator") == "spore":
                self.tested.add(data["cycle"])

    def _look_at_run(self, data: Mapping[str, Any]) -> None:
        sha256 = data.get("curve_sha256")
        if sha256 is not None:
            unusual = data["outcome"] != "passed" or bool(data["flags"])
            run = Run(cycle_id=data["cycle"], curve_sha256=sha256, unusual=unusual)
            self.runs.append(run)

    def _look_at_evidence(self, data: Mapping[str, Any]) -> None:
        pieces = [*(data.get("evidence_old") or ()), *(data.get("evidence_new") or ())]
        for item in data.get("items") or ():
            pieces.extend(item.get("evidence") or ())
        for piece in pieces:
            if piece.get("kind") in ("pack", "returned") and "pack" in piece["ref"]:
                self.packs.add(piece["ref"]["pack"])

    def take_places(self, tx: Tx, clinic_id: str) -> set[int]:
        """Return where the log tells of what was named since the last call."""
        found: set[int] = set()
        for kinds, things in (
            (("pack", "pack_released"), self.packs),
            (("cycle", "cycle_released"), self.cycles),
        ):
            new = sorted(things - self._asked)
            self._asked.update(new)
            for start in range(0, len(new), _CHUNK):
                for kind in kinds:
                    places = log.find_places(tx, clinic_id, kind, new[start : start + _CHUNK])
                    found.update(places.values())
        return found


def find_standing(tx: Tx, clinic_id: str, start: int, end: int) -> set[int]:
    """Return the entries that tell how the room stood when the range [start, end) began.

    Every sterilizer, its last move and its last repair, its last valid spore test; the
    profiles; recalls that were not closed before, with the sessions that they touch.
    """
    machines = {index for _, index in log.list_places(tx, clinic_id, "sterilizer") if index < end}
    if not machines:
        return _profiles(tx, clinic_id, start)
    return {
        *machines,
        *_profiles(tx, clinic_id, start),
        *_last_moves(tx, clinic_id, start),
        *_last_repairs(tx, clinic_id, start),
        *_last_negatives(tx, clinic_id, start),
        *_recalls(tx, clinic_id, start, end),
    }


def _profiles(tx: Tx, clinic_id: str, start: int) -> set[int]:
    before = [i for _, i in log.list_places(tx, clinic_id, "profiles_set") if i < start]
    return set(before[-1:])


def _before(tx: Tx, clinic_id: str, kind: str, start: int) -> dict[str, list[int]]:
    """The places of one kind before the range by the thing they are about, in order."""
    found: dict[str, list[int]] = {}
    for place, index in log.list_places(tx, clinic_id, kind):
        if index < start:
            found.setdefault(place.partition("/")[0], []).append(index)
    return found


def _last_moves(tx: Tx, clinic_id: str, start: int) -> Iterator[int]:
    for indexes in _before(tx, clinic_id, "sterilizer_moved", start).values():
        yield indexes[-1]


def _last_repairs(tx: Tx, clinic_id: str, start: int) -> Iterator[int]:
    for indexes in _before(tx, clinic_id, "sterilizer_serviced", start).values():
        for index, data in _backwards(tx, clinic_id, indexes):
            if data["service"] in _DUE_AGAIN:
                yield index
                break


def _last_negatives(tx: Tx, clinic_id: str, start: int) -> Iterator[int]:
    """A test may be read late, so the newest entry is not always that of the newest run."""
    for indexes in _before(tx, clinic_id, "spore_test", start).values():
        for at in range(len(indexes), 0, -_A_LOOK):
            looked = indexes[max(0, at - _A_LOOK) : at]
            valid = [
                (data["run_at"], index)
                for index, data in _backwards(tx, clinic_id, looked)
                if data["outcome"] == SporeOutcome.PASS.value
            ]
            if valid:
                yield max(valid)[1]
                break


def _backwards(
    tx: Tx, clinic_id: str, indexes: Sequence[int]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for at in range(len(indexes), 0, -_CHUNK):
        bodies = log.read_bodies(tx, clinic_id, indexes[max(0, at - _CHUNK) : at])
        for index in sorted(bodies, reverse=True):
            yield index, json.loads(bodies[index])["data"]


def _recalls(tx: Tx, clinic_id: str, start: int, end: int) -> Iterator[int]:
    closed = dict(log.list_places(tx, clinic_id, "recall_closed"))
    events = _before(tx, clinic_id, "recall_event", start)
    for recall_id, opened in log.list_places(tx, clinic_id, "recall"):
        if opened >= end or closed.get(recall_id, end) < start:
            continue
        yield opened
        yield from events.get(recall_id, [])[-MOST_EVENTS:]
        yield from _touched(tx, clinic_id, recall_id, start)
        yield from _looked_for(tx, clinic_id, recall_id, start)


def _touched(tx: Tx, clinic_id: str, recall_id: str, start: int) -> Iterator[int]:
    """The endings, before the range, of sessions whose clients met what is taken back."""
    row = recalls.find_recall(tx, clinic_id, recall_id)
    if row is None:
        return
    sessions = [each.session_id for each in affected_meetings(tx, row)]
    found: dict[str, int] = {}
    for at in range(0, len(sessions), _CHUNK):
        for kind in ("session_signed", "session_closed"):
            found.update(log.find_places(tx, clinic_id, kind, sessions[at : at + _CHUNK]))
    yield from sorted(index for index in found.values() if index < start)[-MOST_SESSIONS:]


def _looked_for(tx: Tx, clinic_id: str, recall_id: str, start: int) -> Iterator[int]:
    """Where the packs that were looked for were registered, for what stands on their labels."""
    row = recalls.find_recall(tx, clinic_id, recall_id)
    packs = [] if row is None else recalls.list_looked_for(tx, row, _CHUNK)
    places = log.find_places(tx, clinic_id, "pack", packs)
    yield from (index for index in places.values() if index < start)
