"""The documented CSV: one line a cycle, columns by name, for makes without an adapter.

Columns (docs/import.md): number, started_at, ended_at, program, serial,
set_temperature_c, set_hold_s, lowest_temperature_c, highest_temperature_c,
hold_s, passed (yes or no). Times are ISO 8601 without a zone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from compliance.importing.values import Found, ImportOptions, LineRange, LineUse, LoggedCycle

COLUMNS: Final = (
    "number",
    "started_at",
    "ended_at",
    "program",
    "serial",
    "set_temperature_c",
    "set_hold_s",
    "lowest_temperature_c",
    "highest_temperature_c",
    "hold_s",
    "passed",
)
NEEDED: Final = ("number", "started_at", "lowest_temperature_c", "hold_s", "passed")


class Table:
    """The adapter for the documented CSV."""

    name = "csv"
    title = "CSV, one line a cycle"
    verified = True

    def read(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:  # noqa: ARG002 (ISO dates have one order)
        """Yield a cycle for each good line, and each bad line with what is wrong with it."""
        first = next(lines, "")
        separator = ";" if first.count(";") > first.count(",") else ","
        try:
            names = [name.strip().lower() for name in _cells(first, separator)]
            problem = _head_problem(names)
        except ValueError as error:
            names, problem = [], str(error)
        if problem:
            yield LineRange(first=1, last=1, use=LineUse.UNREADABLE, note=problem)
            yield from _skip(lines)
            return
        yield LineRange(first=1, last=1, use=LineUse.NOISE, note="the line of column names")
        for number, line in enumerate(lines, start=2):
            if not line.strip():
                yield LineRange(first=number, last=number, use=LineUse.NOISE, note="an empty line")
                continue
            yield _read_row(number, names, line, separator)


def _cells(line: str, separator: str) -> list[str]:
    """Split one line; raises ``ValueError`` for a line that is no CSV."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _head_problem(names: list[str]) -> str:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        return f"the first line lacks the columns {', '.join(missing)}"
    unknown = [name for name in names if name not in COLUMNS]
    return f"the column {unknown[0][:40]!r} is not known" if unknown else ""


def _skip(lines: Iterator[str]) -> Iterator[Found]:
    count = sum(1 for _ in lines)
    if count:
        yield LineRange(
            first=2, last=count + 1, use=LineUse.UNREADABLE, note="columns unknown: not read"
        )


def _read_row(number: int, names: list[str], line: str, separator: str) -> Found:
    try:
        cells = _cells(line, separator)
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        return LoggedCycle(
            lines=(number, number),
            serial=row.get("serial", ""),
            program=row.get("program", ""),
            number=row["number"],
            started_at=datetime.fromisoformat(row["started_at"]).replace(tzinfo=None),
            ended_at=_moment(row.get("ended_at", "")),
            set_decicelsius=_tenths(row.get("set_temperature_c", "")),
            set_hold_seconds=_whole(row.get("set_hold_s", "")),
            lowest_decicelsius=_tenths(row["lowest_temperature_c"]),
            highest_decicelsius=_tenths(row.get("highest_temperature_c", "")),
            hold_seconds=_whole(row["hold_s"]),
            curve=(),
            ended=True,
            machine_failed=row["passed"].lower() != "yes",
            errors=(),
        )
    except ValueError as error:
        return LineRange(
            first=number, last=number, use=LineUse.UNREADABLE, note=str(error)[:120] or "unreadable"
        )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def _tenths(text: str) -> int | None:
    return round(float(text.replace(",", ".")) * 10) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None
