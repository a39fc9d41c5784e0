"""``audit.json``, the part of a report that is proof: made from plain values, read strictly.

The format is docs/record-format.md section 4. Reading checks the form and computes the
hashes; whether the hashes prove anything is for ``verifying``.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.ledger.canonical import (
    JsonValue,
    NotCanonical,
    canonical_bytes,
    parse_canonical,
)
from compliance.ledger.proofs import RangeProof
from compliance.report.verifying.anchor_parts import AnchorPart, anchor_values, read_anchors
from compliance.report.verifying.audit_file import AuditFile
from compliance.report.verifying.curves import Curve, curve_values, read_curves
from compliance.report.verifying.parts import (
    ConsistencyStep,
    ContextEntry,
    Disclosure,
    read_context,
    read_disclosures,
    read_entries,
    read_step,
)
from compliance.report.verifying.range_entries import CutFile, cut_file, read_cut_entries
from compliance.report.verifying.shape import (
    NotAnAudit,
    UnknownAuditVersion,
    any_count,
    any_hash,
    any_hashes,
    any_list,
    check_plain_parts,
    exact_object,
)
from compliance.report.verifying.single_file import SESSION_SCHEMA, read_session_file
from compliance.report.verifying.trace_file import TRACE_SCHEMA, read_trace_file

__all__ = [
    "ATTACHMENT_NAME",
    "MAX_AUDIT_BYTES",
    "SCHEMA",
    "AnchorPart",
    "AuditFile",
    "AuditParts",
    "ConsistencyStep",
    "ContextEntry",
    "Curve",
    "Disclosure",
    "NotAnAudit",
    "UnknownAuditVersion",
    "build_audit",
    "parse_audit",
]

SCHEMA: Final = "aseptrail/audit/3"
"""What is written; reports of earlier versions are read for ever."""

VERSIONS: Final[Mapping[str, int]] = {
    "aseptrail/audit/1": 1,
    "aseptrail/audit/2": 2,
    SCHEMA: 3,
}

ATTACHMENT_NAME: Final = "audit.json"

_ENTRIES: Final = "entries"

_FAMILIES: Final = ("aseptrail/audit/", "aseptrail/session/")

MAX_AUDIT_BYTES: Final = 96 * 1024 * 1024
"""Inclusive. A volume of 1 000 sessions has some 30 MB at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditParts:
    """The plain values an ``audit.json`` is made of; names as in docs/record-format.md section 4."""

    software: str
    clinic: Mapping[str, JsonValue]
    period: Mapping[str, JsonValue]
    made_at: str
    made_by: str
    start: int
    end: int
    """Exclusive."""
    size: int
    root: bytes
    incarnation: int
    checkpoint: str
    note_key: str
    certificate_pem: str
    certificate_signature: str
    """Base64."""
    entries: Sequence[bytes | None]
    """The bodies of the range in order; nothing where only the leaf hash is left."""
    leaf_hashes: Sequence[bytes]
    """Of the whole range; used where a body is missing."""
    range_proof: RangeProof
    context: Sequence[ContextEntry] = ()
    open_sessions: Sequence[Mapping[str, JsonValue]] = ()
    disclosures: Sequence[Disclosure] = ()
    profiles: Sequence[Mapping[str, JsonValue]] = ()
    curves: Sequence[Curve] = ()
    """Of some of the cycles that the entries name."""
    consistency: Sequence[ConsistencyStep] = ()
    anchors: Sequence[AnchorPart] = ()
    filters: Mapping[str, JsonValue]
    volume: tuple[int, int] | None = None
    """Number of this volume, counted from one, and how many there are."""


def build_audit(parts: AuditParts) -> bytes:
    """Return the canonical bytes of an ``audit.json``.

    Raises:
        NotCanonical: if a value lies outside the canonical subset.
    """
    plain = _built_plainly(parts)
    # Members stand in the order of their names. An entry is canonical JSON already, and is
    # written as the bytes that it is.
    written = io.BytesIO()
    before = {name: value for name, value in plain.items() if name < _ENTRIES}
    after = {name: value for name, value in plain.items() if name > _ENTRIES}
    written.write(canonical_bytes(before)[:-1])
    written.write(f',"{_ENTRIES}":['.encode())
    for number, (body, leaf) in enumerate(zip(parts.entries, parts.leaf_hashes, strict=True)):
        if number:
            written.write(b",")
        written.write(canonical_bytes({"leaf": leaf.hex()}) if body is None else body)
    written.write(b"],")
    written.write(canonical_bytes(after)[1:])
    return written.getvalue()


