"""A report over days on which the sterilization room was busy is made and accepted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from cryptography import x509

from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.words import Growth, SterilizerType
from compliance.keys.storage import export_root_pem
from compliance.operations.packs import RegisterPack, register_pack
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.operations.sterilization.recalling import NoteCall, list_recalls, note_call
from compliance.operations.sterilization.releasing import release_cycle
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import build_house, closed_session

LIMITS = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)


def test_a_report_with_a_recall_is_accepted(sqlite_database: Database, tmp_path: Path) -> None:
    house = build_house(sqlite_database, tmp_path, now=NOON)
    add = AddSterilizer(
        code="A1",
        name="Autoclave 1",
        type=SterilizerType.B,
        serial="1",
        programs=(LIMITS,),
        installed_on=date(2024, 1, 2),
    )
    told = RecordCycle(
        sterilizer="A1",
        number="1",
        program="134",
        run_at=NOON,
        lowest_decicelsius=1343,
        hold_seconds=185,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with sqlite_database.writing() as tx:
        add_sterilizer(tx, add, actor=house.manager, now=NOON)
        cycle = record_cycle(tx, told, actor=house.operator, now=NOON)
        pack = RegisterPack(
            code="P-1",
            device="ROLLER-1",
            contents="roller",
            sterilizer="A1",
            cycle_number="1",
            sterilized_on=NOON.date(),
        )
        register_pack(tx, pack, actor=house.operator, now=NOON)
        release_cycle(tx, cycle.cycle_id, grant=None, actor=house.operator, now=NOON)
    session_id = closed_session(house, NOON + timedelta(minutes=1), device="ROLLER-1")
    later = NOON + timedelta(hours=1)
    growth = RecordSporeTest(
        cycle_id=cycle.cycle_id,
        lot="BI-1",
        expires_on=date(2027, 12, 31),
        result=Growth.GROWTH,
        control=Growth.GROWTH,
        control_lot="BI-1",
    )
    with sqlite_database.writing() as tx:
        record_spore_test(tx, growth, actor=house.operator, now=later)
        (recall,) = list_recalls(tx, actor=house.manager)
        call = NoteCall(
            recall_id=recall.recall_id, session_id=session_id, outcome="reached", note="Well."
        )
        note_call(tx, call, actor=house.manager, now=later, keyring=house.keyring)
    workshop = Workshop(
        database=sqlite_database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    day = NOON.date()

    made = export_report(
        workshop,
        ExportReport(first=day, last=day, output=tmp_path / "report.pdf"),
        actor=house.manager,
        now=later,
    )

    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    verdict = verify_report(made.files[0].path.read_bytes(), trust_roots=[root])
    assert [check.reason for check in verdict.checks if check.holds is False] == []
    assert verdict.outcome is Outcome.ACCEPTED
