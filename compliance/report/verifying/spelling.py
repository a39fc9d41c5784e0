"""Whether two objects of a PDF are spelt alike, the references in them unresolved."""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject


def spell(value: Any) -> bytes:
    """Return a value as it would stand in a file; nothing for one that is missing."""
    if value is None:
        return b""
    stream = io.BytesIO()
    value.write_to_stream(stream, None)
    return stream.getvalue()


def differ_only_in(keys: frozenset[str], old: Any, new: Any) -> bool:
    """Whether two dictionaries, or streams, differ in nothing but these keys."""
    if not (isinstance(old, DictionaryObject) and isinstance(new, DictionaryObject)):
        return False
    return _spell_members(old, keys) == _spell_members(new, keys)


def _spell_members(value: Any, without: frozenset[str]) -> dict[str, bytes]:
    # A plain dictionary's items are the references themselves and not what they lead to.
    spelt = {str(key): spell(entry) for key, entry in dict.items(value) if str(key) not in without}
    if isinstance(value, StreamObject):
        spelt["stream"] = bytes(value.encoded_data)
    return spelt
