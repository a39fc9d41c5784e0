"""Whom a signed file of our own quotes: what an erasure asks of the files that lie on this machine."""

from __future__ import annotations

import json
from pathlib import Path

from compliance.report.verifying.attachment import read_own_audit


def disclosed_commitments(path: Path) -> set[str] | None:
    """The commitments in hex that a file opens; None where it cannot be read at all."""
    try:
        return {each["commit"] for each in json.loads(read_own_audit(path))["disclosures"]}
    except Exception:  # noqa: BLE001
        # A damaged file raises whatever its damage leads to. Each means the same here.
        return None
