"""From a sterile pack that a session names to the load it came from."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.report.content.fields import JsonObject, optional_text
from compliance.report.content.naming import Naming

_FROM_A_LOAD = frozenset({"pack", "returned"})


def trace_load(evidence: JsonObject, naming: Naming) -> str:
    """Return where the log tells of a pack's load and its release; empty where it does not.

    Such as ``load: entry 120, released: entry 124``.
    """
    if evidence.get("kind") not in _FROM_A_LOAD:
        return ""
    ref = evidence.get("ref")
    if not isinstance(ref, Mapping):
        return ""
    room = naming.positions.room
    _, cycle = room.packs.get(optional_text(ref, "pack") or "", (0, ""))
    places = room.cycles.get(cycle)
    if places is None:
        return ""
    words = naming.words.room
    if places.released is None:
        return words.trace_unreleased.format(entry=places.index)
    return words.trace.format(entry=places.index, released=places.released)
