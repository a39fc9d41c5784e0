"""What the ledger's tests are judged against."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest

ReferenceRoot = Callable[[Sequence[bytes]], bytes]


def _reference_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Follow the definition of MTH in RFC 9162 section 2.1.1 word by word, however slow."""
    count = len(leaf_hashes)
    if count == 0:
        return sha256(b"").digest()
    if count == 1:
        return leaf_hashes[0]
    split = 1
    while split * 2 < count:
        split *= 2
    left, right = _reference_root(leaf_hashes[:split]), _reference_root(leaf_hashes[split:])
    return sha256(b"\x01" + left + right).digest()


@pytest.fixture(scope="session")
def reference_root() -> ReferenceRoot:
    return _reference_root


@pytest.fixture(scope="session")
def leaves() -> list[bytes]:
    """Enough leaf hashes for every shape of tree up to five levels, all different."""
    return [sha256(b"\x00leaf %d" % number).digest() for number in range(41)]
