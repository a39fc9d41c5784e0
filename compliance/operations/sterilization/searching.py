"""The one search: who met this device, pack, load, lot or person's work, and what a client met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.tracing import LotNotice, Trace, normal_lot
from compliance.errors import NotFound, Refused
from compliance.operations.packs import find_pack
from compliance.operations.people.listing import read_names
from compliance.operations.personal import ERASED, Keyring, find_index, read_texts
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.recalling import read_lot, say_lot
from compliance.operations.sterilization.worklist import Met, Place, with_refs
from compliance.operations.things import find_device
from compliance.store import clients, meetings, sterilizers, things, windows
from compliance.store.session import Tx

__all__ = ["Met", "Place"]

SHORTEST_NAME: Final = 3
MOST_CANDIDATES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that what was typed can mean."""

    kind: str
    ref: str
    """What `who_met` finds it by."""
    label: str
    detail: str = ""


def _met_device(tx: Tx, ref: str, actor: Actor) -> Any:
    device = find_device(tx, ref, actor=actor)
    return windows.met_by_trace(actor.clinic_id, Trace.DEVICE, device.device_id)


def _met_pack(tx: Tx, ref: str, actor: Actor) -> Any:
    pack = find_pack(tx, ref, actor=actor)
    return windows.met_by_trace(actor.clinic_id, Trace.PACK, pack.pack_id)


def _met_cycle(tx: Tx, ref: str, actor: Actor) -> Any:
    return windows.met_by_cycle(actor.clinic_id, find_cycle(tx, ref, actor=actor).cycle_id)


def _met_lot(_tx: Tx, ref: str, actor: Actor) -> Any:
    return windows.met_by_lot(actor.clinic_id, read_notice(ref))


def _met_operator(_tx: Tx, ref: str, actor: Actor) -> Any:
    return windows.met_by_operator(actor.clinic_id, ref)


_WAYS: Final[Mapping[str, Callable[[Tx, str, Actor], Any]]] = MappingProxyType(
    {
        "device": _met_device,
        "pack": _met_pack,
        "cycle": _met_cycle,
        "lot": _met_lot,
        "operator": _met_operator,
    }
)
MEETABLE: Final = (*_WAYS, "client")


