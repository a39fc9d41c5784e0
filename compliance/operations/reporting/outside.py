"""What those outside said, as a report quotes it: time-stamps and cosignatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compliance.ledger.entry import format_time
from compliance.ledger.proofs import consistency_proof
from compliance.ledger.tree import fold_peaks, subtree_cover
from compliance.operations.sealing import node_reader
from compliance.report.payload import AnchorPart, ConsistencyStep
from compliance.report.verifying.anchor_parts import MAX_ANCHORS
from compliance.store import anchors, log
from compliance.store.session import Tx

_EACH = 2
"""So many are quoted from beside the range: there are two authorities at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The time-stamps of one file, and what it must hold so that they can be judged."""

    parts: Sequence[AnchorPart]

    indexes: frozenset[int]
    """Of the entries that record them."""

    steps: Sequence[ConsistencyStep]
    """The earlier trees that they are over, where the range does not show them."""


def quote_anchors(
    tx: Tx, clinic_id: str, span: tuple[int, int], size: int, *, has_range: bool
) -> Quoted:
    """Choose the time-stamps that tell most about [start, end) of a log of this size.

    The newest entered before the range bounds it from below, those over more and more of it
    bound its entries one after another, and the first over the whole of it bounds the rest.

    Args:
        has_range: whether the file shows the range itself; a session's file does not.
    """
    start, end = span
    places = [(index, over) for index, over in anchors.list_places(tx, clinic_id) if over <= size]
    before = [place for place in places if place[0] < start][-_EACH:]
    within = [place for place in places if place[0] >= start and place[1] < end]
    after = [place for place in places if place[1] >= end and place[0] >= start][:_EACH]
    newest = places[-_EACH:]
    chosen = sorted({*before, *_thinned(within), *after, *newest})
    rows = anchors.read_anchors(tx, clinic_id, [index for index, _ in chosen])
    kept = {row.idx for row in rows if row.idx < size}
    shown = set(log.read_bodies(tx, clinic_id, sorted(kept)))
    return Quoted(
        parts=tuple(
            AnchorPart(
                index=row.idx if row.idx in shown else None,
                size=row.size,
                note=row.note,
                token=row.token,
                authority=row.authority,
                independent=row.independent,
                gen_time=format_time(row.gen_time),
            )
            for row in rows
        ),
        indexes=frozenset(shown),
        steps=_steps(
            tx, clinic_id, _unshown({row.size for row in rows}, span, size, has_range), size
        ),
    )


def join_steps(
    first: Sequence[ConsistencyStep], second: Sequence[ConsistencyStep]
) -> tuple[ConsistencyStep, ...]:
    """Put two lists of earlier trees together, each size once."""
    steps = {step.size: step for step in (*first, *second)}
    return tuple(step for _, step in sorted(steps.items()))


def with_cosignatures(tx: Tx, clinic_id: str, note: str, size: int) -> str:
    """Return the note with the cosignatures that were collected for it."""
    return note + "".join(row.line for row in anchors.list_cosignatures(tx, clinic_id, size))


def is_covered(tx: Tx, clinic_id: str, end: int, size: int) -> bool:
    """Whether a time-stamp is over the first ``end`` entries already."""
    return any(end <= over <= size for _, over in anchors.list_places(tx, clinic_id))


def _thinned(places: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Leave out some in between when there are too many: the brackets get wider, and stay true."""
    most = MAX_ANCHORS - 4 * _EACH
    if len(places) <= most:
        return places
    return [places[number * len(places) // most] for number in range(most)]


def _unshown(sizes: set[int], span: tuple[int, int], size: int, has_range: bool) -> list[int]:
    start, end = span
    return sorted(one for one in sizes if one != size and not (has_range and start <= one <= end))


def _steps(
    tx: Tx, clinic_id: str, earlier: Sequence[int], size: int
) -> tuple[ConsistencyStep, ...]:
    read = node_reader(tx, clinic_id)
    return tuple(
        ConsistencyStep(
            size=one,
            root=fold_peaks([read(level, index) for level, index in subtree_cover(0, one)]),
            proof=consistency_proof(one, size, read),
        )
        for one in earlier
    )
