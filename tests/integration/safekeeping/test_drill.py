"""The restore drill: from either database into either, and everything is still there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from integration.safekeeping.places import (
    LATER,
    SECRET,
    back_up,
    bring_back,
    judge,
    report,
    workshop_at,
)
from sqlalchemy import inspect

from compliance.keys.age import new_identity
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.checking import check_backup
from compliance.operations.safekeeping.journal import last_good_backup
from compliance.operations.safekeeping.restoring import Installation
from compliance.operations.safekeeping.rollback import check_rollback
from compliance.report.verifying.verdict import Outcome
from compliance.store.copying import LEFT_OUT, list_tables, read_rows
from compliance.store.session import Database
from givens import NOON
from harbour import House, closed_session

CHANGED = {"log_head", "log_entry", "log_body", "log_place"}
"""By the ``restore`` entry."""


def dump(database: Database) -> dict[str, list[list[Any]]]:
    with database.reading() as tx:
        return {shape.name: list(read_rows(tx, shape)) for shape in list_tables()}


def test_every_table_of_the_database_is_in_a_backup(database: Database) -> None:
    with database.reading() as tx:
        stored = set(inspect(tx).get_table_names())

    assert stored == {shape.name for shape in list_tables()} | LEFT_OUT | {"alembic_version"}


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_restores_into_either(
    target: str,
    house: House,
    workshop: Workshop,
    tmp_path: Path,
    elsewhere: Callable[[], Installation],
    request: pytest.FixtureRequest,
) -> None:
    made = back_up(workshop, tmp_path / "drill.age", to=SECRET)
    note = last_good_backup(tmp_path)
    assert note is not None
    before = dump(house.database)
    make = elsewhere if target == "sqlite" else request.getfixturevalue("empty_postgresql")
    place = make()

    restored = bring_back(place, made, using=SECRET)

    again = workshop_at(place, workshop)
    after = dump(again.database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"log_node"} == CHANGED
    assert restored.kept is None
    assert restored.ends[house.clinic_id].incarnation == 2
    assert restored.ends[house.clinic_id].size == note.clinics[0].size + 1
    assert check_rollback(again.database, place.keys_folder) == []
    assert audit_clinic(again.database, house.clinic_id).problems == ()
    pdf = report(again, house.clinic_id, tmp_path / "after.pdf", LATER)
    verdict = judge(pdf, house.keys_folder)
    again.database.dispose()
    assert verdict.outcome is Outcome.ACCEPTED, verdict.sentence


def test_work_goes_on_while_a_backup_is_made(
    house: House, workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    failures: list[Exception] = []
    started, enough = threading.Event(), threading.Event()

    def work() -> None:
        try:
            number = 0
            while not enough.is_set() or number < 3:
                number += 1
                closed_session(house, NOON + timedelta(minutes=number), client=f"B-{number}")
                started.set()
        except Exception as error:  # noqa: BLE001 (the test's own thread must be able to tell)
            failures.append(error)
            started.set()

    worker = threading.Thread(target=work)
    worker.start()
    started.wait(30)
    made = back_up(workshop, tmp_path / "busy.jsonl.gz", now=NOON + timedelta(hours=1))
    enough.set()
    worker.join(60)

    assert failures == []
    place = elsewhere()
    bring_back(place, made, now=NOON + timedelta(days=1))
    again = workshop_at(place, workshop)
    problems = audit_clinic(again.database, house.clinic_id).problems
    again.database.dispose()
    assert problems == ()


def test_a_public_key_alone_makes_a_backup_that_its_secret_half_opens(
    house: House, workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    identity = new_identity()
    made = back_up(workshop, tmp_path / "to-a-key.age", to=identity.recipient)

    assert check_backup(made, identity).head.clinics[0].slug == "harbour"
    assert bring_back(elsewhere(), made, using=identity).ends[house.clinic_id].incarnation == 2


def test_report_files_come_back_where_they_were_asked_for(
    house: House, workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    folder = workshop.reports_folder / house.clinic_id
    folder.mkdir(parents=True)
    pdf = report(workshop, house.clinic_id, folder / "day.pdf", NOON)
    made = back_up(workshop, tmp_path / "with-reports.jsonl.gz", reports=True)
    place = elsewhere()

    bring_back(place, made)

    restored = place.data_dir / "reports" / house.clinic_id / "day.pdf"
    assert restored.read_bytes() == pdf.read_bytes()
    assert restored.stat().st_mode & 0o777 == 0o600
