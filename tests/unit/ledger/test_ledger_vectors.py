"""The proofs that transparency-dev/merkle tests itself with.

Rows with `start` and `end` are about subtrees. Inclusion in a subtree is inclusion in a tree
of its own, and a subtree from zero is a smaller tree, so most of them mean something here.
"""

import base64
import json
from pathlib import Path
from typing import TypedDict

import pytest

from compliance.ledger.proofs import BadProof, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[2] / "data" / "merkle" / "rfc6962_proofs.json"

STRICTER_THAN_THE_VECTORS = {
    "sizes are equal (one) and proof is empty": "its roots are 12 bytes long",
    "subtree is empty sizes are equal (zero) subtree root valid proof is empty": "its trees are empty",
}
"""Accepted there, refused here, and why; each is a subtree row."""


class Row(TypedDict, total=False):
    desc: str
    wantErr: bool
    proof: list[str] | None
    root: str
    root1: str
    root2: str
    leafHash: str
    leafIdx: int
    treeSize: int
    size1: int
    size2: int
    size: int
    start: int
    end: int


def _rows(part: str) -> list[Row]:
    rows: list[Row] = json.loads(VECTORS.read_text(encoding="utf-8"))[part]
    return rows


def _proof(row: Row) -> list[bytes]:
    return [base64.b64decode(value) for value in row["proof"] or []]


def _check_inclusion(row: Row, index: int, size: int) -> None:
    verify_inclusion(
        leaf_hash=base64.b64decode(row["leafHash"]),
        index=index,
        size=size,
        proof=_proof(row),
        root=base64.b64decode(row["root"]),
    )


def _check_consistency(row: Row, first: int, second: int) -> None:
    verify_consistency(
        first=first,
        second=second,
        first_root=base64.b64decode(row["root1"]),
        second_root=base64.b64decode(row["root2"]),
        proof=_proof(row),
    )


def _check(row: Row) -> None:
    if "treeSize" in row:
        _check_inclusion(row, row["leafIdx"], row["treeSize"])
    elif "leafIdx" in row:
        _check_inclusion(row, row["leafIdx"] - row["start"], row["end"] - row["start"])
    elif "size1" in row:
        _check_consistency(row, row["size1"], row["size2"])
    else:
        _check_consistency(row, row["end"], row["size"])


def _is_about_trees_that_begin_elsewhere(row: Row) -> bool:
    return "root1" in row and row.get("start", 0) != 0


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{part}-{number}-{row['desc']}")
        for part in ("inclusion", "consistency")
        for number, row in enumerate(_rows(part))
        if not _is_about_trees_that_begin_elsewhere(row)
    ],
)
def test_the_verdict_is_that_of_the_vectors(row: Row) -> None:
    stricter = "start" in row and row["desc"] in STRICTER_THAN_THE_VECTORS
    if row["wantErr"] or stricter:
        with pytest.raises(BadProof):
            _check(row)
    else:
        _check(row)


def test_no_row_was_lost_on_the_way() -> None:
    rows = [*_rows("inclusion"), *_rows("consistency")]
    skipped = [row for row in rows if _is_about_trees_that_begin_elsewhere(row)]

    assert len(rows) == 49 + 210
    assert len(skipped) == 7
    assert all(row["wantErr"] or row["start"] == row["end"] for row in skipped)
