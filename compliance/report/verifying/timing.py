"""What time-stamps show about a file, as values and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import format_time, parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamp:
    """One time-stamp of the file, as it was judged."""

    size: int
    """How many entries it is over, from the first on."""

    index: int | None
    gen_time: datetime
    authority: str
    independent: bool
    counts: bool
    reason: str
    """Why it counts or does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Between which times a session's record came into the log, by the time-stamps that count."""

    record: int
    """Index of the entry that signed or ended the session."""

    not_before: datetime | None
    by: datetime | None


def stamp_to_json(stamp: TimeStamp) -> dict[str, JsonValue]:
    """Return a judged time-stamp as plain values."""
    return {
        "size": stamp.size,
        "index": stamp.index,
        "gen_time": format_time(stamp.gen_time),
        "authority": stamp.authority,
        "independent": stamp.independent,
        "counts": stamp.counts,
        "reason": stamp.reason,
    }


def stamp_from_json(value: JsonValue) -> TimeStamp:
    """Read what `stamp_to_json` returned.

    Raises:
        ValueError, KeyError, TypeError: if it is of another form.
    """
    content = _object(value)
    return TimeStamp(
        size=_whole(content["size"]),
        index=None if content["index"] is None else _whole(content["index"]),
        gen_time=parse_time(content["gen_time"]),
        authority=str(content["authority"]),
        independent=content["independent"] is True,
        counts=content["counts"] is True,
        reason=str(content["reason"]),
    )


def bracket_to_json(bracket: Bracket) -> dict[str, JsonValue]:
    """Return a bracket as plain values."""
    return {
        "record": bracket.record,
        "not_before": None if bracket.not_before is None else format_time(bracket.not_before),
        "by": None if bracket.by is None else format_time(bracket.by),
    }


def bracket_from_json(value: JsonValue) -> Bracket:
    """Read what `bracket_to_json` returned.

    Raises:
        ValueError, KeyError, TypeError: if it is of another form.
    """
    content = _object(value)
    not_before, by = content["not_before"], content["by"]
    return Bracket(
        record=_whole(content["record"]),
        not_before=None if not_before is None else parse_time(not_before),
        by=None if by is None else parse_time(by),
    )


def _object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value


def _whole(value: JsonValue) -> int:
    if not isinstance(value, int):
        raise TypeError("a number is missing")
    return value
