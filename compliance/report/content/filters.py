"""Which sessions are drawn in detail; never what is counted or proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import JsonObject, child, spoken, text
from compliance.report.content.naming import Naming

_SUBJECT: Final[Mapping[str, Callable[[JsonObject], str]]] = MappingProxyType(
    {
        "practitioner": lambda data: text(data, "practitioner"),
        "device": lambda data: text(child(data, "device"), "id"),
        "template": lambda data: text(child(data, "template"), "id"),
        "state": lambda data: text(data, "state"),
    }
)


def wanted(data: JsonObject, filters: JsonObject) -> bool:
    """Return whether a signed session passes; a filter this version lacks passes everything.

    Showing too much is an inconvenience, leaving a session out would be a lie.
    """
    return all(
        subject(data) == filters[key] for key, subject in _SUBJECT.items() if filters.get(key)
    )


def filter_texts(filters: JsonObject, naming: Naming) -> tuple[str, ...]:
    """Return the filters that are applied, in words."""
    names: Mapping[str, str] = {
        "practitioner": naming.words.practitioner,
        "device": naming.words.device,
        "template": naming.words.protocol,
    }
    return tuple(
        f"{names.get(key, spoken(key))} {_value(key, str(filters[key]), naming)}"
        for key in _SUBJECT
        if filters.get(key)
    )


def _value(key: str, value: str, naming: Naming) -> str:
    return naming.person(value) if key == "practitioner" else spoken(value)
