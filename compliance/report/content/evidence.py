"""One piece of evidence as one line that can be compared with the label on the pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import (
    JsonObject,
    child,
    number,
    optional_child,
    optional_text,
    spoken,
    text,
)
from compliance.report.content.times import LocalTimes
from compliance.report.content.words import Words

SKIN: Final = "skin"
"""The component that takes no barrier."""


def evidence_line(evidence: JsonObject, times: LocalTimes) -> str:
    """Return a line such as ``cartridge: lot L-77, expires 3 Mar 2027``.

    A kind this version does not know is printed with its name, never left out.
    """
    kind = text(evidence, "kind")
    reader = _READERS.get(kind)
    said = spoken(kind) if reader is None else reader(child(evidence, "ref"), times)
    component = optional_text(evidence, "component")
    if kind == "disinfection" and component != SKIN:
        barrier = child(evidence, "ref").get("barrier") is True
        said = f"{said}, {times.words.barrier if barrier else times.words.no_barrier}"
    return f"{spoken(component)}: {said}" if component else said


def _pack(ref: JsonObject, times: LocalTimes) -> str:
    words = times.words
    said = [words.pack.format(code=text(ref, "code"))]
    cycle = optional_child(ref, "cycle")
    if cycle is not None:
        said.append(_cycle(cycle, words))
    if expires := optional_text(ref, "expires_on"):
        said.append(words.sterile_until.format(day=times.day(expires)))
    return ", ".join(said)


def _cycle(cycle: JsonObject, words: Words) -> str:
    # A cycle's number is text where the autoclave prints it with letters.
    return words.cycle.format(sterilizer=text(cycle, "sterilizer"), number=cycle.get("number"))


def _lot(ref: JsonObject, times: LocalTimes) -> str:
    said = [times.words.lot.format(lot=text(ref, "lot")), *_expiry(ref, times)]
    if udi := optional_text(ref, "udi"):
        said.append(f"UDI {udi}")
    if serial := optional_text(ref, "serial"):
        said.append(times.words.serial.format(serial=serial))
    return ", ".join(said)


def _sharps(ref: JsonObject, times: LocalTimes) -> str:
    return times.words.sharps.format(container=text(ref, "container"))


def _disinfection(ref: JsonObject, times: LocalTimes) -> str:
    words = times.words
    contact = words.contact.format(seconds=number(ref, "contact_seconds"))
    if ref.get("required_seconds") is not None:
        contact += f" ({words.required.format(seconds=number(ref, 'required_seconds'))})"
    lot = optional_text(ref, "lot")
    # A skin disinfectant may be recorded without its lot.
    product = words.disinfection.format(name=text(ref, "name"), lot=lot) if lot else None
    said = [product or text(ref, "name"), contact]
    return ", ".join(said)


def _returned(ref: JsonObject, times: LocalTimes) -> str:
    said = times.words.returned
    if ref.get("released_index") is not None:
        released = times.words.released_as.format(
            code=text(ref, "code"), index=number(ref, "released_index")
        )
        said = f"{said}, {released}"
    return said


def _product(ref: JsonObject, times: LocalTimes) -> str:
    lot = times.words.lot.format(lot=text(ref, "lot"))
    return ", ".join((text(ref, "name"), lot, *_expiry(ref, times)))


def _contraindication(ref: JsonObject, _times: LocalTimes) -> str:
    return spoken(text(ref, "code"))


def _expiry(ref: JsonObject, times: LocalTimes) -> tuple[str, ...]:
    expires = optional_text(ref, "expires_on")
    return (times.words.expires.format(day=times.day(expires)),) if expires else ()


_READERS: Final[Mapping[str, Callable[[JsonObject, LocalTimes], str]]] = MappingProxyType(
    {
        "pack": _pack,
        "lot": _lot,
        "sharps": _sharps,
        "disinfection": _disinfection,
        "returned": _returned,
        "product": _product,
        "contraindication": _contraindication,
    }
)
