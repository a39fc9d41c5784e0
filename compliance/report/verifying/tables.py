"""Reading the tables and the long values of a large file at once and not piece by piece.

A report of 1 000 sessions has some 127 000 objects, nearly all of them elements of its
structure that nobody asks for while it is judged. pyHanko makes several values of each of
their rows, and reads the signature's value digit by digit, which took half of all the time
that judging the seal takes. Tables of the form in which reports have them stay the bytes
they are until a row is asked for; all others are pyHanko's.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.decode_limits import DecodePurpose

_ROW: Final = struct.Struct(">BIH")
_WIDTHS: Final = [1, 4, 2]
_FREE, _STANDARD, _PACKED, _NOTHING = 0, 1, 2, 255

_HEX: Final = re.compile(rb"<([0-9A-Fa-f]*)>")
_FIRST_LOOK: Final = 256
"""Bytes of a hexadecimal string that are read at first; most of them are short."""

_parse: Any = xref.parse_xref_stream
_take: Any = xref.XRefSectionData.process_entries
_read_digits: Any = generic.read_hex_string_from_stream


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one table, from object ``first`` on."""

    data: bytes
    first: int
    kinds: bytearray
    """The first byte of each row; of one that means nothing, ``_NOTHING``."""

    def rows(self, kind: int) -> Iterator[tuple[int, int, int]]:
        """Return number, place and index of every object whose row is of this kind."""
        row = self.kinds.find(kind)
        while row >= 0:
            yield self.row(row)
            row = self.kinds.find(kind, row + 1)

    def row(self, row: int) -> tuple[int, int, int]:
        """Return the same of one row."""
        _, place, index = _ROW.unpack_from(self.data, row * _ROW.size)
        return self.first + row, place, index

    def kind_of(self, number: int) -> int:
        """Return the kind of an object's row, also of one that is not in the table."""
        row = number - self.first
        return self.kinds[row] if 0 <= row < len(self.kinds) else _NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class _Packed(Mapping[int, xref.ObjStreamRef]):
    """Where in which bundle an object stands."""

    table: _Table

    def __getitem__(self, number: int) -> xref.ObjStreamRef:
        if self.table.kind_of(number) != _PACKED:
            raise KeyError(number)
        _, place, index = self.table.row(number - self.table.first)
        return xref.ObjStreamRef(place, index)

    def __iter__(self) -> Iterator[int]:
        return (number for number, _, _ in self.table.rows(_PACKED))

    def __len__(self) -> int:
        return self.table.kinds.count(_PACKED)


@dataclass(frozen=True, slots=True, eq=False)
class _Known(AbstractSet[tuple[int, int]]):
    """Number and generation of every object that the table says something about."""

    table: _Table

    def __contains__(self, reference: object) -> bool:
        if not isinstance(reference, tuple):
            return False
        number, generation = reference
        kind = self.table.kind_of(number)
        if kind not in (_FREE, _STANDARD, _PACKED):
            return False
        _, _, index = self.table.row(number - self.table.first)
        return bool(generation == _generation(kind, index))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for kind in (_FREE, _STANDARD, _PACKED):
            for number, _, index in self.table.rows(kind):
                yield number, _generation(kind, index)

    def __len__(self) -> int:
        return sum(map(self.table.kinds.count, (_FREE, _STANDARD, _PACKED)))


@dataclass(frozen=True, slots=True, eq=False)
class _Bundles(AbstractSet[int]):
    """The numbers of the bundles that the table names."""

    table: _Table

    def __contains__(self, number: object) -> bool:
        return number in set(self)

    def __iter__(self) -> Iterator[int]:
        return iter({place for _, place, _ in self.table.rows(_PACKED)})

    def __len__(self) -> int:
        return len(set(self))


def _generation(kind: int, index: int) -> int:
    if kind == _PACKED:
        return 0
    # As pyHanko has it: of a free row the generation before the one that is free next.
    return index if kind == _STANDARD else index - 1


def _read_table(stream: Any, strict: bool = True) -> Iterator[xref.XRefEntry] | _Table:
    widths = [int(width) for width in stream.get("/W", ())]
    index = [int(number) for number in stream.get("/Index", (0, stream.get("/Size", 0)))]
    if widths != _WIDTHS or len(index) != 2 or min(index) < 0:
        theirs: Iterator[xref.XRefEntry] = _parse(stream, strict=strict)
        return theirs
    first, count = index
    data = stream.read_data(DecodePurpose.XREF_STREAM, expected_size=count * (sum(_WIDTHS) + 1))
    if len(data) == count * _ROW.size:
        kinds = bytearray(data[:: _ROW.size])
        if first == 0 and kinds:
            # Number 0 is no object, whatever its row says.
            kinds[0] = _NOTHING
        return _Table(bytes(data), first, kinds)
    unusual: Iterator[xref.XRefEntry] = _parse(stream, strict=strict)
    return unusual


def _take_table(section: Any, entries: Any, strict: bool) -> int:
    """Enter a whole table as pyHanko enters its rows; returns the highest number."""
    if not isinstance(entries, _Table):
        highest: int = _take(section, entries, strict=strict)
        return highest
    section.freed = {number: index for number, _, index in entries.rows(_FREE)}
    section.standard_xrefs = {
        number: (index, place) for number, place, index in entries.rows(_STANDARD)
    }
    section.xrefs_in_objstm = _Packed(entries)
    section.explicit_refs_in_revision = _Known(entries)
    section.obj_streams_used = _Bundles(entries)
    return max(entries.first + len(entries.kinds) - 1, 0)


def _read_hex(stream: Any) -> Any:
    """Read a hexadecimal string; one with anything but digits in it is pyHanko's."""
    start, size = stream.tell(), _FIRST_LOOK
    found = stream.read(size)
    while b">" not in found and len(found) == size:
        size *= 4
        stream.seek(start)
        found = stream.read(size)
    digits = _HEX.match(found)
    if digits is None or len(digits[1]) % 2:
        stream.seek(start)
        return _read_digits(stream)
    stream.seek(start + digits.end())
    return generic.pdf_string(bytes.fromhex(digits[1].decode("ascii")))


def read_at_once() -> None:
    """Let pyHanko read this way in this process; its version is pinned exactly."""
    xref_module: Any = xref
    xref_module.parse_xref_stream = _read_table
    xref_module.XRefSectionData.process_entries = _take_table
    generic_module: Any = generic
    generic_module.read_hex_string_from_stream = _read_hex
