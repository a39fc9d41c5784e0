"""Nobody goes back unseen: the log, the signer, the report and the inspector all tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from integration.safekeeping.places import (
    LATER,
    MIGRATIONS,
    back_up,
    bring_back,
    judge,
    report,
    workshop_at,
)

from compliance.errors import Conflict
from compliance.keys.checkpoints import RollbackDetected
from compliance.keys.storage import KeysMissing
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.restoring import (
    Installation,
    acknowledge_restore,
    confirm_restore,
    find_installation,
    undo_restore,
)
from compliance.operations.safekeeping.rollback import check_rollback, read_ends
from compliance.report.content.reading import read_content
from compliance.report.content.values import ExceptionKind
from compliance.report.verifying.verdict import Outcome
from compliance.store.session import Database
from compliance.store.standby import DatabaseInUse, NothingKept
from harbour import House, closed_session

AFTER = LATER + timedelta(hours=1)
"""Still the day of the reports."""


@pytest.fixture
def at_home(house: House, tmp_path: Path) -> Iterator[Installation]:
    """The installation of the house itself, closed: as when its server has stopped."""
    url = house.database.engine.url.render_as_string(hide_password=False)
    yield find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)
    house.database.dispose()


def test_a_restore_is_told_by_the_report_and_seen_by_whoever_kept_a_later_checkpoint(
    house: House, workshop: Workshop, tmp_path: Path, at_home: Installation
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    closed_session(house, LATER, client="C-9")
    first = report(workshop, house.clinic_id, tmp_path / "first.pdf", LATER)
    kept = judge(first, house.keys_folder).checkpoint
    assert kept is not None
    ended = read_ends(house.database)[house.clinic_id]
    house.database.dispose()

    restored = bring_back(at_home, made, replace=True)
    again = workshop_at(at_home, workshop)
    second = report(again, house.clinic_id, tmp_path / "second.pdf", AFTER)
    again.database.dispose()

    newcomer = judge(second, house.keys_folder)
    assert newcomer.outcome is Outcome.ACCEPTED
    assert newcomer.audit is not None
    assert newcomer.audit.data["incarnation"] == 2
    (line,) = [
        line
        for line in read_content(newcomer.audit).exceptions
        if line.kind is ExceptionKind.RESTORED
    ]
    assert line.number == restored.ends[house.clinic_id].size - 1
    assert f"The record that was replaced had {ended.size} entries" in line.sentence
    held = judge(second, house.keys_folder, kept)
    assert held.outcome is Outcome.REJECTED
    assert [check.code for check in held.failed] == ["history"]


def test_a_checkpoint_from_before_the_backup_still_holds(
    house: House, workshop: Workshop, tmp_path: Path, at_home: Installation
) -> None:
    first = report(workshop, house.clinic_id, tmp_path / "first.pdf", LATER)
    kept = judge(first, house.keys_folder).checkpoint
    assert kept is not None
    made = back_up(workshop, tmp_path / "late.jsonl.gz", now=LATER)
    closed_session(house, LATER, client="C-9")
    house.database.dispose()

    bring_back(at_home, made, replace=True)
    again = workshop_at(at_home, workshop)
    second = report(again, house.clinic_id, tmp_path / "second.pdf", AFTER)
    again.database.dispose()

    verdict = judge(second, house.keys_folder, kept)
    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 3)


def test_a_database_put_back_by_hand_is_noticed_until_somebody_owns_up(
    house: House, workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    early = elsewhere()
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    bring_back(early, made)
    now = workshop_at(early, workshop)
    copy = early.data_dir / "copy-of-the-night"
    shutil.copyfile(early.data_dir / "compliance.sqlite3", copy)
    report(now, house.clinic_id, tmp_path / "day.pdf", LATER)
    report(now, house.clinic_id, tmp_path / "again.pdf", LATER)
    now.database.dispose()
    for leftover in early.data_dir.glob("compliance.sqlite3*"):
        leftover.unlink()
    copy.rename(early.data_dir / "compliance.sqlite3")

    rolled_back = workshop_at(early, workshop)
    (told,) = check_rollback(rolled_back.database, early.keys_folder)
    assert "rollback detected" in told
    with pytest.raises(RollbackDetected):
        report(rolled_back, house.clinic_id, tmp_path / "refused.pdf", AFTER)
    rolled_back.database.dispose()

    ends = acknowledge_restore(early, system_user="tests", now=AFTER)

    mended = workshop_at(early, workshop)
    assert ends[house.clinic_id].incarnation == 3
    assert check_rollback(mended.database, early.keys_folder) == []
    assert audit_clinic(mended.database, house.clinic_id).problems == ()
    pdf = report(mended, house.clinic_id, tmp_path / "mended.pdf", AFTER)
    mended.database.dispose()
    assert judge(pdf, house.keys_folder).outcome is Outcome.ACCEPTED


def test_a_lost_signer_memory_is_noticed_and_begun_anew_when_acknowledged(
    house: House, at_home: Installation
) -> None:
    (at_home.keys_folder / house.clinic_id / "signer-memory.json").unlink()
    (told,) = check_rollback(house.database, house.keys_folder)
    assert "memory" in told
    house.database.dispose()

    acknowledge_restore(at_home, system_user="tests", now=LATER)

    opened = at_home.site.open_current()
    assert opened is not None
    assert check_rollback(opened, house.keys_folder) == []
    opened.dispose()


def test_undo_brings_the_former_records_back_and_confirm_deletes_what_is_kept(
    house: House, workshop: Workshop, tmp_path: Path, at_home: Installation
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    closed_session(house, LATER, client="C-9")
    before = read_ends(house.database)[house.clinic_id]
    house.database.dispose()
    restored = bring_back(at_home, made, replace=True)
    assert at_home.site.kept() == [restored.kept]

    # In the same second: names must not collide.
    undone = undo_restore(at_home, system_user="tests", now=LATER)

    end = undone.ends[house.clinic_id]
    assert (end.size, end.incarnation) == (before.size + 1, 3)
    again = workshop_at(at_home, workshop)
    assert check_rollback(again.database, house.keys_folder) == []
    assert audit_clinic(again.database, house.clinic_id).problems == ()
    again.database.dispose()
    assert at_home.site.kept() == [undone.kept]
    assert confirm_restore(at_home) == [undone.kept]
    assert at_home.site.kept() == []
    with pytest.raises(NothingKept):
        undo_restore(at_home, system_user="tests", now=AFTER)


def test_records_are_not_replaced_unless_that_is_said(
    house: House, workshop: Workshop, tmp_path: Path, at_home: Installation
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    house.database.dispose()

    with pytest.raises(Conflict, match="--replace"):
        bring_back(at_home, made)


def test_a_database_that_somebody_has_open_is_not_replaced(
    house: House, workshop: Workshop, tmp_path: Path, at_home: Installation
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    before = read_ends(house.database)
    with house.database.reading():
        pass

    with pytest.raises(DatabaseInUse):
        bring_back(at_home, made, replace=True)

    assert read_ends(house.database) == before
    assert at_home.site.kept() == []


def test_nothing_is_restored_without_the_keys_that_signed_it(
    house: House, workshop: Workshop, tmp_path: Path, database: Database
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    bare = tmp_path / "bare"
    bare.mkdir()
    url = f"sqlite:///{bare / 'compliance.sqlite3'}"
    place = find_installation(url, data_dir=bare, migrations=MIGRATIONS)

    with pytest.raises(KeysMissing, match="restore --keys"):
        bring_back(place, made)

    assert not (bare / "compliance.sqlite3").exists()
