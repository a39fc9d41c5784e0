"""Reading the ``audit.json`` of one session's file: docs/record-format.md section 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.report.verifying.anchor_parts import read_anchors
from compliance.report.verifying.audit_file import AuditFile, SingleSession
from compliance.report.verifying.parts import read_context, read_disclosures, read_step
from compliance.report.verifying.quoting_file import without_range
from compliance.report.verifying.shape import (
    any_list,
    any_text,
    check_plain_session_parts,
)

SESSION_SCHEMA: Final = "aseptrail/session/1"


def read_session_file(content: Mapping[str, JsonValue], data: bytes) -> AuditFile:
    """Read an object that names `SESSION_SCHEMA`; the range of the result is empty.

    Raises:
        NotAnAudit: if anything is missing, unknown or of a wrong type.
        NotCanonical: if a time is not of the form that entries use.
    """
    check_plain_session_parts(content)
    quoted = [read_context(item) for item in any_list(content["entries"], "entries")]
    true, false = read_disclosures(any_list(content["disclosures"], "disclosures"))
    steps = [read_step(item) for item in any_list(content["consistency"], "consistency")]
    return replace(
        without_range(content, data, quoted),
        disclosures=true,
        false_disclosures=false,
        consistency=steps,
        anchors=read_anchors(any_list(content["anchors"], "anchors")),
        single=SingleSession(
            session_id=any_text(content["session"], "session"),
            purpose=any_text(content["purpose"], "purpose"),
        ),
    )
