"""Spore tests with their controls, and the logs that were imported."""

from __future__ import annotations

from compliance.report.content.fields import child, number, optional_text, spoken, text
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.room_cycles import cycle_name
from compliance.report.content.room_values import FileLine, SporeLine

FAIL = "fail"


def read_spore(naming: Naming, test: str) -> SporeLine:
    """Return a spore test as its newest entry tells it.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    words = naming.words.room
    places = naming.positions.room.spores[test]
    entry = naming.log.read(places.index)
    data = child(entry, "data")
    read_at = optional_text(data, "read_at")
    control = optional_text(data, "control")
    control_lot = optional_text(data, "control_lot")
    said = words.no_control if control is None else words.growths.get(control, spoken(control))
    if control is not None and control_lot is not None:
        said = f"{said}, {naming.words.lot.format(lot=control_lot)}"
    result = text(data, "result")
    expires = naming.words.expires.format(day=naming.times.day(text(data, "expires_on")))
    return SporeLine(
        index=places.index,
        name=cycle_name(naming, places.cycle),
        when=naming.times.moment(places.run_at),
        lot=f"{text(data, 'lot')}, {expires}",
        test=words.growths.get(result, spoken(result)),
        control=said,
        read=words.not_read
        if read_at is None
        else f"{naming.times.moment(read_at).text}, {naming.person(author(entry))}",
        outcome=words.spore_outcomes.get(places.outcome, spoken(places.outcome)),
        failed=places.outcome == FAIL,
    )


def read_file(naming: Naming, index: int) -> FileLine:
    """Return an imported log with what each of its cycles came to.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    words = naming.words.room
    entry = naming.log.read(index)
    data = child(entry, "data")
    sha256 = text(data, "sha256")
    return FileLine(
        index=index,
        when=naming.times.moment(text(entry, "at")),
        name=text(data, "name"),
        details=words.file.format(size=number(data, "size"), adapter=spoken(text(data, "adapter"))),
        sha256=sha256,
        cycles=tuple(
            _came_to(naming, cycle) for cycle in naming.positions.room.imported.get(sha256, ())
        ),
        who=naming.person(author(entry)),
    )


def _came_to(naming: Naming, cycle: str) -> str:
    words = naming.words.room
    places = naming.positions.room.cycles[cycle]
    said = [words.outcomes["failed" if places.failed else "passed"]]
    flags = sorted({*places.undecided, *places.decisions})
    for code in flags:
        label = words.flags.get(code, spoken(code))
        decided = words.undecided_short if code in places.undecided else words.decided_short
        said.append(f"{label} ({decided})")
    return f"{cycle_name(naming, cycle)}, {naming.words.entry} {places.index}: {', '.join(said)}"
