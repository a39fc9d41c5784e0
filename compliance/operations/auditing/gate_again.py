"""The gate asked again: a signed record is complete, and it is what was entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from compliance.domain.answers import asked_items
from compliance.domain.template import Item, Template
from compliance.domain.words import FIXED_ITEMS, NEEDLE_MATERIALS, EvidenceKind, ItemKind
from compliance.ledger.entry import format_time
from compliance.operations.auditing.live import GivenAnswer, LiveSession
from compliance.operations.auditing.problems import Findings

_RETURNED: Final = EvidenceKind.RETURNED.value


def check_record(
    findings: Findings,
    session: LiveSession,
    template: Template | None,
    data: Mapping[str, Any],
    index: int,
) -> None:
    """Check the record of ``session.closed``, ``session.signed`` or ``session.aborted``.

    An aborted session need not be complete; what it says must still be what was entered.
    """
    if template is None:
        findings.add("log_body", "the record's template was never published", index)
        return
    asked = asked_items(template, session.answers)
    if data["state"] != "aborted":
        _check_complete(findings, session, asked, index)
    expected = [
        _recorded(item, session.answers[item.code])
        for item in asked
        if item.code in session.answers
    ]
    items = [_as_answered(item) for item in data["items"]]
    if items != expected:
        _name_items(findings, items, expected, index)
    # A device may be renamed while a session is open, so its label is not compared.
    recorded = {**data, "device": {**data["device"], "label": session.device["label"]}}
    for name, value in _facts(session, data["state"]).items():
        if recorded[name] != value:
            reason = f"session={session.session_id}: the record's {name} is not what was entered"
            findings.add("log_body", reason, index)


def _check_complete(
    findings: Findings, session: LiveSession, asked: tuple[Item, ...], index: int
) -> None:
    counted = {item.code for item in asked}
    for code in FIXED_ITEMS:
        given = session.answers.get(code)
        allowed = NEEDLE_MATERIALS if code == "needle_material" else ("yes",)
        if code not in counted or given is None or given.result not in allowed:
            reason = f"session={session.session_id}: closed without the fixed item {code}"
            findings.add("log_body", reason, index)
    for item in asked:
        given = session.answers.get(item.code)
        if given is None:
            problem = "has no answer"
        elif given.result == "no" and item.kind is not ItemKind.CHOICE:
            problem = "was answered no"
        else:
            continue
        if item.code not in FIXED_ITEMS:
            reason = f"session={session.session_id}: closed although {item.code} {problem}"
            findings.add("log_body", reason, index)


def _recorded(item: Item, given: GivenAnswer) -> dict[str, Any]:
    return {
        "code": item.code,
        "phase": item.phase,
        "kind": item.kind,
        "result": given.result,
        "evidence": given.evidence,
        "by": given.user,
        "auth": given.auth,
        "at": given.at_text,
        "performed_at": given.performed,
        "late": given.late,
    }


def _as_answered(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item without the release that a later pack added to its returned components."""
    if not item["evidence"]:
        return item
    pieces = [
        {**piece, "ref": {"device": piece["ref"]["device"]}}
        if piece["kind"] == _RETURNED
        else piece
        for piece in item["evidence"]
    ]
    return {**item, "evidence": pieces}


def _name_items(findings: Findings, items: list[Any], expected: list[Any], index: int) -> None:
    recorded = {item["code"]: item for item in items}
    entered = {item["code"]: item for item in expected}
    names = [code for code in {**entered, **recorded} if recorded.get(code) != entered.get(code)]
    for code in names or ["their order"]:
        findings.add("log_body", f"the record's item {code} is not what was entered", index)


def _facts(session: LiveSession, state: str) -> dict[str, Any]:
    opened = session.opened
    closed_later = state == "closed" and session.signed_index is not None
    return {
        "session": session.session_id,
        "opened": {"index": session.opened_index, "at": format_time(session.opened_at)},
        "started_at": None if session.started_at is None else format_time(session.started_at),
        "finished_at": None if session.finished_at is None else format_time(session.finished_at),
        "template": opened["template"],
        "client": session.client,
        "device": session.device,
        "practitioner": session.practitioner,
        "overrides": session.overrides,
        "consent": None if session.consent is None else {"index": session.consent},
        "warnings": opened["warnings"],
        "signed": {"index": session.signed_index} if closed_later else None,
    }
