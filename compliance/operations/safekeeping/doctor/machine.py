"""What the doctor sees without the database: files, secrets, disk, backups, settings."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pysqlite3.dbapi2

from compliance.operations.safekeeping.doctor.findings import (
    Finding,
    information,
    unsafe,
    warning,
)
from compliance.operations.safekeeping.journal import (
    backup_state,
    last_attempt,
    last_good_backup,
    last_keys_backup,
)
from compliance.operations.safekeeping.scheduling import read_recipient
from compliance.settings import LOCAL_TSA, SettingInvalid, Settings

SHORTEST_SECRET: Final = 32
"""Characters."""

SAFE_SQLITE: Final = (3, 51, 3)
"""Earlier versions can lose a committed transaction when a write-ahead log is reset
(sqlite.org, release notes of 3.51.3)."""

LITTLE_SPACE: Final = 2 * 1024**3
NO_SPACE: Final = 200 * 1024**2
"""Bytes."""

KEYS_EVERY: Final = timedelta(days=90)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def look_at_files(data_dir: Path) -> Iterator[Finding]:
    """Secrets that other users of the machine could read."""
    secret = ("keys", "tls", "secret-key", "subject-keys.sqlite3")
    for name in secret:
        top = data_dir / name
        open_ones = [path for path in (top, *top.rglob("*")) if _is_open(path)]
        if open_ones:
            yield unsafe(
                "file_mode",
                f"Other users of this machine can read {top}.",
                "Whoever has the keys can sign reports in the clinic's name or read names.",
                f"chmod -R go= {top}",
            )
    database = [path for path in data_dir.glob("*.sqlite3*") if path.name not in secret]
    if _is_open(data_dir) and any(map(_is_open, database)):
        yield warning(
            "folder_mode",
            f"Other users of this machine can read the records in {data_dir}.",
            "They hold health data.",
            f"chmod go= {data_dir}",
        )


def look_at_secret(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The key of the browser cookies."""
    if len(settings.secret_key) < SHORTEST_SECRET:
        yield unsafe(
            "secret_key_short",
            f"The secret key has fewer than {SHORTEST_SECRET} characters.",
            "Whoever guesses it can make a cookie and be anybody.",
            "unset COMPLIANCE_SECRET_KEY  (one is made and kept on the next start)",
        )
    if environ.get("COMPLIANCE_SECRET_KEY"):
        yield information(
            "secret_key_in_environment",
            "The secret key comes from the environment.",
            "Environments end up in process lists and logs; the file it is kept in otherwise does not.",
            "unset COMPLIANCE_SECRET_KEY",
        )


def look_at_sqlite(settings: Settings) -> Iterator[Finding]:
    if settings.uses_sqlite and pysqlite3.dbapi2.sqlite_version_info < SAFE_SQLITE:
        yield unsafe(
            "sqlite_version",
            f"SQLite {pysqlite3.dbapi2.sqlite_version} is in use.",
            "It can lose a committed record when its write-ahead log is reset.",
            "pip install --upgrade pysqlite3",
        )


