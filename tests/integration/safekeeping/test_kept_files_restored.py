"""Kept files after a restore: what an older log cannot know of is no problem, anything else is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from integration.safekeeping.places import LATER, back_up, bring_back, workshop_at

from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.auditing.kept_bytes import FilesAt
from compliance.operations.auditing.problems import Problem
from compliance.operations.reporting.traced_lists import list_search
from compliance.operations.reporting.tracing import ExportedTrace, export_trace
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.restoring import Installation
from givens import NOON
from harbour import House


def hand_out(workshop: Workshop, house: House, kind: str, ref: str) -> ExportedTrace:
    with workshop.database.reading() as tx:
        listed = list_search(tx, kind, ref, actor=house.manager, keyring=house.keyring)
    return export_trace(workshop, listed, actor=house.manager, now=NOON)


def age(folder: Path, moment: datetime) -> None:
    for path in folder.rglob("*.pdf"):
        os.utime(path, (moment.timestamp(), moment.timestamp()))


def problems(workshop: Workshop, house: House) -> tuple[Problem, ...]:
    files = FilesAt(folder=workshop.reports_folder, now=LATER + timedelta(hours=1))
    return audit_clinic(workshop.database, house.clinic_id, files=files).problems


def test_files_come_back_with_the_records_or_are_excused_by_the_restore(
    house: House, workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    made = hand_out(workshop, house, "lot", "L1")
    bare = back_up(workshop, tmp_path / "bare.jsonl.gz")
    place = elsewhere()
    bring_back(place, bare)
    again = workshop_at(place, workshop)
    assert problems(again, house) == ()

    # The machine's folder survived, with a list of which the log that was put back knows nothing.
    hand_out(workshop, house, "client", "C-3")
    shutil.copytree(workshop.reports_folder, again.reports_folder)
    age(again.reports_folder, NOON)
    assert problems(again, house) == ()
    age(again.reports_folder, LATER + timedelta(minutes=1))
    (problem,) = problems(again, house)
    assert "no entry of the log names these bytes" in problem.reason
    age(again.reports_folder, NOON)

    # A time-stamp that came after the backup makes a file longer, and nothing else.
    kept = again.reports_folder / house.clinic_id / made.path.name
    whole = kept.read_bytes()
    kept.write_bytes(whole + b"a later revision\n%%EOF\n")
    assert problems(again, house) == ()
    kept.write_bytes(whole[:-9] + b"another end\n%%EOF\n")
    (problem,) = problems(again, house)
    assert "its SHA-256 is" in problem.reason
    again.database.dispose()
