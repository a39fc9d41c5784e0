"""What a report would say, before it is made."""

from __future__ import annotations

import json
from dataclasses import dataclass
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
    counts = dict.fromkeys(
        ("session.closed", "session.aborted", "incident.recorded", "clock.anomaly"), 0
    )
    amended: set[str] = set()
    late: set[str] = set()
    room = RoomPositions()
    for _, _, body in log.read_range(tx, clinic.clinic_id, start, end):
        if body is None:
            continue
        kind = _kind(body)
        if kind.startswith(_OF_THE_ROOM):
            note_room(room, 0, json.loads(body), inside=True)
        if kind in counts:
            counts[kind] += 1
        if kind == "session.amended":
            amended.add(json.loads(body)["data"]["session"])
        elif kind in ("session.closed", "session.aborted") and b'"late":true' in body:
            late.add(json.loads(body)["data"]["session"])
    still_open = reports.sessions_open_at(tx, clinic.clinic_id, end)
    awaiting = sum(row.signed_index is not None and row.signed_index < end for row in still_open)
    ended = counts["session.closed"] + counts["session.aborted"]
    failed_spores = sum(test.outcome == "fail" for test in room.spores.values())
    failed_cycles = sum(cycle.failed for cycle in room.cycles.values())
    undecided = sum(bool(cycle.undecided) for cycle in room.cycles.values())
    preview = {
        "recalls": len(room.recalls),
        "failed spore tests": failed_spores,
        "failed cycles": failed_cycles,
        "cycles with an undecided flag": undecided,
        "aborted sessions": counts["session.aborted"],
        "sessions with late entries": len(late),
        "amended sessions": len(amended),
        "adverse events": counts["incident.recorded"],
        "sessions still open at the end": len(still_open) - awaiting,
        "clock anomalies": counts["clock.anomaly"],
    }
    return ReportPreview(
        entries=end - start,
        closed=counts["session.closed"],
        aborted=counts["session.aborted"],
        late=len(late),
        amended=len(amended),
        awaiting=awaiting,
        still_open=len(still_open) - awaiting,
        incidents=counts["incident.recorded"],
        clock_anomalies=counts["clock.anomaly"],
        recalls=len(room.recalls),
        failed_spore_tests=failed_spores,
        failed_cycles=failed_cycles,
        undecided_flags=undecided,
        volumes=max(1, -(-ended // VOLUME_SESSIONS)),
        exceptions=tuple(f"{count} {words}" for words, count in preview.items() if count),
    )


def _kind(body: bytes) -> str:
    """The kind of an entry from the end of its canonical bytes, where sorted keys put it."""
    return body[body.rindex(b'"kind":"') + 8 : -len(b'","v":1}')].decode()
