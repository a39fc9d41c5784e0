"""``backup-log.jsonl`` in the data folder: what was backed up, when, and whether it was good."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from compliance.ledger.entry import format_time, parse_time

FILE: Final = "backup-log.jsonl"
GRACE: Final = 2
"""A backup may be so many intervals old before somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicNote:
    """Where one clinic's log stood in a backup."""

    clinic_id: str
    slug: str
    size: int
    root: str
    """In hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupNote:
    """One backup, good or failed."""

    at: datetime
    ok: bool
    """Good means: read back, every hash checked, every log recomputed."""
    scheduled: bool
    file: str
    """The whole path; empty when none was made."""
    size: int
    """Bytes."""
    clinics: tuple[ClinicNote, ...] = ()
    problem: str = ""
    what: str = "database"
    """``database``, or ``keys`` for the archive that is kept apart."""

    def to_json(self) -> dict[str, Any]:
        return {
            "at": format_time(self.at),
            "what": self.what,
            "ok": self.ok,
            "scheduled": self.scheduled,
            "file": self.file,
            "size": self.size,
            "clinics": [
                {"clinic": each.clinic_id, "slug": each.slug, "size": each.size, "root": each.root}
                for each in self.clinics
            ],
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupState:
    """Whether there is a backup to rely on, in a sentence for the manager's page."""

    ok: bool
    sentence: str


def add_note(data_dir: Path, note: BackupNote) -> None:
    """Append one line and bring it to the disk."""
    descriptor = os.open(data_dir / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(note.to_json(), ensure_ascii=False) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_notes(data_dir: Path) -> list[BackupNote]:
    """All notes, oldest first; a line that cannot be read says nothing and is left out."""
    path = data_dir / FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [note for line in lines if (note := _read_note(line)) is not None]


def last_good_backup(data_dir: Path) -> BackupNote | None:
    """The newest good backup of the records, wherever it went."""
    return _last(note for note in read_notes(data_dir) if note.ok and note.what == "database")


def last_keys_backup(data_dir: Path) -> BackupNote | None:
    """The newest archive of the keys."""
    return _last(note for note in read_notes(data_dir) if note.ok and note.what == "keys")


def last_attempt(data_dir: Path) -> BackupNote | None:
    """The newest scheduled backup, good or failed."""
    return _last(note for note in read_notes(data_dir) if note.scheduled)


def backup_state(data_dir: Path, now: datetime, *, every_hours: int = 24) -> BackupState:
    """Say whether the last good backup is fresh enough.

    Args:
        every_hours: how often backups are wanted; twice that is too old.
    """
    last = last_good_backup(data_dir)
    if last is None:
        return BackupState(
            ok=False,
            sentence="There is no backup yet. If this machine breaks, every record on it is lost.",
        )
    age = now - last.at
    when = f"The last good backup was made {_ago(age)}, on {last.at:%-d %b %Y, %H:%M} UTC."
    if age > timedelta(hours=every_hours * GRACE):
        return BackupState(ok=False, sentence=f"{when} Records since then would be lost.")
    return BackupState(ok=True, sentence=when)


def _last(notes: Iterable[BackupNote]) -> BackupNote | None:
    found = list(notes)
    return max(found, key=lambda note: note.at) if found else None


def _ago(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    if hours < 1:
        return "less than an hour ago"
    if hours < 48:
        return f"{hours} hour{'s' if hours > 1 else ''} ago"
    return f"{hours // 24} days ago"


def _read_note(line: str) -> BackupNote | None:
    try:
        value: Mapping[str, Any] = json.loads(line)
        return BackupNote(
            at=parse_time(value["at"]),
            what=str(value["what"]),
            ok=value["ok"] is True,
            scheduled=value["scheduled"] is True,
            file=str(value["file"]),
            size=int(value["size"]),
            clinics=tuple(
                ClinicNote(
                    clinic_id=str(each["clinic"]),
                    slug=str(each["slug"]),
                    size=int(each["size"]),
                    root=str(each["root"]),
                )
                for each in value["clinics"]
            ),
            problem=str(value["problem"]),
        )
    except (ValueError, KeyError, TypeError):
        # A crash while it was written cut the line off.
        return None
