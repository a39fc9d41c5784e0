"""Two versions of a checklist side by side, item by item."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compliance.domain.template import Template


class Change(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One thing that reads differently."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """One item of either version."""

    code: str
    label: Mapping[str, str]
    phase: str
    change: Change
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    head: tuple[FieldChange, ...]
    items: tuple[ItemChange, ...]
    """In the order of the newer version; a removed item stands where it was."""

    @property
    def differs(self) -> bool:
        return bool(self.head) or any(item.change is not Change.SAME for item in self.items)


_HEAD: Final = ("title", "procedure", "source", "interval_days", "follow_up_days", "expect")
_FIELDS: Final = (
    "label",
    "help",
    "phase",
    "kind",
    "options",
    "unit",
    "min",
    "max",
    "required_when",
    "evidence",
    "rule",
)


def compare_templates(old: Template, new: Template) -> Comparison:
    """Say what became of every item from one version to another."""
    head = tuple(_differences(old.body, new.body, _HEAD))
    before = {item["code"]: item for item in old.body["items"]}
    after = {item["code"]: item for item in new.body["items"]}
    kept_before = [code for code in before if code in after]
    kept_after = [code for code in after if code in before]
    moved = _moved(kept_before, kept_after)
    items: list[ItemChange] = []
    for code, item in after.items():
        if code not in before:
            items.append(_line(item, Change.ADDED))
            continue
        fields = tuple(_differences(before[code], item, _FIELDS))
        change = Change.CHANGED if fields else Change.MOVED if code in moved else Change.SAME
        items.append(_line(item, change, fields))
    for place, code in enumerate(before):
        if code not in after:
            items.insert(min(place, len(items)), _line(before[code], Change.REMOVED))
    return Comparison(head=head, items=tuple(items))


def _line(
    item: Mapping[str, Any], change: Change, fields: tuple[FieldChange, ...] = ()
) -> ItemChange:
    return ItemChange(
        code=item["code"],
        label=item["label"],
        phase=item["phase"],
        change=change,
        fields=fields,
    )


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], names: Sequence[str]
) -> Iterator[FieldChange]:
    for name in names:
        # None and empty are the same to a reader.
        if (old[name] or None) != (new[name] or None):
            yield FieldChange(name=name, old=old[name], new=new[name])


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The codes outside of a longest common order: the fewest that can be said to have moved."""
    best: list[list[str]] = []
    rank = {code: place for place, code in enumerate(before)}
    for code in after:
        fitting = [chain for chain in best if rank[chain[-1]] < rank[code]]
        best.append([*_longest(fitting), code])
    return set(after) - set(_longest(best))


def _longest(chains: Sequence[list[str]]) -> list[str]:
    longest: list[str] = []
    for chain in chains:
        if len(chain) > len(longest):
            longest = chain
    return longest
