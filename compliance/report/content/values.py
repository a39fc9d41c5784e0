"""What a report says, as frozen values: the PDF and the verifier's page draw the same ones."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from compliance.report.content.anchored import Anchored
from compliance.report.content.moments import Moment as Moment
from compliance.report.content.room_values import RoomContent
from compliance.report.content.words import Words


class SessionState(enum.StrEnum):
    """How a session stands at the end of the range. Values are those of the record."""

    CLOSED = "closed"
    ABORTED = "aborted"
    AWAITING = "awaiting_reprocessing"


class ExceptionKind(enum.StrEnum):
    """What an inspector reads first; declared in the order of the report."""

    RESTORED = "restored"
    RECALL = "recall"
    SPORE = "spore_failed"
    CYCLE = "cycle_failed"
    FLAG = "flag_undecided"
    OVERDUE = "test_overdue"
    ABORTED = "aborted"
    INCIDENT = "incident"
    FOLLOW_UP = "follow_up"
    OVERRIDE = "override"
    AMENDMENT = "amendment"
    LATE = "late"
    STILL_OPEN = "still_open"
    CLOCK = "clock"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """One checklist item as it was answered when the session was signed."""

    code: str
    label: str
    phase: str
    answer: str
    evidence: tuple[str, ...]
    who: str
    when: Moment
    performed: Moment | None
    """The claimed time, only where it differs from the recorded one because of lateness."""

    late: bool
    amended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentLine:
    """A correction after closing; the old value stays beside the new one."""

    index: int
    closed_index: int
    code: str
    label: str
    old: str
    new: str
    old_evidence: tuple[str, ...]
    new_evidence: tuple[str, ...]
    reason: str
    who: str
    when: Moment
    auth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideLine:
    """A blocker that an entitled practitioner set aside."""

    label: str
    reason: str
    who: str
    when: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationLine:
    """What an aborted session owes the reader."""

    what: str
    why: str
    corrective_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """Printed name, time and meaning, and how the signer was recognised."""

    name: str
    when: Moment
    meaning: str
    auth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBlock:
    """One treatment session, complete."""

    number: int
    """Index of the closing, aborting or signing entry: the record's number in the log."""

    state: SessionState
    client: str
    protocol: str
    device: str
    practitioner: str
    opened: Moment
    opened_index: int
    started: Moment | None
    finished: Moment | None
    closed: Moment
    items: tuple[ItemLine, ...]
    overrides: tuple[OverrideLine, ...]
    warnings: tuple[str, ...]
    consent: str
    deviation: DeviationLine | None
    signature: SignatureLine
    amendments: tuple[AmendmentLine, ...]
    leaf: str
    """Leaf hash in hex, as it can be found in the log."""

    bracket: str = ""
    """Between which times it came into the log, in a sentence; empty without time-stamps."""

    @property
    def late(self) -> bool:
        return any(item.late for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionLine:
    """Something that is not as it should be, in one sentence."""

    kind: ExceptionKind
    number: int
    when: Moment | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    name: str
    roles: str
    index: int
    formerly: tuple[str, ...] = ()
    """One sentence for each former name, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLine:
    """An earlier report of which the log knows the fingerprint."""

    index: int
    when: Moment
    who: str
    period: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Sessions unless the name says otherwise; all of the range, whatever the filters."""

    closed: int
    late: int
    """Sessions of the range with at least one item entered late."""

    amended: int
    """Closed sessions that an amendment of the range changes, those of earlier periods too."""

    aborted: int
    awaiting: int
    still_open: int
    erased: int
    """Entries of the range of which only the hash remains."""

    recalled: int
    clock_anomalies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One entry about a session: that it was made, by whom and when."""

    index: int
    when: Moment
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleContent:
    """What only the file of one session says."""

    purpose: str
    """``inspection`` or ``client_copy``."""

    record: int
    """Index of the entry that ended or signed the session."""

    entries: str
    """The numbers of the entries about the session, such as ``7, 12 to 15``."""

    history: tuple[EntryLine, ...]
    """Every entry about the session that the file holds, in the order of the log."""


class SessionBlocks(Protocol):
    """Blocks in the order of the log, made one at a time so that memory stays flat."""

    def __iter__(self) -> Iterator[SessionBlock]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """Everything the report prints, but what only its maker knows (checkpoint, root, fonts)."""

    words: Words
    language: str
    clinic: str
    demo: bool
    zone: str
    period: str
    filters: tuple[str, ...]
    volume: str
    made_at: Moment
    made_by: str
    software: str
    start: int
    end: int
    """Exclusive."""

    size: int
    root: str
    incarnation: int
    profiles: tuple[str, ...]
    counts: Counts
    exceptions: tuple[ExceptionLine, ...]
    sessions: SessionBlocks
    people: tuple[PersonLine, ...]
    later_amendments: tuple[AmendmentLine, ...]
    exports: tuple[ExportLine, ...]
    room: RoomContent
    single: SingleContent | None = None
    """Nothing in a report of a period."""

    anchored: Anchored | None = None
    """Nothing where the file has no time-stamps."""

    formerly: tuple[str, ...] = ()
    """What the clinic was called before, one sentence for each name."""
