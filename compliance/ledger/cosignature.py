"""Cosignatures of witnesses on a checkpoint, as https://c2sp.org/tlog-cosignature has them (version 1).

A witness says: at this time, this was the largest tree of this log that I had seen, and it
continued every one I had seen before.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from compliance.ledger.note import (
    BadNote,
    SignatureLine,
    check_name,
    check_signature,
    decode_base64,
    signature_lines,
)

_TYPE: Final = b"\x04"
_HEADER: Final = "cosignature/v1"
_TIMESTAMP_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 72
_LATEST: Final = 253402300799
"""The last second that a date can name; beyond it nothing could be shown."""
_KEY_HASH: Final = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """A witness as others know it: its name and its public key."""

    name: str
    public_key: bytes
    """The 32 bytes of an Ed25519 key."""

    @property
    def key_hash(self) -> int:
        """The four-byte number by which a signature line refers to the key."""
        digest = hashlib.sha256(self.name.encode("utf-8") + b"\n" + _TYPE + self.public_key)
        return int.from_bytes(digest.digest()[:4], "big")

    def text(self) -> str:
        """The key as it is published and written into policies."""
        encoded = base64.b64encode(_TYPE + self.public_key).decode("ascii")
        return f"{self.name}+{self.key_hash:08x}+{encoded}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """One witness's statement that was found to be valid."""

    witness: WitnessKey
    at: datetime
    """By the witness's clock; aware, UTC, whole seconds."""


def parse_witness_key(text: str) -> WitnessKey:
    """Read a published witness key.

    Raises:
        BadNote: if it is malformed, of another type, or its hash is wrong.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or _KEY_HASH.fullmatch(parts[1]) is None:
        raise BadNote("a witness key is a name, a hash and a key joined by plus signs")
    name, number, encoded = parts
    check_name(name)
    typed = decode_base64(encoded)
    if typed[:1] != _TYPE or len(typed) != 33:
        raise BadNote("a witness key is not an Ed25519 key for cosignatures")
    key = WitnessKey(name=name, public_key=typed[1:])
    if key.key_hash != int(number, 16):
        raise BadNote("a witness key does not have the hash it states")
    return key


def cosign(text: str, *, key: WitnessKey, sign: Callable[[bytes], bytes], at: datetime) -> str:
    """Return the signature line of a witness on a checkpoint's text, ending in a newline.

    Args:
        text: the note's text, ending in a newline.
        sign: makes an Ed25519 signature with the key that belongs to ``key``.
        at: when; cut to whole seconds.

    Raises:
        BadNote: if the signature is not by that key.
    """
    seconds = int(at.timestamp())
    message = _message(text, seconds)
    signature = sign(message)
    check_signature(key.public_key, signature, message)
    content = key.key_hash.to_bytes(4, "big") + seconds.to_bytes(_TIMESTAMP_BYTES, "big")
    return f"\N{EM DASH} {key.name} {base64.b64encode(content + signature).decode('ascii')}\n"


def find_cosignature(note: str, key: WitnessKey) -> Cosignature | None:
    """Return what the witness said about a note, or nothing if no line is by it.

    Raises:
        BadNote: if the note is malformed, or a line is by its name and number but not valid.
    """
    text, lines = signature_lines(note)
    for line in lines:
        if (line.name, line.number) == (key.name, key.key_hash):
            return _check(text, line, key)
    return None


def _check(text: str, line: SignatureLine, key: WitnessKey) -> Cosignature:
    if len(line.signature) != _SIGNATURE_BYTES:
        raise BadNote("a cosignature is a time and an Ed25519 signature")
    seconds = int.from_bytes(line.signature[:_TIMESTAMP_BYTES], "big")
    if seconds > _LATEST:
        raise BadNote("a cosignature's time cannot be one")
    check_signature(key.public_key, line.signature[_TIMESTAMP_BYTES:], _message(text, seconds))
    return Cosignature(witness=key, at=datetime.fromtimestamp(seconds, UTC))


def _message(text: str, seconds: int) -> bytes:
    return f"{_HEADER}\ntime {seconds}\n{text}".encode()
