"""The meaning layer, sterilization: a pack that a session used came from a released load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import Entry
from compliance.report.verifying.entries import ReadLog, answer
from compliance.report.verifying.verdict import Check

_USED_IN: Final = ("session.closed", "session.signed")
_RUNS: Final = frozenset({"cycle.recorded", "cycle.imported"})


@dataclass(slots=True, kw_only=True)
class _Loads:
    """Where the log says what about packs and cycles; by id, the first entry each."""

    packs: dict[str, Entry]
    packs_released: dict[str, Entry]
    cycles: dict[str, Entry]
    cycles_released: dict[str, Entry]


def check_loads(log: ReadLog) -> Iterator[Check]:
    """Ask whether what is called sterile leads to a load that a person released.

    Only what lies inside the range can be missed: of a pack from before it, the report
    quotes what the session refers to, and what is quoted is judged alike.
    """
    # (1) a pack used in a session was registered, and released before the session was signed;
    # (2) its load, where it names one on record, passed and was released before that;
    # (3) a device that came back is called released by an entry that released its pack;
    # (4) the readings shown are those that the log names by their hash.
    loads = _find_loads(log)
    yield answer(
        "loads",
        "Every sterile pack of a session comes from a released load",
        _load_problems(log, loads),
        f"{len(loads.cycles)} cycles and {len(loads.packs)} packs are shown.",
    )
    yield answer(
        "curves",
        "The readings of cycles are those that were recorded",
        _curve_problems(log, loads),
        f"{len(log.audit.curves)} curves have the hash that the log names.",
    )


def _find_loads(log: ReadLog) -> _Loads:
    loads = _Loads(packs={}, packs_released={}, cycles={}, cycles_released={})
    places: Mapping[str, tuple[str, dict[str, Entry]]] = {
        "pack.registered": ("pack", loads.packs),
        "pack.released": ("pack", loads.packs_released),
        "cycle.released": ("cycle", loads.cycles_released),
        **dict.fromkeys(_RUNS, ("cycle", loads.cycles)),
    }
    for index in sorted(log.by_index):
        entry = log.by_index[index]
        place = places.get(entry.kind)
        if place is not None:
            key, found = place
            found.setdefault(_text(entry.data, key), entry)
    return loads


def _load_problems(log: ReadLog, loads: _Loads) -> Iterator[str]:
    for kind in _USED_IN:
        for entry in log.of_kind(kind):
            for piece in _evidence(entry):
                if piece.get("kind") == "pack":
                    yield from _pack_problems(log, loads, entry, _object(piece.get("ref")))
                elif piece.get("kind") == "returned":
                    yield from _return_problems(log, entry, _object(piece.get("ref")))


def _pack_problems(
    log: ReadLog, loads: _Loads, entry: Entry, ref: Mapping[str, JsonValue]
) -> Iterator[str]:
    name, pack = f"entry {entry.index}: pack {_text(ref, 'code')}", _text(ref, "pack")
    registered = loads.packs.get(pack)
    if registered is None:
        # It was registered before the range, and nothing of it is quoted.
        return
    if registered.index > entry.index:
        yield f"{name} was registered after the session was signed"
    released = loads.packs_released.get(pack)
    if released is None and registered.index >= log.audit.start:
        yield f"{name} was never released"
    elif released is not None and released.index > entry.index:
        yield f"{name} was released after the session was signed"
    yield from _cycle_problems(log, loads, entry, registered, name)


def _cycle_problems(
    log: ReadLog, loads: _Loads, entry: Entry, registered: Entry, name: str
) -> Iterator[str]:
    cycle_id = _text(registered.data, "cycle_id")
    if not cycle_id:
        return
    cycle, released = loads.cycles.get(cycle_id), loads.cycles_released.get(cycle_id)
    if cycle is None:
        if registered.index >= log.audit.start and not log.audit.start:
            yield f"{name} names a cycle that is not in the log"
        return
    if released is None and cycle.index >= log.audit.start:
        yield f"{name} comes from cycle {_text(cycle.data, 'number')}, which was never released"
    elif released is not None and not cycle.index < released.index < entry.index:
        yield f"{name}: its cycle was not released between its record and the session"


def _return_problems(log: ReadLog, entry: Entry, ref: Mapping[str, JsonValue]) -> Iterator[str]:
    index = ref.get("released_index")
    if index is None:
        return
    if not isinstance(index, int) or index >= entry.index:
        yield f"entry {entry.index} names a release that comes after it"
        return
    released = log.by_index.get(index)
    inside = log.audit.start <= index < log.audit.end
    if released is None:
        if inside:
            yield f"entry {entry.index} names entry {index}, which is not shown"
    elif released.kind != "pack.released" or released.data.get("pack") != ref.get("pack"):
        yield f"entry {entry.index}: entry {index} did not release its pack"


def _curve_problems(log: ReadLog, loads: _Loads) -> Iterator[str]:
    for sha256 in log.audit.false_curves:
        yield f"the readings under {sha256[:16]} have another hash"
    named = {_text(entry.data, "curve_sha256") for entry in loads.cycles.values()}
    for sha256 in sorted(set(log.audit.curves) - named):
        yield f"no cycle shown has the readings {sha256[:16]}"


def _evidence(entry: Entry) -> Iterator[Mapping[str, JsonValue]]:
    for item in _list(entry.data.get("items")):
        for piece in _list(_object(item).get("evidence")):
            yield _object(piece)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _text(data: Mapping[str, JsonValue], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
