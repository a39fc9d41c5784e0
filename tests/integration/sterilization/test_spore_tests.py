"""The truth table of spore tests and the day gate, through the operations, on both databases."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from sqlalchemy import text

from compliance.domain.gate import Blocked
from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.recall import RunFacts, recall_window
from compliance.domain.sterilization.words import (
    CycleKind,
    Growth,
    SporeOutcome,
    SterilizerState,
    SterilizerType,
)
from compliance.errors import Conflict
from compliance.operations.people.qualifications import AddQualification, add_qualification
from compliance.operations.sterilization.cycles import CycleRow, RecordCycle, record_cycle
from compliance.operations.sterilization.machines import (
    AddSterilizer,
    add_sterilizer,
    find_sterilizer,
    spore_test_due,
)
from compliance.operations.sterilization.recalling import list_recalls
from compliance.operations.sterilization.releasing import release_cycle
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.operations.sterilization.worklist import read_worklist
from compliance.store.session import Database, StorageRefused
from givens import NOON, ROOT
from harbour import House, build_house

TABLE = json.loads(
    (ROOT / "tests" / "data" / "sterilization" / "bi_truth_table.json").read_text("utf-8")
)["cases"]
LIMITS = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)


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


def run(
    house: House, number: int, *, kind: CycleKind = CycleKind.PRODUCTION, hours: int = 0
) -> CycleRow:
    command = RecordCycle(
        sterilizer="A1",
        number=str(number),
        program="134",
        kind=kind,
        run_at=NOON + timedelta(hours=hours),
        lowest_decicelsius=1343,
        highest_decicelsius=1350,
        hold_seconds=185,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with house.database.writing() as tx:
        return record_cycle(tx, command, actor=house.operator, now=NOON + timedelta(hours=hours))


def read_test(house: House, cycle: CycleRow, case: dict[str, Any], hours: int = 1) -> SporeOutcome:
    command = RecordSporeTest(
        cycle_id=cycle.cycle_id,
        lot="BI-1",
        expires_on=NOON.date() + timedelta(days=-1 if case["bi_expired"] else 300),
        result=Growth(case["test"]),
        control=Growth(case["control"]) if case["control"] else None,
        control_lot="BI-1" if case["same_lot"] else "BI-2",
    )
    now = NOON + timedelta(hours=hours)
    with house.database.writing() as tx:
        return record_spore_test(tx, command, actor=house.operator, now=now).outcome


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["expect"][:24])
def test_the_truth_table_is_the_law(house: House, case: dict[str, Any]) -> None:
    kind = CycleKind.DAY_TEST if "run_in" in case else CycleKind.PRODUCTION

    outcome = read_test(house, run(house, 1, kind=kind), case)

    assert outcome.value == case["outcome"]
    with house.database.reading() as tx:
        machine = find_sterilizer(tx, "A1", actor=house.operator)
        due = spore_test_due(tx, machine, actor=house.operator, now=NOON + timedelta(hours=2))
        recalls = list_recalls(tx, actor=house.operator)
    failed = outcome is SporeOutcome.FAIL
    assert (machine.state is SterilizerState.SUSPENDED) is failed
    assert len(recalls) == int(failed)
    assert due.overdue is (outcome is not SporeOutcome.PASS)
    assert audit(house).problems == ()


def test_the_window_is_that_of_the_domain(house: House) -> None:
    negative = {"test": "no_growth", "control": "growth", "same_lot": True, "bi_expired": False}
    dead = {**negative, "control": "no_growth"}
    growth = {**negative, "test": "growth"}
    cycles = [run(house, number, hours=number) for number in range(1, 7)]
    outcomes = {
        1: read_test(house, cycles[1], negative, 20),
        2: read_test(house, cycles[2], dead, 20),
        4: read_test(house, cycles[4], growth, 21),
    }
    facts = [
        RunFacts(
            cycle_id=cycle.cycle_id,
            sterilizer_id=cycle.sterilizer_id,
            run_at=cycle.run_at,
            spore=outcomes.get(place),
        )
        for place, cycle in enumerate(cycles)
    ]

    window = recall_window(facts[4], facts)

    with house.database.reading() as tx:
        (recall,) = list_recalls(tx, actor=house.manager)
        listed = read_worklist(
            tx, recall.recall_id, actor=house.manager, now=NOON, keyring=house.keyring
        )
    assert tuple(cycle[0] for cycle in listed.cycles) == window.cycles
    assert (recall.since, recall.last_negative) == (window.since, window.last_negative)


NEGATIVE = {"test": "no_growth", "control": "growth", "same_lot": True, "bi_expired": False}
GROWTH = {**NEGATIVE, "test": "growth"}


def test_a_test_read_late_reaches_further_back(house: House) -> None:
    cycles = [run(house, number, hours=number) for number in range(1, 6)]
    read_test(house, cycles[0], NEGATIVE, 20)
    read_test(house, cycles[2], NEGATIVE, 20)
    read_test(house, cycles[4], GROWTH, 21)
    read_test(house, cycles[1], GROWTH, 22)

    with house.database.reading() as tx:
        found = list_recalls(tx, actor=house.manager)

    assert {recall.last_negative for recall in found} == {cycles[0].cycle_id, cycles[2].cycle_id}
    assert audit(house).problems == ()


def test_growth_is_not_taken_back_by_another_strip(house: House) -> None:
    load = run(house, 1)
    read_test(house, load, GROWTH)

    with pytest.raises(Conflict, match="growth was read"):
        read_test(house, load, NEGATIVE, 2)


def test_an_expired_certificate_releases_nothing(house: House) -> None:
    load = run(house, 1)
    command = AddQualification(
        user_id=house.operator.user_id,
        kind="certificate",
        title="Sterilization",
        number="17",
        valid_from=NOON.date() - timedelta(days=400),
        valid_to=NOON.date() - timedelta(days=1),
    )
    with house.database.writing() as tx:
        add_qualification(tx, command, keyring=house.keyring, actor=house.manager, now=NOON)

    with pytest.raises(Blocked) as refused, house.database.writing() as tx:
        release_cycle(tx, load.cycle_id, grant=None, actor=house.operator, now=NOON)

    assert [each.code for each in refused.value.blockers] == ["certificate_expired"]


def test_no_production_load_is_released_before_the_day_test(house: House) -> None:
    with house.database.writing() as tx:
        tx.execute(text('UPDATE clinic SET profiles = \'["UK-HTM-01-05","ASEPTRAIL-BASE"]\''))
    load = run(house, 1)
    with pytest.raises(Blocked) as refused, house.database.writing() as tx:
        release_cycle(tx, load.cycle_id, grant=None, actor=house.operator, now=NOON)
    (blocker,) = refused.value.blockers
    assert blocker.code == "day_test_missing"
    assert blocker.rule == "UK-HTM-01-05/1 day_test_required"

    run(house, 2, kind=CycleKind.DAY_TEST, hours=1)

    later = NOON + timedelta(hours=2)
    with house.database.writing() as tx:
        released = release_cycle(tx, load.cycle_id, grant=None, actor=house.operator, now=later)
    assert released.cycle.released_at == later


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE cycle SET lowest_decicelsius = 1400", "cycle"),
        ("UPDATE cycle SET curve = '[[1,1340,310]]'", "cycle"),
        ("UPDATE spore_test SET result = 'no_growth', outcome = 'pass'", "spore_test"),
        ("UPDATE recall SET state = 'closed'", "recall"),
        ("UPDATE sterilizer SET state = 'in_service'", "sterilizer"),
    ],
)
def test_what_is_changed_by_hand_is_named(house: House, change: str, table: str) -> None:
    growth = {"test": "growth", "control": "growth", "same_lot": True, "bi_expired": False}
    read_test(house, run(house, 1), growth)
    assert audit(house).problems == ()

    with house.database.writing() as tx:
        tx.execute(text(change))

    assert table in {problem.table for problem in audit(house).problems}


def test_nothing_of_the_room_is_deleted(house: House) -> None:
    run(house, 1)
    for table in ("cycle", "sterilizer"):
        with pytest.raises(StorageRefused), house.database.writing() as tx:
            tx.execute(text(f"DELETE FROM {table}"))
