"""Everything of an installation that is secret and not in its database, out and in again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
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
_MEMORY: Final = "signer-memory.json"
_FIXED: Final = frozenset(
    {"root.pem", "root.key", "seal.pem", "seal.key", "note.key", "blind-index.key"}
)
"""What makes a folder of keys the one it is, until a rotation."""

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


def holds_keys(data_dir: Path) -> bool:
    """Whether any key of an installation is here."""
    return (data_dir / KEYS / "root").exists() or any(read_subject_keys(data_dir))


def find_missing(data_dir: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Which of an archive's files are missing beside the keys that are here.

    A folder of keys is one whole: of a clinic that got new keys since the archive was made, an
    old one among the new ones would be worse than none. What a signer remembers is never
    put back either, for it would have forgotten what it signed since.

    Raises:
        Conflict: keys here are others than those of the archive, or nothing is missing.
    """
    missing = {}
    for name, content in files.items():
        path = data_dir / name
        if path.name == _MEMORY and path.parent.exists():
            continue
        if not path.exists():
            missing[name] = content
        elif path.name in _FIXED and name.startswith(f"{KEYS}/") and path.read_bytes() != content:
            raise Conflict(
                f"{path.parent} holds keys already, and others than the archive: it is another "
                "installation's, or older than the last rotation"
            )
    if not missing:
        raise Conflict(f"{data_dir} holds keys already, and none of the archive's is missing")
    return missing


def put_key_files(data_dir: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write key files back, private as they were.

    Raises:
        Refused: a name that leads out of the folder.
    """
    with only_one(data_dir / KEYS):
        for name, content in files:
            parts = Path(name).parts
            if Path(name).is_absolute() or ".." in parts or parts[0] not in (*_FOLDERS, *_FILES):
                raise Refused("file", name, "is no place for a key")
            write_private(data_dir / name, content)


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
