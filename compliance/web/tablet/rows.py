"""The rows of the checklist: one item, its control, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.answers import Answer, asked_items
from compliance.domain.gate import Blocker, item_problems
from compliance.domain.template import Item
from compliance.domain.words import ItemKind, Phase, SessionState
from compliance.operations.treatments.reading import SessionRecord
from compliance.web.context import show_time
from compliance.web.tablet.fields import ScanForm, Shelf, scan_form, wanted_places
from compliance.web.tablet.proofs import Proof, proof_card, sound_packs
from compliance.web.tablet.wording import localized, split_citation

UNDO_SECONDS: Final = 10
"""How long an answer can be taken back with one press; the end is included."""

_HALF_DONE: Final = frozenset({"evidence_missing", "consent_not_signed"})
"""What is only not there yet; everything else is wrong and is shown as blocked."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

_RECALLED: Final = frozenset({"pack_recalled", "lot_recalled"})
"""Whoever reads a session may read recalls as well, so these lead there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBlocker:
    """What is wrong with a row, why, and what to do now."""

    what: str
    why: str
    rule: str | None
    fix_label: str | None
    fix_href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that was not accepted: what to say, and what had been typed."""

    item: str
    sentence: str
    entered: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Everything the macro ``item_row`` reads, and what the page puts below it."""

    code: str
    label: str
    help: str | None
    language: str
    """Of label and help: the checklist's words may speak another one than the screen."""
    control: str
    """``toggle``, ``choice``, ``measurement``, ``evidence`` or ``custom``."""
    slot: str | None
    """Which evidence the item takes."""
    options: tuple[tuple[str, str], ...]
    unit: str | None
    minimum: str | None
    maximum: str | None
    status: str
    result: str | None
    blocker: RowBlocker | None
    who: str | None
    when: str | None
    late: bool
    undo_href: str | None
    evidence: tuple[Proof, ...]
    evidence_fields: tuple[ScanForm, ...]
    """The forms for what is still missing."""
    changes: tuple[ScanForm, ...]
    """The forms for what is there and may be entered anew."""
    ticked: frozenset[str]
    action: str
    idempotency_key: str
    earlier: bool
    """The row offers a time for what was done before it is entered."""
    overridden: bool
    damageable: tuple[tuple[str, str], ...]
    """Id and title of each pack that can still be laid aside as torn, wet or opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """Who looks at which record, when, and with what on the shelf."""

    record: SessionRecord
    actor: Actor
    now: datetime
    language: str
    shelf: Shelf
    key: str
    """Fresh for every page; every form makes its own key from it."""
    refusal: Refusal | None = None

    @property
    def href(self) -> str:
        return f"/sessions/{self.record.row.session_id}"

    @property
    def may_record(self) -> bool:
        return self.record.row.state.accepts_answers and self.actor.may(Action.RECORD_SESSION)


def build_rows(viewing: Viewing, phase: Phase) -> tuple[Row, ...]:
    """The rows of one phase in the template's order."""
    facts = viewing.record.loaded.facts
    asked = {item.code for item in asked_items(facts.template, facts.answers)}
    return tuple(
        _row(viewing, item, asked=item.code in asked)
        for item in facts.template.items
        if item.phase is phase
    )


def is_locked(phase: Phase, state: SessionState) -> bool:
    """Whether the turn of a phase has not come yet."""
    if phase is Phase.AFTER:
        return state in (SessionState.DRAFT, SessionState.IN_PROGRESS)
    return phase is Phase.DURING and state is SessionState.DRAFT


def _row(viewing: Viewing, item: Item, *, asked: bool) -> Row:
    loaded = viewing.record.loaded
    answer = loaded.facts.answers.get(item.code)
    problems = item_problems(loaded.facts, item) if asked and answer is not None else ()
    status = _status(viewing, item, answer, problems, asked=asked)
    refused = viewing.refusal if viewing.refusal and viewing.refusal.item == item.code else None
    missing, changes = _forms(viewing, item, answer, refused)
    return Row(
        code=item.code,
        label=localized(item.label, viewing.language),
        help=localized(item.help, viewing.language) or None,
        language=viewing.language,
        control=_control(item),
        slot=item.evidence,
        options=options_of(item, viewing.language),
        unit=None if item.unit == "1" else item.unit,
        minimum=None if item.minimum is None else str(item.minimum),
        maximum=None if item.maximum is None else str(item.maximum),
        status=status,
        result=_shown(item, answer, refused),
        blocker=_blocker(problems, status, refused),
        who=None if answer is None else viewing.record.name_of(answer.user_id),
        when=None if answer is None else show_when(answer),
        late=answer is not None and answer.late,
        undo_href=_undo(viewing, item, answer),
        evidence=_proofs(viewing, item, answer),
        evidence_fields=missing,
        changes=changes,
        ticked=_ticked(answer, refused),
        action=f"{viewing.href}/items/{item.code}",
        idempotency_key=f"{viewing.key}-{item.code}",
        earlier=viewing.may_record and status in ("open", "blocked"),
        overridden=item.code in loaded.facts.overridden,
        damageable=sound_packs(loaded.facts, item, answer) if viewing.may_record else (),
    )


