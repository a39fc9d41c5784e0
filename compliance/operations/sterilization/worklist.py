"""A recall as people work through it: counts that are exact, and lists page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.tracing import LotNotice, Mark, Trace
from compliance.domain.words import EvidenceKind
from compliance.operations.personal import ERASED, Keyring, read_texts
from compliance.operations.sterilization.affected import find_row, window_of
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.recalling import RecallRow, count_untold
from compliance.store import meetings, recalls, session_notes, windows
from compliance.store.meetings import Meeting, MetPack
from compliance.store.session import Tx
from compliance.store.session_notes import NoteRow
from compliance.store.windows import TracedPack, Window

__all__ = ["TracedPack"]

FIRST_PAGE: Final = 1000
"""Lines of each list that come with the recall itself; the counts are of all."""

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A session, its client's reference, and what it was found by."""

    meeting: Meeting
    client_ref: str
    pieces: tuple[Mapping[str, Any], ...]
    """The evidence of sterility that counts now."""
    packs: tuple[MetPack, ...] = ()
    """Every pack it ever opened."""
    lots: tuple[Mark, ...] = ()
    """Every lot it ever met."""
    calls: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[NoteRow, ...] = ()
    """Answers that came in late and were refused, with what they say was used."""

    def found_by(self, notice: LotNotice) -> str:
        """``article_and_lot``, or ``lot`` where the record or the notice names no article."""
        named = Mark(Trace.LOT.value, notice.lot, notice.gtin)
        return "article_and_lot" if notice.gtin and named in self.lots else "lot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """A client of the window who is not affected, and why not."""

    client_id: str
    client_ref: str
    session_id: str
    opened_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledPack:
    """A pack to pull, and what was said about it."""

    pack: TracedPack
    outcome: str | None
    at: datetime | None
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much a recall takes back, exactly."""

    cycles: int
    packs_to_pull: int
    packs_looked_for: int
    packs_used: int
    sessions: int
    clients: int
    clients_to_call: int
    """To whom something is still owed."""
    not_affected: int
    """Sessions in the window whose clients met nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """A recall with its counts and the first lines of each list."""

    recall: RecallRow
    sterilizer: SterilizerRow | None
    counts: Counts
    cycles: tuple[tuple[str, str, datetime], ...]
    to_pull: tuple[PulledPack, ...]
    used: tuple[TracedPack, ...]
    affected: tuple[Met, ...]
    """In order of their treatments."""
    spared: tuple[Spared, ...]


def read_worklist(
    tx: Tx,
    recall_id: str,
    *,
    actor: Actor,
    now: datetime,
    keyring: Keyring,
    first: int = FIRST_PAGE,
) -> Worklist:
    """The recall as packs and sessions are now; raises ``NotFound``."""
    found = read_overview(tx, recall_id, actor=actor, now=now, first=first)
    row = found.recall
    used: list[TracedPack] = []
    if found.sterilizer is not None:
        used = windows.list_packs(tx, window_of(tx, row), opened=True, after=None, limit=first)
    return replace(
        found,
        to_pull=tuple(list_to_pull(tx, row, limit=first)),
        used=tuple(used),
        affected=tuple(list_affected(tx, row, keyring=keyring, limit=first)),
        spared=tuple(list_spared(tx, row, keyring=keyring, now=now, limit=first)),
    )


def read_overview(tx: Tx, recall_id: str, *, actor: Actor, now: datetime, first: int) -> Worklist:
    """The recall with its counts and first loads, and no other list; raises ``NotFound``."""
    actor.require(Action.TRACE)
    row = find_row(tx, recall_id, actor=actor)
    machine = None
    if row.sterilizer_id is not None:
        machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    window = window_of(tx, row)
    cycles: list[tuple[str, str, datetime]] = []
    if machine is not None:
        cycles = windows.list_cycles(tx, window, after=None, limit=first)
    return Worklist(
        recall=row,
        sterilizer=machine,
        counts=_count(tx, window, now),
        cycles=tuple(cycles),
        to_pull=(),
        used=(),
        affected=(),
        spared=(),
    )


def _count(tx: Tx, window: Window, now: datetime) -> Counts:
    row = window.recall
    met = windows.met_by_window(window)
    sessions, clients = meetings.count_meetings(tx, row.clinic_id, met)
    spared = 0
    if row.sterilizer_id is not None:
        others = windows.spared_by_window(tx, window, row.closed_at or now)
        spared, _ = meetings.count_meetings(tx, row.clinic_id, others)
    by_load = row.sterilizer_id is not None
    return Counts(
        cycles=windows.count_cycles(tx, window) if by_load else 0,
        packs_to_pull=windows.count_packs(tx, window, opened=False) if by_load else 0,
        packs_looked_for=recalls.count_pulls(tx, row),
        packs_used=windows.count_packs(tx, window, opened=True) if by_load else 0,
        sessions=sessions,
        clients=clients,
        clients_to_call=count_untold(tx, row),
        not_affected=spared,
    )


def list_to_pull(
    tx: Tx, row: RecallRow, *, after: str | None = None, limit: int
) -> list[PulledPack]:
    """Packs that were not opened, by code, each with what was said about it."""
    if row.sterilizer_id is None:
        return []
    packs = windows.list_packs(tx, window_of(tx, row), opened=False, after=after, limit=limit)
    told = recalls.list_pulls(tx, row, [pack.pack_id for pack in packs])
    found = []
    for pack in packs:
        said = told.get(pack.pack_id)
        found.append(
            PulledPack(
                pack=pack,
                outcome=None if said is None else said["outcome"],
                at=None if said is None else said["at"],
                by=None if said is None else said["by"],
            )
        )
    return found


def list_affected(
    tx: Tx, row: RecallRow, *, keyring: Keyring, after: Place | None = None, limit: int
) -> list[Met]:
    """Sessions whose clients met what is taken back, in order, with every call about them."""
    found = windows.met_by_window(window_of(tx, row))
    met = meetings.list_meetings(tx, row.clinic_id, found, after=after, limit=limit)
    ids = [each.session_id for each in met]
    calls: list[Mapping[str, Any]] = []
    for start in range(0, len(ids), meetings.CHUNK):
        some = ids[start : start + meetings.CHUNK]
        calls.extend(recalls.list_calls(tx, row.clinic_id, row.recall_id, some))
    return with_refs(tx, keyring, row.clinic_id, met, calls)


def list_spared(
    tx: Tx,
    row: RecallRow,
    *,
    keyring: Keyring,
    now: datetime,
    after: Place | None = None,
    limit: int,
) -> list[Spared]:
    """Sessions in the window whose clients are not affected, in order, each with the reason."""
    if row.sterilizer_id is None:
        return []
    window = window_of(tx, row)
    others = windows.spared_by_window(tx, window, row.closed_at or now)
    met = meetings.list_meetings(tx, row.clinic_id, others, after=after, limit=limit)
    return [
        Spared(
            client_id=each.meeting.client_id,
            client_ref=each.client_ref,
            session_id=each.meeting.session_id,
            opened_at=each.meeting.opened_at,
            reason=_why_spared(each, window),
        )
        for each in with_refs(tx, keyring, row.clinic_id, met)
    ]


def _why_spared(met: Met, window: Window) -> str:
    for pack in met.packs:
        if pack.sterilizer not in window.words:
            return f"other sterilizer {pack.sterilizer}"
    if met.packs:
        return "load outside of the window"
    if any(piece["kind"] == EvidenceKind.LOT.value for piece in met.pieces):
        return "pre-sterilised single-use cartridge"
    return "nothing of this sterilizer was used"


def with_refs(
    tx: Tx,
    keyring: Keyring,
    clinic_id: str,
    met: Iterable[Meeting],
    calls: Sequence[Mapping[str, Any]] = (),
) -> list[Met]:
    """Open the clients' references and read what each session used."""
    listed = list(met)
    ids = [each.session_id for each in listed]
    texts = read_texts(tx, keyring, clinic_id, {each.client_commitment.hex() for each in listed})
    pieces = meetings.evidence_of(tx, clinic_id, ids)
    marks = meetings.traces_of(tx, clinic_id, ids)
    packs = meetings.packs_among(tx, clinic_id, marks)
    refused = session_notes.read_refused(tx, clinic_id, ids)
    by_session: dict[str, list[Mapping[str, Any]]] = {}
    for call in calls:
        by_session.setdefault(call["session_id"], []).append(call)
    return [
        Met(
            meeting=each,
            client_ref=texts.get(each.client_commitment.hex(), ERASED),
            pieces=tuple(pieces.get(each.session_id, ())),
            packs=tuple(packs.get(each.session_id, ())),
            lots=tuple(m for m in marks.get(each.session_id, ()) if m.kind == Trace.LOT.value),
            calls=tuple(by_session.get(each.session_id, ())),
            refused=tuple(refused.get(each.session_id, ())),
        )
        for each in listed
    ]
