"""``audit.json`` of one session's file, made from plain values: docs/record-format.md section 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.report.verifying.anchor_parts import AnchorPart, anchor_values
from compliance.report.verifying.parts import ConsistencyStep, ContextEntry, Disclosure
from compliance.report.verifying.single_file import SESSION_SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """The plain values a session's ``audit.json`` is made of; names as in the format."""

    software: str
    clinic: Mapping[str, JsonValue]
    session_id: str
    purpose: str
    made_at: str
    made_by: str
    size: int
    root: bytes
    incarnation: int
    checkpoint: str
    note_key: str
    certificate_pem: str
    certificate_signature: str
    """Base64."""
    entries: Sequence[ContextEntry]
    """In order; each with its inclusion proof against ``root``."""
    disclosures: Sequence[Disclosure] = ()
    profiles: Sequence[Mapping[str, JsonValue]] = ()
    consistency: Sequence[ConsistencyStep] = ()
    anchors: Sequence[AnchorPart] = ()


def build_session(parts: SessionParts) -> bytes:
    """Return the canonical bytes of a session's ``audit.json``.

    Raises:
        NotCanonical: if a value lies outside the canonical subset.
    """
    return canonical_bytes(
        {
            "schema": SESSION_SCHEMA,
            "software": parts.software,
            "clinic": dict(parts.clinic),
            "session": parts.session_id,
            "purpose": parts.purpose,
            "made_at": parts.made_at,
            "made_by": parts.made_by,
            "size": parts.size,
            "root": parts.root.hex(),
            "incarnation": parts.incarnation,
            "checkpoint": parts.checkpoint,
            "note_key": parts.note_key,
            "note_key_certificate": {
                "certificate": parts.certificate_pem,
                "signature": parts.certificate_signature,
            },
            "entries": [
                {"index": e.index, "body": e.body.decode(), "proof": _hex_list(e.proof)}
                for e in parts.entries
            ],
            "disclosures": [
                {"commit": d.commit.hex(), "field": d.field, "salt": d.salt.hex(), "value": d.value}
                for d in parts.disclosures
            ],
            "profiles": [dict(item) for item in parts.profiles],
            "anchors": anchor_values(parts.anchors),
            "consistency": [
                {"size": step.size, "root": step.root.hex(), "proof": _hex_list(step.proof)}
                for step in parts.consistency
            ],
        }
    )


def _hex_list(hashes: Iterable[bytes]) -> list[JsonValue]:
    return [item.hex() for item in hashes]