def _status(
    viewing: Viewing,
    item: Item,
    answer: Answer | None,
    problems: tuple[Blocker, ...],
    *,
    asked: bool,
) -> str:
    if not asked:
        return "not_required"
    if is_locked(item.phase, viewing.record.row.state):
        return "locked"
    if answer is None:
        return "open"
    if not problems:
        return "done"
    return "open" if all(each.code in _HALF_DONE for each in problems) else "blocked"


def _control(item: Item) -> str:
    if item.evidence in ("contraindications", "consent"):
        return "custom"
    return {
        ItemKind.ATTESTATION: "toggle",
        ItemKind.CHOICE: "choice",
        ItemKind.MEASUREMENT: "measurement",
        ItemKind.EVIDENCE: "evidence",
    }[item.kind]


def options_of(item: Item, language: str) -> tuple[tuple[str, str], ...]:
    return tuple((option.value, localized(option.label, language)) for option in item.options)


def _shown(item: Item, answer: Answer | None, refused: Refusal | None) -> str | None:
    """The result as the control shows it; a refused measurement stays for correction."""
    if refused is not None and item.kind is ItemKind.MEASUREMENT:
        return refused.entered.get("result")
    if answer is None:
        return None
    return answer.result if isinstance(answer.result, str) else answer.result["value"]


def show_when(answer: Answer) -> str:
    recorded = show_time(answer.recorded_at)
    if answer.recorded_at - answer.performed_at < timedelta(minutes=1):
        return recorded
    return f"done {show_time(answer.performed_at)}, entered {recorded}"


def _undo(viewing: Viewing, item: Item, answer: Answer | None) -> str | None:
    if answer is None or not viewing.may_record or answer.user_id != viewing.actor.user_id:
        return None
    if viewing.now - answer.recorded_at > timedelta(seconds=UNDO_SECONDS):
        return None
    return f"{viewing.href}/items/{item.code}/undo"


def _blocker(
    problems: tuple[Blocker, ...], status: str, refused: Refusal | None
) -> RowBlocker | None:
    if refused is not None and not refused.entered.get("kind"):
        return RowBlocker(
            what=refused.sentence,
            why="Nothing was saved, and nothing that was saved before has changed.",
            rule=None,
            fix_label=None,
        )
    if status != "blocked":
        return None
    first = next(each for each in problems if each.code not in _HALF_DONE)
    why, rule = split_citation(first.rule)
    if first.code in _RECALLED:
        said = f"{first.fix} {why}"
        return RowBlocker(
            what=first.reason,
            why=said,
            rule=rule,
            fix_label="See what was recalled",
            fix_href="/recalls",
        )
    return RowBlocker(what=first.reason, why=why, rule=rule, fix_label=first.fix)


def _proofs(viewing: Viewing, item: Item, answer: Answer | None) -> tuple[Proof, ...]:
    if answer is None or item.evidence in (None, "consent", "contraindications"):
        return ()
    facts = viewing.record.loaded.facts
    return tuple(proof_card(facts, item, piece) for piece in answer.evidence)


def _forms(
    viewing: Viewing, item: Item, answer: Answer | None, refused: Refusal | None
) -> tuple[tuple[ScanForm, ...], tuple[ScanForm, ...]]:
    """The forms for missing or bad pieces, and those for pieces that hold."""
    loaded = viewing.record.loaded
    places = wanted_places(loaded, item)
    if not viewing.may_record or not places:
        return (), ()
    good = {
        (piece["component"], piece["kind"])
        for piece in (answer.evidence if answer else ())
        if proof_card(loaded.facts, item, piece).state != "bad"
    }
    missing: list[ScanForm] = []
    changes: list[ScanForm] = []
    for place in places:
        about = refused if refused is not None and _is_about(refused, place) else None
        form = scan_form(item, place, viewing.shelf, about.entered if about else _NOTHING)
        if form is not None and about is not None:
            form = form.refused(about.sentence, about.entered)
        if form is not None:
            (changes if place in good and about is None else missing).append(form)
    return tuple(missing), tuple(changes)


def _is_about(refused: Refusal, place: tuple[str, str]) -> bool:
    return (refused.entered.get("component"), refused.entered.get("kind")) == place


def _ticked(answer: Answer | None, refused: Refusal | None) -> frozenset[str]:
    if refused is not None and "contraindication" in refused.entered:
        return frozenset(refused.entered["contraindication"].split())
    if answer is None:
        return frozenset()
    return frozenset(str(piece["ref"].get("code", "")) for piece in answer.evidence)
