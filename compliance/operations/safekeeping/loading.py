"""Filling an empty database, and what belongs to it, from a backup."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from compliance.errors import Refused
from compliance.keys.age import Identity, Passphrase
from compliance.keys.archive import SUBJECT_KEYS
from compliance.keys.files import write_private
from compliance.keys.subjects import SubjectKeys
from compliance.operations.erasure.completing import erase_again
from compliance.operations.safekeeping.checking import CheckedBackup, open_backup
from compliance.operations.safekeeping.lines import BackupDamaged, LineReader, Part
from compliance.store import log
from compliance.store.copying import TableShape, guards_asleep, insert_rows
from compliance.store.revisions import is_known_revision
from compliance.store.schema import upgrade
from compliance.store.session import Database, Tx

_ERASURE: Final = b'"kind":"erasure","v":1}'
"""How the canonical bytes of an erasure end; keys are sorted, so this is exact."""


def load_backup(
    database: Database,
    migrations: Path,
    source: Path,
    using: Passphrase | Identity | None,
    checked: CheckedBackup,
) -> None:
    """Make the tables of the backup's own version, fill them, then bring them up to date."""
    revision = checked.head.revision
    if not is_known_revision(database, migrations, revision):
        raise Refused(
            "SRC",
            revision,
            "is of a version this software does not know",
            allowed=f"a version as new as {checked.head.software}",
        )
    upgrade(database, migrations, revision)
    with source.open("rb") as file:
        reader = open_backup(file, using)
        with database.writing() as tx, guards_asleep(tx):
            for part, rows in _tables(reader):
                try:
                    insert_rows(tx, TableShape(name=part.name, columns=part.columns), rows)
                except (ValueError, TypeError, KeyError) as error:
                    raise BackupDamaged(f"a row of {part.name} cannot be restored") from error
            if reader.digest != checked.digest:
                raise BackupDamaged("the backup was exchanged while it was being restored")
    upgrade(database, migrations)


def _tables(reader: LineReader) -> Iterator[tuple[Part, Iterator[Any]]]:
    for part, values in itertools.groupby(reader.walk(), key=lambda pair: pair[0]):
        if part.kind == "table":
            yield part, (value for _, value in values)


def replay_erasures(tx: Tx, data_dir: Path, clinic_id: str) -> None:
    """Erase again whom the restored log, or this machine's keys, know as erased."""
    end = log.read_head(tx, clinic_id, lock=False)
    bodies = () if end is None else log.read_range(tx, clinic_id, 0, end.size)
    erased = {
        str(json.loads(body)["data"]["subject"])
        for _, _, body in bodies
        if body is not None and bytes(body).endswith(_ERASURE)
    }
    keys = SubjectKeys(data_dir / SUBJECT_KEYS)
    try:
        # A backup from before the erasure has no row that would let the guards agree.
        with guards_asleep(tx):
            erase_again(tx, keys, clinic_id, erased)
    finally:
        keys.close()


def load_reports(folder: Path, source: Path, using: Passphrase | Identity | None) -> None:
    """Put the signed reports of a backup back; one that is there already stays as it is.

    Raises:
        BackupDamaged: a name leads out of the folder.
    """
    with source.open("rb") as file:
        for part, values in itertools.groupby(
            open_backup(file, using).walk(), key=lambda pair: pair[0]
        ):
            path = folder / part.name
            if part.kind == "table" or path.exists():
                continue
            if not path.resolve().is_relative_to(folder.resolve()):
                raise BackupDamaged("a report in the backup has a name that leads elsewhere")
            write_private(path, b"".join(value for _, value in values))
