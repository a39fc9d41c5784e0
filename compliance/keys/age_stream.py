"""The payload of an age file: 64 KiB chunks, each sealed, counted, and the last one marked.

A chunk moved, repeated, left out or altered does not open, and a file that was cut
off anywhere lacks its last chunk. See https://c2sp.org/age, section "Payload".
"""

from __future__ import annotations

import io
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from compliance.errors import ComplianceError

CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_SEALED_BYTES: Final = CHUNK_BYTES + TAG_BYTES


class FileDamaged(ComplianceError):
    """An encrypted file that was cut off, altered, or never was one."""

    code = "encrypted_file_damaged"


class SealingWriter(io.RawIOBase):
    """Encrypts what is written to it; `finish` must be called, or the file does not open."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target = target
        self._cipher = ChaCha20Poly1305(key)
        self._held = bytearray()
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all we are given
        self._held += data
        # A full chunk is kept back until there is more: only the end tells which one is last.
        while len(self._held) > CHUNK_BYTES:
            self._seal(bytes(self._held[:CHUNK_BYTES]), last=False)
            del self._held[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk; the target stays open."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._count, last=last), chunk, None))
        self._count += 1


class OpeningReader(io.RawIOBase):
    """Decrypts while it is read; no byte is handed out that was not found authentic.

    Raises:
        FileDamaged: from ``read``, when a chunk does not open or the last one is missing.
    """

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._source = source
        self._cipher = ChaCha20Poly1305(key)
        self._sealed = source.read(_SEALED_BYTES)
        self._plain = b""
        self._at = 0
        self._count = 0
        self._done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as Python calls it
        while self._at == len(self._plain) and not self._done:
            self._open_next()
        taken = min(len(buffer), len(self._plain) - self._at)
        buffer[:taken] = self._plain[self._at : self._at + taken]
        self._at += taken
        return taken

    def _open_next(self) -> None:
        following = self._source.read(_SEALED_BYTES)
        last = not following
        try:
            self._plain = self._cipher.decrypt(_nonce(self._count, last=last), self._sealed, None)
        except InvalidTag as error:
            where = "the end is missing or" if last else f"near byte {self._count * CHUNK_BYTES}"
            raise FileDamaged(
                f"the file was cut off or altered: {where} it is not whole"
            ) from error
        if last and not self._plain and self._count:
            raise FileDamaged("the file was altered: its last part is empty")
        self._sealed, self._at, self._done = following, 0, last
        self._count += 1


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
