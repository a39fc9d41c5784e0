"""The worker's rounds over a week, hour by hour, and what the manager's page says meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from web.desk.visiting import browse

from compliance.app import backup_round
from compliance.keys.age import new_identity
from compliance.operations.safekeeping.checking import check_backup
from compliance.operations.safekeeping.journal import read_notes
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House

IDENTITY = new_identity()


@pytest.fixture
def look(app: Flask, house: House, tmp_path: Path) -> Callable[[], object]:
    """One round of the worker, as the settings of a clinic want it."""
    recipient = tmp_path / "backup.pub"
    recipient.write_text(f"{IDENTITY.recipient}\n")
    known = app.extensions[EXTENSION]
    settings = replace(
        known.settings,
        backup_recipient=recipient,
        backup_dir=tmp_path / "safe",
        backup_every_hours=24,
        backup_keep=3,
    )
    app.extensions[EXTENSION] = replace(known, settings=settings)
    made = backup_round(app.extensions[EXTENSION])
    assert made is not None
    return made


def test_a_week_of_rounds_makes_one_a_day_keeps_three_and_warns_when_it_stops(
    app: Flask, house: House, look: Callable[[], object], tmp_path: Path, clock: Clock
) -> None:
    def today() -> str:
        return browse(app, "harbour-manager").read("/manager")

    assert "There is no backup yet." in today()

    for _ in range(5 * 24):
        look()
        clock.tick(hours=1)

    notes = read_notes(tmp_path)
    assert [(note.ok, note.scheduled) for note in notes] == [(True, True)] * 5
    assert {(later.at - note.at).days for note, later in itertools.pairwise(notes)} == {1}
    kept = [Path(note.file) for note in notes[-3:]]
    assert sorted((tmp_path / "safe").iterdir()) == sorted(kept)
    assert check_backup(kept[-1], IDENTITY).head.clinics[0].slug == "harbour"
    assert "No fresh backup" not in today()

    # The worker stands still. One day may be missed, two days are told.
    clock.tick(hours=23)
    assert "No fresh backup" not in today()
    clock.tick(hours=2)
    page = today()
    assert "No fresh backup" in page
    assert "Records since then would be lost." in page

    look()
    assert "No fresh backup" not in today()
    assert len(read_notes(tmp_path)) == 6


def test_a_disk_that_is_full_is_tried_again_every_hour_and_old_backups_stay(
    app: Flask,
    house: House,
    look: Callable[[], object],
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look()
    clock.tick(days=1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("compliance.operations.safekeeping.scheduling.make_backup", full)
        for _ in range(3 * 60):
            look()
            clock.tick(minutes=1)

    notes = read_notes(tmp_path)
    assert [note.ok for note in notes] == [True, False, False, False]
    assert "No space left on device" in notes[-1].problem
    assert Path(notes[0].file).is_file()
    look()
    assert read_notes(tmp_path)[-1].ok
