from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger.tree import (
    EMPTY_ROOT,
    BadProof,
    Frontier,
    extend_peaks,
    hash_leaf,
    hash_leaves,
    hash_node,
    root_hash,
    subtree_cover,
)

ReferenceRoot = Callable[[Sequence[bytes]], bytes]

HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=300)

# The inputs and roots that Certificate Transparency implementations have shared since RFC 6962.
KNOWN_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]


@pytest.mark.parametrize(
    ("count", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_known_trees_have_their_known_roots(count: int, root: str) -> None:
    assert root_hash(map(hash_leaf, KNOWN_INPUTS[:count])).hex() == root


@given(hashes=HASHES)
def test_the_streamed_root_is_the_defined_root(
    reference_root: ReferenceRoot, hashes: list[bytes]
) -> None:
    assert root_hash(iter(hashes)) == reference_root(hashes)


def test_every_appended_leaf_leads_to_the_defined_root(
    reference_root: ReferenceRoot, leaves: list[bytes]
) -> None:
    frontier = Frontier.empty()
    assert frontier.root() == EMPTY_ROOT
    for count, leaf in enumerate(leaves, start=1):
        frontier, _ = frontier.append(leaf)
        assert frontier.size == count
        assert frontier.root() == reference_root(leaves[:count])


def test_appending_completes_each_node_once_with_the_root_of_its_leaves(
    reference_root: ReferenceRoot, leaves: list[bytes]
) -> None:
    frontier = Frontier.empty()
    completed: dict[tuple[int, int], bytes] = {}
    for count, leaf in enumerate(leaves, start=1):
        frontier, nodes = frontier.append(leaf)
        assert [level for level, _, _ in nodes] == list(range(1, len(nodes) + 1))
        for level, index, value in nodes:
            assert (level, index) not in completed
            assert (index + 1) << level == count
            assert value == reference_root(leaves[index << level : (index + 1) << level])
            completed[level, index] = value

    everything = {
        (level, index)
        for level in range(1, len(leaves).bit_length())
        for index in range(len(leaves) >> level)
    }
    assert completed.keys() == everything


def test_a_frontier_survives_being_stored(leaves: list[bytes]) -> None:
    frontier = Frontier.empty()
    for leaf in leaves:
        assert Frontier.from_bytes(frontier.size, frontier.to_bytes()) == frontier
        frontier, _ = frontier.append(leaf)


@pytest.mark.parametrize(
    ("size", "length"),
    [
        pytest.param(0, 32, id="peak-of-empty-tree"),
        pytest.param(3, 32, id="peak-missing"),
        pytest.param(2, 64, id="peak-too-many"),
        pytest.param(1, 31, id="byte-missing"),
        pytest.param(1, 33, id="byte-too-many"),
        pytest.param(-1, 32, id="negative-size"),
    ],
)
def test_stored_peaks_that_do_not_fit_the_size_are_refused(size: int, length: int) -> None:
    with pytest.raises(BadProof):
        Frontier.from_bytes(size, bytes(length))


def test_a_frontier_cannot_be_built_with_the_wrong_number_of_peaks() -> None:
    with pytest.raises(BadProof):
        Frontier(size=3, peaks=(bytes(32),))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_leaf_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadProof):
        root_hash([bytes(32), bytes(length)])
    with pytest.raises(BadProof):
        Frontier.empty().append(bytes(length))


def test_the_root_is_computed_from_a_stream_read_once() -> None:
    def stream() -> Iterator[bytes]:
        for number in range(5000):
            yield hash_leaf(b"%d" % number)

    assert root_hash(stream()) == root_hash(list(stream()))


@pytest.mark.parametrize("before", [0, 1, 6, 4095, 4096, 5001])
@pytest.mark.parametrize("more", [0, 1, 4096, 4097, 9000])
def test_many_leaves_at_once_lead_where_they_lead_one_by_one(before: int, more: int) -> None:
    hashes = hash_leaves(b"%d" % number for number in range(before + more))
    frontier = Frontier.empty()
    for value in hashes:
        frontier, _ = frontier.append(value)

    peaks: list[bytes] = []
    size = extend_peaks(peaks, 0, hashes[:before])
    size = extend_peaks(peaks, size, iter(hashes[before:]))

    assert (size, tuple(peaks)) == (frontier.size, frontier.peaks)


def test_a_leaf_cannot_pass_as_a_node() -> None:
    left, right = hash_leaf(b"left"), hash_leaf(b"right")

    assert hash_leaf(left + right) != hash_node(left, right)


@given(st.integers(0, 2**70), st.integers(0, 2**70))
def test_a_cover_is_gapless_and_aligned_and_short(first: int, second: int) -> None:
    start, end = sorted((first, second))
    position = start
    cover = subtree_cover(start, end)
    for level, index in cover:
        assert index << level == position
        position += 1 << level
    assert position == end
    assert len(cover) <= 2 * end.bit_length()


def test_a_cover_uses_the_fewest_subtrees() -> None:
    for end in range(65):
        for start in range(end + 1):
            cover = subtree_cover(start, end)
            # Two neighbours with one parent would have been covered by the parent.
            for (level, index), following in pairwise(cover):
                assert index & 1 or following != (level, index + 1)


def test_the_cover_of_a_whole_tree_falls_like_its_peaks() -> None:
    assert subtree_cover(0, 13) == ((3, 0), (2, 2), (0, 12))
    assert subtree_cover(3, 13) == ((0, 3), (2, 1), (2, 2), (0, 12))
    assert subtree_cover(5, 5) == ()


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (4, 3)])
def test_an_impossible_range_has_no_cover(start: int, end: int) -> None:
    with pytest.raises(BadProof):
        subtree_cover(start, end)
