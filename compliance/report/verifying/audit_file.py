"""What was read from the ``audit.json`` of a report, of one session's file, or of a recall's."""

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
class TracedList:
    """One list of a recall's or a search's file, as its pages print it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each with a cell for every column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFile:
    """What a recall's or a search's file says."""

    purpose: str
    """``recall`` or ``search``."""
    recall_id: str | None
    title: str
    sentences: tuple[str, ...]
    lists: tuple[TracedList, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFile:
    """An ``audit.json`` of the right form."""

    data: Mapping[str, JsonValue]
    """All of it as parsed, but for the entries of a range, which stand in ``entries``."""

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

    trace: TraceFile | None = None
    """The same of a recall's or a search's file, whose lists are the clinic's word."""

    @property
    def has_range(self) -> bool:
        """Whether it is a report, which shows all entries of a range and not some one by one."""
        return self.single is None and self.trace is None

    def text(self, *path: str) -> str:
        """Return a text inside ``data`` that `parse_audit` has made sure is there."""
        value: JsonValue = dict(self.data)
        for key in path:
            value = any_object(value, key)[key]
        return any_text(value, ".".join(path))
