"""Boundaries of depth, answers, times, evidence and stacked rules, one row each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from checklists import NOW, TODAY, body, item, options, profile_body

from compliance.domain.answers import CLOCK_TOLERANCE, read_performed_at, read_result
from compliance.domain.depth import classify_depth
from compliance.domain.evidence import PackFacts, judge_disinfection, judge_lot, judge_pack
from compliance.domain.rules import ProfileInvalid, read_profile, stack_profiles
from compliance.domain.template import Item, read_template
from compliance.domain.words import DepthClass, PackState, SessionState
from compliance.errors import Refused
from compliance.operations.catalogue import all_profiles, check_profiles, effective_rules


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ("0.001", DepthClass.COSMETIC),
        ("0.3", DepthClass.COSMETIC),
        ("0.30", DepthClass.COSMETIC),
        ("0.301", DepthClass.MEDICAL),
        ("3", DepthClass.MEDICAL),
        ("3.000", DepthClass.MEDICAL),
    ],
)
def test_depth_has_a_class(depth: str, expected: DepthClass) -> None:
    assert classify_depth(Decimal(depth)) is expected


@pytest.mark.parametrize("depth", ["0", "-0.1", "3.001", "30"])
def test_depth_beyond_what_is_used_is_refused(depth: str) -> None:
    with pytest.raises(Refused, match="depth"):
        classify_depth(Decimal(depth))


def read_item(**changes: Any) -> Item:
    found = read_template(body(item("asked", **changes))).item("asked")
    if found is None:
        raise LookupError("asked")
    return found


DEPTH: dict[str, Any] = {"kind": "measurement", "unit": "mm", "min": "0.1", "max": "3"}


@pytest.mark.parametrize(
    ("value", "kept"),
    [("0.1", "0.1"), ("0.50", "0.5"), ("3", "3"), ("3.000", "3"), ("1.25", "1.25"), ("10", None)],
)
def test_a_measurement_is_kept_in_one_form(value: str, kept: str | None) -> None:
    asked = read_item(**DEPTH)
    if kept is None:
        with pytest.raises(Refused, match="outside the limits"):
            read_result(asked, {"value": value, "unit": "mm"})
    else:
        assert read_result(asked, {"value": value, "unit": "mm"}) == {"value": kept, "unit": "mm"}


@pytest.mark.parametrize(
    "raw",
    [
        "0.5",
        0.5,
        None,
        {"value": "0.5"},
        {"value": "0.5", "unit": "cm"},
        {"value": 0.5, "unit": "mm"},
        {"value": "0,5", "unit": "mm"},
        {"value": "1e0", "unit": "mm"},
        {"value": " 1", "unit": "mm"},
        {"value": "NaN", "unit": "mm"},
        {"value": "0.0999", "unit": "mm"},
        {"value": "0.09", "unit": "mm"},
        {"value": "3.001", "unit": "mm"},
        {"value": "٣", "unit": "mm"},
        {"value": "1\n", "unit": "mm"},
        {"value": "1", "unit": "mm", "extra": "x"},
    ],
)
def test_a_measurement_that_is_none_is_refused(raw: object) -> None:
    with pytest.raises(Refused, match="asked"):
        read_result(read_item(**DEPTH), raw)


@pytest.mark.parametrize("raw", ["yes", "no"])
def test_an_attestation_is_yes_or_no(raw: str) -> None:
    assert read_result(read_item(), raw) == raw


@pytest.mark.parametrize("raw", ["Yes", "", True, None, 1, ["yes"], {"yes": 1}, "titanium"])
def test_nothing_else_is_an_attestation(raw: object) -> None:
    with pytest.raises(Refused, match="Allowed: yes, no"):
        read_result(read_item(), raw)


@pytest.mark.parametrize(("raw", "fits"), [("a", True), ("b", True), ("c", False), (["a"], False)])
def test_a_choice_is_one_of_its_options(raw: object, fits: bool) -> None:
    asked = read_item(kind="choice", options=options("a", "b"))
    if fits:
        assert read_result(asked, raw) == raw
    else:
        with pytest.raises(Refused):
            read_result(asked, raw)


OPENED = NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        (None, NOW),
        (NOW, NOW),
        (NOW - timedelta(minutes=30), NOW - timedelta(minutes=30)),
        (NOW + CLOCK_TOLERANCE, NOW),
        (OPENED - CLOCK_TOLERANCE, OPENED - CLOCK_TOLERANCE),
    ],
)
def test_a_claimed_time_lies_between_opening_and_now(
    claimed: datetime | None, kept: datetime
) -> None:
    assert read_performed_at(claimed, opened_at=OPENED, now=NOW) == kept


@pytest.mark.parametrize(
    "claimed",
    [
        NOW + CLOCK_TOLERANCE + timedelta(milliseconds=1),
        OPENED - CLOCK_TOLERANCE - timedelta(milliseconds=1),
        NOW.replace(tzinfo=None),
    ],
)
def test_any_other_claimed_time_is_refused(claimed: datetime) -> None:
    with pytest.raises(Refused, match="performed_at"):
        read_performed_at(claimed, opened_at=OPENED, now=NOW)


PACK = PackFacts(
    pack_id="k",
    code="P-1",
    state=PackState.RELEASED,
    expires_on=TODAY,
    device_id="d",
    used_in=None,
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"device_id": None}, None),
        ({"device_id": "other"}, "pack_other_device"),
        ({"expires_on": TODAY - timedelta(days=1)}, "pack_expired"),
        ({"state": PackState.REGISTERED}, "pack_not_released"),
        ({"state": PackState.DAMAGED}, "pack_damaged"),
        ({"state": PackState.RECALLED}, "pack_recalled"),
        ({"state": PackState.USED, "used_in": "s"}, None),
        ({"state": PackState.USED, "used_in": "other"}, "pack_used"),
        ({"state": PackState.USED, "used_in": None}, "pack_used"),
    ],
)
def test_a_pack_is_judged_by_its_first_fault(changes: dict[str, Any], code: str | None) -> None:
    values = {name: getattr(PACK, name) for name in PackFacts.__slots__}
    problem = judge_pack(
        PackFacts(**{**values, **changes}), device_id="d", session_id="s", today=TODAY
    )

    assert (problem.code if problem else None) == code


def test_an_unknown_pack_is_no_pack() -> None:
    problem = judge_pack(None, device_id="d", session_id="s", today=TODAY)

    assert problem is not None
    assert problem.code == "pack_unknown"


@pytest.mark.parametrize(
    ("lot", "expires_on", "code"),
    [
        ("L1", TODAY, None),
        ("L1", TODAY - timedelta(days=1), "lot_expired"),
        ("", TODAY, "lot_missing"),
    ],
)
def test_a_lot_is_good_through_its_last_day(lot: str, expires_on: date, code: str | None) -> None:
    problem = judge_lot({"lot": lot, "expires_on": expires_on.isoformat()}, today=TODAY)

    assert (problem.code if problem else None) == code


@pytest.mark.parametrize(
    ("seconds", "required", "barrier", "needs_barrier", "code"),
    [
        (60, 60, True, True, None),
        (59, 60, True, True, "contact_time_short"),
        (1, None, True, True, None),
        (60, 60, False, True, "barrier_missing"),
        (60, 60, False, False, None),
    ],
)
def test_disinfection_reaches_the_products_time(
    seconds: int, required: int | None, barrier: bool, needs_barrier: bool, code: str | None
) -> None:
    ref = {
        "name": "Wipe",
        "contact_seconds": seconds,
        "required_seconds": required,
        "barrier": barrier,
    }
    problem = judge_disinfection(ref, needs_barrier=needs_barrier)

    assert (problem.code if problem else None) == code


@pytest.mark.parametrize(
    ("key", "base", "other", "winner"),
    [
        ("pack_max_shelf_days", 365, 30, "OTHER"),
        ("pack_max_shelf_days", 30, 365, "BASE"),
        ("pack_max_shelf_days", 30, 30, "OTHER"),
        ("late_after_minutes", 10, 5, "OTHER"),
        ("spore_test_max_days", 7, 31, "BASE"),
        ("records_years", 3, 10, "OTHER"),
        ("records_years", 10, 3, "BASE"),
        ("barrier_required", False, True, "OTHER"),
        ("barrier_required", True, False, "BASE"),
    ],
)
def test_the_strictest_value_wins_and_is_cited(
    key: str, base: Any, other: Any, winner: str
) -> None:
    profiles = [
        read_profile(profile_body("BASE", **{key: base})),
        read_profile(profile_body("OTHER", **{key: other})),
    ]
    rules = stack_profiles(profiles, names=("OTHER", "BASE"), on=TODAY)

    assert rules.values[key] == (base if winner == "BASE" else other)
    assert rules.cite(key).rule == f"{winner}/1 {key}"
    assert rules.cite(key).source == f"the law of {winner}"


def test_the_base_profile_is_last_and_cites_what_no_other_speaks_of() -> None:
    profiles = [read_profile(profile_body("BASE")), read_profile(profile_body("OTHER"))]
    rules = stack_profiles(profiles, names=("OTHER", "BASE"), on=TODAY)

    assert rules.cite("anything").rule == "BASE/1 anything"
    assert check_profiles(("ASEPTRAIL-BASE", "US-NEHA-BAMC-2024"))[-1] == "ASEPTRAIL-BASE"


@pytest.mark.parametrize(
    ("on", "version"),
    [
        (date(2025, 12, 31), 1),
        (date(2026, 1, 1), 2),
        (date(2026, 6, 30), 2),
        (date(2026, 7, 1), 3),
    ],
)
def test_a_version_binds_from_its_day_on(on: date, version: int) -> None:
    days = ("2020-01-01", "2026-01-01", "2026-07-01")
    profiles = [
        read_profile(profile_body("BASE", version=number, valid_from=day))
        for number, day in enumerate(days, 1)
    ]

    assert stack_profiles(profiles, names=("BASE",), on=on).profiles[0].version == version


def test_no_version_on_the_day_is_an_error() -> None:
    profiles = [read_profile(profile_body("BASE", valid_from="2027-01-01"))]

    with pytest.raises(ProfileInvalid, match="BASE"):
        stack_profiles(profiles, names=("BASE",), on=TODAY)


@pytest.mark.parametrize(
    "change", [{"values": {"unheard_of": 1}}, {"valid_from": "soon"}, {"source": None, "id": None}]
)
def test_a_malformed_profile_is_refused(change: dict[str, Any]) -> None:
    raw = {**profile_body("BASE"), **change}
    if raw["id"] is None:
        del raw["id"]

    with pytest.raises(ProfileInvalid):
        read_profile(raw)


def test_every_shipped_profile_stacks_on_the_base() -> None:
    for profile in all_profiles():
        rules = effective_rules(check_profiles((profile.id,)), date(2026, 11, 20))
        assert rules.values["pack_max_shelf_days"] > 0
        assert rules.values["late_after_minutes"] > 0


@pytest.mark.parametrize(
    ("state", "ended", "accepts"),
    [
        (SessionState.DRAFT, False, True),
        (SessionState.IN_PROGRESS, False, True),
        (SessionState.TREATED, False, True),
        (SessionState.AWAITING_REPROCESSING, False, False),
        (SessionState.CLOSED, True, False),
        (SessionState.ABORTED, True, False),
    ],
)
def test_what_each_state_allows(state: SessionState, ended: bool, accepts: bool) -> None:
    assert (state.ended, state.accepts_answers) == (ended, accepts)
