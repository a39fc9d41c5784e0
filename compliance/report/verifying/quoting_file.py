"""What the files have in common that quote entries one by one and hold no range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compliance.ledger.canonical import JsonValue
from compliance.ledger.proofs import RangeProof
from compliance.report.verifying.audit_file import AuditFile
from compliance.report.verifying.parts import ContextEntry
from compliance.report.verifying.shape import any_count, any_hash


def without_range(
    content: Mapping[str, JsonValue], data: bytes, quoted: Sequence[ContextEntry]
) -> AuditFile:
    """Return the file with its quoted entries, and nothing yet of what else it holds.

    Raises:
        NotAnAudit: if size or root are missing or of a wrong type.
    """
    return AuditFile(
        data=content,
        canonical=data,
        start=0,
        end=0,
        size=any_count(content["size"], "size"),
        root=any_hash(content["root"], "root"),
        entries=(),
        leaf_hashes=(),
        range_proof=RangeProof(left=(), right=()),
        context=[(item.index, item.body) for item in quoted],
        context_proofs=[item.proof for item in quoted],
        disclosures={},
        false_disclosures=(),
        consistency=(),
    )
