"""What a report says about the sterilization room, read from the entries of the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from compliance.report.content.fields import JsonObject, child, number, optional_child, text
from compliance.report.content.naming import Naming
from compliance.report.content.room_curves import read_curve, shown_curves
from compliance.report.content.room_cycles import PRODUCTION, read_cycle
from compliance.report.content.room_exceptions import read_room_exceptions
from compliance.report.content.room_recalls import Met, find_met, read_recalls
from compliance.report.content.room_rules import read_rule_spans, read_rules
from compliance.report.content.room_spores import read_file, read_spore
from compliance.report.content.room_sterilizers import read_sterilizers
from compliance.report.content.room_values import RoomContent
from compliance.report.content.values import ExceptionLine

K = TypeVar("K")
T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class LazyLines(Generic[K, T]):
    """Reads each line when it is its turn and forgets it."""

    keys: Sequence[K]
    read: Callable[[K], T]

    def __iter__(self) -> Iterator[T]:
        return (self.read(key) for key in self.keys)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The pages about sterilization, and what they bring to page 1."""

    content: RoomContent
    exceptions: tuple[ExceptionLine, ...]
    recalled: int
    """Sessions of the range whose clients met what a recall takes back."""


def read_room(naming: Naming, data: JsonObject, curves: Mapping[str, str]) -> Room:
    """Read everything about sterilization; lines of tables are read when they are drawn.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands, here or while iterating.
    """
    start = number(child(data, "range"), "start")
    rules = read_rules(data)
    met = find_met(naming)
    return Room(
        content=_content(naming, met, curves, start, data),
        exceptions=read_room_exceptions(naming, met, rules, _horizon(data)),
        recalled=_count_recalled(naming, met),
    )


def no_room() -> RoomContent:
    """Return what a file of one session says about sterilization: what its items say."""
    return RoomContent(
        sterilizers=(),
        cycles=(),
        tests=(),
        curves=(),
        spores=(),
        recalls=(),
        files=(),
        rules=(),
        in_use=False,
    )


def _content(
    naming: Naming,
    met: Mapping[str, Sequence[Met]],
    curves: Mapping[str, str],
    start: int,
    data: JsonObject,
) -> RoomContent:
    room = naming.positions.room
    inside = [cycle for cycle, places in room.cycles.items() if places.inside]
    production = [cycle for cycle in inside if room.cycles[cycle].kind == PRODUCTION]
    tests = [cycle for cycle in inside if room.cycles[cycle].kind != PRODUCTION]
    spores = [test for test, places in room.spores.items() if places.inside]
    shown = shown_curves(naming, curves)
    return RoomContent(
        sterilizers=read_sterilizers(naming, start),
        cycles=LazyLines(production, lambda cycle: read_cycle(naming, cycle)),
        tests=LazyLines(tests, lambda cycle: read_cycle(naming, cycle)),
        curves=LazyLines(shown, lambda cycle: read_curve(naming, cycle, curves)),
        spores=LazyLines(spores, lambda test: read_spore(naming, test)),
        recalls=read_recalls(naming, met, start),
        files=LazyLines(list(room.files), lambda index: read_file(naming, index)),
        rules=read_rule_spans(naming, read_rules(data)),
        in_use=room.in_use,
    )


def _horizon(data: JsonObject) -> str | None:
    """Up to when a test can be called missing: the period's end, or the making of the report."""
    volume = optional_child(data, "volume")
    # The index of volumes is the last part; the one before it holds the end of the period.
    if volume is not None and number(volume, "number") < number(volume, "of") - 1:
        return None
    return min(text(child(data, "period"), "to_time"), text(data, "made_at"))


def _count_recalled(naming: Naming, met: Mapping[str, Sequence[Met]]) -> int:
    ended = set(naming.positions.signed.values())
    return len({one.index for each in met.values() for one in each} & ended)
