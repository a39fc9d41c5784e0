"""The signer never signs two stories."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.keys.checkpoints import (
    SLOT_BYTES,
    CheckpointSigner,
    RollbackDetected,
    SignerMemoryLost,
    start_memory,
)
from compliance.ledger.note import open_note, verifier_key

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
NAME = "aseptrail/test"
A, B, C = (letter * 32 for letter in (b"a", b"b", b"c"))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "signer-memory.json"
    start_memory(path)
    return path


def signer(memory: Path) -> CheckpointSigner:
    return CheckpointSigner(name=NAME, private_key=KEY, memory=memory)


def always(_size: int, _root: bytes) -> bool:
    return True


def test_a_checkpoint_opens_with_the_verifier_key(memory: Path) -> None:
    note = signer(memory).sign(7, A, consistent=always)
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    checkpoint = open_note(note, verifier=verifier_key(NAME, public))
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (NAME, 7, A)


def test_it_remembers_across_restarts(memory: Path) -> None:
    assert signer(memory).remembered() is None
    signer(memory).sign(7, A, consistent=always)
    assert signer(memory).remembered() == (7, A)


def test_growth_is_asked_about_the_last_signed_tree(memory: Path) -> None:
    asked: list[tuple[int, bytes]] = []

    def consistent(size: int, root: bytes) -> bool:
        asked.append((size, root))
        return True

    signer(memory).sign(7, A, consistent=consistent)
    signer(memory).sign(9, B, consistent=consistent)
    assert asked == [(7, A)]


@pytest.mark.parametrize(
    ("size", "root", "continues"),
    [
        pytest.param(6, B, True, id="smaller"),
        pytest.param(0, B, True, id="empty"),
        pytest.param(7, B, True, id="same-size-other-root"),
        pytest.param(8, B, False, id="larger-but-another-log"),
    ],
)
def test_a_rollback_is_refused_and_changes_nothing(
    memory: Path, size: int, root: bytes, continues: bool
) -> None:
    signer(memory).sign(7, A, consistent=always)
    with pytest.raises(RollbackDetected) as caught:
        signer(memory).sign(size, root, consistent=lambda _size, _root: continues)
    assert caught.value.code == "rollback_detected"
    assert signer(memory).remembered() == (7, A)


def test_repeating_the_last_checkpoint_is_allowed(memory: Path) -> None:
    assert signer(memory).sign(7, A, consistent=always) == signer(memory).sign(
        7, A, consistent=always
    )


def test_a_person_may_accept_a_restored_log(memory: Path) -> None:
    signer(memory).sign(7, A, consistent=always)
    signer(memory).accept_restore(3, C)
    signer(memory).sign(4, B, consistent=always)
    assert signer(memory).remembered() == (4, B)


def test_a_torn_write_leaves_the_checkpoint_before_it(memory: Path) -> None:
    for size, root in ((1, A), (2, B), (3, C)):
        signer(memory).sign(size, root, consistent=always)
    content = bytearray(memory.read_bytes())
    newest = 3 % 2
    content[newest * SLOT_BYTES + 20] ^= 1
    memory.write_bytes(content)
    assert signer(memory).remembered() == (2, B)


@pytest.mark.parametrize("content", [None, b"", b"x" * 512])
def test_without_its_memory_it_signs_nothing(memory: Path, content: bytes | None) -> None:
    memory.unlink()
    if content is not None:
        memory.write_bytes(content)
    with pytest.raises(SignerMemoryLost):
        signer(memory).sign(1, A, consistent=always)


def test_threads_take_turns(memory: Path) -> None:
    def sign(size: int) -> int:
        try:
            signer(memory).sign(size, bytes([size]) * 32, consistent=always)
        except RollbackDetected:
            return 0
        return size

    with ThreadPoolExecutor(max_workers=8) as pool:
        signed = list(pool.map(sign, range(1, 60)))
    last = max(signed)
    assert last == 59
    assert signer(memory).remembered() == (last, bytes([last]) * 32)
