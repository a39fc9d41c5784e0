"""Whether two objects of a PDF are spelt alike, the references in them unresolved.

A program that writes an object anew orders its keys, rounds its numbers and encodes its texts in
ways of its own; none of this is a difference. A whole number and one with a point are two things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

Spelt: TypeAlias = tuple[Any, ...] | None

_PLAIN: Final[tuple[tuple[type, str, Callable[[Any], Any]], ...]] = (
    (NameObject, "name", str),
    (TextStringObject, "text", str),
    (ByteStringObject, "bytes", bytes),
    (NumberObject, "number", int),
)


def spell(value: Any) -> Spelt:
    """Return a value in a form that can be compared; nothing for one that is missing.

    Raises:
        TypeError: if it is of no kind that a PDF has.
    """
    if value is None or isinstance(value, NullObject):
        return None
    if isinstance(value, IndirectObject):
        return ("reference", value.idnum, value.generation)
    if isinstance(value, ArrayObject):
        return ("list", *(spell(one) for one in items(value)))
    if isinstance(value, DictionaryObject):
        return ("dictionary", _members(value, frozenset()))
    return _spell_simple(value)


def _spell_simple(value: Any) -> Spelt:
    if isinstance(value, FloatObject):
        whole, _, fraction = f"{value:f}".partition(".")
        return ("real", whole, fraction.rstrip("0"))
    if isinstance(value, BooleanObject):
        return ("boolean", value.value)
    for kind, name, plain in _PLAIN:
        if isinstance(value, kind):
            return (name, plain(value))
    raise TypeError("a value of an unknown kind")


def differ_only_in(keys: frozenset[str], old: Any, new: Any) -> bool:
    """Whether two dictionaries, or streams, differ in nothing but these keys."""
    if not (isinstance(old, DictionaryObject) and isinstance(new, DictionaryObject)):
        return False
    return _members(old, keys) == _members(new, keys)


def _members(value: Any, without: frozenset[str]) -> dict[str, Any]:
    # A plain dictionary's items are the references themselves and not what they lead to.
    # One without a value is as if it were missing.
    entries = ((str(key), spell(entry)) for key, entry in dict.items(value))
    spelt: dict[str, Any] = {
        key: entry for key, entry in entries if key not in without and entry is not None
    }
    if isinstance(value, StreamObject):
        spelt["stream"] = bytes(value.encoded_data)
    return spelt


def raw(holder: Any, name: str) -> Any:
    """Return an entry as it stands, be it a reference; nothing where it is missing."""
    return holder.raw_get(name) if name in holder else None


def items(value: Any) -> list[Any]:
    """Return what a list holds, references unresolved; nothing where it is no list."""
    return [value.raw_get(at) for at in range(len(value))] if isinstance(value, ArrayObject) else []


def resolve(value: Any) -> Any:
    """Return what a reference leads to, or the value itself."""
    if not isinstance(value, IndirectObject):
        return value
    return value.get_object()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.


def is_plain(value: Any, keys: frozenset[str]) -> bool:
    """Whether it is a dictionary, and no stream, that has none but these keys."""
    is_dictionary = isinstance(value, DictionaryObject) and not isinstance(value, StreamObject)
    return is_dictionary and set(value) <= keys
