"""What the doctor sees in the database and the keys that belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from compliance.keys.storage import ClinicKeys, KeysMissing, load_clinic_keys, load_root
from compliance.keys.tokens import TokenRefused
from compliance.ledger.entry import parse_time
from compliance.operations.revocations import find_unlisted
from compliance.operations.rotating import KeysBehind, require_current
from compliance.operations.safekeeping.doctor.certificates import look_at_root, look_at_seal
from compliance.operations.safekeeping.doctor.findings import (
    Finding,
    information,
    unsafe,
    warning,
)
from compliance.operations.safekeeping.rollback import check_rollback
from compliance.store import clinics, erasures, log, reports
from compliance.store.condition import endless_tokens, newest_entry, people_absent_since
from compliance.store.revisions import newest_revision, read_revision
from compliance.store.session import Database, Tx

ABSENT: Final = timedelta(days=180)
STALE_JOB: Final = timedelta(minutes=10)
CLOCK_SLACK: Final = timedelta(minutes=5)
_SHOWN: Final = 5


def look_at_records(
    database: Database, keys_folder: Path, migrations: Path, now: datetime
) -> Iterator[Finding]:
    """Everything that needs the database; stops at one of another version."""
    with database.reading() as tx:
        revision = read_revision(tx)
    newest = newest_revision(database, migrations)
    if revision != newest:
        yield warning(
            "database_revision",
            f"The database is of version {revision or 'none'}; this software needs {newest}.",
            "Nothing works on it until it is brought up to date.",
            "compliance run",
        )
        return
    for sentence in check_rollback(database, keys_folder):
        yield unsafe(
            "rollback",
            f"{sentence}.",
            "What would be signed now contradicts what an inspector may hold.",
            "compliance restore --acknowledge  (or restore a newer backup)",
        )
    with database.reading() as tx:
        yield from _look_at_clinics(tx, keys_folder, now)
        yield from _look_at_clock(tx, now)
        yield from _look_at_jobs(tx, now)
        yield from _look_at_people(tx, now)
        yield from _look_at_erasures(tx)


def _look_at_clinics(tx: Tx, keys_folder: Path, now: datetime) -> Iterator[Finding]:
    found = clinics.list_clinics(tx)
    if not found:
        return
    try:
        root = load_root(keys_folder)
        yield from look_at_root(root, now)
    except KeysMissing as error:
        root = None
        yield _keys_missing("The root certificate", error)
    for clinic in found:
        if clinic.demo:
            yield warning(
                "demo_data",
                f"{clinic.slug} is a demo.",
                "Demo data beside real records confuses everybody; `compliance run` refuses it.",
                "use another folder for real records: export COMPLIANCE_DATA_DIR=…",
            )
        try:
            keys = load_clinic_keys(keys_folder, clinic.clinic_id)
        except KeysMissing as error:
            yield _keys_missing(f"A key of {clinic.slug}", error)
            continue
        except TokenRefused as error:
            yield unsafe(
                "token_refused",
                f"The token that seals the reports of {clinic.slug} does not answer: {error}.",
                "Without it no report can be signed.",
                "put the token in; or, where it is lost: compliance key rotate --clinic"
                f" {clinic.slug}",
            )
            continue
        yield from look_at_seal(keys.certificate, root, clinic.slug, now)
        yield from _look_at_rotation(tx, keys, clinic.slug)
        yield from _look_at_revocations(tx, keys_folder, clinic.clinic_id, clinic.slug)
        yield from _look_at_incarnation(tx, clinic.clinic_id, clinic.slug)


def _look_at_rotation(tx: Tx, keys: ClinicKeys, slug: str) -> Iterator[Finding]:
    try:
        require_current(tx, keys)
    except KeysBehind as error:
        yield unsafe(
            "keys_behind",
            f"The keys of {slug} are older than its log: {error}.",
            "No report can be signed with them.",
            "compliance restore --keys FILE",
        )


def _look_at_revocations(tx: Tx, keys_folder: Path, clinic_id: str, slug: str) -> Iterator[Finding]:
    missing = find_unlisted(tx, clinic_id, keys_folder)
    if missing:
        yield unsafe(
            "revocation_unlisted",
            f"{len(missing)} revocations that the log of {slug} knows are not in the keys folder.",
            "The list of revoked certificates does not name them, and inspectors trust them still.",
            "compliance run  (a start puts them back on the list)",
        )


def _look_at_erasures(tx: Tx) -> Iterator[Finding]:
    waiting = erasures.list_incomplete(tx)
    if waiting:
        yield unsafe(
            "erasure_unfinished",
            f"{len(waiting)} erasures were signed and not finished.",
            "The keys of those persons still exist, and files may quote them.",
            "compliance erasure finish",
        )


def _look_at_incarnation(tx: Tx, clinic_id: str, slug: str) -> Iterator[Finding]:
    head = log.read_head(tx, clinic_id, lock=False)
    if head is not None and head.incarnation > 1:
        yield information(
            "log_restored",
            f"The log of {slug} is in incarnation {head.incarnation}: its database was put back.",
            "Every report says so first. An inspector who kept a later checkpoint sees the break.",
            "show them the entry `restore` in the log and say why",
        )


def _keys_missing(whose: str, error: KeysMissing) -> Finding:
    return unsafe(
        "keys_missing",
        f"{whose} is missing: {error}.",
        "Without it no report can be signed.",
        "compliance restore --keys FILE",
    )


def _look_at_clock(tx: Tx, now: datetime) -> Iterator[Finding]:
    last = newest_entry(tx)
    if last is not None and parse_time(last) - now > CLOCK_SLACK:
        yield warning(
            "clock_behind",
            f"The newest entry was recorded at {last}, later than this machine's clock says.",
            "Every entry until then is marked as a clock anomaly.",
            "timedatectl set-ntp true",
        )


def _look_at_jobs(tx: Tx, now: datetime) -> Iterator[Finding]:
    stale = [row for row in reports.list_unfinished(tx) if now - row.beat_at > STALE_JOB]
    if stale:
        yield warning(
            "worker_not_running",
            f"{len(stale)} reports have been waiting for more than 10 minutes.",
            "The worker that makes them, and the scheduled backups, does not run.",
            "compliance worker",
        )


def _look_at_people(tx: Tx, now: datetime) -> Iterator[Finding]:
    absent = people_absent_since(tx, now - ABSENT)
    if absent:
        yield warning(
            "people_absent",
            f"{len(absent)} people have not signed in for 180 days: {_some(absent)}.",
            "An account that nobody uses is one whose misuse nobody notices.",
            "compliance user list  (then deactivate who has left, on the page People)",
        )
    for token in endless_tokens(tx):
        yield information(
            "token_endless",
            f"The API token {token.label!r} of {token.slug} never expires.",
            "A lost token is good for whoever finds it.",
            f"compliance token revoke {token.token_id} --clinic {token.slug}",
        )


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
