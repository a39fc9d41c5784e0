"""A session that accepts nothing any more, as the record it is: answers, amendments, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request

from compliance.domain.access import Action
from compliance.domain.answers import asked_items
from compliance.domain.template import Item
from compliance.domain.words import SessionState
from compliance.operations.treatments.reading import SessionRecord
from compliance.web.context import page_values, show_time
from compliance.web.tablet.proofs import describe
from compliance.web.tablet.rows import Viewing, options_of, show_when
from compliance.web.tablet.view import consent_time, overrides_of
from compliance.web.tablet.wording import (
    PHASES,
    SIGN_WORDS,
    STATES,
    localized,
    show_part,
    show_result,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """One correction beside the value it corrects."""

    index: int
    new: str
    evidence: tuple[str, ...]
    who: str
    when: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One item of the record."""

    code: str
    label: str
    result: str
    evidence: tuple[str, ...]
    who: str | None
    when: str | None
    late: bool
    amendments: tuple[Amended, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An adverse event or a follow-up that cites the session."""

    title: str
    when: str
    lines: tuple[str, ...]
    escalated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """Everything the page of an ended, waiting or merely read session shows."""

    href: str
    client_ref: str
    protocol: str
    state: str
    said: str
    """What the state means for the reader, in one sentence."""
    facts: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, tuple[RecordLine, ...]], ...]
    overrides: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]
    told: tuple[Told, ...]
    may_amend: bool
    may_tell: bool
    may_abort: bool
    problem: str | None


def render_record(viewing: Viewing, *, problem: str | None = None) -> str:
    """The page, or for a script only the element it swaps."""
    view = _build(viewing, problem)
    if "HX-Request" in request.headers:
        return render_template("tablet/_record.html", view=view)
    title = f"{view.client_ref} · {STATES[SessionState(view.state)]}"
    section = "tablet" if viewing.actor.may(Action.RECORD_SESSION) else "inspector"
    page = page_values(title, section=section)
    return render_template("tablet/record.html", page=page, view=view)


def _build(viewing: Viewing, problem: str | None) -> RecordView:
    record, actor = viewing.record, viewing.actor
    row, facts = record.row, record.loaded.facts
    asked = {item.code for item in asked_items(facts.template, facts.answers)}
    sections = tuple(
        (
            label,
            tuple(
                _line(viewing, item)
                for item in facts.template.items
                if item.phase is phase and (item.code in asked or _amendments(viewing, item))
            ),
        )
        for phase, label in PHASES.items()
    )
    ended = row.state.ended and row.closed_index is not None
    return RecordView(
        href=viewing.href,
        client_ref=record.client_ref,
        protocol=localized(facts.template.title, viewing.language),
        state=row.state.value,
        said=_said(viewing),
        facts=_facts(viewing),
        sections=sections,
        overrides=overrides_of(record),
        warnings=tuple(warning["text"] for warning in row.warnings),
        told=tuple(_told(viewing, event.kind, event.data, event.at) for event in record.events),
        may_amend=ended and actor.may(Action.AMEND_SESSION),
        may_tell=actor.may(Action.RECORD_EVENT),
        may_abort=not row.state.ended and actor.may(Action.SIGN_SESSION),
        problem=problem,
    )


def _said(viewing: Viewing) -> str:
    row = viewing.record.row
    match row.state:
        case SessionState.CLOSED:
            return "This record is closed. Nothing in it is edited; corrections stand beside it."
        case SessionState.ABORTED:
            return (
                "This session was ended without completing it. It is kept and shown in every"
                " report."
            )
        case SessionState.AWAITING_REPROCESSING:
            parts = ", ".join(show_part(each.component).lower() for each in viewing.record.waits)
            return (
                f"Signed. It waits until the sterilization room releases: {row.device_label},"
                f" {parts}. Then it closes by itself."
            )
        case _:
            return "You are reading this session; it is still open."


def _device(record: SessionRecord) -> str:
    """The device as recorded, and the one that an amendment put in its place."""
    labels = [each.data["new"]["label"] for each in record.amendments if each.item == "device"]
    recorded = record.row.device_label
    return f"{recorded}, amended: {labels[-1]}" if labels else recorded


def _facts(viewing: Viewing) -> tuple[tuple[str, str], ...]:
    record = viewing.record
    row = record.row
    found = [
        ("Record", "not closed yet" if row.closed_index is None else f"Entry {row.closed_index}"),
        ("Practitioner", record.name_of(row.practitioner_id)),
        ("Device", _device(record)),
        ("Opened", show_time(row.opened_at)),
    ]
    for label, moment in (
        ("Started", row.started_at),
        ("Finished", row.finished_at),
        ("Ended", row.ended_at),
    ):
        if moment is not None:
            found.append((label, show_time(moment)))
    signed = consent_time(record)
    if signed is not None:
        found.append(("Consent signed", signed))
    return tuple(found)


def _line(viewing: Viewing, item: Item) -> RecordLine:
    answer = viewing.record.loaded.facts.answers.get(item.code)
    options = options_of(item, viewing.language)
    return RecordLine(
        code=item.code,
        label=localized(item.label, viewing.language),
        result="No answer" if answer is None else show_result(answer.result, options),
        evidence=() if answer is None else _pieces(answer.evidence),
        who=None if answer is None else viewing.record.name_of(answer.user_id),
        when=None if answer is None else show_when(answer),
        late=answer is not None and answer.late,
        amendments=_amendments(viewing, item),
    )


def _pieces(evidence: Any) -> tuple[str, ...]:
    told = []
    for piece in evidence:
        title, lines = describe(piece["kind"], piece["ref"])
        told.append(". ".join((title, *lines)))
    return tuple(told)


def _amendments(viewing: Viewing, item: Item) -> tuple[Amended, ...]:
    options = options_of(item, viewing.language)
    return tuple(
        Amended(
            index=each.index,
            new=show_result(each.data["new"], options),
            evidence=_pieces(each.data["evidence_new"]),
            who=viewing.record.name_of(each.data["signature"]["by"]),
            when=show_time(each.at),
            reason=viewing.record.text_of(each.data["reason"]),
        )
        for each in viewing.record.amendments
        if each.item == item.code
    )


def _told(viewing: Viewing, kind: str, data: Mapping[str, Any], at: datetime) -> Told:
    record = viewing.record
    signs = ", ".join(SIGN_WORDS[sign] for sign in data["signs"])
    if kind == "followup.recorded":
        outcome = "The client is well" if data["outcome"] == "well" else "Signs were found"
        text, title = record.text_of(data["note"]), f"Follow-up: {outcome}"
        escalated = bool(data["signs"])
    else:
        text, title = record.text_of(data["description"]), f"Adverse event, {data['grade']}"
        escalated = bool(data["escalated"])
    lines = tuple(line for line in (signs, text) if line)
    return Told(title=title, when=show_time(at), lines=lines, escalated=escalated)
