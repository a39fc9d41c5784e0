"""Signing checkpoints, by a signer that remembers what it signed.

The database can be put back to last week; the signer's memory is outside it. A
signer that never signs two stories turns a silent rollback into a refusal.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.errors import ComplianceError
from compliance.keys.files import write_private
from compliance.ledger.note import Checkpoint, sign_note
from compliance.ledger.tree import root_hash

ConsistencyCheck: TypeAlias = Callable[[int, bytes], bool]
"""Whether the log now continues the tree of this earlier size and root."""

SLOT_BYTES: Final = 256
"""Length of one record. Two lie in the file, and a write goes to the older of them."""

_START: Final = (0, 0, root_hash(()))

_Memory: TypeAlias = tuple[int, int, bytes]
"""How many times the memory was written, the size, the root."""


class RollbackDetected(ComplianceError):
    """The log does not continue what was signed before; a person must say why."""

    code = "rollback_detected"


class SignerMemoryLost(ComplianceError):
    """The signer's memory is missing or damaged, so it cannot know what it signed."""

    code = "signer_memory_lost"


class CheckpointSigner:
    """Signs what a clinic's log states about itself, and only what continues the last statement."""

    def __init__(self, *, name: str, private_key: Ed25519PrivateKey, memory: Path) -> None:
        self._name = name
        self._key = private_key
        self._public_key = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._memory = memory

    def sign(self, size: int, root: bytes, *, consistent: ConsistencyCheck) -> str:
        """Sign a checkpoint and return it as a note.

        The new memory is on the disk before the note exists: a crash may leave a
        remembered checkpoint that nobody received, never a received one that is forgotten.
        Repeating the last checkpoint is allowed. Threads and processes take turns.

        Args:
            size: how many entries the log has.
            root: the root over them.
            consistent: is asked about the last signed size and root when the log has grown.

        Raises:
            RollbackDetected: if the log is smaller, has another root at the same size, or
                does not continue the last signed tree.
            SignerMemoryLost: if the memory is not readable.
        """
        checkpoint = Checkpoint(origin=self._name, size=size, root=root)
        with self._locked() as descriptor:
            count, old_size, old_root = _read(descriptor)
            _require_continuation((old_size, old_root), (size, root), consistent)
            if (size, root) != (old_size, old_root):
                _write(descriptor, (count + 1, size, root))
        return sign_note(
            checkpoint.text(), name=self._name, sign=self._key.sign, public_key=self._public_key
        )

    def remembered(self) -> tuple[int, bytes] | None:
        """Return the last signed size and root, or nothing before the first.

        Raises:
            SignerMemoryLost: if the memory is not readable.
        """
        with self._locked() as descriptor:
            count, size, root = _read(descriptor)
        return (size, root) if count else None

    def accept_restore(self, size: int, root: bytes) -> None:
        """Continue from a restored log, on the word of a person who recorded the restoring.

        Inspectors who hold a later checkpoint will still see the break, and should.

        Raises:
            SignerMemoryLost: if the memory is not readable.
        """
        with self._locked() as descriptor:
            count, _, _ = _read(descriptor)
            _write(descriptor, (count + 1, size, root))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        # The lock belongs to this opening of the file, so it also parts threads.
        try:
            descriptor = os.open(self._memory, os.O_RDWR)
        except FileNotFoundError as error:
            raise SignerMemoryLost("the signer's memory is not there") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def start_memory(path: Path) -> None:
    """Make the memory of a signer that has signed nothing yet."""
    write_private(path, _encode(_START) * 2)


def _require_continuation(
    old: tuple[int, bytes], new: tuple[int, bytes], consistent: ConsistencyCheck
) -> None:
    (old_size, old_root), (size, root) = old, new
    if size < old_size:
        raise RollbackDetected(f"a log of {old_size} entries was signed; this one has {size}")
    if size == old_size and root != old_root:
        raise RollbackDetected(f"another log of {old_size} entries was signed before")
    # Every log continues the empty one, of which nothing needs to be asked.
    if size > old_size > 0 and not consistent(old_size, old_root):
        raise RollbackDetected(f"the log does not continue the {old_size} entries signed before")


def _read(descriptor: int) -> _Memory:
    found = [
        memory
        for slot in (0, 1)
        if (memory := _decode(os.pread(descriptor, SLOT_BYTES, slot * SLOT_BYTES))) is not None
    ]
    if not found:
        raise SignerMemoryLost("the signer's memory cannot be read")
    return max(found)


def _write(descriptor: int, memory: _Memory) -> None:
    # Overwriting the older of two records in place costs one flush, where a new file
    # would cost several. A write that a crash tears leaves the other record whole, and
    # the note of the torn one was never handed out.
    os.pwrite(descriptor, _encode(memory), (memory[0] % 2) * SLOT_BYTES)
    os.fsync(descriptor)


def _encode(memory: _Memory) -> bytes:
    count, size, root = memory
    text = json.dumps({"count": count, "size": size, "root": root.hex()})
    line = f"{text}\t{_checksum(text)}"
    return f"{line:<{SLOT_BYTES - 1}}\n".encode("ascii")


def _decode(record: bytes) -> _Memory | None:
    text, _, checksum = record.decode("ascii", errors="replace").partition("\t")
    if checksum.rstrip() != _checksum(text):
        return None
    content = json.loads(text)
    return content["count"], content["size"], bytes.fromhex(content["root"])


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
