"""A field that a later part of a file adds: an archive time-stamp has one, which shows nothing."""

from __future__ import annotations

from typing import Any, Final

from pyhanko.pdf_utils.generic import IndirectObject

from compliance.report.verifying.spelling import is_plain, raw, resolve

_OF_FIELD: Final = frozenset({"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/TU", "/V"})
_OF_STAMP: Final = frozenset({"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange"})
_WIDGET: Final = {"/FT": "/Sig", "/Type": "/Annot", "/Subtype": "/Widget"}


def is_archive_field(
    field: Any, names: frozenset[str], stamped: frozenset[str], known: int
) -> bool:
    """Whether it is the field of an archive time-stamp, and nothing besides.

    Args:
        names: of the fields that were there before.
        stamped: fields with an archive time-stamp that the same part of the file adds.
        known: numbers from it on are of new objects.
    """
    if not is_plain(field, _OF_FIELD) or any(field.get(key) != _WIDGET[key] for key in _WIDGET):
        return False
    name, page = str(field.get("/T", "")), raw(field, "/P")
    value = raw(field, "/V")
    return (
        name in stamped
        and name not in names
        and isinstance(page, IndirectObject)
        and _is_flat(field.get("/Rect"))
        and isinstance(value, IndirectObject)
        and value.idnum >= known
        and is_plain(resolve(value), _OF_STAMP)
    )


def _is_flat(rectangle: Any) -> bool:
    """Whether it has no area, so that nothing can be seen in it."""
    try:
        left, low, right, high = rectangle
    except (TypeError, ValueError):
        return False
    return bool(left == right or low == high)
