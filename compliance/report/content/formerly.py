"""What the clinic was called before, where the entries that a file is about were recorded under that name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from compliance.report.content.fields import JsonObject, child, number, optional_child, text
from compliance.report.content.naming import Naming
from compliance.report.content.times import LocalTimes

MOST_NAMES: Final = 3
"""The newest so many are named; of more it is said how many."""


def read_formerly(naming: Naming, data: JsonObject) -> tuple[str, ...]:
    """Sentences about the names that were in force in the range of a report, or later.

    Args:
        naming: with the pass over its entries.
        data: its ``audit.json``.
    """
    start = number(child(data, "range"), "start")
    # The index of volumes has an empty range at their end; its period is theirs.
    period = optional_child(data, "period") or {}
    begun = text(period, "from_time") if period else ""
    entries = [(index, naming.log.read(index)) for index in naming.positions.clinic_changes]
    told = [(i, entry) for i, entry in entries if i >= start or text(entry, "at") >= begun]
    return say_formerly(told, naming.times)


def read_session_formerly(naming: Naming, record: int) -> tuple[str, ...]:
    """The same since a session was opened; ``record`` is the entry that signed it last."""
    opened = child(child(naming.log.read(record), "data"), "opened")
    since = number(opened, "index")
    changes = [index for index in naming.positions.clinic_changes if index > since]
    return say_formerly(((index, naming.log.read(index)) for index in changes), naming.times)


def read_former_names(naming: Naming, user: str) -> tuple[str, ...]:
    """The former names of a person, the newest first; nothing of one who was erased."""
    said = []
    for index in sorted(naming.positions.renamings.get(user, ()), reverse=True):
        entry = naming.log.read(index)
        name = naming.disclosures.get(text(child(child(entry, "data"), "old"), "commit"))
        if name is not None:
            when = naming.times.moment(text(entry, "at")).text
            said.append(naming.words.formerly.format(name=name, when=when, index=index))
    return tuple(said)


def say_formerly(changes: Iterable[tuple[int, JsonObject]], times: LocalTimes) -> tuple[str, ...]:
    """Say each former name with the entry that ended it, the newest first.

    Args:
        changes: entries ``clinic.changed`` with their places, in the order of the log.
        times: in the clinic's zone.

    Raises:
        ContentUnreadable: an entry lacks its fields.
    """
    said = []
    for index, entry in changes:
        data = child(entry, "data")
        name = text(child(data, "old"), "name")
        if name != text(child(data, "new"), "name"):
            when = times.moment(text(entry, "at")).text
            said.append(times.words.formerly.format(name=name, when=when, index=index))
    more = len(said) - MOST_NAMES
    newest = tuple(reversed(said))[:MOST_NAMES]
    return (*newest, times.words.formerly_more.format(count=more)) if more > 0 else newest