def look_at_disk(data_dir: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(data_dir).free
    if free >= LITTLE_SPACE:
        return
    say = unsafe if free < NO_SPACE else warning
    yield say(
        "disk_space",
        f"The disk of {data_dir} has {free // 1024**2} MiB left.",
        "On a full disk no session can be closed.",
        f"du -sh {data_dir}/*  (then make room or enlarge the disk)",
    )


def look_at_backups(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether what would be lost with this machine is somewhere else."""
    state = backup_state(settings.data_dir, now, every_hours=settings.backup_every_hours)
    if not state.ok:
        yield warning(
            "backup_missing" if last_good_backup(settings.data_dir) is None else "backup_old",
            state.sentence,
            "A disk that breaks takes with it everything since the last backup.",
            f"{_key_first(settings)}compliance backup DEST --recipient {_recipient(settings)}",
        )
    yield from _look_at_schedule(settings)
    keys = last_keys_backup(settings.data_dir)
    if (settings.data_dir / "keys" / "root").is_dir() and (
        keys is None or now - keys.at > KEYS_EVERY
    ):
        yield warning(
            "keys_not_backed_up",
            "The keys were not backed up in the last 90 days.",
            "Without them a restored clinic cannot sign, and names stay unreadable for ever.",
            f"{_key_first(settings)}compliance backup --keys DEST --recipient {_recipient(settings)}",
        )


def _recipient(settings: Settings) -> str:
    """The public key that backups are encrypted to, as far as it is known."""
    return "FILE.pub" if settings.backup_recipient is None else str(settings.backup_recipient)


def _key_first(settings: Settings) -> str:
    """The command that makes a key, for whoever has none yet."""
    return "compliance backup --new-key FILE; " if settings.backup_recipient is None else ""


def _look_at_schedule(settings: Settings) -> Iterator[Finding]:
    if settings.backup_recipient is None:
        yield warning(
            "backup_schedule_off",
            "Scheduled backups are off: COMPLIANCE_BACKUP_RECIPIENT is not set.",
            "Backups that somebody has to remember are forgotten.",
            "compliance backup --new-key FILE; export COMPLIANCE_BACKUP_RECIPIENT=FILE.pub",
        )
        return
    try:
        read_recipient(settings.backup_recipient)
    except SettingInvalid as error:
        yield warning(
            "backup_recipient",
            f"{error}.",
            "No scheduled backup can be made.",
            "compliance backup --new-key FILE; export COMPLIANCE_BACKUP_RECIPIENT=FILE.pub",
        )
    last = last_attempt(settings.data_dir)
    if last is not None and not last.ok:
        yield warning(
            "backup_failed",
            f"The last scheduled backup failed: {last.problem}.",
            "It is tried again every hour, and nothing newer is safe until one succeeds.",
            f"compliance backup DEST --recipient {_recipient(settings)}",
        )
    folder = settings.backup_dir or settings.data_dir / "backups"
    if folder.is_dir() and folder.stat().st_dev == settings.data_dir.stat().st_dev:
        yield information(
            "backup_same_disk",
            f"Scheduled backups lie on the disk of the records ({folder}).",
            "One broken disk then takes both. Copy them elsewhere or name another disk.",
            "export COMPLIANCE_BACKUP_DIR=/another/disk",
        )


def look_at_root_key(data_dir: Path) -> Iterator[Finding]:
    if (data_dir / "keys" / "root" / "root.key").exists():
        yield information(
            "root_key_here",
            "The installation's root key is on this machine.",
            "Whoever takes the machine over could certify another clinic in your name.",
            f"move {data_dir}/keys/root/root.key to a medium in the safe; only a new clinic, `compliance key rotate`, `key revoke` and renewals need it",
        )


def look_at_services(settings: Settings) -> Iterator[Finding]:
    if settings.tsa_url is None:
        yield information(
            "tsa_not_set",
            "No time-stamping service is set.",
            "Reports then prove no time by anybody but the clinic's own clock.",
            "export COMPLIANCE_TSA_URL=https://…",
        )
    if settings.tsa_urls == (LOCAL_TSA,):
        yield information(
            "tsa_local",
            "The only time-stamp authority is this installation's own, which is not independent.",
            "Whoever has this machine can make it say any time, so it proves nothing to an inspector.",
            "export COMPLIANCE_TSA_URL=https://…",
        )
    if set(settings.tsa_urls) - {LOCAL_TSA} and not settings.tsa_certificates:
        yield warning(
            "tsa_not_pinned",
            "COMPLIANCE_TSA_CERTIFICATES is not set, so no time-stamp can be checked or kept.",
            "Anybody could answer in the authority's place.",
            "export COMPLIANCE_TSA_CERTIFICATES=/path/to/authority.pem",
        )


def _is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & _OTHERS)
