"""Which bytes of the file a signature is over, found without help from a PDF library."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})

# One case throughout, so that a digit cannot be respelt without being noticed.
_HEX: Final = re.compile(rb"<(?:[0-9a-f]*|[0-9A-F]*)>")

_LONG_LENGTH: Final = 0x80

_UNSTATED: Final = 0x80
"""In place of a length: the end is marked instead, as several programs do it."""

_CONSTRUCTED: Final = 0x20
_MAX_NESTING: Final = 16


class BadByteRange(Exception):
    """The bytes a signature leaves out are not exactly its own value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBytes:
    """The two stretches of the file that a signature is over, and what lies between them."""

    before: memoryview
    after: memoryview
    contents: bytes
    """The decoded value between them, padding included."""

    end: int
    """Where the signed part of the file ends, exclusive."""

    def digest(self, algorithm: str) -> bytes:
        """Hash the signed bytes.

        Raises:
            BadByteRange: if the algorithm is not one that is still trusted.
        """
        if algorithm not in DIGESTS:
            raise BadByteRange(f"the digest algorithm {algorithm[:20]!r} is not accepted")
        hashing = hashlib.new(algorithm)
        hashing.update(self.before)
        hashing.update(self.after)
        return hashing.digest()


def cut(data: bytes, byte_range: Sequence[int]) -> SignedBytes:
    """Take the signed bytes out of the file.

    Raises:
        BadByteRange: unless the range is [0 a b c], inside the file, and leaves out one
            hexadecimal string of even length and nothing else.
    """
    if len(byte_range) != 4 or byte_range[0] != 0:
        raise BadByteRange("the signed range does not start with the file or has several gaps")
    _, length, resume, rest = byte_range
    if not 0 < length < resume <= resume + rest <= len(data):
        raise BadByteRange("the signed range does not lie inside the file")
    gap = data[length:resume]
    if len(gap) % 2 or _HEX.fullmatch(gap) is None:
        raise BadByteRange("more than the signature's own value is left unsigned")
    view = memoryview(data)
    return SignedBytes(
        before=view[:length],
        after=view[resume : resume + rest],
        contents=bytes.fromhex(gap[1:-1].decode("ascii")),
        end=resume + rest,
    )


def strip_padding(contents: bytes) -> bytes:
    """Return the value at the start of the contents: in DER, or with its end marked.

    Raises:
        BadByteRange: if anything but zeros follows it, or it is not one such value.
    """
    end = _der_end(contents)
    if contents[end:].strip(b"\x00"):
        raise BadByteRange("the padding after the signature is not all zeros")
    return contents[:end]


def _der_end(contents: bytes) -> int:
    # X.690 section 8.1.3: a short length is the octet itself, a long one follows in as many
    # octets as the low bits say, and DER uses as few as possible.
    if len(contents) < 2 or contents[0] != 0x30:
        raise BadByteRange("the signature is not a DER sequence")
    if contents[1] == _UNSTATED:
        return _marked_end(contents, 0, 0)
    length, start = contents[1], 2
    if length >= _LONG_LENGTH:
        start += length - _LONG_LENGTH
        length = int.from_bytes(contents[2:start], "big")
        if start > 6 or length < _LONG_LENGTH or contents[2] == 0:
            raise BadByteRange("the signature's length is not in DER")
    if start + length > len(contents):
        raise BadByteRange("the signature is longer than the place reserved for it")
    return start + length


def _marked_end(data: bytes, at: int, depth: int) -> int:
    """Return where a value ends whose length may be unstated (X.690, section 8.1.3.6)."""
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 0x1F == 0x1F or depth > _MAX_NESTING:
        raise BadByteRange("the signature's end is not marked")
    if head[1] != _UNSTATED:
        return _stated_end(data, at)
    if not head[0] & _CONSTRUCTED:
        raise BadByteRange("the signature's end is not marked")
    at += 2
    while data[at : at + 2] != b"\x00\x00":
        at = _marked_end(data, at, depth + 1)
    return at + 2


def _stated_end(data: bytes, at: int) -> int:
    first, start = data[at + 1], at + 2
    octets = first - _LONG_LENGTH if first >= _LONG_LENGTH else 0
    length = int.from_bytes(data[start : start + octets], "big") if octets else first
    end = start + octets + length
    if octets > 4 or end > len(data):
        raise BadByteRange("the signature's end is not marked")
    return end
