from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger.proofs import (
    BadProof,
    NodeReader,
    RangeProof,
    consistency_proof,
    inclusion_proof,
    range_proof,
    verify_consistency,
    verify_inclusion,
    verify_range,
)
from compliance.ledger.tree import EMPTY_ROOT, hash_leaf

ReferenceRoot = Callable[[Sequence[bytes]], bytes]

OTHER = hash_leaf(b"a hash that is nowhere in the tree")


@pytest.fixture(scope="session")
def roots(reference_root: ReferenceRoot, leaves: list[bytes]) -> list[bytes]:
    return [reference_root(leaves[:size]) for size in range(len(leaves) + 1)]


@pytest.fixture(scope="session")
def node(reference_root: ReferenceRoot, leaves: list[bytes]) -> NodeReader:
    known: dict[tuple[int, int], bytes] = {}
    for level in range(len(leaves).bit_length()):
        for index in range(len(leaves) >> level):
            known[level, index] = reference_root(leaves[index << level : (index + 1) << level])
    return lambda level, index: known[level, index]


def _damaged(hashes: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Yield everything one step away: altered, shortened, dropped, doubled, added, swapped."""
    good = tuple(hashes)
    for at, value in enumerate(good):
        flipped = bytes([value[0] ^ 1]) + value[1:]
        for other in (flipped, value[:-1], value + b"\x00", b""):
            yield (*good[:at], other, *good[at + 1 :])
        yield (*good[:at], *good[at + 1 :])
        yield (*good[:at], value, *good[at:])
    for at in range(len(good) + 1):
        yield (*good[:at], OTHER, *good[at:])
    for at in range(len(good) - 1):
        yield (*good[:at], good[at + 1], good[at], *good[at + 2 :])


def _accepted(check: Callable[[], None]) -> bool:
    try:
        check()
    except BadProof:
        return False
    return True


def test_every_inclusion_proof_verifies(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    for size in range(1, len(leaves) + 1):
        for index in range(size):
            verify_inclusion(
                leaf_hash=leaves[index],
                index=index,
                size=size,
                proof=inclusion_proof(index, size, node),
                root=roots[size],
            )


def test_every_altered_inclusion_proof_is_rejected(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    for size in range(1, 20):
        for index in range(size):
            proof = inclusion_proof(index, size, node)

            def accepts(
                *,
                leaf_hash: bytes = leaves[index],
                index: int = index,
                size: int = size,
                proof: Sequence[bytes] = proof,
                root: bytes = roots[size],
            ) -> bool:
                return _accepted(
                    lambda: verify_inclusion(
                        leaf_hash=leaf_hash, index=index, size=size, proof=proof, root=root
                    )
                )

            assert accepts()
            assert not any(accepts(proof=bad) for bad in _damaged(proof))
            assert not any(accepts(index=other) for other in range(-2, 24) if other != index)
            assert not any(accepts(leaf_hash=bad) for bad in (OTHER, b"", leaves[index][:31]))
            assert not any(accepts(root=bad) for bad in (OTHER, b"", EMPTY_ROOT))


def test_every_consistency_proof_verifies(roots: list[bytes], node: NodeReader) -> None:
    for second in range(1, len(roots)):
        for first in range(1, second + 1):
            verify_consistency(
                first=first,
                second=second,
                first_root=roots[first],
                second_root=roots[second],
                proof=consistency_proof(first, second, node),
            )


def test_every_altered_consistency_proof_is_rejected(roots: list[bytes], node: NodeReader) -> None:
    for second in range(1, 20):
        for first in range(1, second + 1):
            proof = consistency_proof(first, second, node)

            def accepts(
                *,
                first: int = first,
                second: int = second,
                first_root: bytes = roots[first],
                second_root: bytes = roots[second],
                proof: Sequence[bytes] = proof,
            ) -> bool:
                return _accepted(
                    lambda: verify_consistency(
                        first=first,
                        second=second,
                        first_root=first_root,
                        second_root=second_root,
                        proof=proof,
                    )
                )

            assert accepts()
            assert not any(accepts(proof=bad) for bad in _damaged(proof))
            assert not any(accepts(first=other) for other in range(-2, 24) if other != first)
            for bad in (OTHER, b"", EMPTY_ROOT):
                assert not accepts(first_root=bad)
                assert not accepts(second_root=bad)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 5), (-1, 5), (6, 5)])
def test_consistency_of_impossible_sizes_is_neither_made_nor_accepted(
    first: int, second: int, node: NodeReader, roots: list[bytes]
) -> None:
    with pytest.raises(BadProof):
        consistency_proof(first, second, node)
    with pytest.raises(BadProof):
        verify_consistency(
            first=first,
            second=second,
            first_root=EMPTY_ROOT,
            second_root=roots[max(second, 0)],
            proof=(),
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_inclusion_outside_the_tree_cannot_be_proved(
    index: int, size: int, node: NodeReader
) -> None:
    with pytest.raises(BadProof):
        inclusion_proof(index, size, node)


def test_every_range_proof_verifies(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    for size in range(len(leaves) + 1):
        for end in range(size + 1):
            for start in range(end + 1):
                verify_range(
                    start=start,
                    end=end,
                    size=size,
                    leaf_hashes=iter(leaves[start:end]),
                    proof=range_proof(start, end, size, node),
                    root=roots[size],
                )


def _accepts_range(
    start: int, end: int, size: int, leaves: Sequence[bytes], proof: RangeProof, root: bytes
) -> bool:
    return _accepted(
        lambda: verify_range(
            start=start, end=end, size=size, leaf_hashes=leaves, proof=proof, root=root
        )
    )


def test_every_altered_range_is_rejected(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    for size in range(12):
        root = roots[size]
        for end in range(size + 1):
            for start in range(end + 1):
                proof = range_proof(start, end, size, node)
                inside = leaves[start:end]
                assert _accepts_range(start, end, size, inside, proof, root)
                for bad in _damaged(inside):
                    assert not _accepts_range(start, end, size, bad, proof, root)
                for bad in _damaged(proof.left):
                    other = replace(proof, left=bad)
                    assert not _accepts_range(start, end, size, inside, other, root)
                for bad in _damaged(proof.right):
                    other = replace(proof, right=bad)
                    assert not _accepts_range(start, end, size, inside, other, root)
                for bad_root in (OTHER, b"", roots[size + 1]):
                    assert not _accepts_range(start, end, size, inside, proof, bad_root)


def test_a_range_is_rejected_at_any_other_place(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    size = 11
    for end in range(size + 1):
        for start in range(end):
            proof = range_proof(start, end, size, node)
            inside = leaves[start:end]
            for shift in range(-size, size + 1):
                if shift:
                    assert not _accepts_range(
                        start + shift, end + shift, size, inside, proof, roots[size]
                    )
            for other_start in range(-1, size + 1):
                for other_end in range(-1, size + 2):
                    if (other_start, other_end) != (start, end):
                        assert not _accepts_range(
                            other_start, other_end, size, inside, proof, roots[size]
                        )


def test_a_range_is_rejected_for_a_tree_of_another_size(
    leaves: list[bytes], roots: list[bytes], node: NodeReader
) -> None:
    for size in range(1, 20):
        for start in range(size):
            proof = range_proof(start, size, size, node)
            for other in range(25):
                accepted = _accepts_range(
                    start, other, other, leaves[start:size], proof, roots[size]
                )
                assert accepted == (other == size)


def test_a_range_proof_of_an_empty_tree_holds_nothing_and_verifies(node: NodeReader) -> None:
    proof = range_proof(0, 0, 0, node)

    assert proof == RangeProof(left=(), right=())
    assert _accepts_range(0, 0, 0, [], proof, EMPTY_ROOT)
    assert not _accepts_range(0, 0, 0, [], proof, OTHER)
    assert not _accepts_range(0, 0, 0, [OTHER], proof, OTHER)


@pytest.mark.parametrize(("start", "end", "size"), [(-1, 2, 5), (3, 2, 5), (0, 6, 5)])
def test_a_range_outside_the_tree_can_be_neither_proved_nor_verified(
    start: int, end: int, size: int, node: NodeReader
) -> None:
    with pytest.raises(BadProof):
        range_proof(start, end, size, node)
    assert not _accepts_range(start, end, size, [], RangeProof(left=(), right=()), OTHER)


def test_an_endless_stream_of_leaves_is_refused_at_the_first_one_too_many(
    leaves: list[bytes], node: NodeReader
) -> None:
    read = count()
    endless = (leaves[next(read) % len(leaves)] for _ in count())

    with pytest.raises(BadProof):
        verify_range(
            start=3,
            end=7,
            size=20,
            leaf_hashes=endless,
            proof=range_proof(3, 7, 20, node),
            root=OTHER,
        )
    assert next(read) == 5


@given(data=st.data())
def test_a_range_proof_of_a_random_tree_verifies_and_knows_its_root(
    data: st.DataObject, reference_root: ReferenceRoot
) -> None:
    size = data.draw(st.integers(0, 200))
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    hashes = [hash_leaf(b"%d" % number) for number in range(size)]
    proof = range_proof(
        start,
        end,
        size,
        lambda level, index: reference_root(hashes[index << level : (index + 1) << level]),
    )

    assert len(proof.left) + len(proof.right) <= 2 * size.bit_length()
    assert _accepts_range(start, end, size, hashes[start:end], proof, reference_root(hashes))