def _search(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> Any | None:
    actor.require(Action.TRACE)
    if kind == "client":
        client_id = _client_id(tx, ref, actor, keyring)
        return None if client_id is None else windows.met_by_client(actor.clinic_id, client_id)
    if kind not in _WAYS:
        raise Refused("kind", kind, "cannot be met", allowed=", ".join(MEETABLE))
    return _WAYS[kind](tx, ref, actor)


def who_met(
    tx: Tx,
    kind: str,
    ref: str,
    *,
    actor: Actor,
    keyring: Keyring,
    after: Place | None = None,
    limit: int,
) -> list[Met]:
    """A page of the sessions that met a thing, in order; for a client, all their sessions.

    Raises:
        Refused: an unknown kind of thing.
        NotFound: no such thing.
    """
    found = _search(tx, kind, ref, actor=actor, keyring=keyring)
    if found is None:
        return []
    met = meetings.list_meetings(tx, actor.clinic_id, found, after=after, limit=limit)
    return with_refs(tx, keyring, actor.clinic_id, met)


def count_met(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> tuple[int, int]:
    """(sessions, clients) that `who_met` would list in all; raises as it does."""
    found = _search(tx, kind, ref, actor=actor, keyring=keyring)
    return (0, 0) if found is None else meetings.count_meetings(tx, actor.clinic_id, found)


def find_reference(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> str:
    """What the log may call what was searched for: its id, a client's pseudonym, or a lot.

    Raises:
        Refused: an unknown kind of thing.
        NotFound: no such thing.
    """
    actor.require(Action.TRACE)
    match kind:
        case "device":
            return find_device(tx, ref, actor=actor).device_id
        case "pack":
            return find_pack(tx, ref, actor=actor).pack_id
        case "cycle":
            return find_cycle(tx, ref, actor=actor).cycle_id
        case "lot":
            lot, gtin = read_lot(ref)
            return f"(01){gtin}(10){lot}" if gtin else lot
        case "operator":
            name_thing(tx, kind, ref, actor=actor)
            return ref
        case "client":
            client_id = _client_id(tx, ref, actor, keyring)
            if client_id is None:
                raise NotFound("there is no such client in this clinic")
            return client_id
    raise Refused("kind", kind, "cannot be met", allowed=", ".join(MEETABLE))


def name_reference(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> str:
    """How a list calls what `find_reference` found, also where it is known no more."""
    if kind != "client":
        try:
            return name_thing(tx, kind, ref, actor=actor)
        except NotFound:
            return f"{kind} {ref}"
    row = clients.read_client(tx, actor.clinic_id, ref)
    commitment = "" if row is None else row.ref_commitment.hex()
    texts = read_texts(tx, keyring, actor.clinic_id, {commitment} - {""})
    return f"client {texts.get(commitment, ERASED)}"


def find_things(tx: Tx, text: str, *, actor: Actor, keyring: Keyring) -> tuple[Thing, ...]:
    """Everything that a typed or scanned text can mean, the surest first; empty for nothing known."""
    actor.require(Action.TRACE)
    clean = text.strip()
    if not clean:
        return ()
    found: dict[tuple[str, str], Thing] = {}
    for look in (_pack, _device, _client, _lot, _cycles, _people):
        for thing in look(tx, clean, actor, keyring):
            found.setdefault((thing.kind, thing.ref), thing)
    return tuple(found.values())[:MOST_CANDIDATES]


def _pack(tx: Tx, text: str, actor: Actor, _keyring: Keyring) -> Iterator[Thing]:
    pack = things.find_pack(tx, actor.clinic_id, text)
    if pack is not None:
        yield Thing(
            kind="pack",
            ref=pack.pack_id,
            label=f"Pack {pack.code}",
            detail=f"{pack.contents} · {pack.sterilizer}, cycle {pack.cycle_number}",
        )


def _device(tx: Tx, text: str, actor: Actor, _keyring: Keyring) -> Iterator[Thing]:
    device = things.find_device(tx, actor.clinic_id, text)
    if device is not None:
        yield Thing(
            kind="device", ref=device.device_id, label=f"Device {device.code}", detail=device.label
        )


def _client(tx: Tx, text: str, actor: Actor, keyring: Keyring) -> Iterator[Thing]:
    if _client_id(tx, text, actor, keyring) is not None:
        yield Thing(kind="client", ref=text, label=f"Client {text}", detail="What this client met")


def _client_id(tx: Tx, text: str, actor: Actor, keyring: Keyring) -> str | None:
    index = find_index(keyring, actor.clinic_id, "client.ref", text)
    row = clients.find_client(tx, actor.clinic_id, index)
    return None if row is None else row.client_id


def _lot(tx: Tx, text: str, actor: Actor, _keyring: Keyring) -> Iterator[Thing]:
    try:
        lot, gtin = read_lot(text)
    except Refused:
        return
    found = windows.met_by_lot(actor.clinic_id, LotNotice(lot=normal_lot(lot), gtin=gtin))
    if meetings.list_meetings(tx, actor.clinic_id, found, after=None, limit=1):
        yield Thing(
            kind="lot",
            ref=f"(01){gtin}(10){lot}" if gtin else lot,
            label=f"L{say_lot(lot, gtin)[1:]}",
            detail="And any of this lot whose record names no article"
            if gtin
            else "Any article of this lot",
        )


def read_notice(ref: str) -> LotNotice:
    """What a lot is compared by; raises ``Refused``."""
    lot, gtin = read_lot(ref)
    return LotNotice(lot=normal_lot(lot), gtin=gtin)


def _cycles(tx: Tx, text: str, actor: Actor, _keyring: Keyring) -> Iterator[Thing]:
    """A load by its number alone, by “A1 102” or “A1-102”, or by its id."""
    for machine in sterilizers.list_sterilizers(tx, actor.clinic_id):
        numbers = {text}
        if text.casefold().startswith(machine.code.casefold()):
            numbers.add(text[len(machine.code) :].strip(" -/#,"))
        for number in sorted(numbers - {""}):
            rows = sterilizers.find_numbered(tx, actor.clinic_id, machine.sterilizer_id, number)
            for row in rows[:MOST_CANDIDATES]:
                yield _cycle_thing(machine.code, row)
    by_id = sterilizers.find_cycle(tx, actor.clinic_id, text)
    if by_id is not None:
        yield _cycle_thing("", by_id)


def _cycle_thing(code: str, row: sterilizers.CycleRow) -> Thing:
    label = f"Cycle {row.number} of {code}" if code else f"Cycle {row.number}"
    return Thing(kind="cycle", ref=row.cycle_id, label=label, detail=row.program)


def _people(tx: Tx, text: str, actor: Actor, _keyring: Keyring) -> Iterator[Thing]:
    if len(text) < SHORTEST_NAME:
        return
    for user_id, name in sorted(read_names(tx, clinic_id=actor.clinic_id).items()):
        if user_id == text or text.casefold() in name.casefold():
            yield Thing(
                kind="operator",
                ref=user_id,
                label=name,
                detail="Who met packs that this person sterilized or released",
            )


def name_thing(tx: Tx, kind: str, ref: str, *, actor: Actor) -> str:
    """How a heading calls what was searched for; raises ``NotFound``."""
    actor.require(Action.TRACE)
    match kind:
        case "device":
            return f"device {find_device(tx, ref, actor=actor).code}"
        case "pack":
            return f"pack {find_pack(tx, ref, actor=actor).code}"
        case "cycle":
            return _name_cycle(tx, ref, actor)
        case "lot":
            return say_lot(*read_lot(ref))
        case "operator":
            names = read_names(tx, clinic_id=actor.clinic_id)
            if ref not in names:
                raise NotFound("there is no such person in this clinic")
            return f"work of {names[ref]}"
    return f"client {ref}"


def _name_cycle(tx: Tx, ref: str, actor: Actor) -> str:
    row = find_cycle(tx, ref, actor=actor)
    machine = sterilizers.find_sterilizer(tx, actor.clinic_id, row.sterilizer_id)
    return f"cycle {row.number} of {'?' if machine is None else machine.code}"
