"""Canonical bytes of a value: RFC 8785 over a subset that leaves no room for opinion.

No floats, integers that every JSON reader holds exactly, text in NFC. Two programs that
agree on the value therefore agree on the bytes, and the bytes are what is hashed.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec
import rfc8785

from compliance.errors import ComplianceError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"

_Container: TypeAlias = "list[object] | dict[str, object]"

MAX_INTEGER: Final = 2**53 - 1
"""Inclusive, on both sides of zero: beyond it a reader with doubles loses digits."""

MAX_DEPTH: Final = 64
"""How many values may lie inside one another, the outermost and the innermost included.

Without a limit of our own, the same bytes would pass or fail with the caller's stack.
"""


def _refuse_number(text: str) -> None:
    # There are no floats in the subset, and NaN and Infinity, which Python's own reader
    # takes, are not in RFC 8259.
    raise ValueError(text)


_READ: Final = msgspec.json.Decoder(float_hook=_refuse_number).decode
_WRITE: Final = msgspec.json.Encoder(order="sorted").encode
"""Writes keys in order of code points."""

_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * len(str(MAX_INTEGER))
"""What every number beyond `MAX_INTEGER` holds, and some texts, once all digits are zeros."""

_MOST_AT_ONCE: Final = 32 * 1024 * 1024
"""Bytes, inclusive, and twice those of a long volume: the quick reader must not run out of memory."""


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
    if not _check_subset(value):
        return _encode_by_the_book(value)
    try:
        # Within the subset the quick encoder differs from RFC 8785 in one thing only: it
        # sorts keys by code point, the RFC by UTF-16 unit. On ASCII keys the two orders
        # agree, and a report encodes each of its entries.
        return _WRITE(value)
    except (TypeError, ValueError):
        # It also refuses lone surrogates, and text of a class of its own.
        return _encode_by_the_book(value)


def _encode_by_the_book(value: JsonValue) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise NotCanonical("text holds a lone surrogate") from error


def parse_canonical(data: bytes) -> dict[str, JsonValue]:
    """Read an object back, accepting only the very bytes `canonical_bytes` would write.

    Raises:
        NotCanonical: for anything else: other key order, white space, a key given twice,
            a float, bad UTF-8, text not in NFC, nesting deeper than `MAX_DEPTH`.
    """
    value = _read_plainly(data)
    return _parse_strictly(data) if value is None else value


def _read_plainly(data: bytes) -> dict[str, JsonValue] | None:
    """Read an object whose bytes are canonical beyond doubt; nothing where there is any.

    A report holds megabytes that a program in Python would take half a second to look at.
    This only ever says yes: what it does not like goes the long way, which says why.
    """
    if len(data) > _MOST_AT_ONCE:
        return None
    try:
        value = _READ(data)
        # Encoding again is most of the check, as on the long way.
        if type(value) is not dict or _WRITE(value) != data:
            return None
    except (ValueError, OverflowError, RecursionError):
        return None
    return value if _is_simple(data) or _is_plain(value, is_ascii=data.isascii()) else None


def _is_simple(data: bytes) -> bool:
    """Return whether the bytes of an object without floats already show that it lies in the subset.

    Most entries of a log are ASCII, with short numbers and not many things inside.
    """
    return (
        data.isascii()
        and data.count(b"{") + data.count(b"[") < MAX_DEPTH
        and _LONG_NUMBER not in data.translate(_TO_ZEROS)
    )


def _is_plain(value: dict[str, object], *, is_ascii: bool) -> bool:
    """Return whether a value read from its canonical bytes certainly lies in the subset."""
    level: list[_Container] = [value]
    # One less than is allowed, because what lies in the innermost is not looked at.
    for _ in range(MAX_DEPTH - 1):
        below: list[_Container] = []
        for container in level:
            if not is_ascii and not _has_plain_text(container):
                return False
            # A report has a million values, and most of them are text.
            for item in container.values() if isinstance(container, dict) else container:
                if type(item) is str:
                    continue
                if isinstance(item, (dict, list)):
                    below.append(item)
                elif not _is_exact(item):
                    return False
        if not below:
            return True
        level = below
    return False


def _is_exact(item: object) -> bool:
    """Return whether an item that is neither text nor holds others has exactly one form."""
    return item is None or (isinstance(item, int) and -MAX_INTEGER <= item <= MAX_INTEGER)


def _has_plain_text(container: _Container) -> bool:
    """Return whether keys are ASCII, so that every way of sorting them agrees, and texts in NFC."""
    inside: Iterable[object] = container
    if isinstance(container, dict):
        if not all(map(str.isascii, container)):
            return False
        inside = container.values()
    foreign = [item for item in inside if isinstance(item, str) and not item.isascii()]
    return all(unicodedata.is_normalized("NFC", item) for item in foreign)


def _parse_strictly(data: bytes) -> dict[str, JsonValue]:
    value = _parse_slowly(data)
    # Encoding again is the whole check: whatever the lenient parser let through, such as
    # a repeated key or an escaped letter, comes out as different bytes.
    if canonical_value_bytes(value) != data:
        raise NotCanonical("the bytes are not the canonical form of their value")
    return value


def parse_object(data: bytes) -> dict[str, JsonValue]:
    """Read an object from bytes that are already known to be canonical.

    Raises:
        NotCanonical: if the bytes are not a JSON object at all; nothing finer is checked.
    """
    try:
        value = _READ(data)
    except (ValueError, RecursionError):
        return _parse_slowly(data)
    if type(value) is not dict:
        raise NotCanonical("the outermost value is not an object")
    return value


def _parse_slowly(data: bytes) -> dict[str, JsonValue]:
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse_number)
    except (ValueError, RecursionError) as error:
        # ValueError also covers bad UTF-8 and integers too long for Python to read.
        raise NotCanonical("not readable as JSON") from error
    if not isinstance(value, dict):
        raise NotCanonical("the outermost value is not an object")
    return value


def _check_subset(value: JsonValue) -> bool:
    """Refuse what the subset leaves out; return whether all keys are ASCII.

    Goes level by level instead of calling itself, so that depth is counted and not felt.
    """
    are_ascii = True
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        below: list[JsonValue] = []
        for item in level:
            # Most values are ASCII text, which needs no closer look.
            if isinstance(item, str) and item.isascii():
                continue
            if isinstance(item, dict):
                are_ascii &= _check_keys(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            else:
                _check_scalar(item)
        if not below:
            return are_ascii
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
