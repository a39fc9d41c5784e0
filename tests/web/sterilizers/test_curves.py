"""The curve as the shared component takes it."""

from __future__ import annotations

import json

from compliance.domain.sterilization.judging import Program
from compliance.web.curves import curve_of, show_span

PROGRAM = Program(name="134 °C", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
GOOD = ((730, 1353, 318), (761, 1354, 319), (791, 1354, 319))


def test_a_curve_carries_readings_limits_and_the_steam_line() -> None:
    curve = curve_of(GOOD, PROGRAM)

    assert curve is not None
    data = json.loads(curve.data)
    assert data["temperature"] == [135.3, 135.4, 135.4]
    assert (data["lower"], data["upper"], data["off"]) == (134.0, 137.0, [])
    assert data["steam"][0] == 135.52
    assert [line.at for line in curve.lines] == ["12:10", "12:41", "13:11"]
    assert curve.summary.endswith("Every reading lies within 2 K of saturated steam.")


def test_readings_off_the_steam_line_are_named_and_never_left_out() -> None:
    long = [(second, 1354, 319) for second in range(2000)]
    long[1001] = (1001, 1354, 218)

    curve = curve_of(long, None)

    assert curve is not None
    assert curve.shortened
    assert [line.at for line in curve.lines if line.off] == ["16:41"]
    assert "1 reading lies more than 2 K off" in curve.summary
    assert json.loads(curve.data)["off"] == [1001]


def test_a_reading_without_pressure_has_no_steam_line() -> None:
    curve = curve_of([(0, 1354, 0)], PROGRAM)

    assert curve is not None
    assert (curve.lines[0].steam, curve.lines[0].gap, curve.lines[0].off) == ("–", "–", True)


def test_no_readings_make_no_curve() -> None:
    assert curve_of([], PROGRAM) is None


def test_spans_are_told_in_minutes_and_seconds() -> None:
    assert (show_span(191), show_span(3791)) == ("3:11", "1:03:11")
