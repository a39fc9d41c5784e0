"""Backups that nobody has to think of, and the sentence when there is none."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from integration.safekeeping.places import MIGRATIONS

from compliance.jobs.backups import looking_after_backups
from compliance.keys.age import new_identity
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.checking import check_backup
from compliance.operations.safekeeping.journal import (
    FILE,
    BackupNote,
    backup_state,
    last_good_backup,
)
from compliance.operations.safekeeping.scheduling import (
    BackupPlan,
    back_up_if_due,
    plan_backups,
)
from compliance.settings import Settings
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house

IDENTITY = new_identity()


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """When a backup is due does not depend on the database."""
    return sqlite_database


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


@pytest.fixture
def plan(tmp_path: Path) -> BackupPlan:
    recipient = tmp_path / "backup.pub"
    recipient.write_text(f"{IDENTITY.recipient}\n")
    return BackupPlan(
        folder=tmp_path / "backups", every=timedelta(hours=24), keep=3, recipient_file=recipient
    )


@pytest.fixture
def look(workshop: Workshop, plan: BackupPlan, tmp_path: Path, clock: Clock) -> object:
    def run() -> BackupNote | None:
        return back_up_if_due(workshop, plan, data_dir=tmp_path, migrations=MIGRATIONS, now=clock())

    return run


def test_a_backup_is_made_when_it_is_due_and_the_oldest_go(
    look: object, plan: BackupPlan, tmp_path: Path, clock: Clock
) -> None:
    assert callable(look)
    stranger = plan.folder / "aseptrail-backup-of-somebody-else.age"
    plan.folder.mkdir()
    stranger.write_bytes(b"not ours")

    made = []
    for _ in range(5):
        note = look()
        assert note is not None
        assert note.ok
        made.append(Path(note.file))
        clock.tick(hours=23)
        assert look() is None
        clock.tick(hours=1)

    assert sorted(plan.folder.iterdir()) == sorted([*made[-3:], stranger])
    assert check_backup(made[-1], IDENTITY).head.clinics[0].slug == "harbour"
    assert backup_state(tmp_path, clock()).ok


def test_a_failed_backup_is_noted_tried_again_and_never_counts_as_good(
    look: object, plan: BackupPlan, tmp_path: Path, clock: Clock
) -> None:
    assert callable(look)
    recipient = plan.recipient_file.read_text()
    plan.recipient_file.write_text("no key")

    failed = look()

    assert not failed.ok
    assert "COMPLIANCE_BACKUP_RECIPIENT" in failed.problem
    assert last_good_backup(tmp_path) is None
    assert look() is None
    clock.tick(hours=1)
    plan.recipient_file.write_text(recipient)
    assert look().ok


def test_the_sentence_says_how_old_the_last_good_backup_is(
    look: object, tmp_path: Path, clock: Clock
) -> None:
    assert callable(look)
    none = backup_state(tmp_path, clock())
    assert (none.ok, none.sentence[:26]) == (False, "There is no backup yet. If")
    look()
    fresh = backup_state(tmp_path, clock.tick(hours=5))
    assert fresh.ok
    assert "5 hours ago, on 20 Nov 2026, 12:00 UTC" in fresh.sentence
    old = backup_state(tmp_path, clock.tick(days=3))
    assert not old.ok
    assert "3 days ago" in old.sentence
    with (tmp_path / FILE).open("a") as file:
        file.write('{"at": "2026-11-')
    assert backup_state(tmp_path, clock()).sentence == old.sentence


def test_without_a_recipient_there_is_no_schedule(tmp_path: Path) -> None:
    bare = Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path)})
    assert plan_backups(bare) is None
    full = Settings.from_environ(
        {
            "COMPLIANCE_DATA_DIR": str(tmp_path),
            "COMPLIANCE_BACKUP_RECIPIENT": str(tmp_path / "key.pub"),
            "COMPLIANCE_BACKUP_EVERY_HOURS": "6",
            "COMPLIANCE_BACKUP_KEEP": "7",
        }
    )
    plan = plan_backups(full)
    assert plan is not None
    assert (plan.folder, plan.every, plan.keep) == (tmp_path / "backups", timedelta(hours=6), 7)


def test_the_worker_looks_at_once_and_survives_what_goes_wrong() -> None:
    looked = threading.Event()

    def look() -> None:
        looked.set()
        raise RuntimeError("the disk went away")

    with looking_after_backups(look):
        assert looked.wait(10)
    with looking_after_backups(None):
        pass
