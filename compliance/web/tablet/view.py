"""A session as a page of values: the rail, the rows of one phase, and the gate bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import render_template, request

from compliance.domain.access import Action, Actor
from compliance.domain.answers import asked_items
from compliance.domain.gate import Blocker
from compliance.domain.words import Phase, SessionState
from compliance.operations.things import list_products
from compliance.operations.treatments.reading import SessionRecord, read_session
from compliance.operations.treatments.usual import find_usual
from compliance.store.session import Tx
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.tablet.fields import Shelf
from compliance.web.tablet.rows import Refusal, Row, Viewing, build_rows, is_locked
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import (
    PHASES,
    contraindication_choices,
    count_things,
    localized,
    split_citation,
)

_CURRENT: Final = {
    SessionState.DRAFT: Phase.BEFORE,
    SessionState.IN_PROGRESS: Phase.DURING,
}
_AIMS: Final = {"start": "you can start", "close": "you can close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RailStep:
    """One phase of the rail."""

    label: str
    answered: int
    total: int
    current: bool
    done: bool
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the gate bar reads; see its macro."""

    text: str
    blockers: tuple[tuple[str, str, str, str, str, str], ...]
    action: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """Everything the session page shows while the session is open."""

    session_id: str
    href: str
    client_ref: str
    protocol: str
    device: str
    practitioner: str
    own: bool
    state: str
    may_record: bool
    may_override: bool
    overrides: tuple[tuple[str, str, str], ...]
    """Who, when and why, of each decision to treat all the same."""
    consent: str | None
    """When the client signed; None: not yet."""
    phase: str
    phase_label: str
    phase_locked: bool
    rail: tuple[RailStep, ...]
    rows: tuple[Row, ...]
    gate: Gate
    warnings: tuple[str, ...]
    expect: tuple[str, ...]
    problem: str | None
    """A refusal that belongs to no row."""
    screening: tuple[tuple[str, str], ...]
    """The contraindications that are asked about: code and words."""
    key: str


def load_viewing(
    tx: Tx, session_id: str, *, actor: Actor, now: datetime, refusal: Refusal | None = None
) -> Viewing:
    """Read everything one page of a session shows, in the caller's transaction."""
    record = read_session(tx, session_id, actor=actor, now=now, keyring=services().keyring)
    shelf = Shelf(products=list_products(tx, actor=actor), usual=find_usual(tx, actor=actor))
    return Viewing(
        record=record,
        actor=actor,
        now=now,
        language=current_clinic().language,
        shelf=shelf,
        key=fresh_key(now),
        refusal=refusal,
    )


def render_session(viewing: Viewing, phase: Phase | None, *, problem: str | None = None) -> str:
    """The page, or for a script only the element it swaps."""
    view = build_view(viewing, phase or current_phase(viewing.record), problem=problem)
    if "HX-Request" in request.headers:
        return render_template("tablet/_session.html", view=view)
    title = f"{view.client_ref} · {view.phase_label}"
    page = page_values(title, section="tablet")
    return render_template("tablet/session.html", page=page, view=view)


def current_phase(record: SessionRecord) -> Phase:
    return _CURRENT.get(record.row.state, Phase.AFTER)


def asked_phase(text: str | None) -> Phase | None:
    """The phase named in the address, or None."""
    return Phase(text) if text in {phase.value for phase in Phase} else None


def build_view(viewing: Viewing, phase: Phase, *, problem: str | None = None) -> SessionView:
    record = viewing.record
    row, template = record.row, record.loaded.facts.template
    rows = {each: build_rows(viewing, each) for each in PHASES}
    return SessionView(
        session_id=row.session_id,
        href=viewing.href,
        client_ref=record.client_ref,
        protocol=localized(template.title, viewing.language),
        device=row.device_label,
        practitioner=record.name_of(row.practitioner_id),
        own=row.practitioner_id == viewing.actor.user_id,
        state=row.state.value,
        may_record=viewing.may_record,
        may_override=viewing.actor.entitled_override,
        overrides=overrides_of(record),
        consent=consent_time(record),
        phase=phase.value,
        phase_label=PHASES[phase],
        phase_locked=is_locked(phase, row.state),
        rail=_rail(viewing, rows, phase),
        rows=rows[phase],
        gate=_gate(viewing),
        warnings=tuple(warning["text"] for warning in row.warnings),
        expect=tuple(template.body["expect"] or ()),
        problem=problem,
        screening=contraindication_choices(),
        key=viewing.key,
    )


