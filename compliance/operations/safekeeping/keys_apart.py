"""The keys in an archive of their own, so that no single file is the whole installation."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from pathlib import Path
from typing import Final

from compliance.errors import NotFound
from compliance.keys.age import FileKey, Identity, Passphrase, Recipient
from compliance.keys.archive import (
    KEYS as KEYS_FOLDER,
)
from compliance.keys.archive import (
    SubjectKey,
    find_missing,
    holds_keys,
    list_key_files,
    put_key_files,
    put_subject_keys,
    read_subject_keys,
)
from compliance.keys.files import only_one
from compliance.ledger.entry import format_time
from compliance.operations.reporting.workshop import software_name
from compliance.operations.safekeeping.backing_up import (
    check_passphrase,
    destination_file,
    open_sealed,
    part_file,
    settle,
)
from compliance.operations.safekeeping.checking import KEYS, open_backup, read_backup_head
from compliance.operations.safekeeping.journal import BackupNote, add_note
from compliance.operations.safekeeping.lines import BackupDamaged, LineWriter

_TABLE: Final = "subject_key"
_COLUMNS: Final = (("clinic_id", "text"), ("subject_id", "text"), ("key", "bytes"))


def back_up_keys(
    data_dir: Path, destination: Path, to: Passphrase | Recipient, *, now: datetime
) -> BackupNote:
    """Write all keys to an encrypted file and read it back.

    Raises:
        NotFound: there are no keys yet.
        Conflict, Refused: as `make_backup`.
    """
    check_passphrase(to)
    if not (data_dir / KEYS_FOLDER / "root").is_dir():
        raise NotFound(f"{data_dir} holds no keys yet; the first clinic makes them")
    path = destination_file(destination, "keys", to, now=now)
    with part_file(path) as (part, target):
        with open_sealed(target, to) as (inside, key):
            lines = LineWriter(inside, _head(now))
            with only_one(data_dir / KEYS_FOLDER):
                for name in list_key_files(data_dir):
                    lines.write_file(name, io.BytesIO((data_dir / name).read_bytes()))
                lines.write_table(
                    _TABLE,
                    _COLUMNS,
                    (
                        (clinic, subject, base64.b64encode(secret).decode("ascii"))
                        for clinic, subject, secret in read_subject_keys(data_dir)
                    ),
                )
            lines.finish()
            lines.close({})
        settle(target)
        _read_keys(part, key)
    note = BackupNote(
        at=now, ok=True, scheduled=False, file=str(path), size=path.stat().st_size, what=KEYS
    )
    add_note(data_dir, note)
    return note


def restore_keys(data_dir: Path, source: Path, using: Passphrase | Identity) -> list[str]:
    """Put the keys back into a data folder, never over one that is there; returns their names.

    Everything is read and found whole before the first key is written. Beside keys that are
    there only missing files are put back, and no person's key: it may be gone on purpose.

    Raises:
        Conflict: nothing is missing, or the keys that are there are not the archive's.
        BackupDamaged, FileDamaged, WrongKey: as `check_backup`.
    """
    files, subjects = _read_keys(source, using)
    if holds_keys(data_dir):
        files = find_missing(data_dir, files)
    else:
        put_subject_keys(data_dir, subjects)
    put_key_files(data_dir, sorted(files.items()))
    return sorted(files)


def _head(now: datetime) -> dict[str, object]:
    return {
        "what": KEYS,
        "made_at": format_time(now),
        "software": software_name(),
        "revision": "",
        "clinics": [],
    }


def _read_keys(
    path: Path, using: Passphrase | Identity | FileKey | None
) -> tuple[dict[str, bytes], list[SubjectKey]]:
    files: dict[str, bytes] = {}
    subjects: list[SubjectKey] = []
    with path.open("rb") as source:
        reader = open_backup(source, using)
        if read_backup_head(reader).what != KEYS:
            raise BackupDamaged("this holds records, not keys; leave --keys out")
        for part, value in reader.walk():
            if part.kind == "file":
                files[part.name] = files.get(part.name, b"") + value
            else:
                clinic, subject, secret = value
                subjects.append((clinic, subject, base64.b64decode(secret, validate=True)))
    return files, subjects
