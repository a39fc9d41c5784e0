"""The packs that a recall made people look for: put aside, or not found."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.report.content.fields import child, text
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.room_indexing import RecallPlaces

_NAMED = 60
"""Packs of one outcome that are named; of more only their number is told."""


def say_pulls(naming: Naming, places: RecallPlaces, packs: int) -> Iterator[tuple[str, str]]:
    """Return label and text of each fact about the packs of a recall, the missing ones by name.

    Args:
        packs: how many it takes back.
    """
    words = naming.words.room
    by_outcome: dict[str, list[str]] = {"pulled": [], "missing": []}
    for pack, (outcome, index) in places.found.items():
        by_outcome.setdefault(outcome, []).append(_say(naming, pack, index))
    pulled, missing = by_outcome["pulled"], by_outcome["missing"]
    yield (
        words.fact_packs,
        words.packs_found.format(count=packs, pulled=len(pulled), missing=len(missing)),
    )
    for label, named in ((words.fact_put_aside, pulled), (words.fact_missing, missing)):
        if 0 < len(named) <= _NAMED:
            yield label, "; ".join(named)


def _say(naming: Naming, pack: str, index: int) -> str:
    entry = naming.log.read(index)
    return naming.words.room.pack_found.format(
        pack=naming.words.pack.format(code=_code(naming, pack)),
        when=naming.times.moment(text(entry, "at")).text,
        who=naming.person(author(entry)),
        entry=index,
    )


def _code(naming: Naming, pack: str) -> str:
    """What stands on its label; the end of its id where this file does not quote that."""
    registered, _ = naming.positions.room.packs.get(pack, (None, ""))
    if registered is None:
        return f"… {pack[-8:]}"
    return text(child(naming.log.read(registered), "data"), "code")
