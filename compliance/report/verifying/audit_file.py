"""What was read from the ``audit.json`` of a report, or of one session's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compliance.ledger.canonical import JsonValue
from compliance.ledger.proofs import RangeProof
from compliance.report.verifying.anchor_parts import AnchorPart
from compliance.report.verifying.parts import ConsistencyStep
from compliance.report.verifying.shape import any_object, any_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSession:
    """The one session that a file is about."""

    session_id: str
    purpose: str
    """``inspection`` or ``client_copy``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFile:
    """An ``audit.json`` of the right form."""

    data: Mapping[str, JsonValue]
    """The whole, as parsed."""

    canonical: bytes
    """The bytes it was read from."""

    start: int
    end: int
    """Exclusive."""
    size: int
    root: bytes

    entries: Sequence[tuple[int, bytes | None]]
    """Index and body of every entry of the range; nothing where only the hash was left."""

    leaf_hashes: Sequence[bytes]
    range_proof: RangeProof

    context: Sequence[tuple[int, bytes]]
    context_proofs: Sequence[tuple[bytes, ...]]
    """One inclusion proof for each entry of ``context``."""

    disclosures: Mapping[str, str]
    """Commitment in hex to its value; only those whose commitment is really to that value."""

    false_disclosures: tuple[str, ...]
    """Commitments in hex that came with another value than they are to."""

    consistency: Sequence[ConsistencyStep]

    anchors: Sequence[AnchorPart] = ()
    """In order of size; whether they are what they say is for the verifier."""

    curves: Mapping[str, str] = field(default_factory=dict)
    """Readings by their SHA-256 in hex; only those that really have it."""

    false_curves: tuple[str, ...] = ()
    """The hashes that came with other readings than theirs."""

    single: SingleSession | None = None
    """What the file is about, if it is not a report of a period but one session's; its
    entries then stand in ``context``, each with its proof, and the range is empty."""

    def text(self, *path: str) -> str:
        """Return a text inside ``data`` that `parse_audit` has made sure is there."""
        value: JsonValue = dict(self.data)
        for key in path:
            value = any_object(value, key)[key]
        return any_text(value, ".".join(path))
