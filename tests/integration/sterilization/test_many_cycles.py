"""A log of many cycles: entered in chunks, and yet judged as one after the other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from web.sterilizers.room import add_machine, bring_in, dac_log, run_by_hand

from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization import importing
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.operations.sterilization.overseeing import (
    CycleFilter,
    count_undecided,
    operation_of,
    search_cycles,
)
from compliance.store.session import Database
from compliance.store.sterilizers import CycleRow
from givens import Clock
from harbour import House, build_house


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: Clock) -> House:
    house = build_house(database, tmp_path / "data", now=clock.now)
    for code in ("A1", "A2"):
        add_machine(house, code, now=clock.now)
    return house


def rows_of(house: House) -> list[CycleRow]:
    with house.database.reading() as tx:
        rows = search_cycles(tx, CycleFilter(), actor=house.manager, limit=200)
    return sorted(rows, key=lambda row: (row.run_at, row.number))


def flags_of(row: CycleRow) -> list[str]:
    return [flag["code"] for flag in row.flags]


def varied(number: int, clock: Clock) -> bytes:
    """A day's log with a curve of its own."""
    log = dac_log(number=str(number), started=clock.now - timedelta(days=40 - number))
    return log.replace(b"3.21", b"3.%d" % (10 + number % 20))


@pytest.mark.parametrize("chunk", [1, 3, 500])
def test_chunks_of_any_size_come_to_the_same(
    house: House, clock: Clock, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", chunk)
    numbers = [1, 2, 3, 5, 6, 6, 4]
    content = b"".join(varied(number, clock) for number in numbers)
    content += dac_log(number="9", started=clock.now).replace(b"3.21", b"3.11")

    done = bring_in(house, "A1", "all.txt", content, now=clock.now)

    said = [(line.number, line.use, line.flags) for line in done.lines]
    assert said == [
        ("1", "cycle", ()),
        ("2", "cycle", ()),
        ("3", "cycle", ()),
        ("5", "cycle", ("counter_jump",)),
        ("6", "cycle", ()),
        ("6", "known", ()),
        ("4", "cycle", ()),
        ("9", "cycle", ("identical_curve", "counter_jump")),
    ]
    assert audit_clinic(house.database, house.clinic_id).clean


def test_runs_of_the_database_and_of_the_file_are_neighbours(house: House, clock: Clock) -> None:
    begin = clock.now.replace(hour=0, minute=40) - timedelta(days=10)
    run_by_hand(house, "A1", "29", began=begin, minutes=30, now=clock.now)
    overlapping = varied(30, clock)

    bring_in(house, "A1", "one.txt", overlapping, now=clock.now)

    first, second = rows_of(house)
    assert (first.number, second.number) == ("29", "30")
    assert flags_of(second) == ["overlap"]


def test_a_file_that_grew_brings_in_what_is_new(house: House, clock: Clock) -> None:
    first = varied(1, clock) + varied(2, clock)
    bring_in(house, "A1", "log.txt", first, now=clock.now)

    grown = bring_in(house, "A1", "log.txt", first + varied(3, clock), now=clock.now)

    assert [(line.number, line.use) for line in grown.lines] == [
        ("1", "known"),
        ("2", "known"),
        ("3", "cycle"),
    ]
    assert len(rows_of(house)) == 3


def test_the_same_curve_at_another_sterilizer_is_found(house: House, clock: Clock) -> None:
    bring_in(house, "A1", "a.txt", varied(1, clock), now=clock.now)

    copied = bring_in(house, "A2", "b.txt", varied(1, clock) + b"\r\n", now=clock.now)

    assert copied.lines[0].flags == ("identical_curve",)


def test_every_filter_and_the_hours_hold_on_both_databases(house: House, clock: Clock) -> None:
    bring_in(house, "A1", "a.txt", varied(30, clock) + varied(33, clock), now=clock.now)
    by_hand = run_by_hand(
        house, "A2", "7", began=clock.now - timedelta(hours=2), minutes=90, now=clock.now
    )
    first, second, third = rows_of(house)
    wanted = {
        CycleFilter(sterilizer_id=third.sterilizer_id): ["7"],
        CycleFilter(kind="production", outcome="passed"): ["7", "33", "30"],
        CycleFilter(outcome="failed"): [],
        CycleFilter(undecided=True): ["33"],
        CycleFilter(released=True): [],
        CycleFilter(released=False, number="30"): ["30"],
        CycleFilter(since=second.run_at, until=third.run_at): ["33"],
    }
    with house.database.reading() as tx:
        for asked, numbers in wanted.items():
            rows = search_cycles(tx, asked, actor=house.manager)
            assert [row.number for row in rows] == numbers, asked
        place = (second.run_at, second.cycle_id)
        rest = search_cycles(tx, CycleFilter(), actor=house.manager, after=place)
        assert [row.cycle_id for row in rest] == [first.cycle_id]
        assert count_undecided(tx, actor=house.manager) == 1
        operation = operation_of(
            tx, find_sterilizer(tx, "A2", actor=house.manager), actor=house.manager
        )
    assert third.cycle_id == by_hand
    assert (operation.seconds, operation.runs, operation.without_end) == (5400, 1, 0)
