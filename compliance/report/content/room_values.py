"""What a report says about the sterilization room, as frozen values that are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from compliance.report.content.moments import Moment

T = TypeVar("T", covariant=True)


class Lines(Protocol[T]):
    """Lines in order, made one at a time so that memory stays flat."""

    def __iter__(self) -> Iterator[T]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """Where a sterilizer stood from a moment on, or what was done to it."""

    index: int
    when: Moment
    state: str
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SterilizerBlock:
    index: int
    title: str
    facts: str
    programs: tuple[str, ...]
    states: tuple[StateLine, ...]
    """The state at the beginning of the period first, then each change, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleLine:
    """One run: what was set beside what was achieved, and what became of it."""

    index: int
    name: str
    """Code of the sterilizer and number of the cycle."""
    when: Moment
    run: str
    """Program, and what the run was for."""
    set: tuple[str, ...]
    achieved: tuple[str, ...]
    contents: tuple[str, ...]
    """What was inside, and its indicators."""
    outcome: str
    failed: bool
    notes: tuple[str, ...]
    """Faults, flags with their decisions, the operator, the release."""
    marked: bool
    """Failed, or flagged and not decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFigure:
    """Readings of a cycle with the limits of its program and the steam line."""

    title: str
    note: str
    described: str
    """For whoever cannot see it."""
    points: tuple[tuple[int, float, float], ...]
    """Seconds, degrees Celsius, and the saturation temperature of the measured pressure."""
    lower: float | None
    upper: float | None
    off: tuple[int, ...]
    """Positions of the points that are more than 2 K off saturated steam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeLine:
    """A biological indicator with its control."""

    index: int
    name: str
    when: Moment
    lot: str
    test: str
    control: str
    read: str
    outcome: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetLine:
    """A session whose client met what is taken back, with every call."""

    number: str
    client: str
    when: str
    by: str
    calls: tuple[str, ...]
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallBlock:
    index: int
    title: str
    state: str
    open: bool
    facts: tuple[tuple[str, str], ...]
    worklist: tuple[MetLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A log that was imported, by its hash, with what was found in it."""

    index: int
    when: Moment
    name: str
    details: str
    sha256: str
    cycles: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    rule: str
    value: str
    profile: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpan:
    """The rules of a stretch of days on which none of them changed."""

    days: str
    profiles: str
    lines: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomContent:
    """Everything the report says about sterilization, and the rules of the period."""

    sterilizers: tuple[SterilizerBlock, ...]
    cycles: Lines[CycleLine]
    """Production loads recorded in the range."""
    tests: Lines[CycleLine]
    """Day tests and vacuum tests recorded in the range."""
    curves: Lines[CurveFigure]
    spores: Lines[SporeLine]
    recalls: tuple[RecallBlock, ...]
    files: Lines[FileLine]
    rules: tuple[RuleSpan, ...]
    in_use: bool
    """Whether the record tells of a sterilization room at all."""
