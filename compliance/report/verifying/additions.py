"""What a later part of a file may change without anybody having to compare whole documents.

pyHanko's comparison walks the whole structure tree, which takes minutes on a large report. A
countersignature in the field that was left for it, or an archive time-stamp with what is needed
to judge it, touches a few objects; where an increment changes no others, looking at those is
enough. The page in ``verifier/engine`` has the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from compliance.report.verifying.added_fields import is_archive_field
from compliance.report.verifying.countersigning import is_signed, keeps_descriptions, keeps_form
from compliance.report.verifying.increments import INSPECTOR_FIELD
from compliance.report.verifying.revision_steps import (
    Form,
    Step,
    read_form,
    read_step,
    title_of,
)
from compliance.report.verifying.security_store import keeps_store, objects_of_store
from compliance.report.verifying.shown_objects import keeps_apart
from compliance.report.verifying.spelling import Spelt, differ_only_in, items, raw, spell

_OF_CATALOG: Final = frozenset({"/AcroForm", "/DSS", "/Extensions"})
"""The form, which is judged by itself, and what is needed to judge signatures later."""

_OF_SIGNED_CATALOG: Final = _OF_CATALOG | {"/Metadata", "/Version"}

_Judge = Callable[[Any, Any], bool]


def only_adds(reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature]) -> bool:
    """Return whether everything after the seal is what may follow it.

    False means no more than that somebody has to look closer. Every object that was there
    before is as it was, but for: the form and a page, which gain the field of an archive
    time-stamp that shows nothing; the security store, which gains what signatures are judged
    by; the catalog, which may name that; the descriptions of the file; and, where a seal
    invites a countersignature, its field. New objects can be reached through these only.

    Raises:
        ShowsNothing: if a page of the sealed file shows what is not in it.
    """
    if not all(_covers_its_revision(signature) for signature in signatures):
        return False
    first = signatures[0].signed_revision + 1
    last: int = reader.xrefs.total_revisions
    if any(reader.xrefs.refs_freed_in_revision(at) for at in range(first, last)):
        return False
    return all(_is_harmless(read_step(reader, signatures, at)) for at in range(first, last))


def _covers_its_revision(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is over every byte of the revision that its dictionary belongs to.

    Written once more in a later increment, it would seem to belong to that one, and what
    the increment changes besides would pass for signed.
    """
    return bool(signature.evaluate_signature_coverage() >= SignatureCoverageLevel.ENTIRE_REVISION)


def _is_harmless(step: Step) -> bool:
    form = read_form(step)
    if form is None or step.claims or step.before.root_ref != step.after.root_ref:
        return False
    if not (keeps_store(step) and keeps_form(step, form) and keeps_descriptions(step)):
        return False
    names = frozenset(title_of(one) for one in form.fields)
    added = [one.get_object() for one in form.added]
    fresh = all(one.idnum >= step.known for one in form.added)
    if not fresh or not all(
        is_archive_field(one, names, step.stamped, step.known) for one in added
    ):
        return False
    if not keeps_apart(step, _judged(step, form)):
        return False
    expected = dict(_expected(step, form))
    return all(_is_as_expected(step, expected, reference) for reference in step.changed)


def _is_as_expected(step: Step, expected: dict[Any, _Judge], reference: Any) -> bool:
    old, new = step.before.get_object(reference), step.after.get_object(reference)
    if spell(old) == spell(new):
        return True  # Some programs write anew what they did not change.
    judge = expected.get(_key(reference))
    return judge is not None and judge(old, new)


def _expected(step: Step, form: Form) -> Iterator[tuple[Any, _Judge]]:
    """By object, whether it is changed as it may be."""
    of_catalog = _OF_SIGNED_CATALOG if step.signed else _OF_CATALOG
    yield _key(step.before.root_ref), partial(differ_only_in, of_catalog)
    for reference in _judged(step, form):
        # What became of it was asked before.
        yield _key(reference), _anything
    yield from _pages(form)
    found = [one for one in form.fields if title_of(one) == INSPECTOR_FIELD]
    if step.countersigned and len(found) == 1:
        yield _key(found[0]), partial(is_signed, step)


def _judged(step: Step, form: Form) -> list[Any]:
    """Return references to the objects that are judged by what they are, be they changed or not."""
    judged = [form.reference, form.own, *objects_of_store(step.before.root)]
    if step.signed:
        judged += [raw(step.before.trailer_view, "/Info"), raw(step.before.root, "/Metadata")]
    return [one for one in judged if isinstance(one, IndirectObject)]


def _pages(form: Form) -> Iterator[tuple[Any, _Judge]]:
    """The pages that new fields lie on gain them among their annotations."""
    for reference in form.added:
        page = raw(reference.get_object(), "/P")
        mine = [
            spell(one) for one in form.added if spell(raw(one.get_object(), "/P")) == spell(page)
        ]
        yield _key(page), partial(_gains, mine)


def _gains(mine: Sequence[Spelt], old: Any, new: Any) -> bool:
    if not differ_only_in(frozenset({"/Annots"}), old, new) or old.get("/Type") != "/Page":
        return False
    before, after = raw(old, "/Annots"), raw(new, "/Annots")
    before = ArrayObject() if before is None else before
    if not isinstance(before, ArrayObject) or not isinstance(after, ArrayObject):
        # A list that is an object of its own is not how our files have it.
        return False
    told, now = [spell(one) for one in items(before)], [spell(one) for one in items(after)]
    return now[: len(told)] == told and all(one in mine for one in now[len(told) :])


def _anything(_old: Any, _new: Any) -> bool:
    return True


def _key(reference: Any) -> tuple[int, int]:
    return reference.idnum, reference.generation
