"""Reading the ``audit.json`` of a recall's or a search's file: docs/record-format.md section 5a."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.report.verifying.audit_file import AuditFile, TracedList, TraceFile
from compliance.report.verifying.parts import read_context
from compliance.report.verifying.quoting_file import without_range
from compliance.report.verifying.shape import (
    NotAnAudit,
    any_list,
    any_text,
    check_plain_trace_parts,
    exact_object,
)

TRACE_SCHEMA: Final = "aseptrail/audit/trace/1"

RECALL: Final = "recall"
SEARCH: Final = "search"


def read_trace_file(content: Mapping[str, JsonValue], data: bytes) -> AuditFile:
    """Read an object that names `TRACE_SCHEMA`; the range of the result is empty.

    Raises:
        NotAnAudit: if anything is missing, unknown or of a wrong type.
        NotCanonical: if a time is not of the form that entries use.
    """
    check_plain_trace_parts(content)
    quoted = [read_context(item) for item in any_list(content["entries"], "entries")]
    return replace(without_range(content, data, quoted), trace=_read_trace(content))


def _read_trace(content: Mapping[str, JsonValue]) -> TraceFile:
    purpose, recall = any_text(content["purpose"], "purpose"), content["recall"]
    if purpose not in (RECALL, SEARCH) or (recall is None) != (purpose == SEARCH):
        raise NotAnAudit("its purpose is not known")
    return TraceFile(
        purpose=purpose,
        recall_id=None if recall is None else any_text(recall, "recall"),
        title=any_text(content["title"], "title"),
        sentences=_texts(content["sentences"], "sentences"),
        lists=tuple(_read_list(item) for item in any_list(content["lists"], "lists")),
    )


def _read_list(value: JsonValue) -> TracedList:
    item = exact_object(value, {"title", "columns", "rows"}, "lists")
    columns = _texts(item["columns"], "columns")
    rows = tuple(_texts(row, "rows") for row in any_list(item["rows"], "rows"))
    if any(len(row) != len(columns) for row in rows):
        raise NotAnAudit("a row has more or fewer cells than its list has columns")
    return TracedList(title=any_text(item["title"], "title"), columns=columns, rows=rows)


def _texts(value: JsonValue, name: str) -> tuple[str, ...]:
    return tuple(any_text(item, name) for item in any_list(value, name))
