"""What the pages of a sealed file show, by the objects that it is made of.

A file can be sealed so that one object is two things: the description of the file and the
contents of a page. Or a page can refer to a number that stands for nothing yet. What may be added
later as the one would then be seen as the other.
"""

from __future__ import annotations

import io
from typing import Any, Final

from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    Reference,
    read_object,
)
from pyhanko.pdf_utils.xref import ObjStreamRef

from compliance.report.verifying.revision_steps import Step
from compliance.report.verifying.spelling import items, raw

_OF_PAGE: Final = ("/Contents", "/Resources", "/Group")
_OF_ANNOTATION: Final = "/AP"
_BACKWARDS: Final = frozenset({"/Parent", "/P", "/StructParent", "/StructParents"})

_MOST: Final = 50_000
"""A volume of 1 000 sessions has a thousand."""


class ShowsNothing(Exception):
    """A page of the sealed file shows what is not in it, so that nobody can say what was sealed."""


def keeps_apart(step: Step, judged: list[Any]) -> bool:
    """Whether no page shows an object that is changed because of what else it is.

    Args:
        judged: references to the objects that may be changed, whatever a page makes of them.

    Raises:
        ShowsNothing: if a page refers to what does not exist; something later may take its place.
    """
    walk = _Walk(step)
    walk.see_pages()
    changed = {_key(one) for one in step.changed}
    return not any(_key(one) in walk.found & changed for one in judged)


class _Walk:
    """Follows what pages show, and reads each bundle of packed objects once.

    pyHanko reads a bundle anew for each object, of which a long report's pages need all.
    """

    def __init__(self, step: Step) -> None:
        self.found: set[tuple[int, int]] = set()
        self._file = step.before
        self._known = step.known
        self._bundles: dict[int, tuple[io.BytesIO, dict[int, int]]] = {}

    def see_pages(self) -> None:
        pages = [raw(self._file.root, "/Pages")]
        while pages:
            reference = pages.pop()
            met, node = len(self.found), self._follow(reference)
            if len(self.found) == met or not isinstance(node, DictionaryObject):
                raise ShowsNothing  # A page is an object of its own, and met once.
            kids = raw(node, "/Kids")
            pages += items(self._read(kids) if isinstance(kids, IndirectObject) else kids)
            self._reach([raw(node, name) for name in _OF_PAGE])
            for one in items(self._follow(raw(node, "/Annots"))):
                annotation = self._read(one) if isinstance(one, IndirectObject) else one
                if isinstance(annotation, DictionaryObject):
                    self._reach([raw(annotation, _OF_ANNOTATION)])

    def _reach(self, values: list[Any]) -> None:
        """Add what can be reached from values, but for the way back to pages."""
        while values:
            value = values.pop()
            if isinstance(value, IndirectObject) and _key(value) in self.found:
                continue
            value = self._follow(value)
            if isinstance(value, ArrayObject):
                values += items(value)
            elif isinstance(value, DictionaryObject):
                values += [one for key, one in dict.items(value) if key not in _BACKWARDS]

    def _follow(self, value: Any) -> Any:
        if not isinstance(value, IndirectObject):
            return value
        self.found.add(_key(value))
        if len(self.found) > _MOST:
            raise ShowsNothing
        return self._read(value)

    def _read(self, reference: Any) -> Any:
        reader, revision = self._file.reader, self._file.revision
        place = reader.xrefs.get_historical_ref(Reference(*_key(reference), reader), revision)
        if place is None or reference.idnum >= self._known:
            raise ShowsNothing
        if not isinstance(place, ObjStreamRef):
            return self._file.get_object(Reference(*_key(reference), self._file))
        if place.obj_stream_id not in self._bundles:
            bundle = self._file.get_object(Reference(place.obj_stream_id, 0, self._file))
            self._bundles[place.obj_stream_id] = _open_bundle(bundle)
        data, starts = self._bundles[place.obj_stream_id]
        data.seek(starts[reference.idnum])
        return read_object(data, Reference(*_key(reference), self._file))


def _open_bundle(bundle: Any) -> tuple[io.BytesIO, dict[int, int]]:
    """Return the packed objects, and where each begins."""
    data = bundle.read_data(DecodePurpose.OBJECT_STREAM)
    first = int(bundle["/First"])
    numbers = [int(one) for one in data[:first].split()]
    starts = zip(numbers[::2], numbers[1::2], strict=False)
    return io.BytesIO(data), {number: first + start for number, start in starts}


def _key(reference: Any) -> tuple[int, int]:
    return reference.idnum, reference.generation
