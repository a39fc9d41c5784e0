"""Backups that nobody has to think of: when one is due, and which old ones go."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError
from compliance.keys.age import Recipient, parse_recipient
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.backing_up import BackUp, make_backup
from compliance.operations.safekeeping.journal import (
    BackupNote,
    add_note,
    last_attempt,
    read_notes,
)
from compliance.settings import SettingInvalid, Settings

RETRY: Final = timedelta(hours=1)
"""After a failed backup; a full disk is not asked every minute."""

_LOG: Final = logging.getLogger("aseptrail.backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """How scheduled backups are made."""

    folder: Path
    every: timedelta
    keep: int
    recipient_file: Path


def plan_backups(settings: Settings) -> BackupPlan | None:
    """The plan the settings ask for; nothing without a recipient, for a key must be elsewhere."""
    if settings.backup_recipient is None:
        return None
    return BackupPlan(
        folder=settings.backup_dir or settings.data_dir / "backups",
        every=timedelta(hours=settings.backup_every_hours),
        keep=settings.backup_keep,
        recipient_file=settings.backup_recipient,
    )


def read_recipient(path: Path) -> Recipient:
    """Read the public key of scheduled backups.

    Raises:
        SettingInvalid: the file is not there or holds no public key.
    """
    try:
        return parse_recipient(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ComplianceError) as error:
        raise SettingInvalid(
            f"COMPLIANCE_BACKUP_RECIPIENT: {path} cannot be used: {error}. "
            "Make a key with `compliance backup --new-key FILE`"
        ) from error


def back_up_if_due(
    workshop: Workshop, plan: BackupPlan, *, data_dir: Path, migrations: Path, now: datetime
) -> BackupNote | None:
    """Make a backup if it is time, and delete those beyond the ones to keep.

    Never raises for a backup that fails: it is noted, logged, and tried again after an
    hour. Old ones go only after a new one was found good, and only files that this
    installation's journal names.
    """
    with _only_one(data_dir) as first:
        if not first or not is_due(last_attempt(data_dir), plan, now=now):
            return None
        try:
            plan.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            command = BackUp(
                destination=plan.folder, to=read_recipient(plan.recipient_file), scheduled=True
            )
            note = make_backup(workshop, command, data_dir=data_dir, migrations=migrations, now=now)
        except (ComplianceError, OSError) as error:
            _LOG.exception("the scheduled backup failed")
            note = BackupNote(at=now, ok=False, scheduled=True, file="", size=0, problem=str(error))
            add_note(data_dir, note)
            return note
        delete_old(data_dir, plan)
        return note


def is_due(last: BackupNote | None, plan: BackupPlan, *, now: datetime) -> bool:
    """Whether it is time; a clock that was wrong for a while puts nothing off for years."""
    if last is None:
        return True
    wait = plan.every if last.ok else RETRY
    return now - last.at >= wait or last.at - now > plan.every


def delete_old(data_dir: Path, plan: BackupPlan) -> list[Path]:
    """Delete the oldest scheduled backups in the plan's folder; returns what went."""
    there = [
        Path(note.file)
        for note in sorted(read_notes(data_dir), key=lambda note: note.at)
        if note.ok and note.scheduled and Path(note.file).parent == plan.folder
    ]
    present = [path for path in dict.fromkeys(there) if path.is_file()]
    gone = present[: max(0, len(present) - plan.keep)]
    for path in gone:
        path.unlink()
    return gone


@contextmanager
def _only_one(data_dir: Path) -> Iterator[bool]:
    """Whether no other process of this installation is at it."""
    with (data_dir / "backup.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
