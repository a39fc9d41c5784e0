"""Loading a session with everything the gate looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.domain.answers import Answer
from compliance.domain.depth import NO_LIMITS, DepthLicence, DepthLimits
from compliance.domain.evidence import PackFacts, component_from_json
from compliance.domain.gate import SessionFacts
from compliance.domain.tracing import LotNotice
from compliance.domain.words import EvidenceKind, SessionState
from compliance.errors import Conflict, NotFound, VersionMismatch
from compliance.operations.catalogue import effective_rules
from compliance.operations.sealing import hold_log
from compliance.operations.templates import stored_template
from compliance.operations.treatments.evidence_reading import pack_facts
from compliance.store import recalls, session_notes, sessions, staff, things
from compliance.store.session import Tx
from compliance.store.session_notes import NoteRow
from compliance.store.sessions import SessionRow


class SessionEnded(Conflict):
    """The session is closed, aborted or signed: nothing is added but amendments."""

    code = "session_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A session's row, its notes and the gate's facts, of one moment."""

    row: SessionRow
    notes: tuple[NoteRow, ...]
    facts: SessionFacts

    @property
    def answers(self) -> dict[str, Answer]:
        return dict(self.facts.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an accepted step left behind."""

    session_id: str
    state: SessionState
    version: int
    index: int
    """The newest entry the step made."""


def find_row(tx: Tx, session_id: str, *, actor: Actor) -> SessionRow:
    """Find a session of the actor's clinic; another clinic's is not found either."""
    row = sessions.find_session(tx, actor.clinic_id, session_id)
    if row is None:
        raise NotFound("there is no such session in this clinic")
    return row


def find_open_row(
    tx: Tx, session_id: str, *, actor: Actor, version: int | None = None
) -> SessionRow:
    """Find a session that still accepts answers, and hold the log until it has one more.

    Raises:
        SessionEnded: it is signed, closed or aborted.
        VersionMismatch: ``version`` was given and is no longer the current one.
    """
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, session_id, actor=actor)
    if not row.state.accepts_answers:
        raise SessionEnded(
            f"the session is {row.state.value.replace('_', ' ')}; only amendments can be added"
            if row.state.ended
            else "the session is signed and waits for the sterilization room"
        )
    if version is not None and version != row.version:
        raise VersionMismatch(
            f"the session changed meanwhile: you saw version {version}, it is {row.version} now"
        )
    return row


def load_facts(tx: Tx, row: SessionRow, *, now: datetime) -> Loaded:
    """Read answers, notes and packs of a session, and licences once a depth was answered."""
    answers = sessions.read_answers(tx, row.clinic_id, row.session_id)
    notes = tuple(session_notes.read_notes(tx, row.clinic_id, row.session_id))
    beside = _Beside(
        packs=_packs(tx, row.clinic_id, (answers,)),
        recalled_lots=_recalled_lots(tx, (row,), {row.session_id: answers}),
        now=now,
    )
    return _loaded(tx, row, answers, notes, beside)


def load_many_facts(
    tx: Tx, clinic_id: str, session_ids: Sequence[str], *, now: datetime
) -> dict[str, Loaded]:
    """Load several sessions in as many queries as one, for lists; unknown ids are left out."""
    rows = sessions.find_sessions(tx, clinic_id, session_ids)
    answers = sessions.read_answers_of(tx, clinic_id, session_ids)
    notes = session_notes.read_notes_of(tx, clinic_id, session_ids)
    beside = _Beside(
        packs=_packs(tx, clinic_id, tuple(answers.values())),
        recalled_lots=_recalled_lots(tx, rows, answers),
        now=now,
    )
    return {
        row.session_id: _loaded(
            tx, row, answers[row.session_id], tuple(notes[row.session_id]), beside
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What sessions loaded together share."""

    packs: Mapping[str, PackFacts]
    recalled_lots: frozenset[LotNotice]
    now: datetime
    licences: dict[str, Sequence[Any]] = field(default_factory=dict)
    """Depth licences by practitioner: few people treat many clients."""


def _loaded(
    tx: Tx, row: SessionRow, answers: dict[str, Answer], notes: tuple[NoteRow, ...], beside: _Beside
) -> Loaded:
    zone = ZoneInfo(row.time_zone)
    today = beside.now.astimezone(zone).date()
    facts = SessionFacts(
        session_id=row.session_id,
        state=row.state,
        template=stored_template(
            tx, row.clinic_id, row.template_id, row.template_version, row.template_hash
        ),
        device_id=row.device_id,
        components=tuple(component_from_json(raw) for raw in row.device_components),
        answers=answers,
        overridden=frozenset(
            note.item for note in notes if note.kind == "override" and note.item is not None
        ),
        packs=beside.packs,
        rules=effective_rules(row.profiles, today),
        consent_signed=any(note.kind == "consent" for note in notes),
        today=today,
        zone=zone,
        depth_limits=_depth_limits(tx, row, answers, beside),
        recalled_lots=beside.recalled_lots,
    )
    return Loaded(row=row, notes=notes, facts=facts)


def _depth_limits(
    tx: Tx, row: SessionRow, answers: dict[str, Answer], beside: _Beside
) -> DepthLimits:
    if "depth" not in answers:
        return NO_LIMITS
    person = row.practitioner_id
    if person not in beside.licences:
        beside.licences[person] = staff.find_depth_licences(tx, row.clinic_id, person)
    licences = beside.licences[person]
    return DepthLimits(
        device_mm=None if row.device_max_depth_mm is None else Decimal(row.device_max_depth_mm),
        licences=tuple(
            DepthLicence(limit_mm=Decimal(limit), valid_from=valid_from, valid_to=valid_to)
            for limit, valid_from, valid_to in licences
        ),
    )


def _recalled_lots(
    tx: Tx, rows: Sequence[SessionRow], answers: Mapping[str, Mapping[str, Answer]]
) -> frozenset[LotNotice]:
    """What makers took back, where a draft names a lot; a started session has used its own."""
    names_lots = any(
        piece["ref"].get("lot")
        for row in rows
        if row.state is SessionState.DRAFT
        for answer in answers[row.session_id].values()
        for piece in answer.evidence
    )
    return recalls.list_notices(tx, rows[0].clinic_id) if names_lots else frozenset()


def _packs(tx: Tx, clinic_id: str, several: Sequence[Mapping[str, Answer]]) -> dict[str, PackFacts]:
    wanted = {
        piece["ref"]["pack"]
        for answers in several
        for answer in answers.values()
        for piece in answer.evidence
        if piece["kind"] == EvidenceKind.PACK
    }
    return {
        pack.pack_id: pack_facts(pack) for pack in things.find_packs(tx, clinic_id, sorted(wanted))
    }
