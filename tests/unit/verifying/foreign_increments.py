"""Increments written by hand, byte by byte, as programs of others write them when somebody signs.

No PDF library writes these: their habits are the subject. Objects of the sealed file are spelt anew
with sorted keys and few spaces, as Adobe's programs do.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    Reference,
    TextStringObject,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import SimpleSigner

RESERVED: Final = 8192
"""Hexadecimal digits kept free for the signature."""

_RANGE: Final = b"/ByteRange[0 ********** ********** **********]"
_ROW: Final = struct.Struct(">BIH")
_PREDICTED: Final = 12
"""PNG's prediction from the row above, which Adobe's programs use for their tables."""

TABLE, STREAM, PACKED = "table", "stream", "packed"


def spell(value: Any) -> str:
    """Return an object as it stands in a file."""
    if isinstance(value, IndirectObject):
        return f"{value.idnum} {value.generation} R"
    if isinstance(value, DictionaryObject):
        entries = sorted((str(key), spell(entry)) for key, entry in dict.items(value))
        return "<<" + "".join(key + _parted(entry) for key, entry in entries) + ">>"
    if isinstance(value, ArrayObject):
        return "[" + " ".join(spell(value.raw_get(at)) for at in range(len(value))) + "]"
    if isinstance(value, TextStringObject | ByteStringObject):
        return f"<{value.original_bytes.hex().upper()}>"
    if isinstance(value, BooleanObject):
        return "true" if value.value else "false"
    if isinstance(value, FloatObject):
        return f"{value:f}".rstrip("0")
    return str(value)


def _parted(entry: str) -> str:
    return entry if entry[0] in "/<[(" else f" {entry}"


@dataclass(slots=True)
class Increment:
    """What is appended to a file."""

    data: bytes
    reader: PdfFileReader = field(init=False)
    _next: int = field(init=False)
    objects: dict[int, bytes] = field(default_factory=dict)
    freed: list[int] = field(default_factory=list)
    trailer: dict[str, str] = field(default_factory=dict)
    plain: set[int] = field(default_factory=set)
    """Objects that must not be packed: streams, and the signature, whose place is signed."""

    def __post_init__(self) -> None:
        self.reader = PdfFileReader(io.BytesIO(self.data))
        self._next = int(self.reader.trailer["/Size"])
        for name in ("/Root", "/Info"):
            self.trailer[name] = spell(self.reader.trailer.raw_get(name))
        first = self.reader.trailer["/ID"][0]
        self.trailer["/ID"] = f"[{spell(first)}<{hashlib.sha256(self.data).hexdigest()[:32]}>]"

    def put(self, value: str, number: int | None = None) -> int:
        """Write an object, by default a new one, and return its number."""
        number = self._number(number)
        self.objects[number] = value.encode("latin-1")
        return number

    def put_stream(self, entries: str, content: bytes, number: int | None = None) -> int:
        number = self._number(number)
        data = zlib.compress(content)
        head = f"<<{entries}/Filter/FlateDecode/Length {len(data)}>>stream\r\n"
        self.objects[number] = head.encode("ascii") + data + b"\r\nendstream"
        self.plain.add(number)
        return number

    def rewrite(self, number: int, **changes: str | None) -> None:
        """Write a dictionary anew with some entries changed, or left out."""
        self.put(self.changed(self.get(number), **changes), number)

    def changed(self, value: Any, **changes: str | None) -> str:
        entries = {str(key): spell(entry) for key, entry in dict.items(value)}
        entries |= {f"/{key}": change for key, change in changes.items() if change is not None}
        kept = sorted(key for key in entries if changes.get(key[1:], "") is not None)
        return "<<" + "".join(key + _parted(entries[key]) for key in kept) + ">>"

    def get(self, number: int) -> Any:
        reference = Reference(number, 0, self.reader)
        return self.reader.get_object(reference)  # type: ignore[no-untyped-call]  # As it is.

    def number_of(self, holder: Any, name: str) -> int:
        """Return the number of the object that an entry refers to."""
        return int(holder.raw_get(name).idnum)

    @property
    def root(self) -> int:
        return self.number_of(self.reader.trailer, "/Root")

    def field_of(self, name: str) -> int:
        fields = self.reader.root["/AcroForm"]["/Fields"]
        found = [fields.raw_get(at) for at in range(len(fields)) if fields[at]["/T"] == name]
        return int(found[0].idnum)

    def page(self, at: int) -> int:
        return int(self.reader.root["/Pages"]["/Kids"].raw_get(at).idnum)

    def write(self, kind: str) -> bytes:
        """Return the whole file.

        Args:
            kind: how the table of objects is written, and whether what may be is packed.
        """
        out = io.BytesIO()
        out.write(self.data)
        out.write(b"\r\n")
        places: dict[int, tuple[int, int, int]] = dict.fromkeys((0, *self.freed), (0, 0, 1))
        packed = {} if kind != PACKED else self._packed()
        for number, content in self.objects.items():
            if number not in packed:
                places[number] = (1, out.tell(), 0)
                out.write(b"%d 0 obj\r" % number + content + b"\rendobj\r")
        if packed:
            holder = self._number(None)
            places[holder] = (1, out.tell(), 0)
            out.write(b"%d 0 obj\r" % holder + self._bundle(packed) + b"\rendobj\r")
            places |= {number: (2, holder, at) for at, number in enumerate(packed)}
        start = out.tell()
        out.write(self._table(places) if kind == TABLE else self._stream(places, start))
        out.write(b"startxref\r\n%d\r\n%%%%EOF\r\n" % start)
        return out.getvalue()

    def _packed(self) -> dict[int, bytes]:
        return {one: text for one, text in self.objects.items() if one not in self.plain}

    def _bundle(self, packed: dict[int, bytes]) -> bytes:
        heads, at = [], 0
        for number, content in packed.items():
            heads.append(f"{number} {at}")
            at += len(content) + 1
        head = (" ".join(heads) + " ").encode("ascii")
        data = zlib.compress(head + b" ".join(packed.values()))
        sizes = f"/First {len(head)}/Length {len(data)}/N {len(packed)}"
        entries = f"<</Filter/FlateDecode{sizes}/Type/ObjStm>>".encode("ascii")
        return entries + b"stream\r\n" + data + b"\r\nendstream"

    def _table(self, places: dict[int, tuple[int, int, int]]) -> bytes:
        lines = ["xref\r\n"]
        for first, count in _runs(sorted(places)):
            lines.append(f"{first} {count}\r\n")
            for number in range(first, first + count):
                kind, place, generation = places[number]
                row = (0, 65535) if number == 0 else (place, generation)
                lines.append(f"{row[0]:010} {row[1]:05} {'n' if kind else 'f'}\r\n")
        entries = self._entries(max(*places, self._next - 1) + 1)
        return ("".join(lines) + f"trailer\r\n<<{entries}>>\r\n").encode("ascii")

    def _stream(self, places: dict[int, tuple[int, int, int]], start: int) -> bytes:
        number = self._number(None)
        places[number] = (1, start, 0)
        rows, above = b"", bytes(_ROW.size)
        for one in sorted(places):
            row = _ROW.pack(*(places[one] if one else (0, 0, 0xFFFF)))
            rows += b"\x02" + bytes((new - old) % 256 for new, old in zip(row, above, strict=True))
            above = row
        data = zlib.compress(rows)
        index = " ".join(f"{first} {count}" for first, count in _runs(sorted(places)))
        parameters = f"/DecodeParms<</Columns {_ROW.size}/Predictor {_PREDICTED}>>"
        entries = (
            f"<<{parameters}/Filter/FlateDecode{self._entries(number + 1)}/Index[{index}]"
            f"/Length {len(data)}/Type/XRef/W[1 4 2]>>"
        )
        return (
            f"{number} 0 obj\r{entries}stream\r\n".encode("ascii")
            + data
            + b"\r\nendstream\rendobj\r"
        )

    def _entries(self, size: int) -> str:
        entries = {**self.trailer, "/Prev": _last_table(self.data), "/Size": str(size)}
        return "".join(key + _parted(entries[key]) for key in sorted(entries))

    def _number(self, number: int | None) -> int:
        if number is None:
            number = self._next
            self._next += 1
        return number


def _last_table(data: bytes) -> str:
    return data[data.rindex(b"startxref") + 9 :].split()[0].decode("ascii")


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and sum(runs[-1]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs


def put_signature(increment: Increment, more: str = "") -> int:
    """Leave room for a signature and return its number."""
    number = increment.put(
        "<<" + _RANGE.decode("ascii") + f"/Contents<{'0' * RESERVED}>/Filter/Adobe.PPKLite"
        f"/M(D:20260503101500+00'00'){more}/SubFilter/adbe.pkcs7.detached/Type/Sig>>"
    )
    increment.plain.add(number)
    return number


def seal_by_hand(data: bytes, signer: SimpleSigner, *, marked: bool = False) -> bytes:
    """Fill the last room that was left for a signature.

    Args:
        marked: the outermost parts of the value mark their ends and do not state their lengths.
    """
    at = data.rindex(b"/Contents<") + len(b"/Contents<")
    end = at + RESERVED + 1
    numbers = f"/ByteRange[0 {at - 1} {end} {len(data) - end}]".encode("ascii")
    data = data.replace(_RANGE, numbers.ljust(len(_RANGE)))
    certificate: Any = signer.signing_cert
    # RFC 8419 leaves no choice to this one.
    name = "sha512" if certificate.public_key.algorithm == "ed25519" else "sha256"
    digest = hashlib.new(name, data[: at - 1] + data[end:]).digest()
    value = asyncio.run(signer.async_sign(digest, name)).dump()
    if marked:
        value = with_marked_ends(value)
    digits = bytes(value).hex().upper().encode("ascii")
    return data[:at] + digits.ljust(RESERVED, b"0") + data[at + RESERVED :]


def with_marked_ends(value: bytes, depth: int = 3) -> bytes:
    """Spell the outermost parts of a value as NSS does, with marked ends."""
    start = 2 if value[1] < 0x80 else 2 + value[1] - 0x80
    if depth == 0:
        return value
    parts, at, content = [], 0, value[start:]
    while at < len(content):
        size = _size(content[at:])
        parts.append(content[at : at + size])
        at += size
    inner = [
        with_marked_ends(one, depth - 1) if one[0] in (0x30, 0xA0) and len(one) > 200 else one
        for one in parts
    ]
    return value[:1] + b"\x80" + b"".join(inner) + b"\x00\x00"


def _size(value: bytes) -> int:
    if value[1] < 0x80:
        return 2 + value[1]
    octets = value[1] - 0x80
    return 2 + octets + int.from_bytes(value[2 : 2 + octets], "big")
