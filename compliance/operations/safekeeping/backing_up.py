"""Making a backup while the installation is in use."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from compliance.errors import Conflict, NotFound, Refused
from compliance.keys.age import FileKey, Passphrase, Recipient, encrypt_to
from compliance.keys.files import flush_folder
from compliance.keys.retiring import load_retiring
from compliance.ledger.entry import format_time
from compliance.operations.reporting.trees import SignedLog, reading_signed, sign_log
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.safekeeping.checking import DATABASE, SIGNED, check_backup
from compliance.operations.safekeeping.journal import BackupNote, ClinicNote, add_note
from compliance.operations.safekeeping.lines import LineWriter
from compliance.store import clinics
from compliance.store.clinics import ClinicRow
from compliance.store.copying import list_tables, read_rows
from compliance.store.revisions import newest_revision, read_revision
from compliance.store.session import Database, Tx

SHORTEST_PASSPHRASE: Final = 12
"""Characters. Whoever finds the file can try as often as the machine allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackUp:
    """What to back up, and where to."""

    destination: Path
    """A folder, or the file to make; a file that exists is never overwritten."""
    to: Passphrase | Recipient | None
    """Nothing makes a readable file, which only an explicit ``--plain`` may ask for."""
    reports: bool = False
    """Also the signed report files."""
    scheduled: bool = False


def make_backup(
    workshop: Workshop, command: BackUp, *, data_dir: Path, migrations: Path, now: datetime
) -> BackupNote:
    """Write a backup, read it back, and note it as good; one reading transaction.

    Nobody waits for it: the snapshot is one of the database's own, on either kind. A
    crash leaves a hidden part file and no note.

    Raises:
        Conflict: the file exists already.
        NotFound: the installation has no clinic.
        Refused: a short passphrase, or a database of another version than the software.
        RollbackDetected: the log does not continue what was signed before.
        BackupDamaged: what was written could not be read back.
    """
    check_passphrase(command.to)
    path = destination_file(command.destination, "backup", command.to, now=now)
    with part_file(path) as (part, target):
        with open_sealed(target, command.to) as (inside, key):
            roots = _write(workshop, inside, command, migrations=migrations, now=now)
        settle(target)
        check_backup(part, key)
    note = BackupNote(
        at=now,
        ok=True,
        scheduled=command.scheduled,
        file=str(path),
        size=path.stat().st_size,
        clinics=roots,
    )
    add_note(data_dir, note)
    return note


def destination_file(
    destination: Path, kind: str, to: Passphrase | Recipient | None, *, now: datetime
) -> Path:
    """The file to make: the destination itself, or one named after the moment in that folder.

    Raises:
        Conflict: it exists already.
        Refused: the folder does not exist.
    """
    path = destination.absolute()
    if path.is_dir():
        ending = "jsonl.gz" if to is None else "age"
        path = path / f"aseptrail-{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.{ending}"
    if path.exists():
        raise Conflict(f"{path} exists already; a backup never overwrites anything")
    if not path.parent.is_dir():
        raise Refused("DEST", str(destination), "lies in a folder that does not exist")
    return path


@contextmanager
def part_file(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A private file beside the path that gets its name only when all went well."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            yield part, target
        part.rename(path)
        flush_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def open_sealed(
    target: BinaryIO, to: Passphrase | Recipient | None
) -> Iterator[tuple[BinaryIO, FileKey | None]]:
    """Where to write, encrypted or not; the key is for reading back."""
    if to is None:
        yield target, None
        return
    writer, key = encrypt_to(target, to)
    yield cast("BinaryIO", writer), key
    writer.finish()


def settle(target: BinaryIO) -> None:
    """Bring the bytes to the disk and out of the cache, so that reading back asks the disk."""
    target.flush()
    os.fsync(target.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def check_passphrase(to: Passphrase | Recipient | None) -> None:
    """Raise ``Refused`` for a passphrase that is soon guessed."""
    if isinstance(to, Passphrase) and len(to.text) < SHORTEST_PASSPHRASE:
        raise Refused(
            "passphrase", "…", "is too short", allowed=f"{SHORTEST_PASSPHRASE} characters or more"
        )


def _write(
    workshop: Workshop, target: BinaryIO, command: BackUp, *, migrations: Path, now: datetime
) -> tuple[ClinicNote, ...]:
    def sign(tx: Tx) -> list[tuple[ClinicRow, SignedLog]]:
        _require_newest(workshop.database, migrations, read_revision(tx))
        return _sign_trees(tx, workshop)

    with reading_signed(workshop.database, sign) as (tx, trees):
        head = {
            "what": DATABASE,
            "made_at": format_time(now),
            "software": software_name(),
            "revision": read_revision(tx),
            "clinics": [_describe(clinic, tree) for clinic, tree in trees],
        }
        lines = LineWriter(target, head)
        for shape in list_tables():
            lines.write_table(shape.name, shape.columns, read_rows(tx, shape))
    if command.reports:
        _write_reports(lines, workshop.reports_folder)
    digest = lines.finish()
    lines.close(
        {
            clinic.clinic_id: tree.keys.note_private_key.sign(SIGNED + digest)
            for clinic, tree in trees
        }
    )
    return tuple(
        ClinicNote(
            clinic_id=clinic.clinic_id, slug=clinic.slug, size=tree.size, root=tree.root.hex()
        )
        for clinic, tree in trees
    )


def _require_newest(database: Database, migrations: Path, revision: str | None) -> None:
    if revision != newest_revision(database, migrations):
        raise Refused(
            "database",
            revision,
            "is of another version than this software",
            allowed="start `compliance run` once to bring it up to date",
        )


def _sign_trees(tx: Tx, workshop: Workshop) -> list[tuple[ClinicRow, SignedLog]]:
    found = clinics.list_clinics(tx)
    if not found:
        raise NotFound("there is no clinic yet, so there is nothing to back up")
    return [
        (clinic, sign_log(tx, clinic.clinic_id, keys))
        for clinic in found
        # A backup is not put off because a token is out.
        for keys in (load_retiring(workshop.keys_folder, clinic.clinic_id),)
    ]


def _describe(clinic: ClinicRow, tree: SignedLog) -> dict[str, Any]:
    return {
        "id": clinic.clinic_id,
        "slug": clinic.slug,
        "name": clinic.name,
        "demo": clinic.demo,
        "size": tree.size,
        "root": tree.root.hex(),
        "incarnation": tree.incarnation,
        "checkpoint": tree.note,
        "note_key": tree.keys.note_verifier_key,
    }


def _write_reports(lines: LineWriter, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        # A report under way has a hidden or temporary name; its row says that it is not done.
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as source:
                lines.write_file(path.relative_to(folder).as_posix(), source)
