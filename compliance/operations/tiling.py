"""Writing a clinic's log as a folder of tiles that anybody can publish or monitor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from compliance.errors import Conflict
from compliance.keys.retiring import load_retiring
from compliance.ledger.tiles import NotTileable, TileWriter
from compliance.operations.reporting.trees import reading_signed, sign_log
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Database

_BETWEEN_REPORTS = 4096
"""Entries between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiled:
    size: int
    root: bytes
    files: int
    """Written now; tiles that were there already are not counted."""


def export_tiles(
    database: Database,
    clinic: ClinicRow,
    folder: Path,
    *,
    keys_folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Tiled:
    """Write the tiles of a clinic's log and, last of all, its signed checkpoint.

    A folder of an earlier export is continued: whole tiles never change, so one that
    would means that the log is another. Reads one snapshot; memory stays flat.

    Raises:
        Conflict: a tile in the folder has another content: this is not the same log.
        RollbackDetected: the log does not continue what was signed before.
        NotTileable: an entry's body is gone or too long.
    """
    keys = load_retiring(keys_folder, clinic.clinic_id)
    with reading_signed(database, lambda tx: sign_log(tx, clinic.clinic_id, keys)) as (tx, tree):
        writer, written = TileWriter(), 0
        for index, leaf_hash, body in log.read_range(tx, clinic.clinic_id, 0, tree.size):
            if body is None:
                raise NotTileable(f"the body of entry {index} is gone, so no bundle can hold it")
            for path, content in writer.add(bytes(leaf_hash), bytes(body)):
                written += _put(folder, path, content)
            if progress is not None and (index + 1) % _BETWEEN_REPORTS == 0:
                progress(index + 1, tree.size)
        for path, content in writer.finish():
            written += _put(folder, path, content)
    with database.writing() as tx:
        log.insert_checkpoint(tx, clinic.clinic_id, tree.size, tree.root, tree.note)
    _replace(folder / "checkpoint", tree.note.encode())
    if progress is not None:
        progress(tree.size, tree.size)
    return Tiled(size=tree.size, root=tree.root, files=written)


def _put(folder: Path, name: str, content: bytes) -> int:
    path = folder / name
    if path.exists():
        if path.read_bytes() != content:
            raise Conflict(f"{name} is there already with other hashes: that is another log")
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    return 1


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)
