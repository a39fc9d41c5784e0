"""The items of a draft as the editor shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.domain.drafting import FREE_SLOTS, LANGUAGES, Body, is_fixed, write_options
from compliance.domain.words import ItemKind
from compliance.web.house.protocols import title_of
from compliance.web.house.wording import EVIDENCE


def item_fields(item: dict[str, Any], body: Body) -> dict[str, Any]:
    """One item as the editor shows it."""
    condition = item["required_when"]
    slots = dict.fromkeys([*FREE_SLOTS, *([item["evidence"]] if item["evidence"] else [])])
    return {
        **item,
        "fixed": is_fixed(item["code"]),
        "label": both_languages(item["label"]),
        "help": both_languages(item["help"] or {}),
        "options_text": write_options(item["options"]),
        "when": f"{condition['item']}={condition['is']}" if condition else "",
        "conditions": _asked_when(item, body),
        "slots": [("", "No evidence"), *((slot, EVIDENCE[slot]) for slot in slots)],
    }


def both_languages(words: Mapping[str, str]) -> dict[str, str]:
    """The words in every language that the editor shows; empty where there are none."""
    return {language: words.get(language, "") for language in LANGUAGES}


def _asked_when(item: dict[str, Any], body: Body) -> list[tuple[str, str]]:
    """The choices for when an item is asked; its own is there even where it no longer holds."""
    found = [("", "Always"), *_conditions(item, body)]
    condition = item["required_when"]
    if condition is not None:
        own = f"{condition['item']}={condition['is']}"
        # A select without its own value would send the first one, and nobody would notice.
        if own not in dict(found):
            found.append((own, f"{condition['item']}: {condition['is']}"))
    return found


def _conditions(item: dict[str, Any], body: Body) -> list[tuple[str, str]]:
    """Everything that is answered before an item, and could decide whether it is asked."""
    found: list[tuple[str, str]] = []
    for other in body["items"]:
        if other["code"] == item["code"]:
            break
        if other["kind"] == ItemKind.MEASUREMENT:
            continue
        label = title_of(other["label"]) or other["code"]
        values = [option["value"] for option in other["options"] or ()] or ["yes", "no"]
        found.extend(
            (f"{other['code']}={value}", f"{label}: {value.replace('_', ' ')}") for value in values
        )
    return found
