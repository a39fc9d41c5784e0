"""Where a log tells of the sterilization room, as positions and not as content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    optional_text,
    text,
    texts,
)


@dataclass(slots=True, kw_only=True)
class SterilizerPlaces:
    """Indices of the entries about one sterilizer."""

    index: int
    moves: list[int] = field(default_factory=list)
    services: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CyclePlaces:
    """Indices of the entries about one cycle, and the little that is asked of every cycle."""

    index: int
    inside: bool
    """Recorded in the range."""
    sterilizer: str
    kind: str
    run_at: str
    ended_at: str | None
    failed: bool
    undecided: set[str]
    """Flags that nobody has decided on."""
    decisions: dict[str, int] = field(default_factory=dict)
    chemical: int | None = None
    released: int | None = None
    load: int | None = None
    spores: list[str] = field(default_factory=list)
    """Spore tests of this load, by id."""


@dataclass(slots=True, kw_only=True)
class SporePlaces:
    """Where a spore test was entered, and read; the last entry counts."""

    index: int
    inside: bool
    sterilizer: str
    cycle: str
    run_at: str
    outcome: str


@dataclass(slots=True, kw_only=True)
class RecallPlaces:
    """Indices of the entries about one recall."""

    opened: int
    inside: bool
    sterilizer: str | None
    lot: str | None
    gtin: str | None
    """The article that a maker's notice names."""
    since: str | None
    positives: int = 1
    pulled: list[int] = field(default_factory=list)
    calls: dict[str, list[int]] = field(default_factory=dict)
    """By the session whose client was called."""
    found: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By the pack: ``pulled`` or ``missing``, and where; the newest word counts."""
    closed: int | None = None


@dataclass(slots=True, kw_only=True)
class RoomPositions:
    """Grows during the first pass over an audit and is only read after it."""

    sterilizers: dict[str, SterilizerPlaces] = field(default_factory=dict)
    cycles: dict[str, CyclePlaces] = field(default_factory=dict)
    packs: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Where a pack was registered, and its cycle; no cycle where it names one by word only."""
    packs_released: dict[str, int] = field(default_factory=dict)
    spores: dict[str, SporePlaces] = field(default_factory=dict)
    recalls: dict[str, RecallPlaces] = field(default_factory=dict)
    files: list[int] = field(default_factory=list)
    imported: dict[str, list[str]] = field(default_factory=dict)
    """Cycles by the hash of the file they came from."""
    loads: dict[str, int] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)
    """Where a session was opened, as far as that is shown."""
    refused: dict[str, list[int]] = field(default_factory=dict)
    """By session: late answers that were refused for what a recall takes back."""

    @property
    def in_use(self) -> bool:
        """Whether the log tells of a sterilization room at all."""
        return bool(self.sterilizers or self.cycles or self.recalls or self.files)


def note_room(room: RoomPositions, index: int, entry: JsonObject, *, inside: bool) -> None:
    """Note one entry; entries must come in the order of the log, those outside first."""
    reader = _READERS.get(text(entry, "kind"))
    if reader is not None:
        reader(room, index, child(entry, "data"), inside)


