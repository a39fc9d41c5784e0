"""The document security store (DSS): what signatures are judged by when it is to be had nowhere else.

Later parts of a file may add to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    ByteStringObject,
    IndirectObject,
    StreamObject,
    TextStringObject,
)

from compliance.report.verifying.revision_steps import Step
from compliance.report.verifying.spelling import Spelt, is_plain, items, raw, resolve, spell

_LISTS: Final = ("/Certs", "/CRLs", "/OCSPs")
_OF_STORE: Final = frozenset({"/Type", "/VRI", *_LISTS})
_LISTS_OF_ONE: Final = ("/Cert", "/CRL", "/OCSP")
_OF_ONE: Final = frozenset({"/Type", "/TU", *_LISTS_OF_ONE})
"""What one signature is judged by (VRI), besides the time-stamp that some programs put there."""

_HASH: Final = re.compile("/[0-9A-F]{40}")
"""SHA-1 of a signature, under which its own part is found."""


def keeps_store(step: Step) -> bool:
    """Whether the store holds lists of what signatures are judged by, and nothing else."""
    now, was = raw(step.after.root, "/DSS"), raw(step.before.root, "/DSS")
    if now is None:
        return was is None
    store = resolve(now)
    if not step.is_placed(was, now) or not is_plain(store, _OF_STORE):
        return False
    old = {} if was is None else step.before.root["/DSS"]
    known = [spell(one) for name in _LISTS for one in items(resolve(raw(old, name)))]
    return _holds_streams(step, store, _LISTS, known) and _keeps_parts(step, old, store, known)


def objects_of_store(root: Any) -> Iterator[Any]:
    """Return the references to the store, and to its parts that are objects of their own."""
    store = raw(root, "/DSS")
    if store is None:
        return
    parts = [raw(resolve(store), name) for name in ("/VRI", *_LISTS)]
    yield from (one for one in (store, *parts) if isinstance(one, IndirectObject))


def _keeps_parts(step: Step, old: Any, store: Any, known: Sequence[Spelt]) -> bool:
    was, now = raw(old, "/VRI"), raw(store, "/VRI")
    if now is None:
        return was is None
    parts, former = resolve(now), {} if was is None else resolve(was)
    if not step.is_placed(was, now) or not is_plain(parts, frozenset(parts)):
        return False
    if any(spell(raw(parts, name)) != spell(raw(former, name)) for name in former):
        return False
    return all(
        _HASH.fullmatch(str(name)) is not None
        and step.is_placed(None, raw(parts, name))
        and _is_part(step, resolve(raw(parts, name)), known)
        for name in parts
        if name not in former
    )


def _is_part(step: Step, part: Any, known: Sequence[Spelt]) -> bool:
    if not is_plain(part, _OF_ONE) or not _holds_streams(step, part, _LISTS_OF_ONE, known):
        return False
    when = raw(part, "/TU")
    return when is None or isinstance(when, TextStringObject | ByteStringObject)


def _holds_streams(step: Step, holder: Any, names: Sequence[str], known: Sequence[Spelt]) -> bool:
    """Whether these lists are of streams, each a new one or one that was in a list before."""
    values = [raw(holder, name) for name in names if name in holder]
    return all(isinstance(resolve(one), ArrayObject) for one in values) and all(
        isinstance(one, IndirectObject)
        and (one.idnum >= step.known or spell(one) in known)
        and isinstance(resolve(one), StreamObject)
        for value in values
        for one in items(resolve(value))
    )
