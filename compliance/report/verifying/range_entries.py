"""The entries of a range as an ``audit.json`` of version 3 holds them: each as the very bytes it is.

Nothing is unescaped and nothing is copied. A volume has ten megabytes of entries, which are
hashed where they lie and become bytes of their own only when somebody asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, overload

import msgspec

from compliance.ledger.canonical import NotCanonical
from compliance.ledger.tree import hash_leaf, hash_leaves

_OPENING: Final = b'"entries":['

_LEFT_OUT: Final = re.compile(rb'\{"leaf":"([0-9a-f]{64})"\}')
_LEFT_OUT_BYTES: Final = 75
"""As long as what stands for an entry that is left out; few entries have just this length."""

_Body: TypeAlias = "msgspec.Raw | bytes | None"


class _Outline(msgspec.Struct):
    """The two members that say how the rest is to be read."""

    schema: object = None
    entries: list[msgspec.Raw] = msgspec.field(default_factory=list)


_READ: Final = msgspec.json.Decoder(_Outline).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFile:
    """An ``audit.json`` of version 3, parted into its entries and all else."""

    rest: bytes
    """The file without what stands between the brackets of ``entries``."""

    elements: Sequence[msgspec.Raw]
    """The bytes of each element of ``entries``."""


@dataclass(frozen=True, slots=True)
class RangeEntries(Sequence[tuple[int, bytes | None]]):
    """Index and body of every entry of a range; nothing where only the hash was left."""

    start: int
    bodies: Sequence[_Body]

    def __len__(self) -> int:
        return len(self.bodies)

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        for index, body in enumerate(self.bodies, self.start):
            yield index, None if body is None else bytes(body)

    @overload
    def __getitem__(self, place: int) -> tuple[int, bytes | None]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[int, bytes | None]]: ...
    def __getitem__(
        self, place: int | slice
    ) -> tuple[int, bytes | None] | Sequence[tuple[int, bytes | None]]:
        if isinstance(place, slice):
            return [self[at] for at in range(len(self))[place]]
        at = range(len(self))[place]
        body = self.bodies[at]
        return self.start + at, None if body is None else bytes(body)


def cut_file(data: bytes, schema: str) -> CutFile | None:
    """Part the bytes of an ``audit.json`` of this schema; nothing if they are none, or not well formed.

    Raises:
        NotCanonical: if there is anything between two elements but a comma, or another
            ``entries`` before these.
    """
    try:
        outline = _READ(data)
    except (ValueError, RecursionError):
        return None
    found = data.find(_OPENING)
    if outline.schema != schema or found < 0:
        return None
    elements, opened = outline.entries, found + len(_OPENING)
    # Were there anything but a comma between two of them, or were these the entries of
    # something else further up, then what is left over would not be canonical.
    closed = opened + sum(map(len, elements)) + max(len(elements) - 1, 0)
    if data[closed : closed + 1] != b"]":
        raise NotCanonical("the bytes are not the canonical form of their value")
    return CutFile(rest=data[:opened] + data[closed:], elements=elements)


def read_cut_entries(
    elements: Sequence[msgspec.Raw], start: int
) -> tuple[RangeEntries, list[bytes]]:
    """Return the entries and their leaf hashes; an element that is a leaf hash stands for an entry."""
    if all(map(_LEFT_OUT_BYTES.__ne__, map(len, elements))):
        return RangeEntries(start, elements), hash_leaves(elements)
    left_out = [_LEFT_OUT.fullmatch(bytes(each)) for each in elements]
    bodies = [
        each if found is None else None for each, found in zip(elements, left_out, strict=True)
    ]
    leaf_hashes = [
        hash_leaf(bytes(each)) if found is None else bytes.fromhex(found[1].decode("ascii"))
        for each, found in zip(elements, left_out, strict=True)
    ]
    return RangeEntries(start, bodies), leaf_hashes