def overrides_of(record: SessionRecord) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (
            record.name_of(note.data["by"]),
            show_time(datetime.fromisoformat(note.data["at"])),
            record.text_of(note.data["reason"]),
        )
        for note in record.loaded.notes
        if note.kind == "override"
    )


def consent_time(record: SessionRecord) -> str | None:
    """When the client's newest signature was given."""
    notes = [note for note in record.loaded.notes if note.kind == "consent"]
    return show_time(datetime.fromisoformat(notes[-1].data["at"])) if notes else None


def _rail(
    viewing: Viewing, rows_of: Mapping[Phase, tuple[Row, ...]], shown: Phase
) -> tuple[RailStep, ...]:
    steps = []
    for phase, label in PHASES.items():
        rows = [row for row in rows_of[phase] if row.status != "not_required"]
        done = sum(row.status == "done" for row in rows)
        steps.append(
            RailStep(
                label=label,
                answered=done,
                total=len(rows),
                current=phase is shown,
                done=done == len(rows),
                href=f"{viewing.href}?phase={phase.value}",
            )
        )
    return tuple(steps)


def _gate(viewing: Viewing) -> Gate:
    record = viewing.record
    step, blockers = record.next_step, record.gate.blockers
    if step is None:
        return Gate(text="Nothing is left to do here", blockers=(), action=None)
    if not viewing.actor.may(Action.RECORD_SESSION):
        return Gate(text="You are reading; your role records nothing", blockers=(), action=None)
    if blockers:
        text = count_things(len(blockers), _AIMS.get(step, "you can finish"))
        return Gate(text=text, blockers=gate_lines(viewing.record, viewing.language), action=None)
    return _open_gate(viewing, step)


def _open_gate(viewing: Viewing, step: str) -> Gate:
    href, key = viewing.href, f"{viewing.key}-{step}"
    if step == "start":
        action = ("Start treatment", f"{href}/start", "primary", key)
        return Gate(text="Everything before the start is confirmed", blockers=(), action=action)
    if step == "finish":
        action = ("Finish treatment", f"{href}/finish", "primary", key)
        return Gate(text=_finish_words(viewing), blockers=(), action=action)
    text = "Everything is recorded"
    if viewing.record.gate.waiting:
        text = "Everything is recorded; the device still goes through the autoclave"
    return Gate(text=text, blockers=(), action=("Close session", f"{href}/close", "link"))


def _finish_words(viewing: Viewing) -> str:
    """Finishing is never held up; what is entered after it is marked late, and that is said."""
    facts = viewing.record.loaded.facts
    left = sum(
        item.phase is Phase.DURING and item.code not in facts.answers
        for item in asked_items(facts.template, facts.answers)
    )
    if not left:
        return "Everything of the treatment is recorded"
    return (
        f"{left} {'answer' if left == 1 else 'answers'} open; after the finish they count as late"
    )


def gate_lines(
    record: SessionRecord, language: str
) -> tuple[tuple[str, str, str, str, str, str], ...]:
    """Every blocker as (item, what, why, rule, fix, href)."""
    return tuple(_gate_line(record, blocker, language) for blocker in record.gate.blockers)


def _gate_line(
    record: SessionRecord, blocker: Blocker, language: str
) -> tuple[str, str, str, str, str, str]:
    href = f"/sessions/{record.row.session_id}"
    why, rule = split_citation(blocker.rule)
    item = record.loaded.facts.template.item(blocker.item)
    if item is None:
        return ("This session", blocker.reason, why, rule, blocker.fix, href)
    target = f"{href}?phase={item.phase.value}#item-{item.code}"
    label = localized(item.label, language)
    if blocker.code == "missing":
        # What is missing is the item itself; that is what the eye looks for.
        return ("No answer yet", label, why, rule, "Answer", target)
    return (label, blocker.reason, why, rule, blocker.fix, target)
