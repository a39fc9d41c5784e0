"""Any text log, by a mapping that a manager sets up from a sample file.

Either the mapping names the line a cycle begins with, the line it ends with, and
for each value the words before it; or every cycle is one line, and the mapping
names the column of each value. Values are read by plain rules, so that nobody
writes regular expressions on a screen and no pattern can be made to hang.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from compliance.domain.sterilization.judging import Reading
from compliance.errors import Refused
from compliance.importing.mapped_curves import (
    CurveMapping,
    CurveReader,
    check_curve,
    curve_to_json,
    read_curve_mapping,
)
from compliance.importing.mapped_values import read_end, read_moment, read_seconds, read_tenths
from compliance.importing.values import (
    DateOrder,
    Found,
    ImportOptions,
    LineRange,
    LineUse,
    LoggedCycle,
)

FIELDS: Final = (
    "serial",
    "program",
    "number",
    "date",
    "time",
    "end_time",
    "set_temperature",
    "set_hold",
    "lowest_temperature",
    "highest_temperature",
    "hold",
)
NEEDED: Final = ("number", "date", "time", "lowest_temperature", "hold")
_MAX_WORDS: Final = 80
SEPARATORS: Final = (";", ",", "\t", "|")
_COLUMN: Final = re.compile(r"[1-9][0-9]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMapping:
    """Where the values of one make of log stand. Words are compared without regard to case."""

    begins_with: str
    ends_with: str
    """Empty: a cycle ends where the next begins, and has no end line of its own."""
    values: Mapping[str, str]
    """Field of ``FIELDS`` to the words before its value, or to the number of its column."""
    failure_words: tuple[str, ...] = ()
    """Words by which the machine says that the run failed."""
    separator: str = ""
    """One of ``SEPARATORS`` where every cycle is one line of columns; empty otherwise."""
    date_order: DateOrder = DateOrder.DAY_MONTH_YEAR
    curve: CurveMapping | None = None

    def to_json(self) -> dict[str, Any]:
        """The form that the record keeps; `read_mapping` reads it back."""
        return {
            "begins_with": self.begins_with,
            "ends_with": self.ends_with,
            "values": dict(self.values),
            "failure_words": list(self.failure_words),
            "separator": self.separator,
            "date_order": self.date_order.value,
            "curve": curve_to_json(self.curve),
        }


def read_mapping(body: Mapping[str, Any]) -> TextMapping:
    """Build a mapping from the form that the record keeps."""
    return TextMapping(
        begins_with=body["begins_with"],
        ends_with=body["ends_with"],
        values=dict(body["values"]),
        failure_words=tuple(body["failure_words"]),
        separator=body["separator"],
        date_order=DateOrder(body["date_order"]),
        curve=read_curve_mapping(body.get("curve")),
    )


def check_mapping(mapping: TextMapping) -> None:
    """Raise ``Refused`` for a mapping that could not find a cycle."""
    if mapping.separator:
        _check_columns(mapping)
    elif not 1 <= len(mapping.begins_with.strip()) <= _MAX_WORDS:
        raise Refused(
            "begins_with", mapping.begins_with, "is missing", allowed="1 to 80 characters"
        )
    words = (mapping.ends_with, *mapping.values.values(), *mapping.failure_words)
    if any(len(text) > _MAX_WORDS for text in words):
        raise Refused("values", "", "are too long", allowed="80 characters each")
    unknown = set(mapping.values) - set(FIELDS)
    if unknown:
        raise Refused("values", min(unknown), "is no field", allowed=", ".join(FIELDS))
    missing = [name for name in NEEDED if not mapping.values.get(name, "").strip()]
    if missing:
        raise Refused("values", "", f"lacks {', '.join(missing)}")
    if mapping.curve is not None:
        check_curve(mapping.curve)


def _check_columns(mapping: TextMapping) -> None:
    if mapping.separator not in SEPARATORS:
        raise Refused("separator", mapping.separator, "is unknown", allowed="; , | or tab")
    wrong = [each for each in mapping.values.values() if each and not _COLUMN.fullmatch(each)]
    if wrong:
        raise Refused("values", wrong[0], "is no column", allowed="1 to 99")
    if mapping.curve is not None:
        raise Refused("curve", "", "cannot stand in a log with one line a cycle")


@dataclass(slots=True)
class _Open:
    first: int
    last: int
    found: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    ended: bool = False
    curve: CurveReader | None = None


class MappedText:
    """The adapter for one mapping; unverified, for nobody but its maker has seen its logs."""

    name = "mapped_text"
    title = "Text log by mapping"
    verified = False

    def __init__(self, mapping: TextMapping, *, version: int | None = None) -> None:
        check_mapping(mapping)
        if version is not None:
            self.name = f"{MappedText.name}/{version}"
        self._mapping = mapping
        self._begin = mapping.begins_with.strip().casefold()
        self._end = mapping.ends_with.strip().casefold()
        self._failures = tuple(word.casefold() for word in mapping.failure_words if word.strip())
        self._values = sorted(
            ((name, words.strip().casefold()) for name, words in mapping.values.items()),
            key=lambda pair: -len(pair[1]),
        )

    def read(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:
        """Yield cycles and the lines outside of them."""
        options = ImportOptions(date_order=self._mapping.date_order)
        if self._mapping.separator:
            return self._read_columns(lines, options)
        return self._read_blocks(lines, options)

    def _read_columns(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:
        """Every line is a cycle or says why it is none."""
        columns = {name: int(text) for name, text in self._mapping.values.items() if text}
        for number, line in enumerate(lines, start=1):
            cells = [cell.strip().strip('"') for cell in line.split(self._mapping.separator)]
            found = {n: cells[at - 1] for n, at in columns.items() if at <= len(cells)}
            folded = line.casefold()
            errors = [line[:120]] if any(word in folded for word in self._failures) else []
            cycle = _Open(first=number, last=number, found=found, errors=errors, ended=True)
            if not found.get("number") or read_moment(found, "time", options) is None:
                note = "no cycle: the columns hold no number with a date and time"
                yield LineRange(first=number, last=number, use=LineUse.NOISE, note=note)
                continue
            yield _finished(cycle, options, has_end=True)

    def _read_blocks(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:
        current: _Open | None = None
        outside: int | None = None
        number = 0
        for number, line in enumerate(lines, start=1):
            folded = line.strip().casefold()
            if folded.startswith(self._begin):
                if current is not None:
                    yield _finished(current, options, has_end=bool(self._end))
                elif outside is not None:
                    yield _outside(outside, number - 1)
                reader = None if self._mapping.curve is None else CurveReader(self._mapping.curve)
                current, outside = _Open(first=number, last=number, curve=reader), None
            if current is None:
                outside = number if outside is None else outside
                continue
            self._take(current, number, line.strip(), folded)
            if current.ended:
                yield _finished(current, options, has_end=True)
                current = None
        if current is not None:
            yield _finished(current, options, has_end=bool(self._end))
        elif outside is not None:
            yield _outside(outside, number)

    def _take(self, cycle: _Open, number: int, line: str, folded: str) -> None:
        cycle.last = number
        if cycle.curve is not None:
            cycle.curve.take(line)
        matched = ""
        for name, words in self._values:
            # The longest words win; two values may stand behind the same ones, as date and time do.
            if matched and words != matched:
                break
            if words and name not in cycle.found and folded.startswith(words):
                cycle.found[name] = line[len(words) :].strip(" :=\t")
                matched = words
        if any(word in folded for word in self._failures):
            cycle.errors.append(line[:120])
        if self._end and folded.startswith(self._end):
            cycle.ended = True


def _outside(first: int, last: int) -> LineRange:
    return LineRange(first=first, last=last, use=LineUse.NOISE, note="outside of any cycle")


def _finished(cycle: _Open, options: ImportOptions, *, has_end: bool) -> Found:
    found = cycle.found
    if "number" not in found:
        return LineRange(
            first=cycle.first,
            last=cycle.last,
            use=LineUse.UNREADABLE,
            note="the beginning of a cycle without its number",
        )
    started = read_moment(found, "time", options)
    curve, unread = _curve(cycle, started)
    return LoggedCycle(
        lines=(cycle.first, cycle.last),
        serial=found.get("serial", ""),
        program=found.get("program", ""),
        number=found["number"].split()[0] if found["number"] else "",
        started_at=started,
        ended_at=read_end(found, options),
        set_decicelsius=read_tenths(found.get("set_temperature")),
        set_hold_seconds=read_seconds(found.get("set_hold")),
        lowest_decicelsius=read_tenths(found.get("lowest_temperature")),
        highest_decicelsius=read_tenths(found.get("highest_temperature")),
        hold_seconds=read_seconds(found.get("hold")),
        curve=curve,
        ended=cycle.ended or not has_end,
        machine_failed=bool(cycle.errors),
        errors=(*dict.fromkeys(cycle.errors), *unread),
    )


def _curve(cycle: _Open, started: datetime | None) -> tuple[tuple[Reading, ...], tuple[str, ...]]:
    """The readings of a cycle, and what is to be said of lines that are none."""
    if cycle.curve is None:
        return (), ()
    begin = None if started is None else started.hour * 3600 + started.minute * 60 + started.second
    readings, unread = cycle.curve.finish(begin), cycle.curve.unread
    return readings, (f"{unread} lines of the curve are not readable",) if unread else ()
