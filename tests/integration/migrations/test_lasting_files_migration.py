"""Files of reports that were made before are found, and each is due for its time-stamp."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from compliance.domain.access import Actor, Auth, Role
from compliance.operations.reporting.requests import RequestReport, request_report
from compliance.store import lasting_files, log, reports
from compliance.store.schema import downgrade, upgrade
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import build_house

MIGRATIONS = ROOT / "migrations"


def test_files_of_reports_made_before_are_noted(database: Database, tmp_path: Path) -> None:
    house = build_house(database, tmp_path, now=NOON)
    actor = Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    asked = RequestReport(first=NOON.date(), last=NOON.date())
    files = [
        {"name": f"report{end}.pdf", "sha256": end * 64, "pages": 1, "bytes": 7} for end in "ab"
    ]
    with database.writing() as tx:
        made = request_report(tx, asked, actor=actor, now=NOON)
        request_report(tx, asked, actor=actor, now=NOON)
        done = {"state": "done", "files": files}
        reports.update_report(tx, house.clinic_id, made.report_id, done)
        log.insert_place(tx, house.clinic_id, "report_extended", made.report_id, 7)

    downgrade(database, MIGRATIONS, "0021")
    with database.reading() as tx:
        kept = tx.execute(text("SELECT files FROM report WHERE state = 'done'")).scalar_one()
    assert json.loads(kept) == files
    upgrade(database, MIGRATIONS)

    with database.reading() as tx:
        rows = lasting_files.list_due(tx, now=NOON, limit=9)
        row = reports.find_report(tx, house.clinic_id, made.report_id)
    assert row is not None
    assert not row.countersign
    assert [(one.name, one.report, one.sha256, one.stamps) for one in rows] == [
        ("reporta.pdf", made.report_id, "a" * 64, 1),
        ("reportb.pdf", f"{made.report_id}/1", "b" * 64, 0),
    ]
