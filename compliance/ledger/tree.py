"""The Merkle tree of RFC 9162 section 2.1 with SHA-256: hashes, and growth by one leaf.

A *node* is named by (level, index): level 0 holds the leaf hashes, and node (l, i) covers
the leaves from i * 2**l up to but excluding (i + 1) * 2**l. Only complete nodes have a
name, so a node once computed never changes.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from compliance.errors import ComplianceError

HASH_BYTES: Final = 32

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Node: TypeAlias = tuple[int, int, bytes]
"""Level, index at that level, hash."""

_sha256 = hashlib.sha256

_PORTION: Final = 4096
"""How many leaves are turned into nodes at a time."""


class BadProof(ComplianceError):
    """Hashes that do not prove what they were given to prove, or cannot prove anything."""

    code = "bad_proof"


def hash_leaf(data: bytes) -> bytes:
    """Hash one entry's bytes."""
    return _sha256(b"\x00" + data).digest()


def hash_leaves(bodies: Iterable[bytes]) -> list[bytes]:
    """Hash the bytes of many entries, without a call of ours for each."""
    begun = _sha256(b"\x00").copy
    leaf_hashes = []
    for body in bodies:
        # Going on with a copy spares looking the algorithm up and joining the bytes.
        leaf = begun()
        leaf.update(body)
        leaf_hashes.append(leaf.digest())
    return leaf_hashes


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees; the prefix keeps a node from passing as a leaf."""
    return _sha256(b"\x01" + left + right).digest()


def root_hash(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over the leaf hashes, reading them once in O(log n) memory.

    Raises:
        BadProof: if a leaf hash is not 32 bytes long.
    """
    peaks: list[bytes] = []
    extend_peaks(peaks, 0, leaf_hashes)
    return fold_peaks(peaks)


def extend_peaks(peaks: list[bytes], size: int, leaf_hashes: Iterable[bytes]) -> int:
    """Append leaves in place to the peaks of a tree of `size` leaves; return the new size.

    Raises:
        BadProof: if a leaf hash is not 32 bytes long.
    """
    rest = iter(leaf_hashes)
    # Level by level is the quickest way; in portions, so that a whole log need not be held.
    while portion := list(itertools.islice(rest, _PORTION)):
        if set(map(len, portion)) != {HASH_BYTES}:
            raise BadProof("a hash is not 32 bytes long")
        count = len(portion)
        _extend_by(peaks, size, portion)
        size += count
    return size


def _extend_by(peaks: list[bytes], size: int, row: list[bytes]) -> None:
    """Append a portion of leaves; the list is used up."""
    finished: list[bytes] = []
    while row:
        # A peak of this level stands wherever the number of nodes before the row is odd.
        if size & 1:
            row.insert(0, peaks.pop())
        if len(row) & 1:
            finished.append(row.pop())
        pairs = iter(row)
        row = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ]
        size >>= 1
    peaks.extend(reversed(finished))


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """Join finished subtrees, highest first, into the root of the tree they make up.

    From right to left, because RFC 9162 splits at the largest power of two: everything
    right of a peak is that peak's sibling.
    """
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hash_node(peak, root)
    return root


def check_hash(value: bytes) -> None:
    """Refuse a hash of another length, which would let two inputs share one node hash.

    Raises:
        BadProof: if the value is not 32 bytes long.
    """
    if len(value) != HASH_BYTES:
        raise BadProof("a hash is not 32 bytes long")


def subtree_cover(start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return the fewest complete subtrees that cover the leaves [start, end), left to right.

    Each is (level, index). Levels first rise, then fall, so there are O(log end) of them.

    Raises:
        BadProof: unless 0 <= start <= end.
    """
    if not 0 <= start <= end:
        raise BadProof("a range of leaves ends before it starts")
    cover: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            alignment = (start & -start).bit_length() - 1
            level = min(level, alignment)
        cover.append((level, start >> level))
        start += 1 << level
    return tuple(cover)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """All that is needed of a tree in order to append to it and to know its root."""

    size: int
    """How many leaves."""

    peaks: tuple[bytes, ...]
    """The hashes of the complete subtrees, highest first: one per set bit of the size."""

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise BadProof("the number of peaks does not fit the size")

    @classmethod
    def empty(cls) -> Self:
        """Return the frontier of a tree without leaves."""
        return cls(size=0, peaks=())

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Read back what `to_bytes` wrote for a tree of this size.

        Raises:
            BadProof: if the length does not fit the size.
        """
        if size < 0 or len(data) != HASH_BYTES * size.bit_count():
            raise BadProof("the stored peaks do not fit the size")
        peaks = tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))
        return cls(size=size, peaks=peaks)

    def to_bytes(self) -> bytes:
        """Return the peaks one after another, highest first; the size is kept apart."""
        return b"".join(self.peaks)

    def root(self) -> bytes:
        """Return the root hash of the whole tree."""
        return fold_peaks(self.peaks)

    def append(self, leaf_hash: bytes) -> tuple[Self, tuple[Node, ...]]:
        """Return the tree with one more leaf, and the nodes above it that it completes.

        The nodes are at level 1 and higher, lowest first; the leaf itself is not among them.

        Raises:
            BadProof: if the leaf hash is not 32 bytes long.
        """
        check_hash(leaf_hash)
        peaks = list(self.peaks)
        nodes: list[Node] = []
        current, level, index = leaf_hash, 0, self.size
        while index & 1:
            current = hash_node(peaks.pop(), current)
            level, index = level + 1, index >> 1
            nodes.append((level, index, current))
        peaks.append(current)
        return type(self)(size=self.size + 1, peaks=tuple(peaks)), tuple(nodes)
