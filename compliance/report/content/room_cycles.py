"""Cycles: what was set beside what was achieved, what was inside, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    number,
    optional_text,
    spoken,
    text,
    texts,
)
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.room_indexing import CyclePlaces
from compliance.report.content.room_sterilizers import celsius, sterilizer_code
from compliance.report.content.room_values import CycleLine

PRODUCTION = "production"


def cycle_name(naming: Naming, cycle: str) -> str:
    """Return a cycle as people call it, such as ``A1 cycle 612``; the end of its id otherwise."""
    places = naming.positions.room.cycles.get(cycle)
    if places is None:
        return f"… {cycle[-8:]}"
    data = child(naming.log.read(places.index), "data")
    return naming.words.cycle.format(
        sterilizer=sterilizer_code(naming, places.sterilizer), number=text(data, "number")
    )


def read_cycle(naming: Naming, cycle: str) -> CycleLine:
    """Return one cycle with everything that was entered about it later.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    words = naming.words.room
    places = naming.positions.room.cycles[cycle]
    entry = naming.log.read(places.index)
    data = child(entry, "data")
    chemical = data if places.chemical is None else child(naming.log.read(places.chemical), "data")
    kind = text(data, "kind")
    outcome = words.outcomes["failed" if places.failed else "passed"]
    return CycleLine(
        index=places.index,
        name=cycle_name(naming, cycle),
        when=naming.times.moment(places.run_at),
        run=f"{text(data, 'program')}, {words.cycle_kinds.get(kind, spoken(kind))}",
        set=tuple(_set(naming, data)) or ("–",),
        achieved=tuple(_achieved(naming, data)),
        contents=(*_contents(naming, places, data), *_indicators(naming, chemical)),
        outcome=outcome,
        failed=places.failed,
        notes=tuple(_notes(naming, places, entry, texts(chemical, "faults"))),
        marked=places.failed or bool(places.undecided),
    )


def _set(naming: Naming, data: JsonObject) -> Iterator[str]:
    if data.get("set_decicelsius") is not None:
        yield celsius(number(data, "set_decicelsius"))
    if data.get("set_hold_seconds") is not None:
        yield naming.words.room.seconds.format(seconds=number(data, "set_hold_seconds"))


def _achieved(naming: Naming, data: JsonObject) -> Iterator[str]:
    words = naming.words.room
    lowest, highest = data.get("lowest_decicelsius"), data.get("highest_decicelsius")
    if isinstance(lowest, int) and isinstance(highest, int) and highest != lowest:
        yield f"{lowest / 10:.1f}–{celsius(highest)}"
    elif isinstance(lowest, int):
        yield words.at_least.format(value=celsius(lowest))
    if isinstance(data.get("hold_seconds"), int):
        yield words.seconds.format(seconds=data["hold_seconds"])
    pressure = data.get("lowest_centibar")
    if isinstance(pressure, int):
        yield words.at_least.format(value=f"{pressure / 100:.2f} bar")
    if lowest is None and data.get("hold_seconds") is None:
        yield words.not_recorded


def _contents(naming: Naming, places: CyclePlaces, data: JsonObject) -> Iterator[str]:
    told = children(data, "contents")
    if not told and places.load is not None:
        # A log does not know what was inside; whoever loaded the chamber said so before.
        told = children(child(naming.log.read(places.load), "data"), "contents")
    for content in told:
        yield text(content, "text")
    if not told:
        yield "–"


def _indicators(naming: Naming, data: JsonObject) -> Iterator[str]:
    words = naming.words.room
    for indicator in children(data, "indicators"):
        phrase = words.indicator_ok if indicator.get("changed") is True else words.indicator_not
        said = phrase.format(type=number(indicator, "type"))
        lot = optional_text(indicator, "lot")
        yield f"{said}, {naming.words.lot.format(lot=lot)}" if lot else said


def _notes(
    naming: Naming, places: CyclePlaces, entry: JsonObject, faults: Sequence[str]
) -> Iterator[str]:
    words = naming.words.room
    data = child(entry, "data")
    yield from faults
    for flag in children(data, "flags"):
        yield _flag(naming, places, flag)
    for test in places.spores:
        spore = naming.positions.room.spores[test]
        outcome = words.spore_outcomes.get(spore.outcome, spoken(spore.outcome))
        yield words.spore_in.format(outcome=outcome, entry=spore.index)
    yield from _origin(naming, entry)
    if places.released is None:
        # A test of the day is never released: no pack comes of it.
        yield from (words.not_released,) if places.kind == PRODUCTION else ()
        return
    release = naming.log.read(places.released)
    signature = child(child(release, "data"), "signature")
    yield words.released.format(
        who=naming.person(text(signature, "by")),
        when=naming.times.moment(text(release, "at")).text,
        auth=naming.auth(text(signature, "auth")),
        entry=places.released,
    )


def _origin(naming: Naming, entry: JsonObject) -> Iterator[str]:
    words = naming.words.room
    data = child(entry, "data")
    who = naming.person(author(entry))
    lines = data.get("raw_lines")
    if isinstance(lines, list) and len(lines) == 2:
        yield words.from_log.format(
            sha256=(optional_text(data, "raw_sha256") or "")[:16], first=lines[0], last=lines[1]
        )
    yield words.entered_by.format(who=who)


def _flag(naming: Naming, places: CyclePlaces, flag: JsonObject) -> str:
    words = naming.words.room
    code = text(flag, "code")
    said = f"{words.flags.get(code, spoken(code))}: {text(flag, 'reason')}"
    index = places.decisions.get(code)
    if index is None:
        return f"{said} {words.undecided}"
    entry = naming.log.read(index)
    data = child(entry, "data")
    phrase = words.flag_accepted if data.get("accepted") is True else words.flag_refused
    return f"{said} " + phrase.format(
        who=naming.person(author(entry)), reason=naming.free_text(data, "reason"), entry=index
    )
