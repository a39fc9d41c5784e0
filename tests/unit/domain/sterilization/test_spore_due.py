"""When a spore test is due: by days, by hours of operation, and at once after a repair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from compliance.domain.sterilization.due import DueBy, SporeFacts, find_due, reached_at

BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
FORTY = timedelta(hours=40)


def facts(last: datetime | None, reached: datetime | None = None) -> SporeFacts:
    return SporeFacts(due_from=BEGIN, last_negative=last, hours_reached_at=reached)


def test_a_new_sterilizer_is_due_at_once() -> None:
    due = find_due(facts(None), most_days=31)

    assert (due.at, due.by) == (BEGIN, DueBy.NEW_OR_REPAIRED)
    assert due.is_over(BEGIN)


def test_a_test_before_the_repair_does_not_count() -> None:
    due = find_due(facts(BEGIN - DAY), most_days=31)

    assert due.by is DueBy.NEW_OR_REPAIRED


def test_days_count_from_the_run_of_the_last_negative() -> None:
    due = find_due(facts(BEGIN + DAY), most_days=7)

    assert (due.at, due.by) == (BEGIN + 8 * DAY, DueBy.DAYS)
    assert not due.is_over(BEGIN + 8 * DAY)
    assert due.is_over(BEGIN + 8 * DAY + timedelta(milliseconds=1))


def test_what_comes_first_is_due_hours_or_days() -> None:
    early, late = BEGIN + 5 * DAY, BEGIN + 20 * DAY

    assert find_due(facts(BEGIN, early), most_days=7).by is DueBy.RUN_HOURS
    assert find_due(facts(BEGIN, late), most_days=7).by is DueBy.DAYS


def test_without_a_rule_nothing_is_due() -> None:
    due = find_due(facts(BEGIN), most_days=None)

    assert (due.at, due.by, due.is_over(BEGIN + 999 * DAY)) == (None, None, False)


def test_hours_are_reached_inside_the_run_that_reaches_them() -> None:
    spans = [(BEGIN + DAY * n, BEGIN + DAY * n + timedelta(hours=16)) for n in range(4)]

    assert reached_at(spans, FORTY) == BEGIN + 2 * DAY + timedelta(hours=8)
    assert reached_at(spans[:2], FORTY) is None


def test_exactly_the_limit_is_reached_and_runs_without_an_end_count_nothing() -> None:
    spans = [
        (BEGIN, None),
        (BEGIN + DAY, BEGIN + DAY + FORTY),
        (BEGIN + 4 * DAY, BEGIN + 3 * DAY),
    ]

    assert reached_at(spans, FORTY) == BEGIN + DAY + FORTY
    assert reached_at([spans[0], spans[2]], FORTY) is None
