"""What a later part of a file may change without anybody having to compare whole documents.

pyHanko's comparison walks the whole structure tree, which takes minutes on a large
report. A countersignature in the field that was left for it touches four objects; where
an increment changes no others, looking at those is enough.
"""

from __future__ import annotations

import io
from typing import Any, Final

from pyhanko.pdf_utils.generic import DictionaryObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

INSPECTOR_FIELD: Final = "Inspector"
"""The empty signature field that a clinic leaves for whoever inspects, when asked to."""

_OF_FIELD: Final = frozenset({"/V", "/AP", "/M"})
"""What filling the field sets: the signature, how it looks, when."""

_OF_FORM: Final = frozenset({"/SigFlags"})
_OF_CATALOG: Final = frozenset({"/Metadata", "/DSS", "/Extensions"})
"""Descriptions of the file, and what is needed to judge signatures later."""


def is_countersignature(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is by somebody else than the clinic, in the field that was left for them."""
    return bool(signature.field_name == INSPECTOR_FIELD)


def invites_countersignature(seal: EmbeddedPdfSignature) -> bool:
    """Whether the clinic left a field for one; such a seal allows forms to be filled."""
    return seal.docmdp_level == MDPPerm.FILL_FORMS


def only_countersigns(reader: PdfFileReader, seal: EmbeddedPdfSignature) -> bool:
    """Return whether everything after the seal is a signature in the field left for it.

    False means no more than that somebody has to look closer. Every object that the seal
    covers is as it was, but for: the field, which gains its signature; the form, which
    says that there are signatures; the catalog, which may describe the file anew; and
    those descriptions. New objects can be reached through these only.
    """
    if not invites_countersignature(seal) or not _covers_its_revision(seal):
        return False
    before = reader.get_historical_resolver(seal.signed_revision)
    allowed = _allowed(before)
    if allowed is None or str(reader.trailer.raw_get("/Root")) != str(
        before.trailer_view.raw_get("/Root")
    ):
        return False
    known = int(before.trailer_view["/Size"])
    for revision in range(seal.signed_revision + 1, reader.xrefs.total_revisions):
        if reader.xrefs.refs_freed_in_revision(revision):
            return False
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            # A number that the sealed file knows, though perhaps of no object, is not free for
            # a new one: something in it might refer there.
            if reference.idnum >= known:
                continue
            may_change = allowed.get((reference.idnum, reference.generation))
            if may_change is None:
                return False
            if may_change and not _same_but(
                before.get_object(reference),
                reader.get_object(reference),  # type: ignore[no-untyped-call]
                may_change,
            ):
                return False
    return True


def _covers_its_revision(seal: EmbeddedPdfSignature) -> bool:
    """Whether the seal is over every byte of the revision that its dictionary belongs to.

    Written once more in a later increment, it would seem to belong to that one, and what
    the increment changes besides would pass for sealed.
    """
    return bool(seal.evaluate_signature_coverage() >= SignatureCoverageLevel.ENTIRE_REVISION)


def _allowed(before: Any) -> dict[tuple[int, int], frozenset[str]] | None:
    """By object, which of its keys may change; an empty set allows everything."""
    catalog = before.root
    reference = catalog.raw_get("/AcroForm") if "/AcroForm" in catalog else None
    if not isinstance(reference, IndirectObject):
        # As a part of the catalog, what changes in it could not be told apart.
        return None
    allowed = {_key(reference): _OF_FORM}
    form = catalog["/AcroForm"]
    found = [field for field in _references(form["/Fields"]) if _title(field) == INSPECTOR_FIELD]
    if len(found) != 1:
        return None
    allowed[_key(found[0])] = _OF_FIELD
    allowed[_key(before.trailer_view.raw_get("/Root"))] = _OF_CATALOG
    for holder, name in ((before.trailer_view, "/Info"), (catalog, "/Metadata")):
        described = holder.raw_get(name) if name in holder else None
        if isinstance(described, IndirectObject):
            allowed[_key(described)] = frozenset()
    return allowed


def _references(fields: Any) -> list[Any]:
    entries = (fields.raw_get(at) for at in range(len(fields)))
    return [entry for entry in entries if isinstance(entry, IndirectObject)]


def _title(field: Any) -> str:
    return str(field.get_object().get("/T", ""))


def _key(reference: Any) -> tuple[int, int]:
    return reference.idnum, reference.generation


def _same_but(old: Any, new: Any, keys: frozenset[str]) -> bool:
    if not (isinstance(old, DictionaryObject) and isinstance(new, DictionaryObject)):
        return False
    return _spelt(old, keys) == _spelt(new, keys)


def _spelt(value: Any, without: frozenset[str]) -> dict[str, bytes]:
    """Each entry as it would stand in a file, references unresolved."""
    spelt = {}
    # A plain dictionary's items are the references themselves and not what they lead to.
    for key, entry in dict.items(value):
        if str(key) not in without:
            stream = io.BytesIO()
            entry.write_to_stream(stream, None)
            spelt[str(key)] = stream.getvalue()
    return spelt
