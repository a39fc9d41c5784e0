"""Reports over a busy sterilization room: what they quote, show and prove, on both databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import text

from compliance.domain.sterilization.judging import ChemicalIndicator, Program, Reading
from compliance.domain.sterilization.words import Growth, SterilizerType
from compliance.keys.storage import export_root_pem
from compliance.operations.packs import RegisterPack, register_pack
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.preview import preview_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.operations.sterilization.pulling import pull_pack
from compliance.operations.sterilization.recalling import list_recalls
from compliance.operations.sterilization.releasing import release_cycle
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.report.content.reading import read_content
from compliance.report.content.values import ReportContent
from compliance.report.payload import AuditFile
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house, closed_session, open_one

LIMITS = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
STEAM = tuple(Reading(at_seconds=at, decicelsius=1353, centibar=316) for at in range(0, 200, 20))
AIR = tuple(Reading(at_seconds=at, decicelsius=1353, centibar=270) for at in range(0, 200, 20))
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A load on the first day, its session on the second, growth read on the third."""

    house: House
    workshop: Workshop
    folder: Path
    negative: str
    failed: str

    def export(self, moment: datetime) -> tuple[AuditFile, ReportContent]:
        """The accepted report of one day, made the day after."""
        day = moment.date()
        made = export_report(
            self.workshop,
            ExportReport(first=day, last=day, output=self.folder / f"{day}.pdf"),
            actor=self.house.manager,
            now=moment + DAY,
        )
        root = x509.load_pem_x509_certificate(export_root_pem(self.workshop.keys_folder))
        verdict = verify_report(made.files[0].path.read_bytes(), trust_roots=[root])
        assert [check.reason for check in verdict.checks if check.holds is False] == []
        assert verdict.outcome is Outcome.ACCEPTED
        assert verdict.audit is not None
        return verdict.audit, read_content(verdict.audit)


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    house = build_house(database, tmp_path, now=NOON)
    with database.writing() as tx:
        add_sterilizer(tx, machine("A1"), actor=house.manager, now=NOON)
    negative = run(house, "1", NOON)
    read_strip(house, negative, Growth.NO_GROWTH, NOON)
    suspect = run(house, "2", NOON + timedelta(minutes=50), curve=STEAM)
    pack_and_release(house, suspect, "2", NOON + timedelta(minutes=51))
    failed = run(house, "3", NOON + DAY, curve=AIR)
    closed_session(house, NOON + DAY, device="ROLLER-1")
    read_strip(house, suspect, Growth.GROWTH, NOON + 2 * DAY)
    open_one(house, NOON + 3 * DAY, client="C-4")
    workshop = Workshop(
        database=database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    return Room(house=house, workshop=workshop, folder=tmp_path, negative=negative, failed=failed)


def machine(code: str) -> AddSterilizer:
    return AddSterilizer(
        code=code,
        name=f"Autoclave {code}",
        type=SterilizerType.B,
        serial="1",
        programs=(LIMITS,),
        installed_on=date(2024, 1, 2),
    )


def run(house: House, number: str, at: datetime, *, curve: tuple[Reading, ...] = ()) -> str:
    command = RecordCycle(
        sterilizer="A1",
        number=number,
        program="134",
        run_at=at,
        lowest_decicelsius=1353,
        hold_seconds=185,
        curve=curve,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with house.database.writing() as tx:
        return record_cycle(tx, command, actor=house.operator, now=at).cycle_id


def pack_and_release(house: House, cycle: str, number: str, at: datetime) -> None:
    command = RegisterPack(
        code="P-1",
        device="ROLLER-1",
        contents="roller",
        sterilizer="A1",
        cycle_number=number,
        sterilized_on=at.date(),
    )
    with house.database.writing() as tx:
        register_pack(tx, command, actor=house.operator, now=at)
        register_pack(tx, replace(command, code="P-2"), actor=house.operator, now=at)
        release_cycle(tx, cycle, grant=None, actor=house.operator, now=at)


def read_strip(house: House, cycle: str, result: Growth, at: datetime) -> None:
    command = RecordSporeTest(
        cycle_id=cycle,
        lot="BI-1",
        expires_on=date(2027, 12, 31),
        result=result,
        control=Growth.GROWTH,
        control_lot="BI-1",
    )
    with house.database.writing() as tx:
        record_spore_test(tx, command, actor=house.operator, now=at)


def kinds(audit: AuditFile) -> list[str]:
    return [
        body.rpartition(b'"kind":"')[2].partition(b'"')[0].decode() for _, body in audit.context
    ]


def test_the_load_behind_a_pack_is_quoted_from_the_day_before(room: Room) -> None:
    audit, content = room.export(NOON + DAY)

    quoted = kinds(audit)
    for kind in ("pack.registered", "pack.released", "cycle.recorded", "cycle.released"):
        assert quoted.count(kind) >= 1, kind
    (block,) = content.sessions
    lines = [line for item in block.items for line in item.evidence if "pack P-1" in line]
    assert "A1 cycle 2" in lines[0]
    assert "load: entry" in lines[0]
    assert "NOT" not in lines[0]


def test_readings_of_a_failed_cycle_are_shown_and_proved(room: Room) -> None:
    audit, content = room.export(NOON + DAY)

    # The passed one is shown too, for there are few; a session of the day leads to it.
    assert len(audit.curves) == 2
    titles = {figure.title.partition(",")[0]: figure for figure in content.room.curves}
    assert len(titles["A1 cycle 3"].off) == len(AIR)
    assert titles["A1 cycle 2"].off == ()
    (failed,) = content.room.cycles
    assert failed.failed


def test_readings_that_were_changed_beside_the_log_are_left_out(
    room: Room, database: Database
) -> None:
    with database.engine.begin() as connection:
        statement = text("UPDATE cycle SET curve = '[[0,1340,310]]' WHERE cycle_id = :id")
        connection.execute(statement, {"id": room.failed})

    audit, content = room.export(NOON + DAY)

    assert len(audit.curves) == 1
    assert all("cycle 3" not in figure.title for figure in content.room.curves)


def test_growth_takes_back_what_met_clients_before_the_period(room: Room) -> None:
    audit, content = room.export(NOON + 2 * DAY)

    assert "session.signed" in kinds(audit) or "session.closed" in kinds(audit)
    (recall,) = content.room.recalls
    assert recall.open
    (met,) = recall.worklist
    assert met.client == "C-1001"
    assert met.by == "pack P-1, A1 cycle 2"
    assert met.calls == ("NOT CALLED",)
    # The session was not signed in this period: another report counts it.
    assert content.counts.recalled == 0


def test_a_recall_that_stays_open_is_told_in_every_later_report(room: Room) -> None:
    with room.house.database.writing() as tx:
        (recall,) = list_recalls(tx, actor=room.house.manager)
        searched = NOON + 3 * DAY + timedelta(hours=1)
        pull_pack(tx, recall.recall_id, "P-2", "missing", actor=room.house.operator, now=searched)

    audit, content = room.export(NOON + 3 * DAY)

    assert {"recall.opened", "recall.pulled", "sterilizer.moved", "indicator.read"} <= set(
        kinds(audit)
    )
    assert next(line.sentence for line in content.exceptions).startswith("Loads of A1.")
    (block,) = content.room.sterilizers
    assert [line.state for line in block.states] == ["suspended"]
    told = dict(content.room.recalls[0].facts)
    assert told["Not found"].startswith("pack P-2: 23 Nov 2026")


def test_the_rules_of_the_period_come_with_their_values_and_days(room: Room) -> None:
    _, content = room.export(NOON)

    (span,) = content.room.rules
    assert span.days == "20 Nov 2026"
    rules = {line.rule: (line.value, line.profile) for line in span.lines}
    assert rules["An entry counts as late after"] == ("10 min", "ASEPTRAIL-BASE, version 1")


def test_the_preview_names_what_the_room_brings(room: Room) -> None:
    day = NOON.date()
    with room.house.database.reading() as tx:
        preview = preview_report(tx, day, day + 3 * DAY, actor=room.house.manager)

    assert (preview.recalls, preview.failed_spore_tests) == (1, 1)
    assert (preview.failed_cycles, preview.undecided_flags) == (1, 1)
    assert preview.exceptions[:2] == ("1 recalls", "1 failed spore tests")
