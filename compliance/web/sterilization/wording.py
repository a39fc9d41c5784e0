"""The words of the sterilization room for codes of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.domain.sterilization.words import SporeOutcome
from compliance.domain.words import PackState

SPORE_WORDS: Final = {
    SporeOutcome.PASS: ("Negative, valid", "good"),
    SporeOutcome.FAIL: ("Growth: failed", "bad"),
    SporeOutcome.INVALID: ("Not valid, repeat it", "warn"),
    SporeOutcome.PENDING: ("In incubation", "wait"),
    SporeOutcome.REJECT: ("Not in a normal load", "warn"),
}

_PACKS: Final = {
    PackState.REGISTERED: ("Not released", "wait"),
    PackState.RELEASED: ("Released", "good"),
    PackState.USED: ("Used", "idle"),
    PackState.DAMAGED: ("Damaged", "bad"),
    PackState.RECALLED: ("Recalled", "bad"),
}

_FLAGS: Final = {
    "identical_curve": "Same curve as another run",
    "overlap": "Overlaps another run",
    "counter_jump": "The counter jumped",
    "counter_reset": "The counter went back",
    "future_date": "Dated in the future",
    "old_date": "More than a year old",
    "no_date": "No date",
    "set_not_achieved": "Set values not achieved",
    "off_steam_line": "Off the steam line",
    "no_end_line": "No end line",
    "other_serial": "Another machine's serial",
}


def pack_badge(state: PackState) -> tuple[str, str]:
    """Word and tone."""
    return _PACKS[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagView:
    """A flag with what somebody decided on it."""

    code: str
    title: str
    reason: str
    decided: str | None
    badge: tuple[str, str]


def say_flag(flag: Mapping[str, Any], names: Mapping[str, str]) -> FlagView:
    """A flag in words; the reason of a decision is sealed and stays with the record."""
    decision = flag["decision"]
    badge, decided = ("Undecided", "warn"), None
    if decision is not None:
        badge = ("Accepted", "good") if decision["accepted"] else ("Not accepted", "bad")
        decided = f"Decided by {names.get(decision['by'], decision['by'])}"
    return FlagView(
        code=flag["code"],
        title=_FLAGS.get(flag["code"], flag["code"].replace("_", " ").capitalize()),
        reason=flag["reason"],
        decided=decided,
        badge=badge,
    )
