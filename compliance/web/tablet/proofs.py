"""The card that a piece of evidence becomes once it is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.domain.answers import Answer
from compliance.domain.evidence import Problem, judge_disinfection
from compliance.domain.gate import SessionFacts, item_problems, judge_piece
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, SessionState
from compliance.web.tablet.wording import CONTRAINDICATION_WORDS, show_iso_date, show_part

_BAD: Final[Mapping[str, str]] = {
    "pack_expired": "Expired",
    "lot_expired": "Expired",
    "product_expired": "Expired",
    "pack_recalled": "Recalled",
    "pack_damaged": "Damaged",
    "pack_not_released": "Not released",
    "pack_used": "Used before",
    "contact_time_short": "Too short",
    "barrier_missing": "No barrier",
}
_GOOD: Final[Mapping[str, str]] = {
    EvidenceKind.PACK: "Released, in date",
    EvidenceKind.LOT: "In date",
    EvidenceKind.SHARPS: "Discarded",
    EvidenceKind.DISINFECTION: "Long enough",
    EvidenceKind.PRODUCT: "Recorded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the evidence card shows."""

    component: str
    component_label: str
    kind: str
    title: str
    lines: tuple[str, ...]
    state: str
    """``good``, ``bad`` or ``waiting``."""
    state_word: str


def proof_card(facts: SessionFacts, item: Item, piece: Mapping[str, Any]) -> Proof:
    """A card with the present judgement: a pack may have been recalled since it was scanned."""
    kind, ref = piece["kind"], piece["ref"]
    problem = _problem(facts, item, piece)
    title, lines = describe(kind, ref)
    if problem is not None:
        state, word = "bad", _BAD.get(problem.code, "Not accepted")
    elif kind == EvidenceKind.RETURNED:
        released = "pack" in ref
        state, word = ("good", "Released again") if released else ("waiting", "Waits for release")
    else:
        state, word = "good", _GOOD[kind]
    label = show_part(piece["component"])
    if kind == EvidenceKind.PRODUCT:
        label = show_part((item.evidence or "").partition(":")[2] or "product")
    return Proof(
        component=piece["component"],
        component_label=label,
        kind=kind,
        title=title,
        lines=lines,
        state=state,
        state_word=word,
    )


def sound_packs(
    facts: SessionFacts, item: Item, answer: Answer | None
) -> tuple[tuple[str, str], ...]:
    """Id and title of the packs of a row that nobody has opened; from the start on they are used up."""
    if answer is None or facts.state is not SessionState.DRAFT:
        return ()
    packs = [piece for piece in answer.evidence if piece["kind"] == EvidenceKind.PACK]
    cards = [(str(piece["ref"]["pack"]), proof_card(facts, item, piece)) for piece in packs]
    return tuple((pack, card.title) for pack, card in cards if card.state == "good")


def _problem(facts: SessionFacts, item: Item, piece: Mapping[str, Any]) -> Problem | None:
    if facts.state.ended:
        # What was judged at closing is settled; a pack that is used up is not a problem now.
        return None
    match item.evidence:
        case "device_before" | "device_after":
            return judge_piece(facts, item, piece)
        case "disinfectant":
            return judge_disinfection(piece["ref"], needs_barrier=False)
        case _:
            found = item_problems(facts, item)
            if not found:
                return None
            first = found[0]
            return Problem(code=first.code, reason=first.reason, rule=first.rule, fix=first.fix)


def describe(kind: str, ref: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A piece of evidence as a title and the lines below it."""
    match kind:
        case EvidenceKind.PACK:
            cycle = ref["cycle"]
            return f"Pack {ref['code']}", (
                f"Cycle {cycle['number']}, {cycle['sterilizer']}",
                f"Use by {show_iso_date(ref['expires_on'])}",
            )
        case EvidenceKind.LOT:
            serial = (f"Serial {ref['serial']}",) if ref.get("serial") else ()
            return f"Lot {ref['lot']}", (f"Use by {show_iso_date(ref['expires_on'])}", *serial)
        case EvidenceKind.SHARPS:
            return str(ref["container"]), ()
        case EvidenceKind.DISINFECTION:
            return _disinfection(ref)
        case EvidenceKind.RETURNED:
            pack = (f"Pack {ref['code']} released",) if "pack" in ref else ()
            return "Sent back to the sterilization room", pack
        case EvidenceKind.CONTRAINDICATION:
            return CONTRAINDICATION_WORDS[ref["code"]], ()
        case _:
            expiry = ref.get("expires_on")
            lines = (f"Use by {show_iso_date(expiry)}",) if expiry else ()
            return str(ref["name"]), (f"Lot {ref['lot']}", *lines)


def _disinfection(ref: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    lot = f", lot {ref['lot']}" if ref.get("lot") else ""
    needed = f", {ref['required_seconds']} s needed" if ref.get("required_seconds") else ""
    lines = [f"Contact time {ref['contact_seconds']} s{needed}"]
    if ref.get("barrier"):
        lines.append("Fresh barrier sheath")
    return f"{ref['name']}{lot}", tuple(lines)
