"""What a later part of a file may change without anybody having to compare whole documents.

pyHanko's comparison walks the whole structure tree, which takes minutes on a large report. A
countersignature in the field that was left for it, or an archive time-stamp with what is needed
to judge it, touches a few objects; where an increment changes no others, looking at those is
enough. The page in ``verifier/engine`` has the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from compliance.report.verifying.added_fields import is_archive_field
from compliance.report.verifying.increments import (
    INSPECTOR_FIELD,
    invites_countersignature,
    is_countersignature,
)
from compliance.report.verifying.seal_time import is_archive_stamp
from compliance.report.verifying.spelling import differ_only_in, spell

_OF_FIELD: Final = frozenset({"/V", "/AP", "/M"})
"""What filling the field sets: the signature, how it looks, when."""

_OF_CATALOG: Final = frozenset({"/DSS", "/Extensions"})
"""What is needed to judge signatures later."""

_LISTS: Final = ("/Certs", "/CRLs", "/OCSPs")

_Judge = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One revision after the seal, beside the one before it."""

    before: Any
    after: Any
    known: int
    """Numbers below it belong to the revision before, though perhaps to no object."""
    changed: tuple[Any, ...]
    stamped: frozenset[str]
    """The fields of the archive time-stamps that this revision adds."""
    countersigned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The form before and after."""

    reference: Any
    fields: Sequence[Any]
    added: Sequence[Any]
    own: Any
    """Where the list of fields is an object of its own, that."""


def only_adds(reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature]) -> bool:
    """Return whether everything after the seal is what may follow it.

    False means no more than that somebody has to look closer. Every object that was there
    before is as it was, but for: the form and a page, which gain the field of an archive
    time-stamp that shows nothing; the security store, which gains what signatures are judged
    by; the catalog, which may name that; and, where a seal invites a countersignature, its
    field and the descriptions of the file. New objects can be reached through these only.
    """
    if not all(_covers_its_revision(signature) for signature in signatures):
        return False
    first = signatures[0].signed_revision + 1
    last: int = reader.xrefs.total_revisions
    if any(reader.xrefs.refs_freed_in_revision(at) for at in range(first, last)):
        return False
    return all(_is_harmless(_step(reader, signatures, at)) for at in range(first, last))


def _covers_its_revision(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is over every byte of the revision that its dictionary belongs to.

    Written once more in a later increment, it would seem to belong to that one, and what
    the increment changes besides would pass for signed.
    """
    return bool(signature.evaluate_signature_coverage() >= SignatureCoverageLevel.ENTIRE_REVISION)


def _step(reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature], at: int) -> _Step:
    before = reader.get_historical_resolver(at - 1)
    known = int(before.trailer_view["/Size"])
    own = [one for one in signatures if one.signed_revision == at]
    invited = invites_countersignature(signatures[0])
    return _Step(
        before=before,
        after=reader.get_historical_resolver(at),
        known=known,
        # A number that the earlier file knows, though perhaps of no object, is not free for a
        # new one: something in it might refer there.
        changed=tuple(
            one for one in reader.xrefs.explicit_refs_in_revision(at) if one.idnum < known
        ),
        stamped=frozenset(one.field_name for one in own if is_archive_stamp(one)),
        countersigned=invited and any(is_countersignature(one) for one in own),
    )


def _is_harmless(step: _Step) -> bool:
    form = _read_form(step)
    if form is None or step.before.root_ref != step.after.root_ref or not _keeps_store(step):
        return False
    names = frozenset(_title(one) for one in form.fields)
    added = [one.get_object() for one in form.added]
    fresh = all(one.idnum >= step.known for one in form.added)
    if not fresh or not all(
        is_archive_field(one, names, step.stamped, step.known) for one in added
    ):
        return False
    expected = dict(_expected(step, form))
    return all(_is_as_expected(step, expected, reference) for reference in step.changed)


def _is_as_expected(step: _Step, expected: dict[Any, _Judge], reference: Any) -> bool:
    judge = expected.get(_key(reference))
    if judge is None:
        return False
    return judge(step.before.get_object(reference), step.after.get_object(reference))


def _read_form(step: _Step) -> _Form | None:
    old, new = _raw(step.before.root, "/AcroForm"), _raw(step.after.root, "/AcroForm")
    if not isinstance(old, IndirectObject) or spell(old) != spell(new):
        # As a part of the catalog, what changes in it could not be told apart.
        return None
    before, after = step.before.root["/AcroForm"], step.after.root["/AcroForm"]
    fields, now = _references(before["/Fields"]), _references(after["/Fields"])
    if fields is None or now is None or not _begins_with(now, fields):
        return None
    own = _raw(before, "/Fields")
    return _Form(
        reference=old,
        fields=fields,
        added=now[len(fields) :],
        own=own if isinstance(own, IndirectObject) else None,
    )


