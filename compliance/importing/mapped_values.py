"""Single values of a text log, read by plain rules: temperatures, times, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from compliance.importing.values import DateOrder, ImportOptions

_NUMBER: Final = re.compile(r"-?\d{1,5}(?:[.,]\d{1,3})?")
_CLOCK: Final = re.compile(r"(\d{1,2})[:.-](\d{2})(?:[:.-](\d{2}))?")
_DATE: Final = re.compile(r"(\d{1,4})\D(\d{1,2})\D(\d{2,4})")


def read_tenths(text: str | None) -> int | None:
    match = _NUMBER.search(text or "")
    return None if match is None else round(float(match[0].replace(",", ".")) * 10)


def read_seconds(text: str | None) -> int | None:
    """``3:30`` and ``03-30`` are minutes and seconds, ``210 s`` seconds, ``3.5`` minutes."""
    if not text:
        return None
    if match := re.match(r"\s*(\d{1,3})[:-](\d{2})\b", text):
        return int(match[1]) * 60 + int(match[2])
    match = _NUMBER.search(text)
    if match is None:
        return None
    value = float(match[0].replace(",", "."))
    return (
        round(value) if text[match.end() :].strip().lower().startswith("s") else round(value * 60)
    )


def read_end(values: Mapping[str, str], options: ImportOptions) -> datetime | None:
    """The end on the day of the start, or on the next where the run passes midnight."""
    start, end = read_moment(values, "time", options), read_moment(values, "end_time", options)
    if start is None or end is None:
        return None
    return end if end >= start else end + timedelta(days=1)


def read_moment(values: Mapping[str, str], name: str, options: ImportOptions) -> datetime | None:
    day, time = values.get("date", ""), values.get(name, "")
    found = _DATE.search(day)
    if found is None:
        return None
    # A date and its time may stand together; the clock is then looked for behind the date.
    clock = _CLOCK.search(time, found.end() if time == day else 0)
    if clock is None:
        return None
    first, second, third = (int(part) for part in found.groups())
    match options.date_order:
        case DateOrder.DAY_MONTH_YEAR:
            year, month, date = third, second, first
        case DateOrder.MONTH_DAY_YEAR:
            year, month, date = third, first, second
        case _:
            year, month, date = first, second, third
    try:
        return datetime(  # noqa: DTZ001 (the machine's clock knows no zone)
            year + 2000 if year < 100 else year,
            month,
            date,
            int(clock[1]),
            int(clock[2]),
            int(clock[3] or 0),
        )
    except ValueError:
        return None
