"""Gaps between time-stamps, as page 1 of a report counts them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from compliance.ledger.entry import format_time
from compliance.report.content.anchored import read_anchored
from compliance.report.content.english import ENGLISH
from compliance.report.content.times import LocalTimes
from givens import NOON

DAY = timedelta(days=1)
FIRST = NOON - timedelta(hours=12)


def count(
    *stamps: datetime,
    days: int = 30,
    begun: datetime | None = None,
    recorded: tuple[datetime, ...] = (),
) -> str:
    """The gaps of a report that begins at ``FIRST`` and was made a month after its end."""
    data = {
        "made_at": format_time(FIRST + timedelta(days=days + 30)),
        "period": {
            "from_time": format_time(FIRST),
            "to_time": format_time(FIRST + timedelta(days=days)),
        },
        "anchors": [
            {
                "size": 1,
                "index": None,
                "gen_time": format_time(at),
                "authority": "A",
                "independent": True,
            }
            for at in stamps
        ],
    }
    found = read_anchored(
        data,
        "en",
        LocalTimes.in_zone("UTC", ENGLISH),
        begun=() if begun is None else (format_time(begun),),
        recorded=[*(format_time(each) for each in recorded), "no time", "2026-11-20"],
    )
    assert found is not None
    return found.gaps


def test_a_day_without_is_counted_and_a_week_twice() -> None:
    assert count(FIRST + DAY, FIRST + 2 * DAY, days=2) == "none over 24 h"
    assert count(FIRST + DAY, FIRST + 3 * DAY, days=3) == "1 over 24 h, 0 over 7 days"
    assert count(FIRST + DAY, FIRST + 9 * DAY, days=9) == "1 over 24 h, 1 over 7 days"


def test_there_is_no_gap_before_the_log_was_begun() -> None:
    begun = FIRST + 10 * DAY
    stamps = (begun + timedelta(hours=1), begun + DAY)

    assert count(*stamps, days=11) == "1 over 24 h, 1 over 7 days"
    assert count(*stamps, days=11, begun=begun) == "none over 24 h"


@pytest.mark.parametrize("moved", [timedelta(0), -5 * DAY, 25 * DAY])
def test_a_gap_across_an_end_of_the_period_is_told_in_its_whole_length(moved: timedelta) -> None:
    """Ten days without: five in each of two months are still more than a week."""
    inside = [FIRST + timedelta(hours=20 * hour) for hour in range(36)]
    quiet = [at for at in inside if not FIRST < at - moved < FIRST + 10 * DAY]
    before, after = FIRST + moved, FIRST + moved + 10 * DAY

    assert count(*quiet, before, after) == "1 over 24 h, 1 over 7 days"


def test_what_a_file_leaves_out_of_many_tokens_is_no_gap() -> None:
    every_day = tuple(FIRST + day * DAY for day in range(31))

    assert count(every_day[0], every_day[-1]) == "1 over 24 h, 1 over 7 days"
    assert count(every_day[0], every_day[-1], recorded=every_day) == "none over 24 h"