def _expected(step: _Step, form: _Form) -> Iterator[tuple[Any, _Judge]]:
    """By object, whether it is changed as it may be."""
    signed = step.countersigned
    of_form = frozenset({"/Fields", "/SigFlags"}) if signed else frozenset({"/Fields"})
    of_catalog = _OF_CATALOG | ({"/Metadata"} if signed else set())
    yield _key(step.before.root_ref), partial(differ_only_in, of_catalog)
    yield _key(form.reference), partial(differ_only_in, of_form)
    for checked in (form.own, _raw(step.before.root, "/DSS")):
        if isinstance(checked, IndirectObject):
            yield _key(checked), _anything
    yield from _pages(form)
    yield from _countersigning(step, form) if signed else ()


def _pages(form: _Form) -> Iterator[tuple[Any, _Judge]]:
    """The pages that new fields lie on gain them among their annotations."""
    for reference in form.added:
        page = _raw(reference.get_object(), "/P")
        mine = [
            spell(one) for one in form.added if spell(_raw(one.get_object(), "/P")) == spell(page)
        ]
        yield _key(page), partial(_gains, mine)


def _gains(mine: Sequence[bytes], old: Any, new: Any) -> bool:
    if not differ_only_in(frozenset({"/Annots"}), old, new) or old.get("/Type") != "/Page":
        return False
    before, after = _raw(old, "/Annots"), _raw(new, "/Annots")
    before = ArrayObject() if before is None else before
    if not isinstance(before, ArrayObject) or not isinstance(after, ArrayObject):
        # A list that is an object of its own is not how our files have it.
        return False
    told, now = [spell(one) for one in _items(before)], [spell(one) for one in _items(after)]
    return now[: len(told)] == told and all(one in mine for one in now[len(told) :])


def _countersigning(step: _Step, form: _Form) -> Iterator[tuple[Any, _Judge]]:
    found = [one for one in form.fields if _title(one) == INSPECTOR_FIELD]
    if len(found) == 1:
        yield _key(found[0]), partial(differ_only_in, _OF_FIELD)
    for holder, name in ((step.before.trailer_view, "/Info"), (step.before.root, "/Metadata")):
        described = _raw(holder, name)
        if isinstance(described, IndirectObject):
            yield _key(described), _anything


def _keeps_store(step: _Step) -> bool:
    """Whether the security store holds lists of what signatures are judged by, and nothing else."""
    raw, was = _raw(step.after.root, "/DSS"), _raw(step.before.root, "/DSS")
    if raw is None:
        return was is None
    moved = spell(raw) != spell(was)
    if isinstance(raw, IndirectObject) and raw.idnum < step.known and moved:
        return False
    store = step.after.root["/DSS"]
    plain = isinstance(store, DictionaryObject) and not isinstance(store, StreamObject)
    if not plain or not set(store) <= {"/Type", *_LISTS}:
        return False
    old = {} if was is None else step.before.root["/DSS"]
    known = [spell(one) for name in _LISTS for one in _items(_raw(old, name))]
    return all(
        isinstance(one, IndirectObject)
        and (one.idnum >= step.known or spell(one) in known)
        and isinstance(_resolve(one), StreamObject)
        for name in _LISTS
        for one in _items(_raw(store, name))
    )


def _anything(_old: Any, _new: Any) -> bool:
    return True


def _raw(holder: Any, name: str) -> Any:
    return holder.raw_get(name) if name in holder else None


def _items(value: Any) -> list[Any]:
    return [value.raw_get(at) for at in range(len(value))] if isinstance(value, ArrayObject) else []


def _references(value: Any) -> list[Any] | None:
    found = _items(value)
    return found if all(isinstance(one, IndirectObject) for one in found) else None


def _begins_with(items: Sequence[Any], start: Sequence[Any]) -> bool:
    return [spell(one) for one in items[: len(start)]] == [spell(one) for one in start]


def _title(field: Any) -> str:
    return str(field.get_object().get("/T", ""))


def _resolve(reference: Any) -> Any:
    return reference.get_object()


def _key(reference: Any) -> tuple[int, int]:
    return reference.idnum, reference.generation
