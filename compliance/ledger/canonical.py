"""Canonical bytes of a value: RFC 8785 over a subset that leaves no room for opinion.

No floats, integers that every JSON reader holds exactly, text in NFC. Two programs that
agree on the value therefore agree on the bytes, and the bytes are what is hashed.
"""

import enum
import json
import unicodedata
from collections.abc import Mapping
from typing import Final, TypeAlias

import rfc8785

from compliance.errors import ComplianceError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_INTEGER: Final = 2**53 - 1
"""Inclusive, on both sides of zero: beyond it a reader with doubles loses digits."""

MAX_DEPTH: Final = 64
"""How many values may lie inside one another, the outermost and the innermost included.

Without a limit of our own, the same bytes would pass or fail with the caller's stack.
"""

# The encoder is built once because building it costs more than encoding a small entry.
# Cycles need no check here: they have run into MAX_DEPTH before.
_ENCODE_PLAIN: Final = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
).encode
_ENCODE_AS_READ: Final = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    separators=(",", ":"),
).encode


class NotCanonical(ComplianceError):
    """A value outside the canonical subset, or bytes that are not a value's only form.

    The message never quotes the value, which may be somebody's name.
    """

    code = "not_canonical"


def canonical_bytes(value: Mapping[str, JsonValue]) -> bytes:
    """Return the RFC 8785 form of an object.

    Raises:
        NotCanonical: if anything inside lies outside the subset.
    """
    return canonical_value_bytes(dict(value))


def canonical_value_bytes(value: JsonValue) -> bytes:
    """Return the RFC 8785 form of any value; a bare string becomes a JSON string.

    Raises:
        NotCanonical: if anything inside lies outside the subset.
    """
    keys = _check_subset(value)
    try:
        if keys is not _Keys.OTHER:
            # Within the subset the standard encoder differs from RFC 8785 in one thing
            # only: it sorts keys by code point, the RFC by UTF-16 unit. On ASCII keys the
            # two orders agree, and a report encodes each of its entries.
            return _ENCODE_PLAIN(value).encode("utf-8")
        return rfc8785.dumps(value)
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise NotCanonical("text holds a lone surrogate") from error


def parse_canonical(data: bytes) -> dict[str, JsonValue]:
    """Read an object back, accepting only the very bytes `canonical_bytes` would write.

    Raises:
        NotCanonical: for anything else: other key order, white space, a key given twice,
            a float, bad UTF-8, text not in NFC, nesting deeper than `MAX_DEPTH`.
    """
    value = parse_object(data)
    # Encoding again is the whole check: whatever the lenient parser let through, such as
    # a repeated key or an escaped letter, comes out as different bytes. Keys that already
    # stand in their order need not be sorted for it, which is half of the work.
    keys = _check_subset(value)
    if keys is _Keys.IN_ORDER:
        if _ENCODE_AS_READ(value).encode("utf-8", "surrogatepass") != data:
            raise NotCanonical("the bytes are not the canonical form of their value")
        return value
    if canonical_value_bytes(value) != data:
        raise NotCanonical("the bytes are not the canonical form of their value")
    return value


def parse_object(data: bytes) -> dict[str, JsonValue]:
    """Read an object from bytes that are already known to be canonical.

    Raises:
        NotCanonical: if the bytes are not a JSON object at all; nothing finer is checked.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # ValueError also covers bad UTF-8 and integers too long for Python to read.
        raise NotCanonical("not readable as JSON") from error
    if not isinstance(value, dict):
        raise NotCanonical("the outermost value is not an object")
    return value


class _Keys(enum.Enum):
    """How the keys of a value and of all inside it are."""

    IN_ORDER = enum.auto()
    """ASCII, and in the order in which they are written."""
    ASCII = enum.auto()
    OTHER = enum.auto()


def _check_subset(value: JsonValue) -> _Keys:
    """Refuse what the subset leaves out; return how its keys are.

    Goes level by level instead of calling itself, so that depth is counted and not felt.
    """
    are_ascii = in_order = True
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        below: list[JsonValue] = []
        for item in level:
            # Most values are ASCII text, which needs no closer look.
            if isinstance(item, str) and item.isascii():
                continue
            if isinstance(item, dict):
                are_ascii &= _check_keys(item)
                keys = list(item)
                in_order = in_order and keys == sorted(keys)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            else:
                _check_scalar(item)
        if not below:
            if not are_ascii:
                return _Keys.OTHER
            return _Keys.IN_ORDER if in_order else _Keys.ASCII
        level = below
    raise NotCanonical("values are nested too deep")


def _check_keys(item: dict[str, JsonValue]) -> bool:
    # Nearly every object has plain keys, and this way of asking runs outside of Python.
    try:
        if all(map(str.isascii, item)):
            return True
    except TypeError:
        raise NotCanonical("a key is not text") from None
    are_ascii = True
    for key in item:
        if not key.isascii():
            are_ascii = False
            _check_normalized(key)
    return are_ascii


def _check_scalar(item: bool | int | str | None) -> None:
    if isinstance(item, str):
        _check_normalized(item)
    elif isinstance(item, int):
        if not -MAX_INTEGER <= item <= MAX_INTEGER:
            raise NotCanonical("an integer is too large to be read back exactly")
    elif item is not None:
        raise NotCanonical("a value is of a type that has no canonical form")


def _check_normalized(text: str) -> None:
    if not unicodedata.is_normalized("NFC", text):
        raise NotCanonical("text is not in Unicode normalization form C")
