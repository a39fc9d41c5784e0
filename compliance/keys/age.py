"""Encrypting a file to a public key or a passphrase, in the age format, version 1.

The format is https://c2sp.org/age and not one of ours, so that a backup can be opened
in twenty years with any program that reads it, without this software. Recipients are
``age1…`` (X25519) keys or one passphrase (scrypt).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from compliance.errors import ComplianceError
from compliance.keys.age_stream import FileDamaged, OpeningReader, SealingWriter
from compliance.keys.bech32 import BadSpelling, decode_bech32, encode_bech32

VERSION_LINE: Final = b"age-encryption.org/v1\n"
IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-"
RECIPIENT_PREFIX: Final = "age"
FILE_KEY_BYTES: Final = 16
WORK_FACTOR: Final = 17
"""Log 2 of scrypt's cost: 128 MiB and about half a second for each guess."""

LARGEST_WORK_FACTOR: Final = 20
"""Inclusive, when opening: 1 GiB. A file must not be able to demand all memory there is."""

MOST_HEADER_BYTES: Final = 16 * 1024
_LINE: Final = 64


class WrongKey(ComplianceError):
    """The passphrase or identity is not the one that the file was encrypted to."""

    code = "wrong_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passphrase:
    """What a person remembers. Whoever guesses it opens the file."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The public half of a key: it encrypts and cannot open."""

    public: bytes

    def __str__(self) -> str:
        return encode_bech32(RECIPIENT_PREFIX, self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The secret half of a key, which opens what was encrypted to its recipient."""

    secret: bytes

    @property
    def recipient(self) -> Recipient:
        key = X25519PrivateKey.from_private_bytes(self.secret).public_key()
        return Recipient(public=key.public_bytes_raw())

    def spell(self) -> str:
        """The text of the file to keep in the safe."""
        return encode_bech32(IDENTITY_PREFIX.lower(), self.secret).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKey:
    """What one file's content is encrypted under: whoever has just written it can read it back."""

    secret: bytes


def new_identity() -> Identity:
    return Identity(secret=secrets.token_bytes(32))


def parse_recipient(text: str) -> Recipient:
    """Read a public key; lines that begin with ``#`` are comments.

    Raises:
        BadSpelling: unless there is exactly one key, and it is an ``age1…`` key.
    """
    return Recipient(public=_one_key(text, RECIPIENT_PREFIX, "a public key beginning with age1"))


def parse_identity(text: str) -> Identity:
    """Read a secret key; lines that begin with ``#`` are comments.

    Raises:
        BadSpelling: unless there is exactly one key, and it is an age secret key.
    """
    return Identity(secret=_one_key(text, IDENTITY_PREFIX, "a key beginning with AGE-SECRET-KEY-1"))


def encrypt_to(target: BinaryIO, to: Passphrase | Recipient) -> tuple[SealingWriter, FileKey]:
    """Write the header and return where the content goes; call ``finish`` on it at the end.

    The file's own key comes with it, for reading back what a public key alone cannot open.
    """
    file_key = secrets.token_bytes(FILE_KEY_BYTES)
    stanza = _wrap_scrypt(to, file_key) if isinstance(to, Passphrase) else _wrap(to, file_key)
    header = VERSION_LINE + stanza + b"---"
    nonce = secrets.token_bytes(16)
    target.write(header + b" " + _encode(_header_mac(file_key, header)) + b"\n" + nonce)
    return SealingWriter(target, _derive(file_key, nonce, b"payload")), FileKey(secret=file_key)


def decrypt_from(source: BinaryIO, using: Passphrase | Identity | FileKey) -> OpeningReader:
    """Check the header and return the content, which is checked while it is read.

    Raises:
        WrongKey: the passphrase or identity is another one.
        FileDamaged: not an age file, or its header was altered.
    """
    header, stanzas, stated = _read_header(source)
    file_key = using.secret if isinstance(using, FileKey) else _unwrap(stanzas, using)
    if not hmac.compare_digest(_header_mac(file_key, header), stated):
        raise FileDamaged("the beginning of the file was altered")
    nonce = source.read(16)
    if len(nonce) != 16:
        raise FileDamaged("the file was cut off after its header")
    return OpeningReader(source, _derive(file_key, nonce, b"payload"))


def is_encrypted(start: bytes) -> bool:
    """Whether a file that starts with these bytes is an age file."""
    return start.startswith(VERSION_LINE)


def wants_passphrase(start: bytes) -> bool:
    """Whether a passphrase, and not an identity, opens the file that starts with these bytes."""
    return start.startswith(VERSION_LINE + b"-> scrypt ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stanza:
    arguments: Sequence[str]
    body: bytes


def _wrap(to: Recipient, file_key: bytes) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    wrap_key = _x25519_key(ephemeral, peer=to.public, salt=share + to.public)
    return _stanza((b"X25519", _encode(share)), _seal_key(wrap_key, file_key))


def _wrap_scrypt(to: Passphrase, file_key: bytes) -> bytes:
    salt = secrets.token_bytes(16)
    wrap_key = _scrypt_key(to, salt, WORK_FACTOR)
    arguments = (b"scrypt", _encode(salt), str(WORK_FACTOR).encode())
    return _stanza(arguments, _seal_key(wrap_key, file_key))


def _unwrap(stanzas: Sequence[_Stanza], using: Passphrase | Identity) -> bytes:
    kind = "scrypt" if isinstance(using, Passphrase) else "X25519"
    mine = [stanza for stanza in stanzas if stanza.arguments[0] == kind]
    if kind == "scrypt" and mine and len(stanzas) > 1:
        # Else one who knows a passphrase could plant a second way in.
        raise FileDamaged("a file with a passphrase must have no other key")
    if not mine:
        other = "an identity file" if kind == "scrypt" else "a passphrase"
        raise WrongKey(f"the file is not encrypted that way; perhaps {other} opens it")
    for stanza in mine:
        wrap_key = _wrap_key(stanza, using)
        try:
            return ChaCha20Poly1305(wrap_key).decrypt(bytes(12), stanza.body, None)
        except InvalidTag:
            continue
    raise WrongKey("this passphrase or identity does not open the file")


def _wrap_key(stanza: _Stanza, using: Passphrase | Identity) -> bytes:
    if len(stanza.body) != FILE_KEY_BYTES + 16:
        raise FileDamaged("a key in the file's header has the wrong length")
    if isinstance(using, Identity):
        if len(stanza.arguments) != 2:
            raise FileDamaged("a key in the file's header is malformed")
        share = _decode(stanza.arguments[1], 32)
        own = X25519PrivateKey.from_private_bytes(using.secret)
        return _x25519_key(own, peer=share, salt=share + using.recipient.public)
    if len(stanza.arguments) != 3 or not _is_work_factor(stanza.arguments[2]):
        raise FileDamaged("the passphrase's place in the file's header is malformed")
    return _scrypt_key(using, _decode(stanza.arguments[1], 16), int(stanza.arguments[2]))


def _is_work_factor(text: str) -> bool:
    plain = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) < 3
    return plain and int(text) <= LARGEST_WORK_FACTOR


def _x25519_key(own: X25519PrivateKey, *, peer: bytes, salt: bytes) -> bytes:
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(peer))
    except ValueError as error:
        raise FileDamaged("a key in the file's header is a point that leaks") from error
    return _derive(shared, salt, b"age-encryption.org/v1/X25519")


