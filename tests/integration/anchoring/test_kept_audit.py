"""The audit finds a kept file that is missing, altered, foreign, or put over other bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import drop_guards
from sqlalchemy import text

from compliance.domain.access import system_actor
from compliance.operations.anchoring.extending import extend_reports
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.auditing.kept import read_kept
from compliance.operations.auditing.kept_bytes import FilesAt
from compliance.operations.erasure.asking import (
    RequestErasure,
    confirm_erasure,
    request_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.operations.once import Keyed, RequestKey
from compliance.operations.reporting.picking_up import pick_up_files
from compliance.operations.reporting.requests import RequestReport, request_report
from compliance.operations.reporting.single import INSPECTION, ExportSession, export_session
from compliance.operations.reporting.traced_lists import list_search
from compliance.operations.reporting.tracing import export_trace
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import append
from compliance.store import lasting_files
from givens import NOON, Clock
from harbour import House, closed_session

EARLIER = (NOON - timedelta(days=1)).timestamp()
LIST, SESSION = "list-", "session-"


@dataclass(frozen=True, slots=True)
class Kept:
    """A session's file and a list of who met a lot; each with its archive time-stamp."""

    house: House
    workshop: Workshop
    folder: Path
    former: dict[str, bytes]
    """Their bytes before the time-stamp, by name."""

    def path(self, begins: str) -> Path:
        (found,) = self.folder.glob(f"{begins}*.pdf")
        return found

    def problems(self, now: Clock) -> list[tuple[str, str]]:
        files = FilesAt(folder=self.workshop.reports_folder, now=now())
        found = audit_clinic(self.house.database, self.house.clinic_id, files=files)
        return [(each.table, each.reason) for each in found.problems]


@pytest.fixture
def kept(house: House, workshop: Workshop, clock: Clock, tmp_path: Path) -> Kept:
    session = closed_session(house, NOON)
    manager = house.manager
    request = RequestKey(
        clinic_id=house.clinic_id, principal=manager.user_id, route="file", key="once"
    )
    command = ExportSession(
        session_id=session,
        purpose=INSPECTION,
        output=tmp_path / "session.pdf",
        keyed=Keyed(request=request, body={}),
    )
    export_session(workshop, command, actor=manager, now=clock())
    with house.database.reading() as tx:
        listed = list_search(tx, "lot", "L1", actor=manager, keyring=house.keyring)
    export_trace(workshop, listed, actor=manager, now=clock())
    folder = workshop.reports_folder / house.clinic_id
    former = {path.name: path.read_bytes() for path in folder.glob("*.pdf")}
    assert extend_reports(workshop, now=clock.tick(hours=2)) == len(former) == 2
    for path in folder.iterdir():
        os.utime(path, (EARLIER, EARLIER))
    found = Kept(house, workshop, folder, former)
    assert found.problems(clock) == []
    return found


