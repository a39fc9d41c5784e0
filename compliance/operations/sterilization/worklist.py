"""A recall as people work through it, and the search in both directions behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.words import EvidenceKind, PackState, SessionState
from compliance.errors import Refused
from compliance.operations.packs import find_pack
from compliance.operations.personal import ERASED, Keyring, read_texts
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.recalling import (
    RecallRow,
    affected_meetings,
    find_row,
    packs_of,
    read_lot,
)
from compliance.operations.things import find_device
from compliance.operations.treatments.reading import client_id_of
from compliance.store import meetings, recalls
from compliance.store.meetings import Meeting
from compliance.store.recalls import TracedPack
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A session, its client's reference, and what it was found by."""

    meeting: Meeting
    client_ref: str
    pieces: tuple[Mapping[str, Any], ...]
    """The evidence of sterility that the session holds."""
    calls: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """A client of the window who is not affected, and why not."""

    client_ref: str
    session_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """Everything a recall takes back, and everybody to call."""

    recall: RecallRow
    sterilizer: SterilizerRow | None
    cycles: tuple[tuple[str, str, datetime], ...]
    to_pull: tuple[TracedPack, ...]
    used: tuple[TracedPack, ...]
    affected: tuple[Met, ...]
    """In order of their treatments."""
    spared: tuple[Spared, ...]


def read_worklist(
    tx: Tx, recall_id: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> Worklist:
    """Compute the worklist from the packs and sessions as they are; raises ``NotFound``."""
    actor.require(Action.READ_SESSIONS)
    row = find_row(tx, recall_id, actor=actor)
    machine, cycles, packs = None, [], []
    if row.sterilizer_id is not None:
        machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
        cycles = recalls.window_cycles(tx, row)
        packs = packs_of(tx, row, machine, [cycle[0] for cycle in cycles])
    used = [
        pack
        for pack in packs
        if pack.state is PackState.USED and pack.session_state != SessionState.DRAFT.value
    ]
    taken = {pack.pack_id for pack in used}
    met = _affected(tx, row, [cycle[0] for cycle in cycles], used)
    calls = recalls.list_calls(tx, row.clinic_id, row.recall_id)
    return Worklist(
        recall=row,
        sterilizer=machine,
        cycles=tuple(cycles),
        to_pull=tuple(pack for pack in packs if pack.pack_id not in taken),
        used=tuple(used),
        affected=tuple(_with_refs(tx, keyring, actor.clinic_id, met, calls)),
        spared=tuple(_spared(tx, row, machine, met, keyring, now)) if machine else (),
    )


def _affected(
    tx: Tx, row: RecallRow, cycles: Sequence[str], used: Sequence[TracedPack]
) -> list[Meeting]:
    found = affected_meetings(tx, row, cycles)
    known = {each.session_id for each in found}
    # Packs that name the sterilizer by word only are not found through a cycle.
    others = {pack.used_in for pack in used if pack.used_in is not None} - known
    found += meetings.met_sessions(tx, row.clinic_id, others)
    unique = {each.session_id: each for each in found}
    return sorted(unique.values(), key=lambda each: (each.opened_at, each.session_id))


def _with_refs(
    tx: Tx,
    keyring: Keyring,
    clinic_id: str,
    met: Iterable[Meeting],
    calls: Sequence[Mapping[str, Any]] = (),
) -> list[Met]:
    listed = list(met)
    texts = read_texts(tx, keyring, clinic_id, {each.client_commitment.hex() for each in listed})
    pieces = meetings.evidence_of(tx, clinic_id, [each.session_id for each in listed])
    found = []
    for each in listed:
        found.append(
            Met(
                meeting=each,
                client_ref=texts.get(each.client_commitment.hex(), ERASED),
                pieces=tuple(pieces.get(each.session_id, ())),
                calls=tuple(call for call in calls if call["session_id"] == each.session_id),
            )
        )
    return found


def _spared(
    tx: Tx,
    row: RecallRow,
    machine: SterilizerRow,
    affected: Sequence[Meeting],
    keyring: Keyring,
    now: datetime,
) -> list[Spared]:
    clients = {each.client_id for each in affected}
    others = meetings.sessions_between(tx, row.clinic_id, row.since, row.closed_at or now)
    spared = [each for each in others if each.client_id not in clients]
    return [
        Spared(
            client_ref=each.client_ref,
            session_id=each.meeting.session_id,
            reason=_why_spared(each.pieces, machine.code),
        )
        for each in _with_refs(tx, keyring, row.clinic_id, spared)
    ]


def _why_spared(pieces: Sequence[Mapping[str, Any]], code: str) -> str:
    for piece in pieces:
        if piece["kind"] == EvidenceKind.PACK.value:
            own = piece["ref"]["cycle"]["sterilizer"]
            if own != code:
                return f"other sterilizer {own}"
            return "load outside of the window"
    if any(piece["kind"] == EvidenceKind.LOT.value for piece in pieces):
        return "pre-sterilised single-use cartridge"
    return "nothing of this sterilizer was used"


def _met_device(tx: Tx, ref: str, actor: Actor) -> list[Meeting]:
    device = find_device(tx, ref, actor=actor)
    return meetings.met_device(tx, actor.clinic_id, device.device_id)


def _met_pack(tx: Tx, ref: str, actor: Actor) -> list[Meeting]:
    return meetings.met_pack(tx, actor.clinic_id, find_pack(tx, ref, actor=actor).pack_id)


def _met_cycle(tx: Tx, ref: str, actor: Actor) -> list[Meeting]:
    return meetings.met_cycles(tx, actor.clinic_id, [find_cycle(tx, ref, actor=actor).cycle_id])


def _met_lot(tx: Tx, ref: str, actor: Actor) -> list[Meeting]:
    return meetings.met_lot(tx, actor.clinic_id, read_lot(ref))


def _met_operator(tx: Tx, ref: str, actor: Actor) -> list[Meeting]:
    return meetings.met_operator(tx, actor.clinic_id, ref)


_WAYS: Final[Mapping[str, Callable[[Tx, str, Actor], list[Meeting]]]] = MappingProxyType(
    {
        "device": _met_device,
        "pack": _met_pack,
        "cycle": _met_cycle,
        "lot": _met_lot,
        "operator": _met_operator,
    }
)
MEETABLE: Final = (*_WAYS, "client")


def who_met(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> list[Met]:
    """The sessions, and so the clients, that met a thing; for a client, what they met.

    Raises:
        Refused: an unknown kind of thing.
        NotFound: no such thing.
    """
    actor.require(Action.READ_SESSIONS)
    if kind == "client":
        client = client_id_of(tx, ref, actor=actor, keyring=keyring)
        found = [] if client is None else meetings.met_client(tx, actor.clinic_id, client)
    elif kind in _WAYS:
        found = _WAYS[kind](tx, ref, actor)
    else:
        raise Refused("kind", kind, "cannot be met", allowed=", ".join(MEETABLE))
    started = [each for each in found if each.state != SessionState.DRAFT.value]
    return _with_refs(tx, keyring, actor.clinic_id, started)
