"""Sterilizers over the period: what they are, where they stood, and what was done to them."""

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
)
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.room_indexing import SterilizerPlaces
from compliance.report.content.room_values import StateLine, SterilizerBlock


def read_sterilizers(naming: Naming, start: int) -> tuple[SterilizerBlock, ...]:
    """Return every sterilizer the log knows, with its states from the range's start on.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    machines = naming.positions.room.sterilizers.values()
    return tuple(_read(naming, places, start) for places in machines)


def sterilizer_code(naming: Naming, sterilizer: str) -> str:
    """Return the code a sterilizer is known by; the end of its id if nothing tells it."""
    places = naming.positions.room.sterilizers.get(sterilizer)
    if places is None:
        return f"… {sterilizer[-8:]}"
    return text(child(naming.log.read(places.index), "data"), "code")


def celsius(decicelsius: int) -> str:
    """Return tenths of a degree as people write them."""
    return f"{decicelsius / 10:.1f} °C"


def _read(naming: Naming, places: SterilizerPlaces, start: int) -> SterilizerBlock:
    words = naming.words.room
    data = child(naming.log.read(places.index), "data")
    litres = data.get("chamber_litres")
    facts = [
        words.type.format(type=text(data, "type")),
        words.serial.format(serial=text(data, "serial")),
        words.installed.format(day=naming.times.day(text(data, "installed_on"))),
    ]
    if litres is not None:
        facts.insert(2, words.chamber.format(litres=litres))
    return SterilizerBlock(
        index=places.index,
        title=f"{text(data, 'code')} · {text(data, 'name')}",
        facts=", ".join(facts),
        programs=tuple(_program(naming, program) for program in children(data, "programs")),
        states=tuple(_states(naming, places, start)),
    )


def _program(naming: Naming, program: JsonObject) -> str:
    return naming.words.room.program.format(
        name=text(program, "name"),
        lower=celsius(number(program, "hold_decicelsius")),
        upper=celsius(number(program, "upper_decicelsius")),
        hold=number(program, "hold_seconds"),
    )


def _states(naming: Naming, places: SterilizerPlaces, start: int) -> Iterator[StateLine]:
    # What stood at the beginning of the period is told by the last entry before it.
    first = max((index for index in (places.index, *places.moves) if index < start), default=None)
    shown: Sequence[int] = sorted(
        index
        for index in {places.index, *places.moves, *places.services}
        if index >= start or index == first
    )
    for index in shown:
        yield _state(naming, index)


def _state(naming: Naming, index: int) -> StateLine:
    words = naming.words.room
    entry = naming.log.read(index)
    data = child(entry, "data")
    why = ""
    if "service" in data:
        service = text(data, "service")
        done = naming.times.day(text(data, "on"))
        state = f"{words.services.get(service, spoken(service))}, {done}"
    elif "to" in data:
        state = words.states.get(text(data, "to"), spoken(text(data, "to")))
        why = _why(naming, data)
    else:
        state = words.states.get(text(data, "state"), spoken(text(data, "state")))
        why = words.added
    return StateLine(
        index=index,
        when=naming.times.moment(text(entry, "at")),
        state=state,
        why=why,
        who=naming.person(author(entry)),
    )


def _why(naming: Naming, data: JsonObject) -> str:
    words = naming.words.room
    said = [naming.free_text(data, "reason")]
    if cause := naming.free_text(data, "cause"):
        said.append(words.cause.format(cause=cause))
    if proof := optional_text(data, "proof"):
        said.append(_test(naming, words.proof, proof))
    if failed := optional_text(data, "test"):
        said.append(_test(naming, words.after_growth, failed))
    return " ".join(part for part in said if part)


def _test(naming: Naming, phrase: str, test: str) -> str:
    places = naming.positions.room.spores.get(test)
    return phrase.format(entry="–" if places is None else places.index)
