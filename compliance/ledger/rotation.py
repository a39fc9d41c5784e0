"""Keys that follow one another: each rotation is signed by the key that it retires.

docs/record-format.md, section 6.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.errors import ComplianceError
from compliance.ledger.note import BadNote, check_signature, parse_verifier_key

_DOMAIN: Final = "aseptrail/key-rotation/v1"
_TEXTS: Final = (
    "old_note_key",
    "note_key",
    "old_certificate_sha256",
    "certificate_sha256",
    "statement_signature",
)


class BadRotation(ComplianceError):
    """A rotation that does not follow from the keys in force, or that they did not sign."""

    code = "bad_rotation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The data of one ``key.rotated`` entry."""

    old_note_key: str
    note_key: str
    old_certificate_sha256: str
    certificate_sha256: str
    """In hex, of the certificate in DER."""
    statement_signature: str
    """Base64; by the old note key."""

    def to_data(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _TEXTS}


def rotation_statement(
    clinic: str, *, note_keys: tuple[str, str], certificates: tuple[str, str]
) -> bytes:
    """What the retired note key signs; each pair is (old, new)."""
    lines = (_DOMAIN, clinic, *note_keys, *certificates)
    return "".join(f"{line}\n" for line in lines).encode()


def read_rotation(data: Mapping[str, Any]) -> Rotation:
    """Read the data of an entry.

    Raises:
        BadRotation: if a field is missing or no text.
    """
    values = {name: data.get(name) for name in _TEXTS}
    if not all(isinstance(value, str) for value in values.values()):
        raise BadRotation("a rotation lacks a field")
    return Rotation(**{name: str(value) for name, value in values.items()})


@dataclass(slots=True, kw_only=True)
class KeyChain:
    """The keys of one log from its first entry on."""

    clinic: str
    note_key: str
    """In force."""
    certificate_sha256: str
    """In force as far as the log knows: a clinic may bring a certificate of its own."""
    rotated: list[tuple[int, Rotation]] = field(default_factory=list)
    """By the index of the entry, rising."""

    def follow(self, index: int, rotation: Rotation) -> None:
        """Take the next rotation.

        Raises:
            BadRotation: if it does not continue the key in force or is not signed by it.
        """
        if rotation.old_note_key != self.note_key:
            raise BadRotation(f"entry {index} retires another key than the one in force")
        if self.rotated and index <= self.rotated[-1][0]:
            raise BadRotation(f"entry {index} comes before the rotation that it follows")
        statement = rotation_statement(
            self.clinic,
            note_keys=(rotation.old_note_key, rotation.note_key),
            certificates=(rotation.old_certificate_sha256, rotation.certificate_sha256),
        )
        try:
            _, key = parse_verifier_key(rotation.old_note_key)
            parse_verifier_key(rotation.note_key)
            signature = base64.b64decode(rotation.statement_signature, validate=True)
            check_signature(key, signature, statement)
        except (BadNote, binascii.Error, ValueError) as error:
            raise BadRotation(f"entry {index} is not signed by the key that it retires") from error
        self.rotated.append((index, rotation))
        self.note_key = rotation.note_key
        self.certificate_sha256 = rotation.certificate_sha256

    def key_at(self, size: int) -> str:
        """The note key that signed checkpoints over a log of this size."""
        for index, rotation in self.rotated:
            if size <= index:
                return rotation.old_note_key
        return self.note_key

    def retired_at(self, note_key: str) -> int | None:
        """The entry that retired a note key; None for one in force or unknown."""
        if note_key == self.note_key:
            return None
        return next((i for i, each in self.rotated if each.old_note_key == note_key), None)

    def certificate_retired_at(self, sha256: str) -> int | None:
        """The entry that retired a certificate; None for one in force or unknown."""
        if sha256 == self.certificate_sha256:
            return None
        return next((i for i, each in self.rotated if each.old_certificate_sha256 == sha256), None)
