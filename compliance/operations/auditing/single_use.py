"""Articles with a serial that only an amendment names: marked as used, long after the session ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from compliance.domain.words import EvidenceKind
from compliance.operations.auditing.problems import Findings, Row
from compliance.operations.treatments.tracing import serials_of
from compliance.store import projection
from compliance.store.session import Tx

_LOT: Final = EvidenceKind.LOT.value
_TABLE: Final = "evidence_use"


def without_amended(
    tx: Tx, clinic_id: str, found: Sequence[Row], expected: Mapping[Row, int | None]
) -> list[Row]:
    """The marks (session, kind, ref) without those that an amendment of the session explains.

    A session is compared when it ends, and its amendments may stand anywhere behind it in
    the log. Their rows are believed here because they are compared with the log themselves.
    """
    beyond = [row for row in found if row not in expected and row[1] == _LOT]
    if not beyond:
        return list(found)
    sessions = sorted({str(row[0]) for row in beyond})
    amendments = projection.read_rows(
        tx,
        "session_amendment",
        ("session_id", "data"),
        clinic_id,
        key="session_id",
        values=sessions,
    )
    named = {
        (session_id, _LOT, serial) for session_id, data in amendments for serial in _serials(data)
    }
    return [row for row in found if row in expected or row not in named]


def find_unmarked(tx: Tx, clinic_id: str, needed: Mapping[str, int], findings: Findings) -> None:
    """Name the serials that amendments used and nobody's mark holds; ``needed`` has their entries."""
    if not needed:
        return
    marked = {str(row[0]) for row in projection.read_uses(tx, clinic_id, _LOT, list(needed))}
    for serial, index in needed.items():
        if serial not in marked:
            findings.add(_TABLE, f"kind={_LOT}, ref={serial}: the row is missing", index)


def _serials(stored: Any) -> list[str]:
    try:
        return serials_of(json.loads(stored)["evidence_new"])
    # A tamperer may have left anything there; the comparison of the amendments names it.
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
