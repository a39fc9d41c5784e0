"""Changing a checklist before it is published. The seven fixed items keep what they demand.

A draft is the JSON body of a template. Whatever a form or a program sends, a fixed item
takes nothing from it but its help text.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from compliance.domain.template import EVIDENCE_SLOTS, TemplateInvalid, read_template
from compliance.domain.words import FIXED_ITEMS, ItemKind, Phase
from compliance.errors import Refused

Body = dict[str, Any]

LANGUAGES: Final = ("en", "de")
MOST_ITEMS: Final = 60
LONGEST_LABEL: Final = 200
LONGEST_HELP: Final = 500
MOST_DAYS: Final = 730
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,58}")
_LOCKED: Final = (
    "code",
    "phase",
    "kind",
    "label",
    "required_when",
    "options",
    "unit",
    "min",
    "max",
    "rule",
    "evidence",
)
"""What of a fixed item nobody changes: all but its help."""

FREE_SLOTS: Final = ("product:serum", "product:anaesthetic", "product:aftercare")
"""Evidence that an item of one's own may ask for."""


def is_fixed(code: str) -> bool:
    return code in FIXED_ITEMS


def copy_body(body: Mapping[str, Any], *, template_id: str, version: int) -> Body:
    """A body to work on, under an id and a version of its own.

    Raises:
        Refused: the id is no code.
    """
    if _CODE.fullmatch(template_id) is None:
        raise Refused(
            "template_id", template_id, "is no code", allowed="a-z, 0-9 and _, a letter first"
        )
    made: Body = copy.deepcopy(dict(body))
    made["id"], made["version"] = template_id, version
    return made


def apply_edits(body: Mapping[str, Any], edits: Mapping[str, str]) -> Body:
    """Apply a form: its names are ``title.en``, ``procedure``, ``item.CODE.label.en`` and so on.

    A name that is missing leaves what it names as it is. Values that make no checklist
    are kept, for `find_problems` to name.

    Raises:
        Refused: a number of days or an option that cannot be read at all.
    """
    made: Body = copy.deepcopy(dict(body))
    made["title"] = _texts(made["title"], edits, "title")
    if "procedure" in edits:
        made["procedure"] = edits["procedure"].strip()
    if "expect" in edits:
        made["expect"] = [line.strip() for line in edits["expect"].splitlines() if line.strip()]
    for name in ("interval_days", "follow_up_days"):
        if name in edits:
            made[name] = _days(name, edits[name], optional=name == "interval_days")
    for item in made["items"]:
        _edit_item(item, edits, f"item.{item['code']}")
    return made


def _edit_item(item: dict[str, Any], edits: Mapping[str, str], prefix: str) -> None:
    item["help"] = _texts(item["help"] or {}, edits, f"{prefix}.help")
    if is_fixed(item["code"]):
        return
    item["label"] = _texts(item["label"], edits, f"{prefix}.label")
    for name, allowed in (("phase", Phase), ("kind", ItemKind)):
        if f"{prefix}.{name}" in edits:
            item[name] = _choice(f"{prefix}.{name}", edits[f"{prefix}.{name}"], tuple(allowed))
    if f"{prefix}.evidence" in edits:
        item["evidence"] = edits[f"{prefix}.evidence"] or None
    if f"{prefix}.options" in edits:
        item["options"] = read_options(edits[f"{prefix}.options"])
    for name in ("unit", "min", "max"):
        if f"{prefix}.{name}" in edits:
            item[name] = edits[f"{prefix}.{name}"].strip().replace(",", ".") or None
    if f"{prefix}.when" in edits:
        item["required_when"] = _condition(edits[f"{prefix}.when"])
    _drop_what_does_not_apply(item)


def _drop_what_does_not_apply(item: dict[str, Any]) -> None:
    if item["kind"] != ItemKind.CHOICE:
        item["options"] = None
    if item["kind"] != ItemKind.MEASUREMENT:
        item["unit"] = item["min"] = item["max"] = None


def _texts(known: Mapping[str, str], edits: Mapping[str, str], prefix: str) -> dict[str, str]:
    texts = dict(known)
    for language in LANGUAGES:
        name = f"{prefix}.{language}"
        if name in edits:
            texts[language] = " ".join(edits[name].split())
    return {language: text for language, text in texts.items() if text}


def _days(name: str, text: str, *, optional: bool) -> int | None:
    clean = text.strip()
    if not clean and optional:
        return None
    if not (clean.isascii() and clean.isdigit() and len(clean) <= 3 and int(clean) <= MOST_DAYS):
        raise Refused(name, text, "is no number of days", allowed=f"0 to {MOST_DAYS}")
    return int(clean)


def _choice(name: str, text: str, allowed: Sequence[str]) -> str:
    if text not in allowed:
        raise Refused(name, text, "is not a choice", allowed=", ".join(allowed))
    return str(text)


def read_options(text: str) -> list[dict[str, Any]]:
    """Read one option a line: ``code | English | German``; the German may be left out.

    Raises:
        Refused: a line without a code and an English word.
    """
    options = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if not any(parts):
            continue
        if len(parts) not in (2, 3) or not all(parts[:2]) or _CODE.fullmatch(parts[0]) is None:
            raise Refused(
                "options", line, "is no option", allowed="a line such as “forehead | Forehead”"
            )
        label = dict(zip(LANGUAGES, parts[1:], strict=False))
        options.append({"value": parts[0], "label": {k: v for k, v in label.items() if v}})
    return options


