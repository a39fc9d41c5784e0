"""What an audit found, and the one way of comparing rows with what the log says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_PROBLEMS: Final = 100
"""After so many the audit goes on, for its root is wanted, but names no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not hold."""

    index: int | None
    """The entry that shows it, where one does."""

    table: str
    """Where the stored data differs."""

    reason: str
    """A sentence naming key and column."""


class Findings:
    """The problems so far, at most ``MOST_PROBLEMS``."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    def add(self, table: str, reason: str, index: int | None = None) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(index=index, table=table, reason=reason))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """A table as the audit compares it."""

    table: str
    columns: tuple[str, ...]
    """The key comes first."""
    keys: int
    """How many of the columns are the key within one clinic."""

    def key(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return row[: self.keys]

    def name(self, key: Sequence[Any]) -> str:
        """The key in words, such as ``session_id=…, idx=7``."""
        named = zip(self.columns, key, strict=False)
        return ", ".join(f"{column}={value}" for column, value in named)


Row = tuple[Any, ...]
Expected = dict[Row, int | None]
"""Whole rows that the log demands, each with the entry that demands it."""


def compare_rows(
    findings: Findings, shape: Shape, expected: Mapping[Row, int | None], found: Sequence[Row]
) -> None:
    """Compare the found rows with the expected ones.

    A row too many, too few or different is a problem naming table, key and column.
    """
    # Nearly always they are the same, and then one comparison of sets settles it.
    if len(found) == len(expected) and set(found) == expected.keys():
        return
    wanted = {shape.key(row): (row, index) for row, index in expected.items()}
    if len(wanted) < len(expected):
        findings.add(shape.table, "two entries of the log demand different rows of one key")
    for row in found:
        demanded = wanted.pop(shape.key(row), None)
        if demanded is None:
            findings.add(
                shape.table, f"{shape.name(shape.key(row))}: no entry of the log made this row"
            )
        elif row != demanded[0]:
            _name_columns(findings, shape, demanded, row)
    for key, (_, index) in wanted.items():
        findings.add(shape.table, f"{shape.name(key)}: the row is missing", index)


def _name_columns(
    findings: Findings, shape: Shape, wanted: tuple[Row, int | None], row: Row
) -> None:
    for column, stored, demanded in zip(shape.columns, row, wanted[0], strict=True):
        if stored != demanded:
            reason = f"{shape.name(shape.key(row))}: column {column} is {_short(stored)},"
            findings.add(shape.table, f"{reason} the log says {_short(demanded)}", wanted[1])


def _short(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
