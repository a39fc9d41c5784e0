"""One revision after the seal, beside the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils.generic import DictionaryObject, IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature

from compliance.report.verifying.increments import (
    invites_countersignature,
    is_countersignature,
)
from compliance.report.verifying.seal_time import is_archive_stamp
from compliance.report.verifying.spelling import items, raw, resolve, spell


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a revision changes, and what it adds signatures for."""

    before: Any
    after: Any
    known: int
    """Numbers below it belong to the revision before, though perhaps to no object."""
    changed: tuple[Any, ...]
    """References to what it writes under known numbers."""
    claims: bool
    """Whether one of them stood for nothing; something of before might have referred to it."""
    stamped: frozenset[str]
    """The fields of the archive time-stamps that this revision adds."""
    countersigned: bool

    @property
    def signed(self) -> bool:
        """Whether it adds a signature, so that a program had reason to write it."""
        return self.countersigned or bool(self.stamped)

    def is_placed(self, old: Any, new: Any) -> bool:
        """Whether an entry refers to what it did, or to a new object, or holds its value itself.

        One that refers to an object of before that it did not refer to would give that object
        a second meaning.
        """
        fresh = not isinstance(new, IndirectObject) or new.idnum >= self.known
        return fresh or spell(old) == spell(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form before and after."""

    reference: Any
    """Of the form before; nothing where it was a part of the catalog."""
    before: Any
    after: Any
    fields: Sequence[Any]
    added: Sequence[Any]
    own: Any
    """Where the list of fields was an object of its own, that."""

    @property
    def only_signatures(self) -> bool:
        """Whether all fields of before are for signing, so that the form's looks are nobody's."""
        fields = [resolve(one) for one in self.fields]
        return all(one.get("/FT") == "/Sig" and "/Kids" not in one for one in fields)


def read_step(reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature], at: int) -> Step:
    """Return revision ``at`` beside the one before."""
    before = reader.get_historical_resolver(at - 1)
    known = int(before.trailer_view["/Size"])
    changed = [one for one in reader.xrefs.explicit_refs_in_revision(at) if one.idnum < known]
    own = [one for one in signatures if one.signed_revision == at]
    invited = invites_countersignature(signatures[0])
    return Step(
        before=before,
        after=reader.get_historical_resolver(at),
        known=known,
        changed=tuple(changed),
        claims=any(reader.xrefs.get_historical_ref(one, at - 1) is None for one in changed),
        stamped=frozenset(one.field_name for one in own if is_archive_stamp(one)),
        countersigned=invited and any(is_countersignature(one) for one in own),
    )


def read_form(step: Step) -> Form | None:
    """Return the form; nothing where its list of fields has not just grown."""
    old, new = raw(step.before.root, "/AcroForm"), raw(step.after.root, "/AcroForm")
    before, after = resolve(old), resolve(new)
    known = isinstance(before, DictionaryObject) and isinstance(after, DictionaryObject)
    if not known or not step.is_placed(old, new):
        return None
    fields, now = _references(before["/Fields"]), _references(after["/Fields"])
    if fields is None or now is None or not _begins_with(now, fields):
        return None
    own = raw(before, "/Fields")
    return Form(
        reference=old if isinstance(old, IndirectObject) else None,
        before=before,
        after=after,
        fields=fields,
        added=now[len(fields) :],
        own=own if isinstance(own, IndirectObject) else None,
    )


def title_of(field: Any) -> str:
    """Return the name of a field."""
    return str(resolve(field).get("/T", ""))


def _references(value: Any) -> list[Any] | None:
    found = items(value)
    return found if all(isinstance(one, IndirectObject) for one in found) else None


def _begins_with(values: Sequence[Any], start: Sequence[Any]) -> bool:
    return [spell(one) for one in values[: len(start)]] == [spell(one) for one in start]
