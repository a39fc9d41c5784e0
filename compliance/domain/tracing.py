"""What a session's evidence says about what its client met: the terms of every recall."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from compliance.domain.words import EvidenceKind

LONGEST: Final = 160
"""Characters of a value; the inputs allow fewer."""


class Trace(enum.StrEnum):
    """What a client can have met; stored by value."""

    DEVICE = "device"
    LOT = "lot"
    PACK = "pack"


def normal_lot(text: str) -> str:
    """The one spelling under which a lot number is found.

    A scanner reads what GS1 AI 10 holds, a person types it with blanks and in
    small letters. Lots that differ in nothing else are taken for the same: a recall
    rather lists one client too many than one too few.
    """
    return "".join(text.split()).upper()[:LONGEST]


def find_refused(used: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything that a refused answer says was used."""
    for thing in used:
        if thing["kind"] == Trace.PACK.value:
            yield Trace.PACK.value, str(thing["pack"])
        elif thing["kind"] == Trace.LOT.value:
            yield Trace.LOT.value, normal_lot(str(thing["code"]))


def find_traces(pieces: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(kind, value) of every pack and lot that pieces of evidence name."""
    for piece in pieces:
        ref = piece["ref"]
        if piece["kind"] == EvidenceKind.PACK.value:
            yield Trace.PACK.value, str(ref["pack"])
        lot = ref.get("lot")
        if lot and normal_lot(str(lot)):
            yield Trace.LOT.value, normal_lot(str(lot))
