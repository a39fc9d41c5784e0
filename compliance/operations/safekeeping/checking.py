"""Reading a backup back: every hash, every log recomputed, every checkpoint and signature."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compliance.errors import ComplianceError
from compliance.keys.age import FileKey, Identity, Passphrase, WrongKey, decrypt_from, is_encrypted
from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import decode_entry, parse_time
from compliance.ledger.note import BadNote, open_note, parse_verifier_key
from compliance.ledger.rotation import BadRotation, KeyChain, read_rotation
from compliance.ledger.tree import HASH_BYTES, extend_peaks, fold_peaks, hash_leaf
from compliance.operations.safekeeping.lines import BackupDamaged, LineReader, Part

DATABASE: Final = "database"
KEYS: Final = "keys"
_ROTATED: Final = b'"kind":"key.rotated","v":1}'
"""How the canonical bytes of a rotation end; keys are sorted, so this is exact."""

NOTHING: Final = bytes(HASH_BYTES)
"""In place of the hash of a body that was purged."""

SIGNED: Final = b"aseptrail/backup/v1\n"
"""Stands before the hash of the parts in what a clinic's note key signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpClinic:
    """One clinic as the backup states it."""

    clinic_id: str
    slug: str
    name: str
    demo: bool
    size: int
    root: bytes
    incarnation: int
    checkpoint: str
    note_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHead:
    """The first line of a backup."""

    what: str
    made_at: datetime
    software: str
    revision: str
    """Of the database's schema."""
    clinics: tuple[BackedUpClinic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBackup:
    """A backup that was read to its end and found to be whole."""

    head: BackupHead
    rows: Mapping[str, int]
    """By table."""
    files: int
    digest: bytes
    """Over everything in it."""


@dataclass(slots=True)
class _Log:
    """One clinic's log while it is read; 32 bytes an entry are held."""

    bodies: bytearray = field(default_factory=bytearray)
    peaks: list[bytes] = field(default_factory=list)
    size: int = 0
    chain: KeyChain | None = None
    head: tuple[Any, ...] = ()


def open_backup(source: BinaryIO, using: Passphrase | Identity | FileKey | None) -> LineReader:
    """Open a backup's inside.

    Args:
        source: the file, at its beginning.
        using: what opens it; nothing for a backup that was made with ``--plain``.

    Raises:
        WrongKey: it is encrypted, and to another key.
        FileDamaged, BackupDamaged: it is no backup, or its beginning was altered.
    """
    start = source.read(64)
    source.seek(0)
    if not is_encrypted(start):
        return LineReader(source)
    if using is None:
        raise WrongKey("the backup is encrypted: give the passphrase or the identity file")
    return LineReader(cast("BinaryIO", decrypt_from(source, using)))


def read_backup_head(reader: LineReader) -> BackupHead:
    """Read the first line; raises ``BackupDamaged``."""
    head = reader.head
    try:
        return BackupHead(
            what=str(head["what"]),
            made_at=parse_time(head["made_at"]),
            software=str(head["software"]),
            revision=str(head["revision"]),
            clinics=tuple(_clinic(each) for each in head["clinics"]),
        )
    except (KeyError, TypeError, ValueError, NotCanonical) as error:
        raise BackupDamaged("the first line of the backup cannot be read") from error


def check_backup(path: Path, using: Passphrase | Identity | FileKey | None) -> CheckedBackup:
    """Read a backup of the database to its end and recompute everything that can be.

    Raises:
        BackupDamaged: anything is not as stated; the message says what.
        FileDamaged, WrongKey: the encryption does not open.
    """
    with path.open("rb") as source:
        reader = open_backup(source, using)
        head = read_backup_head(reader)
        if head.what != DATABASE:
            raise BackupDamaged(
                "this holds keys, not records; `compliance restore --keys` takes it"
            )
        logs: dict[str, _Log] = {}
        rows: dict[str, int] = {}
        files = set()
        for part, value in reader.walk():
            if part.kind == "file":
                files.add(part.name)
                continue
            rows[part.name] = rows.get(part.name, 0) + 1
            _take(logs, part, value)
        _check_clinics(head, logs)
        _check_signatures(reader, head)
    return CheckedBackup(head=head, rows=rows, files=len(files), digest=reader.digest)


def _take(logs: dict[str, _Log], part: Part, row: list[Any]) -> None:
    reader = _READERS.get(part.name)
    if reader is None:
        return
    values = {name: value for (name, _), value in zip(part.columns, row, strict=True)}
    try:
        reader(logs.setdefault(str(values["clinic_id"]), _Log()), values)
    except (KeyError, TypeError, ValueError, BadRotation) as error:
        raise BackupDamaged(f"a row of {part.name} cannot be read") from error


def _take_body(log: _Log, row: Mapping[str, Any]) -> None:
    body, index = base64.b64decode(row["body"], validate=True), int(row["idx"])
    if index == 0:
        genesis = decode_entry(0, body)
        log.chain = KeyChain(
            clinic=genesis.clinic,
            note_key=str(genesis.data.get("note_key")),
            certificate_sha256=str(genesis.data.get("certificate_sha256")),
        )
    elif body.endswith(_ROTATED) and log.chain is not None:
        log.chain.follow(index, read_rotation(decode_entry(index, body).data))
    gap = index * HASH_BYTES - len(log.bodies)
    if gap < 0 or log.size:
        raise BackupDamaged("the entries of a log are out of order")
    log.bodies += bytes(gap) + hash_leaf(body)


def _take_entry(log: _Log, row: Mapping[str, Any]) -> None:
    index, leaf = int(row["idx"]), base64.b64decode(row["leaf_hash"], validate=True)
    if index != log.size:
        raise BackupDamaged(f"entry {log.size} of a log is missing")
    body = bytes(log.bodies[index * HASH_BYTES : (index + 1) * HASH_BYTES]) or NOTHING
    if body not in (NOTHING, leaf):
        raise BackupDamaged(f"entry {index} of a log is not what its hash says")
    log.size = extend_peaks(log.peaks, log.size, (leaf,))


def _take_head(log: _Log, row: Mapping[str, Any]) -> None:
    frontier = base64.b64decode(row["frontier"], validate=True)
    log.head = (int(row["size"]), int(row["incarnation"]), frontier)


_READERS: Final = {"log_body": _take_body, "log_entry": _take_entry, "log_head": _take_head}


def _check_clinics(head: BackupHead, logs: Mapping[str, _Log]) -> None:
    if set(logs) != {clinic.clinic_id for clinic in head.clinics}:
        raise BackupDamaged("the backup does not hold the log of each of its clinics")
    for clinic in head.clinics:
        log = logs[clinic.clinic_id]
        root = fold_peaks(log.peaks)
        if (log.size, root) != (clinic.size, clinic.root):
            raise BackupDamaged(
                f"the log of {clinic.slug} has another root than the checkpoint in the backup"
            )
        if log.head != (log.size, clinic.incarnation, b"".join(log.peaks)):
            raise BackupDamaged(f"the end of the log of {clinic.slug} is not what is stored of it")
        if log.chain is None or log.chain.note_key != clinic.note_key:
            raise BackupDamaged(f"the log of {clinic.slug} has another key in force")
        try:
            stated = open_note(clinic.checkpoint, verifier=clinic.note_key)
        except BadNote as error:
            raise BackupDamaged(
                f"the checkpoint of {clinic.slug} does not hold: {error}"
            ) from error
        if (stated.size, stated.root) != (clinic.size, clinic.root):
            raise BackupDamaged(f"the checkpoint of {clinic.slug} is of another moment")


def _check_signatures(reader: LineReader, head: BackupHead) -> None:
    for clinic in head.clinics:
        try:
            _, key = parse_verifier_key(clinic.note_key)
            Ed25519PublicKey.from_public_bytes(key).verify(
                reader.signatures.get(clinic.clinic_id, b""), SIGNED + reader.digest
            )
        except (InvalidSignature, ComplianceError, ValueError) as error:
            raise BackupDamaged(
                f"the backup was not made by the installation of {clinic.slug}: "
                "its signature is wrong"
            ) from error


def _clinic(value: Mapping[str, Any]) -> BackedUpClinic:
    return BackedUpClinic(
        clinic_id=str(value["id"]),
        slug=str(value["slug"]),
        name=str(value["name"]),
        demo=value["demo"] is True,
        size=int(value["size"]),
        root=bytes.fromhex(value["root"]),
        incarnation=int(value["incarnation"]),
        checkpoint=str(value["checkpoint"]),
        note_key=str(value["note_key"]),
    )
