"""Checkpoints as C2SP tlog-checkpoint signed notes, byte for byte those of the Go tools.

The formats are https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint. Where the
Go reader is lenient (base64 with stray bits, hashes in capitals) this one refuses, so that a
statement has one spelling.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compliance.errors import ComplianceError
from compliance.ledger.tree import HASH_BYTES

PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

MAX_SIGNATURES: Final = 100
"""Inclusive; the limit of the Go reader, against notes that are all signatures."""

MAX_SIZE: Final = 2**63 - 1
"""Inclusive; the largest tree the Go tools can count."""

_ED25519: Final = b"\x01"
_SIGNATURE_PREFIX: Final = "\N{EM DASH} "
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")  # No more digits than MAX_SIZE has.
_KEY_HASH: Final = re.compile(r"[0-9a-f]{8}")


class BadNote(ComplianceError):
    """A note that is malformed, or not signed by the key it must be signed by."""

    code = "bad_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log states about itself: at this size its root was this."""

    origin: str
    """The log's name. Whoever opens a note must still compare it with the log they mean."""

    size: int
    """How many entries, from zero to `MAX_SIZE`."""

    root: bytes

    extensions: tuple[str, ...] = ()
    """Further lines that other software may sign; this project writes none."""

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            _encode_text(line)
            if not line or "\n" in line:
                raise BadNote("a line of the checkpoint is empty or is really several")
        if not 0 <= self.size <= MAX_SIZE:
            raise BadNote("the size is not a count of entries")
        if len(self.root) != HASH_BYTES:
            raise BadNote("the root is not 32 bytes long")

    def text(self) -> str:
        """Return the text that is signed, ending in a newline."""
        root = base64.b64encode(self.root).decode("ascii")
        return "\n".join((self.origin, str(self.size), root, *self.extensions)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One line below a note's text, as read and not judged."""

    name: str
    number: int
    """The four bytes that hint at the key, as `key_hash` makes them."""

    signature: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text, accepting only what `Checkpoint.text` would write.

    Raises:
        BadNote: for anything else, such as leading zeros or stray base64 bits.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "":
        raise BadNote("a checkpoint has three lines at least and ends in a newline")
    origin, size, root, *extensions = lines[:-1]
    if _SIZE.fullmatch(size) is None:
        raise BadNote("the size is not a plain decimal number")
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=decode_base64(root),
        extensions=tuple(extensions),
    )


def key_hash(name: str, public_key: bytes) -> int:
    """Return the four-byte number by which a signature line refers to its key.

    It is a hint and not a proof: collisions can be made on purpose.

    Raises:
        BadNote: if the name or the length of the Ed25519 key cannot be one.
    """
    check_name(name)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise BadNote("an Ed25519 public key is 32 bytes long")
    digest = hashlib.sha256(name.encode("utf-8") + b"\n" + _ED25519 + public_key).digest()
    return int.from_bytes(digest[:4], "big")


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the key as the text that is published and pinned.

    Raises:
        BadNote: if the name or the length of the Ed25519 key cannot be one.
    """
    number = key_hash(name, public_key)
    encoded = base64.b64encode(_ED25519 + public_key).decode("ascii")
    return f"{name}+{number:08x}+{encoded}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Return the name and the 32-byte Ed25519 key of a published verifier key.

    Raises:
        BadNote: if the text is malformed, of another algorithm, or its hash is wrong.
    """
    # The name and the hash hold no plus sign, but base64 may: hence at most two cuts.
    parts = text.split("+", 2)
    if len(parts) != 3 or _KEY_HASH.fullmatch(parts[1]) is None:
        raise BadNote("a verifier key is a name, a hash and a key joined by plus signs")
    name, number, encoded = parts
    typed_key = decode_base64(encoded)
    if typed_key[:1] != _ED25519:
        raise BadNote("a verifier key is not an Ed25519 key")
    public_key = typed_key[1:]
    if key_hash(name, public_key) != int(number, 16):
        raise BadNote("a verifier key does not have the hash it states")
    return name, public_key