def alter(kept: Kept) -> None:
    data = bytearray(kept.path(LIST).read_bytes())
    data[len(data) // 2] ^= 1
    kept.path(LIST).write_bytes(bytes(data))


def cut_off(kept: Kept) -> None:
    path = kept.path(SESSION)
    path.write_bytes(kept.former[path.name])


def put_among(kept: Kept) -> None:
    foreign = kept.folder / "session-01a12ad5-8a00-7936-bfd4-f8aa04334069.pdf"
    foreign.write_bytes(b"%PDF-1.7 made up")
    os.utime(foreign, (EARLIER, EARLIER))


def tear(kept: Kept) -> None:
    """Other bytes, and an entry that says they were extended: everything but the beginning fits."""
    path = kept.path(LIST)
    with kept.house.database.reading() as tx:
        row = lasting_files.find_file(tx, kept.house.clinic_id, path.name)
    assert row is not None
    data = path.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6", 1) + b"%%EOF\n"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    told = {"report": row.report, "former_sha256": row.sha256, "sha256": sha256}
    with kept.house.database.writing() as tx:
        actor = system_actor(kept.house.clinic_id, "tests")
        append(tx, actor, "report.renewed", told, now=NOON + timedelta(hours=3))
        lasting_files.update_file(tx, row, {"sha256": sha256, "stamps": 2})


def lose(kept: Kept) -> None:
    kept.path(LIST).unlink()


BYTES: tuple[tuple[Callable[[Kept], None], str, str], ...] = (
    (lose, LIST, "the file is missing"),
    (alter, LIST, "its SHA-256 is"),
    (cut_off, SESSION, "its SHA-256 is"),
    (put_among, SESSION, "no entry of the log names these bytes"),
    # The last, for it writes to the log.
    (tear, LIST, "does not begin with the bytes it had"),
)


def test_bytes_that_are_not_the_logs_are_named(kept: Kept, clock: Clock) -> None:
    """One change after the other, each undone before the next."""
    whole = {path: path.read_bytes() for path in kept.folder.iterdir()}
    for change, begins, reason in BYTES:
        change(kept)
        ((place, said),) = kept.problems(clock)
        assert (place, f"name={begins}" in said, reason in said) == ("kept file", True, True), said
        for path in kept.folder.iterdir():
            path.unlink()
        for path, data in whole.items():
            path.write_bytes(data)


LASTING = (
    ("UPDATE lasting_file SET sha256 = 'other'", 2, "column sha256 is other"),
    ("UPDATE lasting_file SET stamps = 0 WHERE name LIKE 'list-%'", 1, "column stamps is 0"),
    ("DELETE FROM lasting_file WHERE name LIKE 'list-%'", 1, "the row is missing"),
    (
        "UPDATE lasting_file SET name = 'a.pdf' WHERE name LIKE 'list-%'",
        2,
        "the log calls this file list-",
    ),
    (
        (
            "INSERT INTO lasting_file (clinic_id, name, report, sha256, size, stamps)"
            " SELECT clinic_id, 'b.pdf', 'never-made', sha256, size, stamps FROM lasting_file"
            " WHERE name LIKE 'list-%'"
        ),
        1,
        "no entry of the log made this file",
    ),
)
TRACED = (
    ("UPDATE traced_file SET made_by = 'somebody'", 1, "column made_by is 'somebody'"),
    ("UPDATE traced_file SET ref = 'L2'", 1, "column ref is 'L2'"),
    ("DELETE FROM traced_file", 1, "the row is missing"),
    (
        (
            "INSERT INTO traced_file SELECT clinic_id, 'made-up', idx, purpose, recall_id, kind,"
            " ref, made_by, made_at, name, said, people FROM traced_file"
        ),
        1,
        "no entry of the log made this row",
    ),
)


def test_rows_that_were_changed_by_hand_are_named(kept: Kept) -> None:
    """One change after the other, each undone before the next."""
    database = kept.house.database
    drop_guards(database)
    for table, cases in (("lasting_file", LASTING), ("traced_file", TRACED)):
        for statement, count, reason in cases:
            with database.writing() as tx:
                tx.execute(text(f"CREATE TABLE aside AS SELECT * FROM {table}"))
                tx.execute(text(statement))
            found = audit_clinic(database, kept.house.clinic_id).problems
            assert {each.table for each in found} == {table}, statement
            assert (len(found), reason in found[0].reason) == (count, True), found
            with database.writing() as tx:
                tx.execute(text(f"DELETE FROM {table}"))
                tx.execute(text(f"INSERT INTO {table} SELECT * FROM aside"))
                tx.execute(text("DROP TABLE aside"))
    assert audit_clinic(database, kept.house.clinic_id).problems == ()


def test_an_entry_that_extends_other_bytes_than_there_were_is_named(kept: Kept) -> None:
    with kept.house.database.reading() as tx:
        rows = read_kept(tx, kept.house.clinic_id)
    told = {"report": rows[0].report, "former_sha256": "0" * 64, "sha256": rows[0].sha256}
    with kept.house.database.writing() as tx:
        actor = system_actor(kept.house.clinic_id, "tests")
        append(tx, actor, "report.renewed", told, now=NOON + timedelta(hours=3))
    reasons = [p.reason for p in audit_clinic(kept.house.database, kept.house.clinic_id).problems]
    assert any("added to other bytes than those before it" in reason for reason in reasons)


def test_what_an_erasure_removed_is_not_missed(kept: Kept, clock: Clock) -> None:
    house = kept.house
    asked = RequestErasure(client_ref="C-1001", basis="gdpr_17_1_b")
    with house.database.writing() as tx:
        row = request_erasure(tx, asked, actor=house.manager, now=clock(), keyring=house.keyring)
    with house.database.writing() as tx:
        confirm_erasure(tx, row.erasure_id, grant=None, actor=house.practitioner, now=clock())
    complete_erasures(kept.workshop, now=clock())
    assert list(kept.folder.glob("*.pdf")) == []
    assert kept.problems(clock) == []


def crash_before_the_name(kept: Kept) -> None:
    path = kept.path(LIST)
    path.rename(path.with_name(f".{path.name}.extended"))
    path.write_bytes(kept.former[path.name])


def make_a_report(kept: Kept) -> None:
    """Somebody's report is under way, and its first volume lies there."""
    command = RequestReport(first=NOON.date(), last=NOON.date())
    with kept.house.database.writing() as tx:
        report = request_report(tx, command, actor=kept.house.manager, now=NOON).report_id
    day = NOON.date().isoformat()
    volume = kept.folder / f"audit-{day}-{day}-{report[-8:]}-01.pdf"
    volume.write_bytes(b"%PDF-1.7 not finished")
    os.utime(volume, (EARLIER, EARLIER))


def keep_a_young_one(kept: Kept) -> None:
    put_among(kept)
    young = kept.path("session-01a12ad5-8a00-7936-bfd4-f8aa04334069")
    at = (NOON + timedelta(hours=2)).timestamp()
    os.utime(young, (at, at))


def test_what_is_under_way_is_no_problem(kept: Kept, clock: Clock) -> None:
    for change in (crash_before_the_name, make_a_report, keep_a_young_one):
        change(kept)
        assert kept.problems(clock) == []


def test_a_lost_file_is_missed_for_ever_and_keeps_no_other_waiting(
    kept: Kept, clock: Clock
) -> None:
    kept.path(LIST).unlink()
    extend_reports(kept.workshop, now=clock.tick(days=9000))
    ((place, said),) = kept.problems(clock)
    assert (place, "the file is missing" in said) == ("kept file", True)


def test_files_that_were_kept_before_they_were_noted_are_picked_up(
    kept: Kept, clock: Clock
) -> None:
    """As version 0022 found them: the file of a key, and its entry without a word of keeping."""
    house, path = kept.house, kept.path(SESSION)
    assert pick_up_files(kept.workshop, now=clock()) == 0
    with house.database.writing() as tx:
        sha256 = hashlib.sha256(kept.former[path.name]).hexdigest()
        day = NOON.date().isoformat()
        report = "01a12ad5-8a00-7936-bfd4-f8aa04334069"
        told: dict[str, Any] = {
            "report": report,
            "sha256": sha256,
            "from": day,
            "to": day,
            "start": 1,
            "end": 2,
        }
        told |= {"size": 2, "purpose": INSPECTION}
        append(tx, system_actor(house.clinic_id, "tests"), "report.exported", told, now=clock())
    old = kept.folder / f"session-{report}.pdf"
    old.write_bytes(kept.former[path.name])
    os.utime(old, (EARLIER, EARLIER))
    altered = kept.folder / "session-unknown.pdf"
    altered.write_bytes(b"%PDF-1.7 of no entry")

    assert pick_up_files(kept.workshop, now=clock()) == 1
    assert pick_up_files(kept.workshop, now=clock()) == 0
    assert extend_reports(kept.workshop, now=clock.tick(minutes=1)) == 1
    assert old.read_bytes().startswith(kept.former[path.name])
    assert old.read_bytes() != kept.former[path.name]
    altered.unlink()
    assert kept.problems(clock) == []
