"""No entry of a long report can be left out, whichever it is."""

from __future__ import annotations

import hashlib

import pytest

from compliance.ledger.proofs import BadProof, range_proof, verify_range
from compliance.ledger.tree import root_hash

ENTRIES = 1000
BEFORE, AFTER = 137, 61


@pytest.mark.parametrize("hiding", ["the range is shorter", "the log is shorter", "another leaf"])
def test_removing_any_one_of_a_thousand_entries_is_rejected(hiding: str) -> None:
    size = BEFORE + ENTRIES + AFTER
    leaves = [hashlib.sha256(number.to_bytes(4)).digest() for number in range(size)]
    start, end, root = BEFORE, BEFORE + ENTRIES, root_hash(leaves)
    nodes: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        key = (level, index)
        if key not in nodes:
            nodes[key] = root_hash(leaves[index << level : (index + 1) << level])
        return nodes[key]

    proof = range_proof(start, end, size, node)
    verify_range(
        start=start, end=end, size=size, leaf_hashes=leaves[start:end], proof=proof, root=root
    )
    # Without its last entry a range is a shorter one and no lie; that it ends too early for its
    # period shows in the entry next to it, which the check `period` asks for.
    for removed in range(start, end if hiding == "another leaf" else end - 1):
        shown = leaves[start:removed] + leaves[removed + 1 : end]
        sizes = (end - 1, size)
        if hiding == "the log is shorter":
            sizes = (end - 1, size - 1)
        elif hiding == "another leaf":
            shown.append(leaves[start])
            sizes = (end, size)
        proof = range_proof(start, end, size, node)
        if hiding != "another leaf":
            # The best that a cheat can do: the proof that fits the numbers claimed.
            proof = range_proof(start, sizes[0], size, node)
        with pytest.raises(BadProof):
            verify_range(
                start=start,
                end=sizes[0],
                size=sizes[1],
                leaf_hashes=shown,
                proof=proof,
                root=root,
            )
