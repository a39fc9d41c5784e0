"""A long read signs the log it sees, although others write and sign meanwhile."""

from __future__ import annotations

import pytest

from compliance.keys.checkpoints import RollbackDetected
from compliance.keys.storage import load_clinic_keys
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting.trees import Tree, reading_signed, sign_tree
from compliance.store import log
from compliance.store.session import Tx
from givens import NOON
from harbour import House, open_one


def sign(house: House, tx: Tx) -> Tree:
    keys = load_clinic_keys(house.keys_folder, house.clinic_id)
    return sign_tree(tx, find_clinic(tx, "harbour"), keys)


def size_of(house: House, tx: Tx) -> int:
    head = log.read_head(tx, house.clinic_id, lock=False)
    assert head is not None
    return head.size


def test_a_longer_log_signed_meanwhile_is_no_rollback(house: House) -> None:
    sizes: list[int] = []

    def sign_late(tx: Tx) -> Tree:
        sizes.append(size_of(house, tx))
        if len(sizes) == 1:
            # A colleague works and a report is signed after this snapshot began.
            open_one(house, NOON)
            with house.database.writing() as other:
                sign(house, other)
        return sign(house, tx)

    with reading_signed(house.database, sign_late) as (tx, tree):
        assert tree.size == size_of(house, tx)

    assert len(sizes) == 2
    assert sizes[1] > sizes[0]
    assert tree.size == sizes[1]


def test_a_log_that_stays_shorter_than_what_was_signed_is_one(house: House) -> None:
    tries: list[int] = []

    def sign_another(tx: Tx) -> Tree:
        tries.append(size_of(house, tx))
        raise RollbackDetected("the log is shorter than what was signed")

    with pytest.raises(RollbackDetected), reading_signed(house.database, sign_another):
        raise AssertionError("nothing may be read")

    assert len(tries) == 4
