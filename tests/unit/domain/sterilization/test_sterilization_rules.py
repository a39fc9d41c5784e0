"""The law of the sterilization room, by the tables it was given in."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from compliance.domain.sterilization.judging import (
    ChemicalIndicator,
    CycleReadings,
    Program,
    Reading,
    SporeReading,
    judge_cycle,
    judge_spore_test,
)
from compliance.domain.sterilization.recall import (
    RunFacts,
    UsedPack,
    find_affected,
    recall_window,
)
from compliance.domain.sterilization.steam import (
    saturation_pressure,
    saturation_temperature,
    steam_gap,
)
from compliance.domain.sterilization.words import CycleOutcome, Growth, SporeOutcome
from givens import ROOT

DATA = ROOT / "tests" / "data" / "sterilization"
PROGRAM = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
STRIP = ChemicalIndicator(type=5, changed=True)


@pytest.mark.parametrize(
    ("kelvin", "megapascal"),
    [(300, 0.353658941e-2), (500, 0.263889776e1), (600, 0.123443146e2)],
)
def test_saturation_pressure_agrees_with_the_formulations_own_table(
    kelvin: float, megapascal: float
) -> None:
    assert saturation_pressure(kelvin - 273.15) / 10 == pytest.approx(megapascal, rel=1e-8)


@pytest.mark.parametrize(
    ("megapascal", "kelvin"), [(0.1, 372.755919), (1, 453.035632), (10, 584.149488)]
)
def test_saturation_temperature_agrees_with_the_formulations_own_table(
    megapascal: float, kelvin: float
) -> None:
    assert saturation_temperature(megapascal * 10) + 273.15 == pytest.approx(kelvin, rel=1e-8)


def test_a_real_hold_lies_on_the_steam_line() -> None:
    assert abs(steam_gap(135.3, 3.18)) < 0.5


@pytest.mark.parametrize("case", json.loads((DATA / "bi_truth_table.json").read_text())["cases"])
def test_spore_tests_follow_the_truth_table(case: dict[str, Any]) -> None:
    reading = SporeReading(
        test=Growth(case["test"]),
        control=None if case["control"] is None else Growth(case["control"]),
        same_lot=case["same_lot"],
        expired=case["bi_expired"],
        in_normal_load="run_in" not in case,
    )

    assert judge_spore_test(reading) is SporeOutcome(case["outcome"])


@pytest.mark.parametrize(
    ("lowest", "highest", "hold", "passed"),
    [
        pytest.param(1340, 1370, 180, True, id="exactly-at-limits"),
        pytest.param(1339, 1370, 180, False, id="tenth-too-cool"),
        pytest.param(1340, 1371, 180, False, id="tenth-too-hot"),
        pytest.param(1340, 1370, 179, False, id="second-too-short"),
        pytest.param(None, None, 180, False, id="not-recorded"),
    ],
)
def test_a_cycle_is_judged_by_its_limits(
    lowest: int | None, highest: int | None, hold: int, passed: bool
) -> None:
    readings = CycleReadings(
        lowest_decicelsius=lowest,
        highest_decicelsius=highest,
        hold_seconds=hold,
        indicators=(STRIP,),
    )

    verdict = judge_cycle(PROGRAM, readings)

    assert (verdict.outcome is CycleOutcome.PASSED) is passed
    assert bool(verdict.faults) is not passed


@pytest.mark.parametrize(
    ("types", "required", "passed"),
    [
        pytest.param((), False, False, id="none"),
        pytest.param((1,), False, False, id="type-1-alone"),
        pytest.param((4,), False, True, id="type-4"),
        pytest.param((1, 4), True, False, id="type-4-where-an-integrator-is-asked"),
        pytest.param((5,), True, True, id="integrator"),
    ],
)
def test_type_1_alone_never_releases(types: tuple[int, ...], required: bool, passed: bool) -> None:
    readings = CycleReadings(
        lowest_decicelsius=1345,
        highest_decicelsius=1350,
        hold_seconds=200,
        indicators=tuple(ChemicalIndicator(type=one, changed=True) for one in types),
    )

    verdict = judge_cycle(PROGRAM, readings, integrator_required=required)

    assert (verdict.outcome is CycleOutcome.PASSED) is passed


@pytest.mark.parametrize(
    ("centibar", "passed"), [(318, True), (290, False), (345, False), (0, False)]
)
def test_more_than_two_kelvin_off_the_steam_line_is_a_fault(centibar: int, passed: bool) -> None:
    readings = CycleReadings(
        lowest_decicelsius=1353,
        highest_decicelsius=1354,
        hold_seconds=200,
        curve=(Reading(at_seconds=0, decicelsius=1353, centibar=centibar),),
        indicators=(STRIP,),
    )

    assert (judge_cycle(PROGRAM, readings).outcome is CycleOutcome.PASSED) is passed


def test_a_log_without_its_end_line_has_failed() -> None:
    readings = CycleReadings(
        lowest_decicelsius=1353,
        highest_decicelsius=1354,
        hold_seconds=200,
        ended=False,
        indicators=(STRIP,),
    )

    assert judge_cycle(PROGRAM, readings).faults == ("The log has no end line.",)


def test_the_worked_recall_comes_out_to_the_letter() -> None:
    scenario = json.loads((DATA / "recall_scenario.json").read_text())
    runs, packs_of, sessions = [], {}, {}
    failed = None
    for event in scenario["events"]:
        moment = datetime.fromisoformat(event["t"])
        if event["k"] == "bi":
            outcome = SporeOutcome.PASS if event["result"] == "no_growth" else SporeOutcome.FAIL
            run = RunFacts(
                cycle_id=event["cycle"], sterilizer_id=event["st"], run_at=moment, spore=outcome
            )
            failed = run if outcome is SporeOutcome.FAIL else failed
            runs.append(run)
        elif event["k"] == "cycle":
            runs.append(RunFacts(cycle_id=event["id"], sterilizer_id=event["st"], run_at=moment))
            packs_of.update(dict.fromkeys(event["packs"], event["id"]))
        elif "note" not in event:
            sessions.update(dict.fromkeys(event["packs"], (event["id"], event["client"])))
    assert failed is not None
    packs = [
        UsedPack(
            pack_id=pack,
            cycle_id=cycle,
            session_id=sessions.get(pack, (None, None))[0],
            client_id=sessions.get(pack, (None, None))[1],
        )
        for pack, cycle in packs_of.items()
    ]

    window = recall_window(failed, runs)
    affected = find_affected(window, packs)

    expected = scenario["expect"]
    assert list(window.cycles) == expected["recalled_cycles"]
    assert list(affected.to_pull) == expected["recalled_unused_packs"]
    assert list(affected.used) == expected["used_packs"]
    assert list(affected.clients) == expected["clients_to_notify"]
    assert window.since == datetime(2025, 3, 3, 8, 0)  # noqa: DTZ001 (the file's times have no zone)


def test_without_any_valid_negative_test_everything_is_taken_back() -> None:
    day = datetime(2025, 3, 1)  # noqa: DTZ001 (as above)
    first = RunFacts(cycle_id="1", sterilizer_id="A", run_at=day)
    failed = RunFacts(
        cycle_id="2", sterilizer_id="A", run_at=day.replace(day=2), spore=SporeOutcome.FAIL
    )

    assert recall_window(failed, [failed, first]).cycles == ("1", "2")
