"""Proofs about the Merkle tree of `tree`: making them, and checking those of strangers.

Inclusion and consistency follow RFC 9162 sections 2.1.3 and 2.1.4. A range proof shows that
leaves are *all* the leaves of [start, end), which many inclusion proofs together do not.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from compliance.ledger.tree import (
    BadProof,
    check_hash,
    extend_peaks,
    fold_peaks,
    hash_node,
    subtree_cover,
)

__all__ = [
    "BadProof",
    "NodeReader",
    "RangeProof",
    "consistency_proof",
    "inclusion_proof",
    "range_proof",
    "verify_consistency",
    "verify_inclusion",
    "verify_range",
]

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""Returns the hash of the complete node (level, index); level 0 holds the leaf hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeProof:
    """What lies around a range of leaves, as hashes of the fewest complete subtrees."""

    left: tuple[bytes, ...]
    """The subtrees covering [0, start), left to right."""

    right: tuple[bytes, ...]
    """The subtrees covering [end, size), left to right."""


def inclusion_proof(index: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """Return the hashes from leaf `index` up to the root of the first `size` leaves.

    Raises:
        BadProof: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise BadProof("the leaf lies outside the tree")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            proof.append(_subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(_subtree_root(start, middle, node))
            start = middle
    return tuple(reversed(proof))


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf is the one at `index` in the tree of `size` leaves with this root.

    The steps are those of RFC 9162 section 2.1.3.2.

    Raises:
        BadProof: if it is not, or the proof has a hash too many, too few or too short.
    """
    if not 0 <= index < size:
        raise BadProof("the leaf lies outside the tree")
    _check_hashes(leaf_hash, root, *proof)
    position, last = index, size - 1
    current = leaf_hash
    for sibling in proof:
        if last == 0:
            raise BadProof("the proof has too many hashes")
        if position & 1 or position == last:
            current = hash_node(sibling, current)
            position, last = _skip_missing_siblings(position, last)
        else:
            current = hash_node(current, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof has too few hashes")
    if current != root:
        raise BadProof("the leaf does not lead to the root")


def consistency_proof(first: int, second: int, node: NodeReader) -> tuple[bytes, ...]:
    """Return the hashes which show that the first leaves did not change as the tree grew.

    Raises:
        BadProof: unless 1 <= first <= second.
    """
    _check_sizes(first, second)
    proof: list[bytes] = []
    start, end = 0, second
    while first != end:
        middle = _split(start, end)
        if first <= middle:
            proof.append(_subtree_root(middle, end, node))
            end = middle
        else:
            proof.append(_subtree_root(start, middle, node))
            start = middle
    if start:
        # With start at zero the last subtree is the older tree, whose root is known.
        proof.append(_subtree_root(start, end, node))
    return tuple(reversed(proof))


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `first` leaves is the beginning of the tree of `second` leaves.

    The steps are those of RFC 9162 section 2.1.4.2. An empty first tree is refused: it is
    the beginning of every tree, so agreeing with it would say nothing.

    Raises:
        BadProof: if it is not, or the proof has a hash too many, too few or too short.
    """
    _check_sizes(first, second)
    _check_hashes(first_root, second_root, *proof)
    if first == second:
        if proof or first_root != second_root:
            raise BadProof("two trees of one size differ, or come with a needless proof")
        return
    known = (first_root,) if first & (first - 1) == 0 else ()
    path = iter((*known, *proof))
    start = next(path, None)
    if start is None:
        raise BadProof("the proof has too few hashes")
    older, newer = _climb_both(first, second, start, path)
    if older != first_root or newer != second_root:
        raise BadProof("the trees do not share their first leaves")


def range_proof(start: int, end: int, size: int, node: NodeReader) -> RangeProof:
    """Return what surrounds the leaves [start, end) in the tree of `size` leaves.

    Raises:
        BadProof: unless 0 <= start <= end <= size.
    """
    _check_range(start, end, size)
    return RangeProof(
        left=tuple(node(level, index) for level, index in subtree_cover(0, start)),
        right=tuple(node(level, index) for level, index in subtree_cover(end, size)),
    )


def verify_range(
    *,
    start: int,
    end: int,
    size: int,
    leaf_hashes: Iterable[bytes],
    proof: RangeProof,
    root: bytes,
) -> None:
    """Check that the leaves are all those of [start, end), in order, of the tree with this root.

    The root is computed anew from the subtrees on the left, the leaves, and the subtrees on
    the right. Leaves are read once, and no more than one beyond the range. An empty range
    is allowed and shows that the surroundings alone make up the tree.

    Raises:
        BadProof: if they are not, or any count or length of hashes is not the exact one.
    """
    _check_range(start, end, size)
    right_cover = subtree_cover(end, size)
    if len(proof.left) != start.bit_count() or len(proof.right) != len(right_cover):
        raise BadProof("the proof has the wrong number of hashes")
    _check_hashes(root, *proof.left, *proof.right)

    # The subtrees covering [0, start) are exactly the peaks of a tree of that size.
    peaks = list(proof.left)
    leaves = iter(leaf_hashes)
    if extend_peaks(peaks, start, itertools.islice(leaves, end - start)) != end:
        raise BadProof("the range has too few leaves")
    if next(leaves, None) is not None:
        raise BadProof("the range has too many leaves")
    for (_, index), subtree in zip(right_cover, proof.right, strict=True):
        _append_subtree(peaks, index, subtree)
    if fold_peaks(peaks) != root:
        raise BadProof("the leaves of the range do not lead to the root")


def _append_subtree(peaks: list[bytes], index: int, subtree: bytes) -> None:
    """Append the complete subtree (level, index) to the peaks of the tree that ends before it.

    That tree's size is index * 2**level, so every peak is at least as high as the subtree,
    and each set low bit of the index is a peak waiting for its right sibling.
    """
    current = subtree
    while index & 1:
        current = hash_node(peaks.pop(), current)
        index >>= 1
    peaks.append(current)


def _climb_both(
    first: int, second: int, start: bytes, path: Iterable[bytes]
) -> tuple[bytes, bytes]:
    """Follow a consistency path and return the roots of the older and the newer tree."""
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = start
    for sibling in path:
        if last == 0:
            raise BadProof("the proof has too many hashes")
        if position & 1 or position == last:
            older = hash_node(sibling, older)
            newer = hash_node(sibling, newer)
            position, last = _skip_missing_siblings(position, last)
        else:
            newer = hash_node(newer, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise BadProof("the proof has too few hashes")
    return older, newer


def _skip_missing_siblings(position: int, last: int) -> tuple[int, int]:
    """Climb past the levels where the last subtree has no right sibling to hash with."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _split(start: int, end: int) -> int:
    """Return where RFC 9162 splits [start, end): after the largest smaller power of two."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _subtree_root(start: int, end: int, node: NodeReader) -> bytes:
    return fold_peaks([node(level, index) for level, index in subtree_cover(start, end)])


def _check_range(start: int, end: int, size: int) -> None:
    if not 0 <= start <= end <= size:
        raise BadProof("the range lies outside the tree")


def _check_sizes(first: int, second: int) -> None:
    if not 1 <= first <= second:
        raise BadProof("consistency needs a first tree that is neither empty nor the larger")


def _check_hashes(*hashes: bytes) -> None:
    for value in hashes:
        check_hash(value)
