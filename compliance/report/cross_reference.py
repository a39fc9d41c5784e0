"""Where each object of a file stands: written at the end of a drawn file, and read back to finish it."""

from __future__ import annotations

import re
import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

COMPRESSION: Final = 6

BUNDLE: Final = 200
"""Objects in one compressed bundle."""

PACKED: Final = 1 << 62
"""Set in the place of an object that stands in a bundle."""

_ENTRY: Final = struct.Struct(">BIH")
_HEAD: Final = re.compile(rb"/Root (\d+) .*/Length (\d+)")


def write_table(
    file: BinaryIO, *, number: int, start: int, places: Sequence[int], root: int, more: str = ""
) -> None:
    """Write the cross-reference stream and the end of a file.

    Args:
        number: of the stream itself; the highest of the file.
        start: where the stream begins.
        places: of every object: an offset, or ``PACKED`` with bundle and index, or 0 for none.
        more: further entries of the trailer.
    """
    rows = bytearray()
    for place in places:
        if place & PACKED:
            rows += _ENTRY.pack(2, *divmod(place ^ PACKED, BUNDLE))
        else:
            # reportlab sometimes skips a number; a skipped one is written as free.
            rows += _ENTRY.pack(1, place, 0) if place else _ENTRY.pack(0, 0, 0xFFFF)
    data = zlib.compress(rows, COMPRESSION)
    file.write(
        f"{number} 0 obj\n<</Type/XRef/Size {len(places)}/W[1 4 2]/Root {root} 0 R{more}"
        f"/Filter/FlateDecode/Length {len(data)}>>\nstream\n".encode("ascii")
    )
    file.write(data + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the end of a drawn file tells."""

    places: array[int]
    """As ``write_table`` takes them; the last is the table's own."""

    start: int
    catalog: int
    catalog_at: int


def read_table(file: BinaryIO) -> Table:
    """Return the table of a file that ``write_table`` wrote; nobody else's is understood."""
    file.seek(-64, 2)
    start = int(file.read().split(b"startxref\n")[1].split()[0])
    file.seek(start)
    head, _, data = file.read().partition(b">>\nstream\n")
    root, length = _HEAD.findall(head)[0]
    places = array("Q")
    for kind, place, index in _ENTRY.iter_unpack(zlib.decompress(data[: int(length)])):
        packed = PACKED | place * BUNDLE + index
        places.append(packed if kind == 2 else place)
    return Table(places=places, start=start, catalog=int(root), catalog_at=places[int(root)])
