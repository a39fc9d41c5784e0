"""Everything of an installation that is secret and not in its database, out and in again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pysqlite3 import dbapi2

from compliance.errors import Conflict, Refused
from compliance.keys.files import make_private_folder, only_one, write_private
from compliance.keys.subjects import SubjectKeys

KEYS: Final = "keys"
SUBJECT_KEYS: Final = "subject-keys.sqlite3"
_FOLDERS: Final = (KEYS, "tls")
_FILES: Final = ("secret-key",)

SubjectKey = tuple[str, str, bytes]
"""Clinic id, subject id, key."""


def list_key_files(data_dir: Path) -> list[str]:
    """The names of the key files below the data folder; locks and half-written files are none."""
    found = [name for name in _FILES if (data_dir / name).is_file()]
    for folder in _FOLDERS:
        found += sorted(
            path.relative_to(data_dir).as_posix()
            for path in (data_dir / folder).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )
    return found


def read_subject_keys(data_dir: Path) -> Iterator[SubjectKey]:
    """The keys of all persons, as one consistent picture; nothing where there is no file."""
    path = data_dir / SUBJECT_KEYS
    if not path.exists():
        return
    connection = dbapi2.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        yield from connection.execute(
            "SELECT clinic_id, subject_id, key FROM subject_key ORDER BY clinic_id, subject_id"
        )
    finally:
        connection.close()


def require_no_keys(data_dir: Path) -> None:
    """See that nothing would be overwritten.

    Raises:
        Conflict: keys of an installation are here already.
    """
    if (data_dir / KEYS / "root").exists() or any(read_subject_keys(data_dir)):
        raise Conflict(
            f"{data_dir} holds keys already; keys are only put back into a folder without any"
        )


def put_key_files(data_dir: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write key files back, private as they were; returns how many.

    Raises:
        Refused: a name that leads out of the folder.
    """
    count = 0
    with only_one(data_dir / KEYS):
        for name, content in files:
            parts = Path(name).parts
            if Path(name).is_absolute() or ".." in parts or parts[0] not in (*_FOLDERS, *_FILES):
                raise Refused("file", name, "is no place for a key")
            write_private(data_dir / name, content)
            count += 1
    return count


def put_subject_keys(data_dir: Path, keys: Iterable[SubjectKey]) -> None:
    """Write the keys of persons back in one step."""
    make_private_folder(data_dir)
    SubjectKeys(data_dir / SUBJECT_KEYS).close()
    connection = dbapi2.connect(os.fspath(data_dir / SUBJECT_KEYS), timeout=10)
    try:
        with connection:
            connection.executemany("INSERT INTO subject_key VALUES (?, ?, ?)", keys)
    finally:
        connection.close()