def _scrypt_key(passphrase: Passphrase, salt: bytes, work_factor: int) -> bytes:
    salted = b"age-encryption.org/v1/scrypt" + salt
    return Scrypt(salt=salted, length=32, n=1 << work_factor, r=8, p=1).derive(
        passphrase.text.encode()
    )


def _seal_key(wrap_key: bytes, file_key: bytes) -> bytes:
    # The zero nonce is the format's: a wrap key is made for one file key only.
    return ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derive(file_key, b"", b"header"), header, "sha256")


def _stanza(arguments: Sequence[bytes], body: bytes) -> bytes:
    text = _encode(body)
    lines = [text[at : at + _LINE] for at in range(0, len(text) + 1, _LINE)]
    return b"-> " + b" ".join(arguments) + b"\n" + b"".join(line + b"\n" for line in lines)


def _read_header(source: BinaryIO) -> tuple[bytes, list[_Stanza], bytes]:
    """Return the bytes under the MAC, the stanzas and the stated MAC."""
    header = source.readline(MOST_HEADER_BYTES)
    if header != VERSION_LINE:
        raise FileDamaged("the file is not an encrypted backup (age, version 1)")
    stanzas: list[_Stanza] = []
    while len(header) < MOST_HEADER_BYTES:
        line = source.readline(MOST_HEADER_BYTES)
        if line.startswith(b"--- ") and stanzas:
            return header + b"---", stanzas, _decode(_text(line[4:]), 32)
        if not line.startswith(b"-> "):
            break
        arguments = _text(line[3:]).split(" ")
        body = ""
        header += line
        while True:
            line = source.readline(_LINE + 2)
            header += line
            body += _text(line)
            if len(line) <= _LINE:
                break
        stanzas.append(_Stanza(arguments=arguments, body=_decode(body, None)))
    raise FileDamaged("the beginning of the file cannot be read")


def _text(line: bytes) -> str:
    if not line.endswith(b"\n") or not line.isascii():
        raise FileDamaged("the beginning of the file cannot be read")
    return line[:-1].decode("ascii")


def _encode(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _decode(text: str, length: int | None) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileDamaged("the beginning of the file cannot be read") from error
    # One value has one spelling: stray bits and padding are refused.
    if _encode(data).decode() != text or length not in (None, len(data)):
        raise FileDamaged("the beginning of the file cannot be read")
    return data


def _one_key(text: str, prefix: str, wanted: str) -> bytes:
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise BadSpelling(f"the file must hold one key, {wanted}; it holds {len(keys)}")
    key = decode_bech32(prefix, keys[0])
    if len(key) != 32:
        raise BadSpelling("the key has the wrong length")
    return key
