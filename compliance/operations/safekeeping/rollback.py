"""Whether the database was put back behind what its clinics have already signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance.domain.access import system_actor
from compliance.keys.checkpoints import CheckpointSigner, SignerMemoryLost, start_memory
from compliance.keys.retiring import load_retiring
from compliance.keys.rotating import Retiring
from compliance.keys.storage import KeysMissing
from compliance.ledger.entry import format_time
from compliance.ledger.tree import Frontier, fold_peaks, subtree_cover
from compliance.operations.revocations import enter_missing_revocations
from compliance.operations.rotating import enter_missing_rotations
from compliance.operations.safekeeping.checking import BackedUpClinic
from compliance.operations.sealing import RESTORE, LogDamaged, append, node_reader
from compliance.store import clinics, log
from compliance.store.session import Database, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """Where a log stood."""

    size: int
    root: bytes
    incarnation: int | None
    """Nothing where only the signer's memory is left, which does not know it."""

    def to_data(self) -> dict[str, Any]:
        return {"size": self.size, "root": self.root.hex(), "incarnation": self.incarnation}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterRestore:
    """What the ``restore`` entry of one clinic says."""

    how: str
    """``backup``, ``undo`` or ``by_hand``."""
    previous: LogEnd | None
    """The end of the log that was replaced, as far as it is known."""
    backup: BackedUpClinic | None = None
    backup_at: datetime | None = None


def check_rollback(database: Database, keys_folder: Path) -> list[str]:
    """Compare each clinic's log with what its signer remembers; a sentence for each that is behind.

    A server must not start while there is one: what it would sign contradicts what an
    inspector may hold. Opens one reading transaction.
    """
    found = []
    with database.reading() as tx:
        for clinic in clinics.list_clinics(tx):
            try:
                signer = signer_of(load_retiring(keys_folder, clinic.clinic_id))
                remembered = signer.remembered()
            except KeysMissing:
                continue
            except SignerMemoryLost as error:
                found.append(f"{clinic.slug}: {error}, so nobody can tell whether the log is whole")
                continue
            if remembered is not None and not _continues(tx, clinic.clinic_id, *remembered):
                size = read_end(tx, clinic.clinic_id).size
                found.append(
                    f"{clinic.slug}: rollback detected. A log of {remembered[0]} entries was "
                    f"signed; this database has {size} and does not continue it"
                )
    return found


def signer_of(keys: Retiring) -> CheckpointSigner:
    return CheckpointSigner(
        name=keys.note_name, private_key=keys.note_private_key, memory=keys.memory_path
    )


def read_end(tx: Tx, clinic_id: str) -> LogEnd:
    """Where a clinic's log stands; raises ``LogDamaged``."""
    head = log.read_head(tx, clinic_id, lock=False)
    if head is None:
        raise LogDamaged("the clinic has no log")
    root = Frontier.from_bytes(head.size, head.frontier).root()
    return LogEnd(size=head.size, root=root, incarnation=head.incarnation)


def read_ends(database: Database) -> dict[str, LogEnd]:
    """Where every clinic's log stands, by clinic id; one reading transaction."""
    with database.reading() as tx:
        return {
            clinic.clinic_id: read_end(tx, clinic.clinic_id) for clinic in clinics.list_clinics(tx)
        }


def remembered_end(keys_folder: Path, clinic_id: str) -> LogEnd | None:
    """What the clinic's signer signed last, where keys and memory are there."""
    try:
        remembered = signer_of(load_retiring(keys_folder, clinic_id)).remembered()
    except (KeysMissing, SignerMemoryLost):
        return None
    if remembered is None:
        return None
    return LogEnd(size=remembered[0], root=remembered[1], incarnation=None)


def enter_restore(
    tx: Tx,
    clinic_id: str,
    command: EnterRestore,
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> LogEnd:
    """Append the ``restore`` entry, which begins a new incarnation; the caller's transaction.

    Rotations and revocations that the restored log does not know are entered again after it.
    Returns where the log stands with it: what the signer is then told to accept.
    """
    own = read_end(tx, clinic_id)
    former = command.previous.incarnation if command.previous else None
    backup = command.backup
    data = {
        "how": command.how,
        "incarnation": max(own.incarnation or 1, former or 1) + 1,
        "backup": None
        if backup is None or command.backup_at is None
        else {
            "at": format_time(command.backup_at),
            "size": backup.size,
            "root": backup.root.hex(),
        },
        "previous": None if command.previous is None else command.previous.to_data(),
    }
    append(tx, system_actor(clinic_id, system_user), RESTORE, data, now=now)
    enter_missing_rotations(tx, clinic_id, keys_folder, system_user=system_user, now=now)
    enter_missing_revocations(tx, clinic_id, keys_folder, system_user=system_user, now=now)
    return read_end(tx, clinic_id)


def accept_ends(keys_folder: Path, ends: dict[str, LogEnd]) -> None:
    """Tell the signers to go on from here; the entries that say so are durable already."""
    for clinic_id, end in sorted(ends.items()):
        keys = load_retiring(keys_folder, clinic_id)
        try:
            signer_of(keys).accept_restore(end.size, end.root)
        except SignerMemoryLost:
            # A person has just recorded why; a new memory begins at that record.
            start_memory(keys.memory_path)
            signer_of(keys).accept_restore(end.size, end.root)


def _continues(tx: Tx, clinic_id: str, size: int, root: bytes) -> bool:
    end = read_end(tx, clinic_id)
    if end.size < size:
        return False
    if end.size == size or size == 0:
        return size == 0 or end.root == root
    read = node_reader(tx, clinic_id)
    return fold_peaks([read(level, index) for level, index in subtree_cover(0, size)]) == root
