"""Loads that are put together, started and ended, through the operations, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from auditing import audit
from cryptography import x509
from sqlalchemy import text

from compliance.domain.gate import Blocked
from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.words import SterilizerState, SterilizerType
from compliance.domain.words import PackState
from compliance.errors import Conflict, Refused
from compliance.keys.storage import export_root_pem
from compliance.operations.packs import find_pack, list_packs
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.cycles import CycleRow, RecordCycle, record_cycle
from compliance.operations.sterilization.damaging import damage_pack
from compliance.operations.sterilization.ending import (
    ReadOut,
    find_load,
    fitting_cycles,
    give_up_load,
    read_out,
    suggest_number,
    take_from_log,
)
from compliance.operations.sterilization.loading import (
    ask_start,
    read_draft,
    scan_in,
    start_load,
    write_in,
)
from compliance.operations.sterilization.machines import (
    AddSterilizer,
    MoveSterilizer,
    SterilizerRow,
    add_sterilizer,
    find_sterilizer,
    move_sterilizer,
)
from compliance.operations.sterilization.packing import release_load
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database, StorageRefused
from givens import NOON, ROOT
from harbour import House, build_house

LIMITS = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
LATER = NOON + timedelta(minutes=40)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    house = build_house(database, tmp_path, now=NOON)
    command = AddSterilizer(
        code="A1",
        name="Autoclave 1",
        type=SterilizerType.B,
        serial="1",
        programs=(LIMITS,),
        installed_on=date(2024, 1, 2),
    )
    with database.writing() as tx:
        add_sterilizer(tx, command, actor=house.manager, now=NOON)
    return house


def start(house: House, *codes: str, sets: tuple[str, ...] = ()) -> str:
    with house.database.writing() as tx:
        for code in ("A1", *codes):
            scan_in(tx, code, actor=house.operator, now=NOON)
        for each in sets:
            write_in(tx, each, actor=house.operator, now=NOON)
        return start_load(tx, actor=house.operator, now=NOON).load_id


def end(house: House, load: str, number: str = "101", lowest: int = 1345) -> CycleRow:
    values = ReadOut(
        number=number,
        lowest_decicelsius=lowest,
        highest_decicelsius=1352,
        hold_seconds=200,
        lowest_centibar=None,
        ended_at=LATER,
        machine_failed=False,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with house.database.writing() as tx:
        return read_out(tx, load, values, actor=house.operator, now=LATER)


def release(house: House, cycle: CycleRow) -> tuple[str, ...]:
    with house.database.writing() as tx:
        done = release_load(
            tx, cycle.cycle_id, expires_on=None, grant=None, actor=house.operator, now=LATER
        )
    return done.packs


def machine(house: House) -> SterilizerRow:
    with house.database.reading() as tx:
        return find_sterilizer(tx, "A1", actor=house.manager)


def test_a_load_yields_a_pack_of_each_thing_and_the_log_tells_the_same(house: House) -> None:
    cycle = end(house, start(house, "ROLLER-1", sets=("Tweezers", "Bowl")))

    codes = release(house, cycle)

    assert codes == ("261120-01", "261120-02", "261120-03")
    with house.database.reading() as tx:
        packs = list_packs(tx, actor=house.operator)
        assert suggest_number(tx, machine(house)) == "102"
    assert {pack.contents for pack in packs} == {"Roller 1", "Tweezers", "Bowl"}
    assert {pack.cycle_id for pack in packs} == {cycle.cycle_id}
    assert audit(house).problems == ()


def test_two_people_do_not_scan_into_each_others_load(house: House) -> None:
    with house.database.writing() as tx:
        scan_in(tx, "ROLLER-1", actor=house.operator, now=NOON)
        write_in(tx, "Bowl", actor=house.manager, now=NOON)

        mine = read_draft(tx, actor=house.operator, now=NOON)
        hers = read_draft(tx, actor=house.manager, now=NOON)

    assert [each["text"] for each in mine.contents] == ["Roller 1"]
    assert [each["text"] for each in hers.contents] == ["Bowl"]


def test_a_failed_load_makes_no_pack_even_when_somebody_insists(house: House) -> None:
    cycle = end(house, start(house, "ROLLER-1"), lowest=1339)

    with pytest.raises(Blocked) as blocked:
        release(house, cycle)

    assert {each.code for each in blocked.value.blockers} >= {"cycle_failed"}
    with house.database.reading() as tx:
        assert list_packs(tx, actor=house.operator) == []


def test_a_load_runs_once_and_ends_once(house: House) -> None:
    load = start(house, "ROLLER-1")
    with house.database.writing() as tx:
        with pytest.raises(Refused, match="runs in A1"):
            scan_in(tx, "ROLLER-1", actor=house.operator, now=NOON)
        scan_in(tx, "A1", actor=house.operator, now=NOON)
        draft = read_draft(tx, actor=house.operator, now=NOON)
        asked = ask_start(tx, draft, machine(house), actor=house.operator, now=NOON)
    assert {each.code for each in asked} == {"contents_missing", "sterilizer_running"}
    with house.database.writing() as tx:
        give_up_load(
            tx, load, "Power was lost.", actor=house.operator, now=LATER, keyring=house.keyring
        )

    with pytest.raises(Conflict, match="read out or given up"):
        end(house, load)
    assert audit(house).problems == ()


def test_a_retest_runs_and_a_suspended_sterilizer_does_not(house: House) -> None:
    def move(to: SterilizerState) -> None:
        command = MoveSterilizer(sterilizer="A1", to=to, reason="door seal")
        with house.database.writing() as tx:
            move_sterilizer(tx, command, actor=house.manager, now=NOON, keyring=house.keyring)

    move(SterilizerState.SUSPENDED)
    with pytest.raises(Blocked) as blocked:
        start(house, "ROLLER-1")
    assert [each.code for each in blocked.value.blockers] == ["sterilizer_suspended"]

    move(SterilizerState.RETEST)
    cycle = end(house, start(house, "ROLLER-1"))
    with pytest.raises(Blocked) as blocked:
        release(house, cycle)
    assert [each.code for each in blocked.value.blockers] == ["sterilizer_retest"]


def test_the_contents_of_a_cycle_from_a_log_are_those_of_its_load(house: House) -> None:
    load = start(house, "ROLLER-1")
    logged = RecordCycle(
        sterilizer="A1",
        number="101",
        program="134",
        run_at=NOON + timedelta(minutes=2),
        lowest_decicelsius=1345,
        hold_seconds=190,
        raw_sha256="ab" * 32,
        raw_lines=(1, 30),
    )
    with house.database.writing() as tx:
        row = record_cycle(tx, logged, actor=house.operator, now=LATER)
        found = fitting_cycles(tx, find_load(tx, load, actor=house.operator))
        taken = take_from_log(tx, load, row.cycle_id, actor=house.operator, now=LATER)

    assert [each.cycle_id for each in found] == [row.cycle_id]
    assert [each["text"] for each in taken.contents] == ["Roller 1"]
    other = start(house, sets=("Bowl",))
    with house.database.writing() as tx, pytest.raises(Conflict, match="cannot be the run"):
        take_from_log(tx, other, row.cycle_id, actor=house.operator, now=LATER)
    assert audit(house).problems == ()


def test_a_damaged_pack_goes_into_the_next_load_and_is_never_released_again(
    house: House,
) -> None:
    (code,) = release(house, end(house, start(house, "ROLLER-1")))
    with house.database.writing() as tx:
        damage_pack(tx, code, "Wet.", actor=house.operator, now=LATER, keyring=house.keyring)
        with pytest.raises(Conflict, match="out of use already"):
            damage_pack(tx, code, "Torn.", actor=house.operator, now=LATER, keyring=house.keyring)
        taken = scan_in(tx, code, actor=house.operator, now=LATER)
        pack = find_pack(tx, code, actor=house.operator)

    assert taken.text == "Roller 1"
    assert pack.state is PackState.DAMAGED
    assert audit(house).problems == ()


def test_a_started_load_is_kept_and_a_change_by_hand_is_found(house: House) -> None:
    start(house, "ROLLER-1")
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text("DELETE FROM sterilizer_load"))

    with house.database.writing() as tx:
        tx.execute(text("UPDATE sterilizer_load SET contents = '[]'"))

    assert [each.table for each in audit(house).problems] == ["sterilizer_load"]


def test_a_report_over_loads_and_a_damaged_pack_is_accepted(house: House, tmp_path: Path) -> None:
    (code, _) = release(house, end(house, start(house, "ROLLER-1", sets=("Bowl",))))
    given_up = start(house, sets=("Tweezers",))
    with house.database.writing() as tx:
        damage_pack(tx, code, "Wet.", actor=house.operator, now=LATER, keyring=house.keyring)
        give_up_load(
            tx, given_up, "Power was lost.", actor=house.operator, now=LATER, keyring=house.keyring
        )
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    day = NOON.date()
    asked = ExportReport(first=day, last=day, output=tmp_path / "report.pdf")

    made = export_report(workshop, asked, actor=house.manager, now=LATER)

    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    verdict = verify_report(made.files[0].path.read_bytes(), trust_roots=[root])
    assert [check.reason for check in verdict.checks if check.holds is False] == []
    assert verdict.outcome is Outcome.ACCEPTED
