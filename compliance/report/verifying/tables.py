"""Reading the cross-reference table of a large file at once and not entry by entry.

A report of 1 000 sessions has some 127 000 objects, nearly all of them elements of its
structure. pyHanko makes a value of each row and looks the widths of the columns up again
for every field, which takes half of all the time that judging such a report takes. Tables
of the form in which reports have them are taken as a whole; all others are pyHanko's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import xref
from pyhanko.pdf_utils.decode_limits import DecodePurpose

_ROW: Final = struct.Struct(">BIH")
_WIDTHS: Final = [1, 4, 2]
_FREE, _STANDARD, _PACKED = 0, 1, 2

_parse: Any = xref.parse_xref_stream
_take: Any = xref.XRefSectionData.process_entries


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one table, from object ``first`` on."""

    data: bytes
    first: int


def _read_table(stream: Any, strict: bool = True) -> Iterator[xref.XRefEntry] | _Table:
    widths = [int(width) for width in stream.get("/W", ())]
    index = [int(number) for number in stream.get("/Index", (0, stream.get("/Size", 0)))]
    if widths != _WIDTHS or len(index) != 2 or min(index) < 0:
        theirs: Iterator[xref.XRefEntry] = _parse(stream, strict=strict)
        return theirs
    first, count = index
    data = stream.read_data(DecodePurpose.XREF_STREAM, expected_size=count * (sum(_WIDTHS) + 1))
    if len(data) == count * _ROW.size:
        return _Table(data, first)
    unusual: Iterator[xref.XRefEntry] = _parse(stream, strict=strict)
    return unusual


def _take_table(section: Any, entries: Any, strict: bool) -> int:
    """Enter a whole table as pyHanko enters its rows; returns the highest number."""
    if not isinstance(entries, _Table):
        highest: int = _take(section, entries, strict=strict)
        return highest
    packed, place_of = section.xrefs_in_objstm, xref.ObjStreamRef
    known, bundles = section.explicit_refs_in_revision, section.obj_streams_used
    number = entries.first - 1
    for number, (kind, place, index) in enumerate(_ROW.iter_unpack(entries.data), entries.first):
        if number == 0:
            continue
        if kind == _PACKED:
            packed[number] = place_of(place, index)
            bundles.add(place)
            known.add((number, 0))
        elif kind == _STANDARD:
            section.standard_xrefs[number] = (index, place)
            known.add((number, index))
        elif kind == _FREE:
            section.freed[number] = index
            # As pyHanko has it: the generation before the one that is free next.
            known.add((number, index - 1))
    return max(number, 0)


def read_tables_at_once() -> None:
    """Let pyHanko read tables this way in this process; its version is pinned exactly."""
    library: Any = xref
    library.parse_xref_stream = _read_table
    library.XRefSectionData.process_entries = _take_table