def _sterilizer_added(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.sterilizers[text(data, "sterilizer")] = SterilizerPlaces(index=index)


def _sterilizer_moved(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    machine = room.sterilizers.get(text(data, "sterilizer"))
    if machine is not None:
        machine.moves.append(index)


def _sterilizer_serviced(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    machine = room.sterilizers.get(text(data, "sterilizer"))
    if machine is not None:
        machine.services.append(index)


def _cycle(room: RoomPositions, index: int, data: JsonObject, inside: bool) -> None:
    cycle = text(data, "cycle")
    room.cycles[cycle] = CyclePlaces(
        index=index,
        inside=inside,
        sterilizer=text(data, "sterilizer"),
        kind=text(data, "kind"),
        run_at=text(data, "run_at"),
        ended_at=optional_text(data, "ended_at"),
        failed=text(data, "outcome") != "passed",
        undecided={text(flag, "code") for flag in children(data, "flags")},
    )
    raw = optional_text(data, "raw_sha256")
    if raw is not None:
        room.imported.setdefault(raw, []).append(cycle)


def _flag_decided(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    cycle = room.cycles.get(text(data, "cycle"))
    if cycle is not None:
        cycle.undecided.discard(text(data, "flag"))
        cycle.decisions[text(data, "flag")] = index


def _cycle_released(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    cycle = room.cycles.get(text(data, "cycle"))
    if cycle is not None:
        cycle.released = index


def _indicator(room: RoomPositions, index: int, data: JsonObject, inside: bool) -> None:
    cycle = room.cycles.get(text(data, "cycle"))
    if text(data, "indicator") != "spore":
        if cycle is not None:
            cycle.chemical = index
            cycle.failed = text(data, "outcome") != "passed"
        return
    test = text(data, "test")
    if cycle is not None and test not in cycle.spores:
        cycle.spores.append(test)
    room.spores[test] = SporePlaces(
        index=index,
        inside=inside,
        sterilizer=text(data, "sterilizer"),
        cycle=text(data, "cycle"),
        run_at=text(data, "run_at"),
        outcome=text(data, "outcome"),
    )


def _pack_registered(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.packs[text(data, "pack")] = (index, optional_text(data, "cycle_id") or "")


def _pack_released(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.packs_released[text(data, "pack")] = index


def _load_started(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.loads[text(data, "load")] = index


def _load_ended(room: RoomPositions, _index: int, data: JsonObject, _inside: bool) -> None:
    cycle = room.cycles.get(optional_text(data, "cycle") or "")
    if cycle is not None:
        cycle.load = room.loads.get(text(data, "load"))


def _recall_opened(room: RoomPositions, index: int, data: JsonObject, inside: bool) -> None:
    room.recalls[text(data, "recall")] = RecallPlaces(
        opened=index,
        inside=inside,
        sterilizer=optional_text(data, "sterilizer"),
        lot=optional_text(data, "lot"),
        gtin=optional_text(data, "gtin"),
        since=optional_text(data, "since"),
    )


def _recall_pulled(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    texts(data, "cycles")
    recall = room.recalls.get(text(data, "recall"))
    if recall is not None:
        recall.pulled.append(index)


def _recall_positive(room: RoomPositions, _index: int, data: JsonObject, _inside: bool) -> None:
    recall = room.recalls.get(text(data, "recall"))
    if recall is not None:
        recall.positives += 1


def _recall_called(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    recall = room.recalls.get(text(data, "recall"))
    if recall is not None:
        recall.calls.setdefault(text(data, "met"), []).append(index)


def _pack_found(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    recall = room.recalls.get(text(data, "recall"))
    if recall is not None:
        recall.found[text(data, "pack")] = text(data, "outcome"), index


def _recall_closed(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    recall = room.recalls.get(text(data, "recall"))
    if recall is not None:
        recall.closed = index


def _file_kept(room: RoomPositions, index: int, _data: JsonObject, inside: bool) -> None:
    if inside:
        room.files.append(index)


_Reader = Callable[[RoomPositions, int, JsonObject, bool], None]


def _session_opened(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.opened[text(data, "session")] = index


def _session_refused(room: RoomPositions, index: int, data: JsonObject, _inside: bool) -> None:
    room.refused.setdefault(text(data, "session"), []).append(index)


_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "session.opened": _session_opened,
        "session.refused": _session_refused,
        "sterilizer.added": _sterilizer_added,
        "sterilizer.moved": _sterilizer_moved,
        "sterilizer.serviced": _sterilizer_serviced,
        "cycle.recorded": _cycle,
        "cycle.imported": _cycle,
        "cycle.flag_decided": _flag_decided,
        "cycle.released": _cycle_released,
        "indicator.read": _indicator,
        "pack.registered": _pack_registered,
        "pack.released": _pack_released,
        "load.started": _load_started,
        "load.ended": _load_ended,
        "recall.opened": _recall_opened,
        "recall.pulled": _recall_pulled,
        "recall.positive": _recall_positive,
        "recall.called": _recall_called,
        "recall.pack_found": _pack_found,
        "recall.closed": _recall_closed,
        "log_file.kept": _file_kept,
    }
)