def write_options(options: Sequence[Mapping[str, Any]] | None) -> str:
    """The lines that `read_options` reads."""
    return "\n".join(
        " | ".join(
            (option["value"], *(option["label"].get(language, "") for language in LANGUAGES))
        ).rstrip(" |")
        for option in options or ()
    )


def _condition(text: str) -> dict[str, str] | None:
    item, _, value = text.partition("=")
    return {"item": item, "is": value} if item and value else None


def add_item(body: Mapping[str, Any], *, code: str, label: str, phase: str, kind: str) -> Body:
    """Add an item of one's own at the end of its phase.

    Raises:
        Refused: a bad or taken code, no words, an unknown phase or kind, too many items.
    """
    made: Body = copy.deepcopy(dict(body))
    if _CODE.fullmatch(code) is None or any(item["code"] == code for item in made["items"]):
        raise Refused(
            "code", code, "is taken or no code", allowed="a new one of a-z, 0-9 and _, letter first"
        )
    if not 1 <= len(label.strip()) <= LONGEST_LABEL:
        raise Refused("label", label, "is missing", allowed=f"1 to {LONGEST_LABEL} characters")
    if len(made["items"]) >= MOST_ITEMS:
        raise Refused("items", len(made["items"]), "are enough", allowed=f"up to {MOST_ITEMS}")
    chosen = _choice("kind", kind, tuple(ItemKind))
    item: dict[str, Any] = dict.fromkeys(_LOCKED)
    item.update(
        code=code,
        phase=_choice("phase", phase, tuple(Phase)),
        kind=chosen,
        label={"en": " ".join(label.split())},
        help={},
    )
    if chosen == ItemKind.CHOICE:
        item["options"] = read_options("first | First choice\nsecond | Second choice")
    if chosen == ItemKind.MEASUREMENT:
        item.update(unit="min", min="0", max="60")
    if chosen == ItemKind.EVIDENCE:
        item["evidence"] = FREE_SLOTS[0]
    order = [each["phase"] for each in made["items"]]
    phases = [each.value for each in Phase]
    rank = phases.index(item["phase"])
    place = sum(phases.index(each) <= rank for each in order)
    made["items"].insert(place, item)
    return made


def remove_item(body: Mapping[str, Any], code: str) -> Body:
    """Take an item out.

    Raises:
        TemplateInvalid: it is one of the seven fixed items.
        Refused: there is no such item.
    """
    if is_fixed(code):
        raise TemplateInvalid(f"{code}: is one of the seven fixed items and cannot be dropped")
    made: Body = copy.deepcopy(dict(body))
    made["items"] = [item for item in made["items"] if item["code"] != code]
    if len(made["items"]) == len(body["items"]):
        raise Refused("item", code, "is no item of this checklist")
    return made


def move_item(body: Mapping[str, Any], code: str, *, up: bool) -> Body:
    """Move an item past its neighbour of the same phase; at the edge nothing changes."""
    made: Body = copy.deepcopy(dict(body))
    items: list[dict[str, Any]] = made["items"]
    at = next((i for i, item in enumerate(items) if item["code"] == code), None)
    if at is None:
        raise Refused("item", code, "is no item of this checklist")
    places = range(at - 1, -1, -1) if up else range(at + 1, len(items))
    other = next((i for i in places if items[i]["phase"] == items[at]["phase"]), None)
    if other is not None:
        items[at], items[other] = items[other], items[at]
    return made


def find_problems(body: Mapping[str, Any], base: Mapping[str, Any]) -> tuple[str, ...]:
    """What keeps a draft from being published, in sentences; empty when nothing does.

    Args:
        body: the draft.
        base: the published version it was copied from.
    """
    problems = list(_text_problems(body))
    problems.extend(_weakened(body, base))
    if not problems:
        try:
            read_template(body)
        except TemplateInvalid as error:
            problems.append(f"{error}.")
    return tuple(problems)


def _text_problems(body: Mapping[str, Any]) -> list[str]:
    problems = []
    if not body["title"].get("en"):
        problems.append("The checklist has no English title.")
    if not str(body["procedure"]).strip():
        problems.append("The procedure has no name.")
    for item in body["items"]:
        label = item["label"].get("en", "")
        if not 1 <= len(label) <= LONGEST_LABEL:
            problems.append(f"{item['code']} needs an English label of up to {LONGEST_LABEL}.")
        if any(len(text) > LONGEST_HELP for text in (item["help"] or {}).values()):
            problems.append(f"The help of {item['code']} is longer than {LONGEST_HELP} characters.")
        if item["evidence"] is not None and item["evidence"] not in EVIDENCE_SLOTS:
            problems.append(f"{item['code']} asks for evidence that does not exist.")
        if item["kind"] == ItemKind.EVIDENCE and item["evidence"] is None:
            problems.append(f"{item['code']} is evidence, but does not say of what.")
    return problems


def _weakened(body: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
    old = {item["code"]: item for item in base["items"]}
    new = {item["code"]: item for item in body["items"]}
    problems = []
    for code in FIXED_ITEMS:
        if code not in new:
            problems.append(f"{code} is one of the seven fixed items and cannot be dropped.")
        elif any(new[code][name] != old[code][name] for name in _LOCKED):
            problems.append(f"{code} is one of the seven fixed items and cannot be changed.")
    return problems
