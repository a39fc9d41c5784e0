"""What signing in the field that was left for it may change: the field, and how the file describes itself.

Every program has its own way. Adobe's writes flags, typefaces and descriptions anew, pyHanko's the
descriptions, poppler's the state of the appearance. What is allowed are the ways known to be
in use that show nothing outside the field's own rectangle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pyhanko.pdf_utils.generic import (
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from compliance.report.verifying.revision_steps import Form, Step
from compliance.report.verifying.spelling import (
    differ_only_in,
    is_plain,
    items,
    raw,
    resolve,
    spell,
)

_LOCKS: Final = 128 | 512
"""Flags by which a program keeps a field, and what it shows, from being moved or edited."""

_FLAGS: Final = 2**31
"""Flags are a number below it."""

_SIGNATURES_EXIST: Final = 3
"""And only appending is allowed."""

_OF_XMP: Final = frozenset({"/Type", "/Subtype", "/Length", "/Filter", "/DecodeParms"})

_May = Callable[[Any, Any], bool]
"""Whether the entry before, if any, may have become the one after, if any."""


def _is_text(value: Any) -> bool:
    return isinstance(value, TextStringObject | ByteStringObject)


def _locks(old: Any, new: Any) -> bool:
    flags = [0 if one is None else one for one in (old, new)]
    known = all(isinstance(one, int) and 0 <= one < _FLAGS for one in flags)
    return known and not (flags[0] ^ flags[1]) & ~_LOCKS


def _is_same_place(old: Any, new: Any) -> bool:
    corners, others = items(old), items(new)
    numbers = all(isinstance(one, NumberObject | FloatObject) for one in (*corners, *others))
    return numbers and len(corners) == len(others) and all(map(_is_equal, corners, others))


def _is_equal(left: Any, right: Any) -> bool:
    return bool(left == right)


_OF_FIELD: Final[Mapping[str, _May]] = MappingProxyType(
    {
        "/V": lambda _old, new: isinstance(new, IndirectObject),
        "/AP": lambda _old, new: isinstance(resolve(new), DictionaryObject),
        "/M": lambda _old, new: _is_text(new),
        "/AS": lambda _old, new: isinstance(new, NameObject),
        "/DA": lambda _old, new: _is_text(new),
        "/MK": lambda _old, new: is_plain(new, frozenset()),
        "/F": _locks,
        "/Rect": _is_same_place,
    }
)

_OF_FORM: Final[Mapping[str, _May]] = MappingProxyType(
    {
        "/SigFlags": lambda _old, new: new == _SIGNATURES_EXIST,
        "/DR": lambda _old, new: isinstance(resolve(new), DictionaryObject),
        "/DA": lambda _old, new: _is_text(new),
        "/NeedAppearances": lambda _old, new: isinstance(new, BooleanObject) and not new.value,
    }
)
"""Fields for signing look as their own appearance says, whatever the form says."""


def _changes_as(rules: Mapping[str, _May], old: Any, new: Any) -> bool:
    if not differ_only_in(frozenset(rules), old, new):
        return False
    return all(_may(rules[key], raw(old, key), raw(new, key)) for key in rules)


def _may(rule: _May, old: Any, new: Any) -> bool:
    return spell(old) == spell(new) or rule(old, new)


def is_signed(step: Step, old: Any, new: Any) -> bool:
    """Whether the field differs only as signing in it changes it."""
    value = raw(new, "/V") if isinstance(new, DictionaryObject) else None
    fresh = isinstance(value, IndirectObject) and value.idnum >= step.known
    return fresh and _changes_as(_OF_FIELD, old, new)


def keeps_form(step: Step, form: Form) -> bool:
    """Whether the form differs in nothing but its fields, and in how programs mark a signed one."""
    if step.countersigned and form.only_signatures:
        rules = {**_OF_FORM, "/Fields": _anything}
        return _changes_as(rules, form.before, form.after)
    return differ_only_in(frozenset({"/Fields"}), form.before, form.after)


def keeps_descriptions(step: Step) -> bool:
    """Whether what the file says about itself is where and what it has to be.

    It may be written anew by whoever signs. It is nobody's record: no check reads it.
    """
    info = raw(step.before.trailer_view, "/Info"), raw(step.after.trailer_view, "/Info")
    xmp = raw(step.before.root, "/Metadata"), raw(step.after.root, "/Metadata")
    version = raw(step.after.root, "/Version")
    if not (step.is_placed(*info) and step.is_placed(*xmp)):
        return False
    if version is not None and not isinstance(version, NameObject):
        return False
    return all(one is None or _is_information(resolve(one)) for one in info) and all(
        one is None or _is_xmp(resolve(one)) for one in xmp
    )


def _is_information(value: Any) -> bool:
    if not isinstance(value, DictionaryObject) or isinstance(value, StreamObject):
        return False
    return all(_is_text(one) or isinstance(one, NameObject) for one in dict.values(value))


def _is_xmp(value: Any) -> bool:
    if not isinstance(value, StreamObject) or not set(value) <= _OF_XMP:
        return False
    return value.get("/Type") == "/Metadata" and value.get("/Subtype") == "/XML"


def _anything(_old: Any, _new: Any) -> bool:
    return True
