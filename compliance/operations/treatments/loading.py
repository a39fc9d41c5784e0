"""Loading a session with everything the gate looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.domain.answers import Answer
from compliance.domain.depth import NO_LIMITS, DepthLicence, DepthLimits
from compliance.domain.evidence import PackFacts, component_from_json
from compliance.domain.gate import SessionFacts
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
    zone = ZoneInfo(row.time_zone)
    today = now.astimezone(zone).date()
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
        packs=_packs(tx, row, answers),
        rules=effective_rules(row.profiles, today),
        consent_signed=any(note.kind == "consent" for note in notes),
        today=today,
        zone=zone,
        depth_limits=_depth_limits(tx, row, answers),
        recalled_lots=_recalled_lots(tx, row, answers),
    )
    return Loaded(row=row, notes=notes, facts=facts)


def _depth_limits(tx: Tx, row: SessionRow, answers: dict[str, Answer]) -> DepthLimits:
    if "depth" not in answers:
        return NO_LIMITS
    licences = staff.find_depth_licences(tx, row.clinic_id, row.practitioner_id)
    return DepthLimits(
        device_mm=None if row.device_max_depth_mm is None else Decimal(row.device_max_depth_mm),
        licences=tuple(
            DepthLicence(limit_mm=Decimal(limit), valid_from=valid_from, valid_to=valid_to)
            for limit, valid_from, valid_to in licences
        ),
    )


def _recalled_lots(tx: Tx, row: SessionRow, answers: dict[str, Answer]) -> frozenset[str]:
    if row.state is not SessionState.DRAFT:
        return frozenset()
    lots = [
        piece["ref"]["lot"]
        for answer in answers.values()
        for piece in answer.evidence
        if piece["kind"] == EvidenceKind.LOT
    ]
    return recalls.recalled_lots(tx, row.clinic_id, lots) if lots else frozenset()


def _packs(tx: Tx, row: SessionRow, answers: dict[str, Answer]) -> dict[str, PackFacts]:
    wanted = [
        piece["ref"]["pack"]
        for answer in answers.values()
        for piece in answer.evidence
        if piece["kind"] == EvidenceKind.PACK
    ]
    return {pack.pack_id: pack_facts(pack) for pack in things.find_packs(tx, row.clinic_id, wanted)}
