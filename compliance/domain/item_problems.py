"""What is wrong with one item of a checklist, by the evidence it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from compliance.domain.answers import Answer
from compliance.domain.depth import judge_depth
from compliance.domain.evidence import (
    AFTER_KIND,
    BEFORE_KIND,
    Component,
    Problem,
    judge_disinfection,
    judge_lot,
    judge_pack,
    judge_recalled,
)
from compliance.domain.gate_facts import SessionFacts
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, ItemKind, SessionState


def find_problems(facts: SessionFacts, item: Item) -> Iterator[Problem]:
    """Every problem of an item as it stands; none when it is complete."""
    answer = facts.answers.get(item.code)
    label = item.label.get("en", item.code)
    if answer is None:
        yield _missing(item, label)
    elif answer.result == "no" and item.kind is not ItemKind.CHOICE:
        yield Problem(
            code="answered_no",
            reason=f"“{label}” was answered no.",
            rule=item.rule or item.code,
            fix="Do it and answer again, or abort the session with a deviation.",
        )
    else:
        yield from _problems(facts, item, answer)
        yield from _recalled_problems(facts, answer)


def _recalled_problems(facts: SessionFacts, answer: Answer) -> Iterator[Problem]:
    """Serums and disinfectants that were taken back; an article of the device is judged whole."""
    if facts.state is not SessionState.DRAFT:
        return
    for piece in answer.evidence:
        problem = judge_recalled(piece["ref"], facts.recalled_lots)
        if problem is not None and piece["kind"] != EvidenceKind.LOT:
            yield problem


def _missing(item: Item, label: str) -> Problem:
    return Problem(
        code="missing",
        reason=f"“{label}” has no answer yet.",
        rule=item.rule or item.code,
        fix="Answer it.",
    )


def _problems(facts: SessionFacts, item: Item, answer: Answer) -> Iterator[Problem]:
    match item.evidence:
        case "device_before" | "device_after":
            for component in facts.components:
                yield from _component_problems(facts, item, component, answer)
        case "disinfectant":
            yield from _skin_problems(facts, answer)
        case "contraindications":
            yield from _contraindication_problems(facts, item, answer)
        case "consent":
            if not facts.consent_signed:
                yield Problem(
                    code="consent_not_signed",
                    reason="The client has not signed the consent.",
                    rule="consent",
                    fix="Let the client read and sign it.",
                )
        case None:
            if item.code == "needle_material":
                yield from _allergy_problems(facts, answer)
            elif item.code == "depth" and isinstance(answer.result, Mapping):
                depth = Decimal(answer.result["value"])
                yield from judge_depth(depth, facts.depth_limits, day=_day_of_use(facts, item))
        case _:
            yield from _product_problems(facts, item, answer)


def _component_problems(
    facts: SessionFacts, item: Item, component: Component, answer: Answer
) -> Iterator[Problem]:
    kinds = BEFORE_KIND if item.evidence == "device_before" else AFTER_KIND
    needed = kinds[component.mode]
    piece = _piece(answer, component.component, needed)
    if piece is None:
        yield Problem(
            code="evidence_missing",
            reason=f"There is no evidence for the {component.component}: {_WANTED[needed]}.",
            rule=item.rule or item.code,
            fix=_FIX[needed],
        )
        return
    problem = judge_piece(facts, item, piece)
    if problem is not None:
        yield problem


def judge_piece(facts: SessionFacts, item: Item, piece: Mapping[str, Any]) -> Problem | None:
    """Say why one piece of evidence for a part of the device does not hold, or None."""
    ref = piece["ref"]
    match EvidenceKind(piece["kind"]):
        case EvidenceKind.PACK:
            return judge_pack(
                facts.packs.get(ref["pack"]),
                device_id=facts.device_id,
                session_id=facts.session_id,
                today=_day_of_use(facts, item),
            )
        case EvidenceKind.LOT:
            # What was used before the notice came is on the recall's worklist instead.
            draft = facts.state is SessionState.DRAFT
            return judge_lot(
                ref,
                today=_day_of_use(facts, item),
                recalled=facts.recalled_lots if draft else frozenset(),
            )
        case EvidenceKind.DISINFECTION:
            return judge_disinfection(ref, needs_barrier=True)
        case _:
            return None


def _day_of_use(facts: SessionFacts, item: Item) -> date:
    """Expiry counts on the day of use: a pack used yesterday has not expired since."""
    if facts.state is SessionState.DRAFT:
        return facts.today
    answer = facts.answers[item.code]
    return min(facts.today, answer.performed_at.astimezone(facts.zone).date())


def _skin_problems(facts: SessionFacts, answer: Answer) -> Iterator[Problem]:
    piece = _piece(answer, "skin", EvidenceKind.DISINFECTION)
    if piece is not None:
        problem = judge_disinfection(piece["ref"], needs_barrier=False)
        if problem is not None:
            yield problem
    elif facts.rules.values.get("skin_disinfectant_evidence"):
        yield Problem(
            code="evidence_missing",
            reason="The disinfectant and its contact time are not recorded.",
            rule="skin_disinfectant_evidence",
            fix="Choose the disinfectant used and its contact time.",
        )


def _contraindication_problems(
    facts: SessionFacts, item: Item, answer: Answer
) -> Iterator[Problem]:
    if answer.result != "present" or item.code in facts.overridden:
        return
    named = ", ".join(str(piece["ref"]["code"]).replace("_", " ") for piece in answer.evidence)
    yield Problem(
        code="contraindicated",
        reason=f"The screening found: {named or 'a contraindication'}.",
        rule="contraindications",
        fix="Do not treat; abort, or let a practitioner entitled to decide override with a reason.",
    )


def _allergy_problems(facts: SessionFacts, answer: Answer) -> Iterator[Problem]:
    allergy = facts.answers.get("steel_allergy")
    if answer.result == "surgical_steel" and allergy is not None and allergy.result == "yes":
        yield Problem(
            code="steel_allergy",
            reason="The client is allergic to steel, and the needles are surgical steel.",
            rule="steel_allergy",
            fix="Use titanium needles and answer again.",
        )


def _product_problems(facts: SessionFacts, item: Item, answer: Answer) -> Iterator[Problem]:
    piece = next((p for p in answer.evidence if p["kind"] == EvidenceKind.PRODUCT), None)
    if piece is None or not piece["ref"].get("lot"):
        yield Problem(
            code="evidence_missing",
            reason="The product and its lot are not recorded.",
            rule="product_lot",
            fix="Choose the product and scan or type its lot.",
        )
        return
    expiry = piece["ref"].get("expires_on")
    if expiry is not None and date.fromisoformat(expiry) < _day_of_use(facts, item):
        yield Problem(
            code="product_expired",
            reason=f"{piece['ref']['name']} lot {piece['ref']['lot']} expired on {expiry}.",
            rule="product_lot",
            fix="Use an unexpired product and answer again.",
        )


def _piece(answer: Answer, component: str, kind: EvidenceKind) -> Mapping[str, Any] | None:
    return next(
        (p for p in answer.evidence if p["component"] == component and p["kind"] == kind), None
    )


_WANTED = {
    EvidenceKind.PACK: "a released sterile pack",
    EvidenceKind.LOT: "lot and expiry of the sterile single-use article",
    EvidenceKind.SHARPS: "the sharps container it was discarded to",
    EvidenceKind.DISINFECTION: "disinfectant, contact time and a fresh barrier",
    EvidenceKind.RETURNED: "its return to reprocessing",
}
_FIX = {
    EvidenceKind.PACK: "Scan the label of the pack.",
    EvidenceKind.LOT: "Scan the code on the package, or type lot and expiry.",
    EvidenceKind.SHARPS: "Name the sharps container.",
    EvidenceKind.DISINFECTION: "Choose the disinfectant, give lot and contact time, confirm the barrier.",
    EvidenceKind.RETURNED: "Confirm that it went back to the sterilization room.",
}
