"""Checklist templates: the ordered items a procedure demands, as versioned data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from compliance.domain.words import FIXED_ITEMS, NEEDLE_MATERIALS, ItemKind, Phase
from compliance.errors import ComplianceError

TEMPLATE_SCHEMA: Final = "aseptrail/template/1"
EVIDENCE_SLOTS: Final = frozenset(
    {
        "device_before",
        "device_after",
        "disinfectant",
        "consent",
        "contraindications",
        "product:serum",
        "product:anaesthetic",
        "product:aftercare",
    }
)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,58}")
_ITEM_KEYS: Final = frozenset(
    {
        "code",
        "phase",
        "kind",
        "label",
        "help",
        "required_when",
        "options",
        "unit",
        "min",
        "max",
        "rule",
        "evidence",
    }
)
_TEMPLATE_KEYS: Final = frozenset(
    {
        "schema",
        "id",
        "version",
        "procedure",
        "title",
        "source",
        "interval_days",
        "expect",
        "follow_up_days",
        "items",
    }
)


class TemplateInvalid(ComplianceError):
    """A template that drops or weakens a fixed item, or that no checklist can be made of."""

    code = "template_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    value: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One requirement of the checklist."""

    code: str
    phase: Phase
    kind: ItemKind
    label: Mapping[str, str]
    help: Mapping[str, str]
    required_when: tuple[str, str] | None
    """The item is asked only when this other item has this result; None: always."""
    options: tuple[Option, ...]
    unit: str | None
    minimum: Decimal | None
    maximum: Decimal | None
    rule: str | None
    """The key of the rule that a blocker cites."""
    evidence: str | None
    """Which evidence the item takes; one of ``EVIDENCE_SLOTS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One published version. ``body`` is what was hashed."""

    id: str
    version: int
    procedure: str
    title: Mapping[str, str]
    interval_days: int | None
    """Days between treatments below which a warning is shown; never a block."""
    follow_up_days: int
    items: tuple[Item, ...]
    body: Mapping[str, Any]

    def item(self, code: str) -> Item | None:
        return next((item for item in self.items if item.code == code), None)


def read_template(body: Mapping[str, Any]) -> Template:
    """Build a template from its JSON and check that it may be published.

    Raises:
        TemplateInvalid: naming the item and what is wrong with it.
    """
    _demand(set(body) == _TEMPLATE_KEYS, "template", "has unknown or missing keys")
    _demand(body["schema"] == TEMPLATE_SCHEMA, "template", f"schema must be {TEMPLATE_SCHEMA}")
    _demand(_is_code(body["id"]), "template", "id must be a lower-case code")
    _demand(isinstance(body["version"], int) and body["version"] > 0, "template", "bad version")
    items = tuple(_read_item(raw) for raw in body["items"])
    _check_items(items)
    return Template(
        id=body["id"],
        version=body["version"],
        procedure=body["procedure"],
        title=body["title"],
        interval_days=body["interval_days"],
        follow_up_days=body["follow_up_days"],
        items=items,
        body=body,
    )


def _read_item(raw: Mapping[str, Any]) -> Item:
    code = str(raw.get("code"))
    _demand(set(raw) == _ITEM_KEYS, code, "has unknown or missing keys")
    _demand(_is_code(code), code, "is not a lower-case code")
    try:
        phase, kind = Phase(raw["phase"]), ItemKind(raw["kind"])
        minimum, maximum = _decimal(raw["min"]), _decimal(raw["max"])
    except (ValueError, InvalidOperation) as error:
        raise TemplateInvalid(f"{code}: {error}") from error
    condition = raw["required_when"]
    _demand(condition is None or set(condition) == {"item", "is"}, code, "has an unknown condition")
    _demand(raw["evidence"] is None or raw["evidence"] in EVIDENCE_SLOTS, code, "bad evidence")
    return Item(
        code=code,
        phase=phase,
        kind=kind,
        label=raw["label"],
        help=raw["help"] or {},
        required_when=None if condition is None else (condition["item"], condition["is"]),
        options=tuple(Option(value=o["value"], label=o["label"]) for o in raw["options"] or ()),
        unit=raw["unit"],
        minimum=minimum,
        maximum=maximum,
        rule=raw["rule"],
        evidence=raw["evidence"],
    )


def _check_items(items: Sequence[Item]) -> None:
    codes = [item.code for item in items]
    by_code = {item.code: item for item in items}
    _demand(len(by_code) == len(codes), "template", "names an item twice")
    for code, phase in FIXED_ITEMS.items():
        _demand(code in by_code, code, "is one of the seven fixed items and cannot be dropped")
        _demand(by_code[code].phase is phase, code, f"belongs to the phase {phase.value}")
        _demand(by_code[code].required_when is None, code, "is always required")
    _check_fixed_kinds(by_code)
    for position, item in enumerate(items):
        _check_item(item, set(codes[:position]), by_code)


def _check_fixed_kinds(by_code: Mapping[str, Item]) -> None:
    material = by_code["needle_material"]
    _demand(
        material.kind is ItemKind.CHOICE
        and tuple(option.value for option in material.options) == NEEDLE_MATERIALS,
        "needle_material",
        "offers titanium and surgical_steel, nothing else",
    )
    for code, slot in (
        ("device_sterilized_before", "device_before"),
        ("device_sterilized_after", "device_after"),
    ):
        item = by_code[code]
        _demand(
            item.kind is ItemKind.EVIDENCE and item.evidence == slot, code, "must take evidence"
        )
    for code in ("gloves_worn", "mask_worn", "skin_disinfected_before", "skin_disinfected_after"):
        _demand(by_code[code].kind is ItemKind.ATTESTATION, code, "is an attestation")
        allowed = (None, "disinfectant") if code.startswith("skin") else (None,)
        _demand(by_code[code].evidence in allowed, code, "takes no such evidence")


def _check_item(item: Item, earlier: set[str], by_code: Mapping[str, Item]) -> None:
    values = [option.value for option in item.options]
    if item.kind is ItemKind.CHOICE:
        _demand(len(values) > 1, item.code, "needs at least two options")
        _demand(len(set(values)) == len(values), item.code, "names an option twice")
    else:
        _demand(not values, item.code, "offers options, which only a choice does")
    if item.kind is ItemKind.MEASUREMENT:
        _demand(
            item.unit is not None
            and item.minimum is not None
            and item.maximum is not None
            and item.minimum <= item.maximum,
            item.code,
            "needs a unit, a minimum and a maximum",
        )
    if item.required_when is not None:
        other, value = item.required_when
        _demand(other in earlier, item.code, "depends on an item that does not come before it")
        allowed = [option.value for option in by_code[other].options] or ["yes", "no"]
        _demand(value in allowed, item.code, f"depends on {other} being {value}, which it never is")


def _demand(holds: bool, where: str, problem: str) -> None:
    if not holds:
        raise TemplateInvalid(f"{where}: {problem}")


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
