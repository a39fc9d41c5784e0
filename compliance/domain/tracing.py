"""What a session's evidence says about what its client met: the terms of every recall."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

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


def normal_gtin(text: object) -> str:
    """A GTIN with its fourteen digits; empty for anything else, such as the code of a HIBC label.

    Source: GS1 General Specifications, 7.9: shorter GTINs are filled up with zeros in front.
    """
    digits = text.strip().removeprefix("(01)").strip() if isinstance(text, str) else ""
    is_gtin = digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14)
    return digits.zfill(14) if is_gtin else ""


class Mark(NamedTuple):
    """Something that a session met, as it is found again."""

    kind: str
    value: str
    gtin: str = ""
    """The article that a lot is of; empty where the record names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotNotice:
    """What a maker takes back; both as they are compared."""

    lot: str
    gtin: str = ""
    """Empty: the notice names no article, and any of this lot number is meant."""

    def takes_back(self, lot: object, gtin: object) -> bool:
        """Whether a recorded article is meant: by article and lot, or by lot where one names no article."""
        article = normal_gtin(gtin)
        other = bool(article and self.gtin and article != self.gtin)
        return not other and normal_lot(str(lot or "")) == self.lot

    def covers(self, other: LotNotice) -> bool:
        """Whether the other notice says nothing more."""
        return self.lot == other.lot and self.gtin in ("", other.gtin)


def find_refused(used: Iterable[Mapping[str, Any]]) -> Iterator[Mark]:
    """Everything that a refused answer says was used."""
    for thing in used:
        if thing["kind"] == Trace.PACK.value:
            yield Mark(Trace.PACK.value, str(thing["pack"]))
        elif thing["kind"] == Trace.LOT.value:
            gtin = normal_gtin(thing.get("gtin"))
            yield Mark(Trace.LOT.value, normal_lot(str(thing["code"])), gtin)


def find_traces(pieces: Iterable[Mapping[str, Any]]) -> Iterator[Mark]:
    """Every pack and lot that pieces of evidence name."""
    for piece in pieces:
        ref = piece["ref"]
        if piece["kind"] == EvidenceKind.PACK.value:
            yield Mark(Trace.PACK.value, str(ref["pack"]))
        lot = ref.get("lot")
        if lot and normal_lot(str(lot)):
            yield Mark(Trace.LOT.value, normal_lot(str(lot)), normal_gtin(ref.get("udi")))


def join_marks(marks: Iterable[Mark]) -> list[Mark]:
    """Each kind and value once, in order; a lot of two articles in one entry is found by lot alone."""
    articles: dict[tuple[str, str], set[str]] = {}
    for kind, value, gtin in marks:
        articles.setdefault((kind, value), set()).add(gtin)
    return [
        Mark(kind, value, next(iter(gtins)) if len(gtins) == 1 else "")
        for (kind, value), gtins in sorted(articles.items())
    ]
