"""Reading autoclave logs: real ones, cut ones, copied ones, and every line accounted for."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.domain.sterilization.flags import (
    FlagCode,
    Neighbours,
    RunToFlag,
    find_flags,
)
from compliance.domain.sterilization.judging import (
    ChemicalIndicator,
    CycleReadings,
    Program,
    judge_cycle,
)
from compliance.domain.sterilization.words import CycleOutcome
from compliance.errors import Refused
from compliance.importing.dac_universal import DacUniversal
from compliance.importing.decoding import read_lines
from compliance.importing.table import Table
from compliance.importing.text_mapping import MappedText, TextMapping
from compliance.importing.values import (
    Adapter,
    Found,
    ImportOptions,
    LineRange,
    LineUse,
    LoggedCycle,
)
from givens import ROOT

LOGS = ROOT / "tests" / "data" / "autoclave"
DAC_134 = Program(
    name="Universal/134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180
)
MAPPING = TextMapping(
    begins_with="*** CYCLE",
    ends_with="*** END",
    values={
        "number": "Cycle no",
        "date": "Date",
        "time": "Start",
        "lowest_temperature": "Tmin",
        "highest_temperature": "Tmax",
        "hold": "Plateau",
        "set_temperature": "T set",
    },
    failure_words=("ALARM",),
)


def read(adapter: Adapter, data: bytes) -> list[Found]:
    return list(adapter.read(read_lines(io.BytesIO(data)), ImportOptions()))


def only_cycle(found: list[Found]) -> LoggedCycle:
    cycles = [one for one in found if isinstance(one, LoggedCycle)]
    assert len(cycles) == 1
    return cycles[0]


def covered(found: list[Found]) -> list[int]:
    lines: list[int] = []
    for one in found:
        first, last = (one.first, one.last) if isinstance(one, LineRange) else one.lines
        lines.extend(range(first, last + 1))
    return lines


@pytest.mark.parametrize(
    ("name", "outcome", "number"),
    [
        ("dac_DACLogOK.TXT", CycleOutcome.PASSED, "13"),
        ("dac_DACLogFehler.TXT", CycleOutcome.FAILED, "14"),
        ("dac_DACLogFehlerII.TXT", CycleOutcome.FAILED, "456"),
    ],
)
def test_the_three_real_logs_are_judged(name: str, outcome: CycleOutcome, number: str) -> None:
    cycle = only_cycle(read(DacUniversal(), (LOGS / name).read_bytes()))

    readings = CycleReadings(
        lowest_decicelsius=cycle.lowest_decicelsius,
        highest_decicelsius=cycle.highest_decicelsius,
        hold_seconds=cycle.hold_seconds,
        curve=cycle.curve,
        ended=cycle.ended,
        machine_failed=cycle.machine_failed,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    assert judge_cycle(DAC_134, readings).outcome is outcome
    assert (cycle.number, cycle.serial) == (number, "601362")


def test_the_good_log_is_read_to_the_last_value() -> None:
    cycle = only_cycle(read(DacUniversal(), (LOGS / "dac_DACLogOK.TXT").read_bytes()))

    assert cycle.started_at == datetime(2016, 3, 16, 0, 53, 20)  # noqa: DTZ001 (the machine's own)
    assert cycle.ended_at == datetime(2016, 3, 16, 1, 12, 8)  # noqa: DTZ001 (the machine's own)
    assert (cycle.set_decicelsius, cycle.set_hold_seconds) == (1340, 180)
    assert (cycle.lowest_decicelsius, cycle.highest_decicelsius) == (1353, 1354)
    assert (cycle.hold_seconds, len(cycle.curve)) == (191, 7)


@pytest.mark.parametrize("name", sorted(path.name for path in LOGS.glob("*.TXT")))
def test_every_line_of_a_real_log_is_accounted_for(name: str) -> None:
    data = (LOGS / name).read_bytes()

    found = read(DacUniversal(), data)

    assert covered(found) == list(range(1, len(data.splitlines()) + 1))


@pytest.mark.parametrize("lost", [b"?", b"\xb0", "\u00b0".encode()])
def test_a_degree_sign_lost_on_the_way_is_read_as_one(lost: bytes) -> None:
    data = (LOGS / "dac_DACLogOK.TXT").read_bytes()
    written = data.replace(b"134?C", b"134" + lost + b"C")

    cycle = only_cycle(read(DacUniversal(), written))

    assert "134\u00b0C/" in cycle.program
    assert cycle.set_decicelsius == 1340


def test_a_log_cut_before_its_end_line_has_no_end() -> None:
    data = (LOGS / "dac_DACLogOK.TXT").read_bytes()

    cycle = only_cycle(read(DacUniversal(), data[: data.index(b"Zyklusende")]))

    assert not cycle.ended


def test_a_clone_with_new_date_number_and_serial_keeps_the_curve() -> None:
    data = (LOGS / "dac_DACLogOK.TXT").read_bytes()
    clone = (
        data.replace(b"16-03-2016", b"17-03-2016")
        .replace(b"Zyklus:     13", b"Zyklus:     14")
        .replace(b"601362", b"700001")
    )

    original, copied = (only_cycle(read(DacUniversal(), text)) for text in (data, clone))

    assert copied.number != original.number
    assert copied.curve_hash() == original.curve_hash()


def test_a_shifted_clone_is_still_a_clone() -> None:
    data = (LOGS / "dac_DACLogOK.TXT").read_bytes()
    shifted = data.replace(b"00:5", b"10:5").replace(b"01:0", b"11:0").replace(b"01:1", b"11:1")

    original, copied = (only_cycle(read(DacUniversal(), text)) for text in (data, shifted))

    assert copied.curve_hash() == original.curve_hash()


@given(st.binary(max_size=3000))
def test_no_bytes_make_an_adapter_fail_or_lose_a_line(data: bytes) -> None:
    lines = list(read_lines(io.BytesIO(data)))
    for adapter in (DacUniversal(), MappedText(MAPPING), Table()):
        found = list(adapter.read(iter(lines), ImportOptions()))
        if lines:
            assert covered(found) == list(range(1, len(lines) + 1))


def test_a_mapped_text_log_is_read() -> None:
    data = (
        b"noise\n*** CYCLE ***\nCycle no: 77\nDate: 20.11.2026\nStart: 09:15\nT set: 134\n"
        b"Tmin = 134,2 C\nTmax = 135.0\nPlateau: 3:30\n*** END ***\n"
    )

    found = read(MappedText(MAPPING), data)
    cycle = only_cycle(found)

    assert isinstance(found[0], LineRange)
    assert found[0].use is LineUse.NOISE
    assert (cycle.number, cycle.lowest_decicelsius, cycle.hold_seconds) == ("77", 1342, 210)
    assert cycle.started_at == datetime(2026, 11, 20, 9, 15)  # noqa: DTZ001 (the machine's own)


def test_a_mapping_without_what_is_needed_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="lowest_temperature"):
        MappedText(replace(MAPPING, values={"number": "N", "date": "D", "time": "T", "hold": "H"}))


def test_the_csv_names_each_bad_line() -> None:
    data = (
        b"number;started_at;lowest_temperature_c;hold_s;passed\n"
        b"1;2026-11-20T09:00;134.1;185;yes\n"
        b"2;yesterday;134.1;185;yes\n"
        b"3;2026-11-20T10:00;133,0;185;no\n"
    )

    found = read(Table(), data)

    bad = [one for one in found if isinstance(one, LineRange) and one.use is LineUse.UNREADABLE]
    assert [one.first for one in bad] == [3]
    assert "yesterday" in bad[0].note
    assert len([one for one in found if isinstance(one, LoggedCycle)]) == 2


NOW = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 (the machine's own)
RUN = RunToFlag(
    number="14",
    serial="601362",
    started_at=NOW - timedelta(hours=1),
    ended_at=NOW,
    curve_hash="aa",
    set_decicelsius=1340,
    set_hold_seconds=180,
    lowest_decicelsius=1343,
    hold_seconds=190,
    ended=True,
    off_steam_line=False,
)
KNOWN = Neighbours(serial="601362", same_curve=None, overlapping=None, previous="13")


@pytest.mark.parametrize(
    ("run", "known", "code"),
    [
        (RUN, replace(KNOWN, same_curve="9"), FlagCode.IDENTICAL_CURVE),
        (RUN, replace(KNOWN, overlapping="13"), FlagCode.OVERLAP),
        (replace(RUN, number="16"), KNOWN, FlagCode.COUNTER_JUMP),
        (replace(RUN, number="1"), KNOWN, FlagCode.COUNTER_RESET),
        (replace(RUN, number="13"), KNOWN, FlagCode.COUNTER_RESET),
        (replace(RUN, started_at=NOW + timedelta(hours=1)), KNOWN, FlagCode.FUTURE_DATE),
        (replace(RUN, started_at=NOW - timedelta(days=400)), KNOWN, FlagCode.OLD_DATE),
        (replace(RUN, started_at=None), KNOWN, FlagCode.NO_DATE),
        (replace(RUN, hold_seconds=179), KNOWN, FlagCode.SET_NOT_ACHIEVED),
        (replace(RUN, lowest_decicelsius=1339), KNOWN, FlagCode.SET_NOT_ACHIEVED),
        (replace(RUN, off_steam_line=True), KNOWN, FlagCode.OFF_STEAM_LINE),
        (replace(RUN, ended=False), KNOWN, FlagCode.NO_END_LINE),
        (replace(RUN, serial="1"), KNOWN, FlagCode.OTHER_SERIAL),
    ],
)
def test_each_sign_is_flagged_by_itself(run: RunToFlag, known: Neighbours, code: FlagCode) -> None:
    assert [flag.code for flag in find_flags(run, known, now=NOW)] == [code]


def test_an_honest_run_has_no_flag() -> None:
    assert find_flags(RUN, KNOWN, now=NOW) == ()
