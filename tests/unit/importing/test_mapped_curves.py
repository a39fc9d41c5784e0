"""The readings of a run, found by a mapping and judged by the steam line."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from compliance.domain.sterilization.judging import CycleReadings, Program, Reading, judge_cycle
from compliance.domain.sterilization.words import CycleKind
from compliance.errors import Refused
from compliance.importing.decoding import read_lines
from compliance.importing.mapped_curves import CurveMapping, PressureUnit, TimeForm
from compliance.importing.text_mapping import (
    MappedText,
    TextMapping,
    check_mapping,
    read_mapping,
)
from compliance.importing.values import ImportOptions, LoggedCycle

CURVE = CurveMapping(
    from_words="PHASE STERILIZATION",
    until_words="PHASE DRYING",
    begins_with="",
    separator=" ",
    time=1,
    temperature=2,
    pressure=3,
    time_form=TimeForm.CLOCK,
    pressure_unit=PressureUnit.BAR,
)
MAPPING = TextMapping(
    begins_with="BEGIN",
    ends_with="END",
    values={
        "number": "No",
        "date": "When",
        "time": "When",
        "lowest_temperature": "Low",
        "hold": "Hold",
    },
    curve=CURVE,
)
LOG = """BEGIN
No 7
When: 20.11.2026 23:58:00
PHASE VACUUM
23:58:10 60.0 0.20
PHASE STERILIZATION
Time Temp Pressure
23:59:00 134.4 3.08
23:59:30 134,6 3,10
00:00:10 134.5°C 3.09
23:59:59 broken -
PHASE DRYING
00:03:00 110.0 0.10
Low 134.4
Hold 3:30
END
"""


def read(text: str, mapping: TextMapping = MAPPING) -> LoggedCycle:
    lines = read_lines(io.BytesIO(text.encode()))
    (cycle,) = MappedText(mapping).read(lines, ImportOptions())
    assert isinstance(cycle, LoggedCycle)
    return cycle


def with_curve(**changed: object) -> TextMapping:
    return replace(MAPPING, curve=replace(CURVE, **changed))  # type: ignore[arg-type]


def test_the_readings_of_the_hold_are_taken_and_no_others() -> None:
    cycle = read(LOG)

    assert cycle.curve == (
        Reading(at_seconds=60, decicelsius=1344, centibar=308),
        Reading(at_seconds=90, decicelsius=1346, centibar=310),
        Reading(at_seconds=130, decicelsius=1345, centibar=309),
    )
    assert cycle.curve_hash() is not None


def test_a_line_that_is_no_reading_is_told_and_no_fault_of_the_machine() -> None:
    cycle = read(LOG)

    assert cycle.errors == ("1 lines of the curve are not readable",)
    assert not cycle.machine_failed


def test_a_curve_off_the_steam_line_fails_the_run() -> None:
    limits = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)

    def faults(text: str) -> tuple[str, ...]:
        readings = CycleReadings(
            lowest_decicelsius=1344,
            highest_decicelsius=1346,
            hold_seconds=210,
            curve=read(text).curve,
        )
        return judge_cycle(limits, readings, kind=CycleKind.DAY_TEST).faults

    assert faults(LOG) == ()
    (fault,) = faults(LOG.replace("134.4 3.08", "134.4 2.60"))
    assert "1 of 3 readings are more than 2 K off saturated steam" in fault


@pytest.mark.parametrize(
    ("unit", "written", "centibar"),
    [
        (PressureUnit.BAR_GAUGE, "2.07", 308),
        (PressureUnit.KILOPASCAL, "308", 308),
        (PressureUnit.KILOPASCAL_GAUGE, "206.7", 308),
        (PressureUnit.MILLIBAR, "3080", 308),
        (PressureUnit.PSI_GAUGE, "30.0", 308),
    ],
)
def test_pressures_become_absolute_hundredths_of_a_bar(
    unit: PressureUnit, written: str, centibar: int
) -> None:
    cycle = read(LOG.replace("3.08", written), with_curve(pressure_unit=unit))

    assert cycle.curve[0].centibar == centibar


@pytest.mark.parametrize(
    ("form", "written", "seconds"),
    [
        (TimeForm.ELAPSED, "5:30", 330),
        (TimeForm.ELAPSED, "1:05:30", 3930),
        (TimeForm.SECONDS, "330", 330),
        (TimeForm.MINUTES, "5.5", 330),
        (TimeForm.CLOCK, "23:59", 60),
    ],
)
def test_times_become_seconds_since_the_start(form: TimeForm, written: str, seconds: int) -> None:
    cycle = read(LOG.replace("23:59:00 134.4", f"{written} 134.4"), with_curve(time_form=form))

    assert cycle.curve[0].at_seconds == seconds


def test_readings_may_be_known_by_how_their_lines_begin() -> None:
    text = LOG.replace("23:59:00 134.4 3.08", "M; 23:59:00; 3.08; 134.4").replace(
        "23:59:30 134,6 3,10", "m;23:59:30;3.10;134.6"
    )
    mapping = with_curve(
        from_words="", until_words="", begins_with="M;", separator=";", pressure=2, temperature=3
    )

    assert [each.decicelsius for each in read(text, mapping).curve] == [1344, 1346]


def test_a_mapping_survives_being_kept_and_one_from_before_has_no_curve() -> None:
    kept = MAPPING.to_json()
    assert read_mapping(kept) == MAPPING
    del kept["curve"]

    assert read_mapping(kept) == replace(MAPPING, curve=None)


@pytest.mark.parametrize(
    "mapping",
    [
        with_curve(from_words="", begins_with=""),
        with_curve(pressure=2),
        with_curve(time=0),
        with_curve(time=41),
        with_curve(separator="x"),
        with_curve(from_words="x" * 81),
        replace(MAPPING, separator=";", values=dict.fromkeys(MAPPING.values, "1")),
    ],
)
def test_a_curve_that_could_not_be_found_is_refused(mapping: TextMapping) -> None:
    with pytest.raises(Refused):
        check_mapping(mapping)
