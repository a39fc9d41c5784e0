"""What a report would say, before it is made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.operations.clinics import clinic_of
from compliance.operations.reporting.ranges import VOLUME_SESSIONS, find_range, read_period
from compliance.operations.sealing import LogDamaged
from compliance.report.content.room_indexing import RoomPositions, note_room
from compliance.store import log, reports
from compliance.store.session import Tx

_OF_THE_ROOM: Final = ("cycle.", "indicator.", "recall.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPreview:
    """Counts over the range of entries that the report would prove."""

    entries: int
    closed: int
    aborted: int
    late: int
    amended: int
    awaiting: int
    still_open: int
    incidents: int
    clock_anomalies: int
    recalls: int
    failed_spore_tests: int
    failed_cycles: int
    undecided_flags: int
    """Cycles with a flag that nobody has decided on."""
    volumes: int
    exceptions: tuple[str, ...]


def preview_report(tx: Tx, first: date, last: date, *, actor: Actor) -> ReportPreview:
    """Count what lies in the period; reads each entry of the range once.

    Raises:
        NotPermitted, Refused: a bad period.
    """
    actor.require(Action.EXPORT_REPORTS)
    clinic = clinic_of(tx, actor)
    period = read_period(first, last, clinic.time_zone)
    head = log.read_head(tx, clinic.clinic_id, lock=False)
    if head is None:
        raise LogDamaged("the clinic has no log")
    start, end = find_range(tx, clinic.clinic_id, period, head.size)
    counted = _count(tx, clinic.clinic_id, start, end)
    still_open = reports.sessions_open_at(tx, clinic.clinic_id, end)
    awaiting = sum(row.signed_index is not None and row.signed_index < end for row in still_open)
    room = counted.room
    preview = ReportPreview(
        entries=end - start,
        closed=counted.kinds["session.closed"],
        aborted=counted.kinds["session.aborted"],
        late=len(counted.late),
        amended=len(counted.amended),
        awaiting=awaiting,
        still_open=len(still_open) - awaiting,
        incidents=counted.kinds["incident.recorded"],
        clock_anomalies=counted.kinds["clock.anomaly"],
        recalls=len(room.recalls),
        failed_spore_tests=sum(test.outcome == "fail" for test in room.spores.values()),
        failed_cycles=sum(cycle.failed for cycle in room.cycles.values()),
        undecided_flags=sum(bool(cycle.undecided) for cycle in room.cycles.values()),
        volumes=max(1, -(-counted.ended // VOLUME_SESSIONS)),
        exceptions=(),
    )
    return replace(preview, exceptions=tuple(_exceptions(preview)))


@dataclass(slots=True, kw_only=True)
class _Counted:
    """Grows while the entries of the range go by."""

    kinds: Counter[str] = field(default_factory=Counter)
    amended: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    room: RoomPositions = field(default_factory=RoomPositions)

    @property
    def ended(self) -> int:
        return self.kinds["session.closed"] + self.kinds["session.aborted"]


def _count(tx: Tx, clinic_id: str, start: int, end: int) -> _Counted:
    counted = _Counted()
    for _, _, body in log.read_range(tx, clinic_id, start, end):
        if body is None:
            continue
        kind = _kind(body)
        counted.kinds[kind] += 1
        if kind.startswith(_OF_THE_ROOM):
            note_room(counted.room, 0, json.loads(body), inside=True)
        elif kind == "session.amended":
            counted.amended.add(json.loads(body)["data"]["session"])
        elif kind in ("session.closed", "session.aborted") and b'"late":true' in body:
            counted.late.add(json.loads(body)["data"]["session"])
    return counted


def _exceptions(preview: ReportPreview) -> Iterator[str]:
    """What the report will name first, in its order."""
    for count, words in (
        (preview.recalls, "recalls"),
        (preview.failed_spore_tests, "failed spore tests"),
        (preview.failed_cycles, "failed cycles"),
        (preview.undecided_flags, "cycles with an undecided flag"),
        (preview.aborted, "aborted sessions"),
        (preview.late, "sessions with late entries"),
        (preview.amended, "amended sessions"),
        (preview.incidents, "adverse events"),
        (preview.still_open, "sessions still open at the end"),
        (preview.clock_anomalies, "clock anomalies"),
    ):
        if count:
            yield f"{count} {words}"


def _kind(body: bytes) -> str:
    """The kind of an entry from the end of its canonical bytes, where sorted keys put it."""
    return body[body.rindex(b'"kind":"') + 8 : -len(b'","v":1}')].decode()
