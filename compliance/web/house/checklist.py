"""A checklist in words, for reading, comparing and previewing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compliance.domain.comparing import Change, FieldChange
from compliance.domain.drafting import is_fixed
from compliance.domain.words import ItemKind, Phase
from compliance.web.context import current_clinic
from compliance.web.house.wording import EVIDENCE, ITEM_KINDS, PHASES
from compliance.web.tablet.wording import localized

CHANGES: dict[Change, tuple[str, str]] = {
    Change.ADDED: ("Added", "good"),
    Change.REMOVED: ("Removed", "bad"),
    Change.CHANGED: ("Changed", "warn"),
    Change.MOVED: ("Moved", "wait"),
    Change.SAME: ("Same", "idle"),
}
NAMES = {
    "label": "Wording",
    "help": "Help",
    "phase": "Phase",
    "kind": "Kind",
    "options": "Choices",
    "unit": "Unit",
    "min": "Smallest",
    "max": "Largest",
    "required_when": "Asked when",
    "evidence": "Evidence",
    "rule": "Rule",
    "title": "Title",
    "procedure": "Procedure",
    "source": "Source",
    "interval_days": "Days between treatments",
    "follow_up_days": "Follow-up after days",
    "expect": "To be expected",
}

_LANGUAGES = {"en": "English", "de": "German"}


def phases_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a body by phase, in words."""
    labels = {item["code"]: _text(item["label"]) or item["code"] for item in body["items"]}
    return [
        {
            "name": PHASES[phase],
            "items": [
                item_values(item, labels) for item in body["items"] if item["phase"] == phase.value
            ],
        }
        for phase in Phase
    ]


def item_values(item: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """One item in words; ``labels`` are those of all items by code."""
    return {
        "code": item["code"],
        "label": _text(item["label"]) or item["code"],
        "help": _text(item["help"] or {}),
        "fixed": is_fixed(item["code"]),
        "kind": ITEM_KINDS[ItemKind(item["kind"])],
        "how": _how(item),
        "options": [_text(option["label"]) or option["value"] for option in item["options"] or ()],
        "when": _when(item["required_when"], labels),
        "evidence": EVIDENCE.get(item["evidence"] or ""),
        "rule": item["rule"],
    }


def _how(item: Mapping[str, Any]) -> str:
    if item["kind"] == ItemKind.MEASUREMENT:
        return f"{item['min']} to {item['max']} {item['unit']}"
    return ITEM_KINDS[ItemKind(item["kind"])]


def _when(condition: Mapping[str, str] | None, labels: Mapping[str, str]) -> str | None:
    if condition is None:
        return None
    what = labels.get(condition["item"], condition["item"])
    return f"“{what}” is {condition['is'].replace('_', ' ')}"


def _text(words: Mapping[str, str]) -> str:
    return localized(words, current_clinic().language)


def change_values(field: FieldChange) -> list[dict[str, str]]:
    """One difference with old and new as text; words in several languages are one for each."""
    if field.name in ("label", "help", "title"):
        old, new = field.old or {}, field.new or {}
        return [
            {
                "name": f"{NAMES[field.name]}, {_LANGUAGES.get(language, language)}",
                "old": old.get(language) or "nothing",
                "new": new.get(language) or "nothing",
            }
            for language in sorted({*old, *new})
            if old.get(language) != new.get(language)
        ]
    return [_change_value(field)]


def _change_value(field: FieldChange) -> dict[str, str]:
    return {
        "name": NAMES.get(field.name, field.name),
        "old": _say(field.name, field.old),
        "new": _say(field.name, field.new),
    }


def _say(name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if name == "required_when":
        return f"{value['item']} is {value['is']}"
    if name == "options":
        return ", ".join(_text(option["label"]) or str(option["value"]) for option in value)
    if name == "evidence":
        return EVIDENCE.get(value, str(value))
    if name == "phase":
        return PHASES[Phase(value)]
    if name == "kind":
        return ITEM_KINDS[ItemKind(value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(each) for each in value)
    return str(value)