def sign_note(text: str, *, name: str, sign: Callable[[bytes], bytes], public_key: bytes) -> str:
    """Return the text with one signature line.

    Args:
        text: what is stated, ending in a newline.
        sign: makes an Ed25519 signature; the private key itself never comes here.
        public_key: the key that `sign` is expected to use.

    Raises:
        BadNote: if the text or the name cannot be in a note, or if the signature is not
            by that key: nobody could open such a note, and it might be noticed in years.
    """
    number = key_hash(name, public_key)
    message = _encode_text(text)
    if not text.endswith("\n"):
        raise BadNote("the text of a note ends in a newline")
    signature = sign(message)
    check_signature(public_key, signature, message)
    encoded = base64.b64encode(number.to_bytes(4, "big") + signature).decode("ascii")
    return f"{text}\n{_SIGNATURE_PREFIX}{name} {encoded}\n"


def verify_note(note: str, *, verifier: str) -> str:
    """Return a note's text if the verifier key has signed it.

    Signature lines of other keys are ignored, but must be well formed. If the key has
    several lines the first decides, as in the Go reader.

    Raises:
        BadNote: if the note is malformed, has no line of this key, or a wrong signature.
    """
    known_name, public_key = parse_verifier_key(verifier)
    known_hash = key_hash(known_name, public_key)
    # Every line is read before any is judged, so that a malformed one is always refused.
    text, lines = signature_lines(note)
    for line in lines:
        if line.name == known_name and line.number == known_hash:
            check_signature(public_key, line.signature, text.encode("utf-8"))
            return text
    raise BadNote("the note is not signed by the expected key")


def signature_lines(note: str) -> tuple[str, tuple[SignatureLine, ...]]:
    """Return a note's text, ending in a newline, and its signature lines, none of them judged.

    Raises:
        BadNote: if the note is malformed.
    """
    _encode_text(note)
    split = note.rfind("\n\n")
    if split < 0:
        raise BadNote("a note's text and signatures are parted by an empty line")
    text = note[: split + 1]
    lines = note[split + 2 :].split("\n")
    if len(lines) < 2 or lines[-1] != "" or len(lines) - 1 > MAX_SIGNATURES:
        raise BadNote("a note ends in some signature lines, each closed by a newline")
    return text, tuple(_parse_signature(line) for line in lines[:-1])


def open_note(note: str, *, verifier: str) -> Checkpoint:
    """Return the checkpoint that the verifier key has signed.

    Raises:
        BadNote: if it has not, or if what it signed is not a checkpoint.
    """
    return parse_checkpoint(verify_note(note, verifier=verifier))


def _parse_signature(line: str) -> SignatureLine:
    if not line.startswith(_SIGNATURE_PREFIX):
        raise BadNote("a signature line does not start with a dash")
    name, _, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    check_name(name)
    content = decode_base64(encoded)
    # Four bytes name the key; a signature of some other algorithm may be of any length.
    if len(content) < 5:
        raise BadNote("a signature is too short")
    number = int.from_bytes(content[:4], "big")
    return SignatureLine(name=name, number=number, signature=content[4:])


def check_signature(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature.

    Raises:
        BadNote: if it is not by this key over this message.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise BadNote("an Ed25519 signature is 64 bytes long")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        # ValueError is for 32 bytes that the library does not take for a key.
        raise BadNote("the signature is not by the expected key") from error


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a key.

    Raises:
        BadNote: if it is empty or holds white space or a plus sign.
    """
    if not name or "+" in name or any(character.isspace() for character in name):
        raise BadNote("a key name is empty or holds white space or a plus sign")
    _encode_text(name)


def _encode_text(text: str) -> bytes:
    """Return the text's bytes, refusing what no note may hold.

    Raises:
        BadNote: for control characters other than newline, and for lone surrogates.
    """
    if _has_control(text):
        raise BadNote("a note holds control characters")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadNote("a note is not valid text") from error


def _has_control(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)


def decode_base64(text: str) -> bytes:
    """Return the bytes of a text in base64 that is spelt in the one canonical way.

    Raises:
        BadNote: for anything else.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not readable as base64") from error
    # The decoder ignores stray bits after the last byte; one value has one spelling here.
    if base64.b64encode(data).decode("ascii") != text:
        raise BadNote("not the canonical base64 of its bytes")
    return data
