"""The log at one size, with its signed checkpoint: what every signed file is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from compliance.keys.checkpoints import CheckpointSigner, RollbackDetected
from compliance.keys.rotating import Retiring
from compliance.keys.storage import ClinicKeys
from compliance.ledger.proofs import consistency_proof
from compliance.ledger.tree import Frontier, fold_peaks, subtree_cover
from compliance.operations.rotating import require_current
from compliance.operations.sealing import LogDamaged, node_reader
from compliance.report.payload import ConsistencyStep
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Database, Tx

Signed = TypeVar("Signed")

_TRIES: Final = 4

MAX_STEPS = 40
"""Earlier checkpoints a report proves itself consistent with; the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLog:
    """The log as it stood at one moment, with its signed checkpoint."""

    size: int
    root: bytes
    incarnation: int
    note: str
    keys: Retiring
    steps: tuple[ConsistencyStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(SignedLog):
    """The log as it stood when the report was begun, with the keys that seal the report."""

    keys: ClinicKeys
    cosigned: str = ""
    """The note with the cosignatures of witnesses, where there are any."""

    @property
    def checkpoint(self) -> str:
        """What a file carries as its checkpoint."""
        return self.cosigned or self.note


def sign_tree(tx: Tx, clinic: ClinicRow, keys: ClinicKeys) -> Tree:
    """Sign a checkpoint for a file that is going to be sealed; see `sign_log`."""
    signed = sign_log(tx, clinic.clinic_id, keys)
    return Tree(
        size=signed.size,
        root=signed.root,
        incarnation=signed.incarnation,
        note=signed.note,
        keys=keys,
        steps=signed.steps,
    )


def sign_log(tx: Tx, clinic_id: str, keys: Retiring) -> SignedLog:
    """Sign a checkpoint over the log as this transaction sees it; whoever can, holds the log first.

    Else a longer log could be signed in between, which looks like a database put back.

    Raises:
        RollbackDetected: the log does not continue what the signer remembers.
    """
    head = log.read_head(tx, clinic_id, lock=False)
    if head is None:
        raise LogDamaged("the clinic has no log")
    require_current(tx, keys)
    read = node_reader(tx, clinic_id)

    def root_at(size: int) -> bytes:
        return fold_peaks([read(level, index) for level, index in subtree_cover(0, size)])

    def consistent(size: int, root: bytes) -> bool:
        return root_at(size) == root

    root = Frontier.from_bytes(head.size, head.frontier).root()
    signer = CheckpointSigner(
        name=keys.note_name, private_key=keys.note_private_key, memory=keys.memory_path
    )
    note = signer.sign(head.size, root, consistent=consistent)
    earlier = [step for step in log.list_checkpoints(tx, clinic_id) if 0 < step[0] < head.size]
    steps = tuple(
        ConsistencyStep(size=size, root=old, proof=consistency_proof(size, head.size, read))
        for size, old, _ in earlier[-MAX_STEPS:]
    )
    return SignedLog(
        size=head.size,
        root=root,
        incarnation=head.incarnation,
        note=note,
        keys=keys,
        steps=steps,
    )


@contextmanager
def reading_signed(database: Database, sign: Callable[[Tx], Signed]) -> Iterator[tuple[Tx, Signed]]:
    """Read one snapshot whose checkpoint is signed: a long read that must not hold up writers.

    Between the beginning of the snapshot and the signing another process may have
    signed a longer log. That looks like a database put back, and passes with a newer
    snapshot; what does not pass is one.

    Raises:
        RollbackDetected: the log does not continue what the signer remembers.
    """
    for tries_left in reversed(range(_TRIES)):
        with database.reading() as tx:
            try:
                signed = sign(tx)
            except RollbackDetected:
                if not tries_left:
                    raise
            else:
                yield tx, signed
                return
        # Whoever signed the longer log is done writing when this comes back.
        with database.writing():
            pass
