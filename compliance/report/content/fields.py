"""Reading one field of parsed JSON, refusing what is not of the promised type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from compliance.report.content.source import ContentUnreadable

JsonObject: TypeAlias = Mapping[str, Any]


def text(data: JsonObject, key: str) -> str:
    """Return a string.

    Raises:
        ContentUnreadable: if there is none under the key; so do all functions here.
    """
    value = data.get(key)
    if not isinstance(value, str):
        raise ContentUnreadable(f"{key} is not a text")
    return value


def optional_text(data: JsonObject, key: str) -> str | None:
    return None if data.get(key) is None else text(data, key)


def number(data: JsonObject, key: str) -> int:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ContentUnreadable(f"{key} is not an integer")
    return value


def child(data: JsonObject, key: str) -> JsonObject:
    value = data.get(key)
    if not isinstance(value, Mapping):
        raise ContentUnreadable(f"{key} is not an object")
    return value


def optional_child(data: JsonObject, key: str) -> JsonObject | None:
    return None if data.get(key) is None else child(data, key)


def children(data: JsonObject, key: str) -> Sequence[JsonObject]:
    """Return a list of objects; a list that the record leaves out is empty."""
    value = data.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ContentUnreadable(f"{key} is not a list of objects")
    return value


def texts(data: JsonObject, key: str) -> Sequence[str]:
    """Return a list of strings; a list that the record leaves out is empty."""
    value = data.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ContentUnreadable(f"{key} is not a list of texts")
    return value


def localized(value: object, language: str, *, otherwise: str) -> str:
    """Return a label that is either plain text or one text a language."""
    if isinstance(value, Mapping):
        value = value.get(language, value.get("en"))
    return value if isinstance(value, str) and value else otherwise


def spoken(code: str) -> str:
    """Return a code as a person would write it, where no template names it better."""
    return code.replace("_", " ")