def _built_plainly(parts: AuditParts) -> dict[str, JsonValue]:
    """Return everything but the entries."""
    volume = parts.volume
    return {
        "schema": SCHEMA,
        "software": parts.software,
        "clinic": dict(parts.clinic),
        "period": dict(parts.period),
        "made_at": parts.made_at,
        "made_by": parts.made_by,
        "filters": dict(parts.filters),
        "volume": None if volume is None else {"number": volume[0], "of": volume[1]},
        "range": {"start": parts.start, "end": parts.end},
        "size": parts.size,
        "root": parts.root.hex(),
        "incarnation": parts.incarnation,
        "checkpoint": parts.checkpoint,
        "note_key": parts.note_key,
        "note_key_certificate": {
            "certificate": parts.certificate_pem,
            "signature": parts.certificate_signature,
        },
        "open_sessions": [dict(item) for item in parts.open_sessions],
        "profiles": [dict(item) for item in parts.profiles],
        "curves": curve_values(parts.curves),
        "anchors": anchor_values(parts.anchors),
        **_built_proofs(parts),
    }


def parse_audit(data: bytes) -> AuditFile:
    """Read an ``audit.json``, accepting exactly the forms that `build_audit` and `build_session` write.

    Raises:
        UnknownAuditVersion: if it says to be of another version.
        NotAnAudit: if anything is missing, unknown, of a wrong type or not canonical.
    """
    if len(data) > MAX_AUDIT_BYTES:
        raise NotAnAudit("larger than any audit.json this software makes")
    try:
        cut = cut_file(data, SCHEMA)
        return _read(parse_canonical(data if cut is None else cut.rest), data, cut)
    except NotCanonical as error:
        raise NotAnAudit(f"not canonical: {error}") from error


def _read(content: dict[str, JsonValue], data: bytes, cut: CutFile | None) -> AuditFile:
    schema = content.get("schema")
    if schema == SESSION_SCHEMA:
        return read_session_file(content, data)
    if schema == TRACE_SCHEMA:
        return read_trace_file(content, data)
    if not isinstance(schema, str) or not schema.startswith(_FAMILIES):
        raise NotAnAudit("it does not name its schema")
    version = VERSIONS.get(schema)
    if version is None:
        known = ", ".join((*VERSIONS, SESSION_SCHEMA, TRACE_SCHEMA))
        raise UnknownAuditVersion(f"schema {schema[:40]!r}, but only {known} are understood")
    check_plain_parts(content, version=version)
    span = exact_object(content["range"], {"start", "end"}, "range")
    start, end = any_count(span["start"], "range.start"), any_count(span["end"], "range.end")
    # Nobody needs them as text as well, and they are nearly all of a volume.
    entries, leaf_hashes = _read_range(content.pop(_ENTRIES), start, cut)
    if end - start != len(entries):
        raise NotAnAudit("the number of entries is not that of the range")
    proof = exact_object(content["range_proof"], {"left", "right"}, "range_proof")
    context = [read_context(item) for item in any_list(content["context"], "context")]
    true, false = read_disclosures(any_list(content["disclosures"], "disclosures"))
    curves, false_curves = read_curves(any_list(content.get("curves", []), "curves"))
    steps = [read_step(item) for item in any_list(content["consistency"], "consistency")]
    return AuditFile(
        data=content,
        canonical=data,
        start=start,
        end=end,
        size=any_count(content["size"], "size"),
        root=any_hash(content["root"], "root"),
        entries=entries,
        leaf_hashes=leaf_hashes,
        range_proof=RangeProof(left=any_hashes(proof["left"]), right=any_hashes(proof["right"])),
        context=[(item.index, item.body) for item in context],
        context_proofs=[item.proof for item in context],
        disclosures=true,
        false_disclosures=false,
        curves=curves,
        false_curves=false_curves,
        consistency=steps,
        anchors=read_anchors(any_list(content["anchors"], "anchors")),
    )


def _read_range(
    value: JsonValue, start: int, cut: CutFile | None
) -> tuple[Sequence[tuple[int, bytes | None]], list[bytes]]:
    if cut is None:
        return read_entries(value, start)
    if value != []:
        # What was cut out are the entries of something else further up.
        raise NotCanonical("the bytes are not the canonical form of their value")
    return read_cut_entries(cut.elements, start)


def _built_proofs(parts: AuditParts) -> dict[str, JsonValue]:
    around = parts.range_proof
    return {
        "range_proof": {"left": _hex_list(around.left), "right": _hex_list(around.right)},
        "context": [
            {"index": e.index, "body": e.body.decode(), "proof": _hex_list(e.proof)}
            for e in parts.context
        ],
        "disclosures": [
            {"commit": d.commit.hex(), "field": d.field, "salt": d.salt.hex(), "value": d.value}
            for d in parts.disclosures
        ],
        "consistency": [
            {"size": step.size, "root": step.root.hex(), "proof": _hex_list(step.proof)}
            for step in parts.consistency
        ],
    }


def _hex_list(hashes: Iterable[bytes]) -> list[JsonValue]:
    return [item.hex() for item in hashes]
