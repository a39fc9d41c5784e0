"""A recall's lists are believed as far as the entries they quote go, and no further."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from compliance.ledger.canonical import canonical_bytes
from compliance.ledger.proofs import inclusion_proof
from compliance.ledger.tree import root_hash
from compliance.report.payload import NotAnAudit, parse_audit
from compliance.report.verifying import judging
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import Clinic, draw, make_clinic, parts_of, rejected_for, sign, treat

Roots = list[x509.Certificate]
Change = Callable[[dict[str, Any]], object]
MAY = datetime(2026, 5, 1, 6, tzinfo=UTC)
QUOTED = ("session.closed", "session.refused")
TOLD = "Not reached, 1 May 2026, 11:05, Ada; Reached, 1 May 2026, 12:05, Ada"


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """One of its own for each test: what it enters must not be in the next one's log."""
    return make_clinic(tmp_path / "keys")


@pytest.fixture
def roots(clinic: Clinic) -> Roots:
    return [clinic.root.certificate]


def trace_of(clinic: Clinic) -> dict[str, Any]:
    """The lists of a lot's recall: two sessions treated, one of whose clients was called twice."""
    for session, hours in (("s-may-1", 0), ("s-may-2", 1)):
        treat(clinic, session, MAY + timedelta(hours=hours))
    recall: dict[str, Any] = {"recall": "r-1"}
    opened = MAY + timedelta(hours=3)
    clinic.append("recall.opened", opened, {**recall, "kind": "lot", "lot": "L1"})
    for hours, outcome in ((3, "not_reached"), (4, "reached")):
        at = MAY + timedelta(hours=hours, minutes=5)
        said: dict[str, Any] = {
            "met": "s-may-1",
            "called_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        clinic.append("recall.called", at, {**recall, **said, "outcome": outcome})
    return content_of(clinic)


LATE = "entered late with pack P-7, done 1 May 2026, 09:30, refused 1 May 2026, 12:30"


def with_refused(clinic: Clinic) -> dict[str, Any]:
    """The same, and a late answer of the second session that was refused."""
    trace_of(clinic)
    said: dict[str, Any] = {
        "session": "s-may-2",
        "opened": {"index": 1, "at": "2026-05-01T07:00:00.000Z"},
        "item": "device_sterilized_before",
        "used": [{"kind": "pack", "pack": "p-7", "code": "P-7"}],
        "performed_at": "2026-05-01T07:30:00.000Z",
    }
    clinic.append("session.refused", MAY + timedelta(hours=4, minutes=30), said)
    content = content_of(clinic)
    content["lists"][0]["rows"][1][2] = f"lot L1; {LATE}"
    return content


def content_of(clinic: Clinic) -> dict[str, Any]:
    report = parts_of(clinic)
    quoted = [0]
    for index, body in enumerate(clinic.bodies):
        entry = json.loads(body)
        of_may = str(entry["data"].get("session")).startswith("s-may")
        if entry["kind"].startswith("recall.") or (of_may and entry["kind"] in QUOTED):
            quoted.append(index)
    return {
        "schema": "aseptrail/audit/trace/1",
        "software": report.software,
        "clinic": dict(report.clinic),
        "purpose": "recall",
        "recall": "r-1",
        "title": "Recall of lot L1",
        "sentences": ["The recall was opened on 1 May 2026, 11:00 and is still open."],
        "lists": [
            {
                "title": "Clients affected",
                "columns": ["Client", "Treated", "What they met", "Calls"],
                "rows": [
                    ["C-1", "1 May 2026, 08:00", "lot L1", TOLD],
                    ["C-2", "1 May 2026, 09:00", "lot L1", "not called yet"],
                ],
            }
        ],
        "made_at": report.made_at,
        "made_by": report.made_by,
        "size": report.size,
        "root": report.root.hex(),
        "incarnation": 1,
        "checkpoint": report.checkpoint,
        "note_key": report.note_key,
        "note_key_certificate": {
            "certificate": report.certificate_pem,
            "signature": report.certificate_signature,
        },
        "entries": [quote(clinic, index) for index in quoted],
    }


def quote(clinic: Clinic, index: int) -> dict[str, Any]:
    leaves = clinic.leaves()

    def node(level: int, place: int) -> bytes:
        return root_hash(leaves[place << level : (place + 1) << level])

    proof = inclusion_proof(index, len(leaves), node)
    body = clinic.bodies[index].decode()
    return {"index": index, "body": body, "proof": [each.hex() for each in proof]}


def judge(content: dict[str, Any], clinic: Clinic, folder: Path, roots: Roots) -> Verdict:
    pdf = sign(draw(canonical_bytes(content)), clinic, folder)
    return verify_report(pdf, trust_roots=roots)


def test_the_lists_of_a_recall_are_accepted_for_what_they_are(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    verdict = judge(trace_of(clinic), clinic, tmp_path, roots)

    assert [check.reason for check in verdict.failed] == []
    assert (verdict.outcome, verdict.about, verdict.period, verdict.level) == (
        Outcome.ACCEPTED,
        "recall",
        None,
        0,
    )
    assert {check.code for check in verdict.checks} == judging.REQUIRED_OF_TRACE
    assert "“Recall of lot L1”" in verdict.sentence
    assert any("That a list is complete" in line for line in verdict.does_not_prove)
    assert any("Whom a line names" in line for line in verdict.does_not_prove)


def first_list(content: dict[str, Any]) -> Any:
    return content["lists"][0]["rows"]


LIES: dict[str, tuple[str, Change]] = {
    "a session quoted is not listed": ("lists", lambda c: first_list(c).pop()),
    "another time of treatment": (
        "lists",
        lambda c: first_list(c)[0].__setitem__(1, "2 May 2026, 08:00"),
    ),
    "a call that is no entry": (
        "lists",
        lambda c: first_list(c)[1].__setitem__(3, "Reached, 1 May 2026, 13:00, Ada"),
    ),
    "a call that is left out": (
        "lists",
        lambda c: first_list(c)[0].__setitem__(3, "Reached, 1 May 2026, 12:05, Ada"),
    ),
    "another outcome": (
        "lists",
        lambda c: first_list(c)[0].__setitem__(3, TOLD.replace("Not reached", "Declined")),
    ),
    "words instead of calls": (
        "lists",
        lambda c: first_list(c)[1].__setitem__(3, "told by the practitioner"),
    ),
    "another lot": ("lists", lambda c: c.update(title="Recall of lot L2")),
    "called closed": (
        "lists",
        lambda c: c.update(sentences=[c["sentences"][0].replace("still open", "closed")]),
    ),
    "another recall": ("belongs", lambda c: c.update(recall="r-2")),
    "no recall": ("belongs", lambda c: c.update(recall=None, purpose="search")),
    "without its opening": ("lists", lambda c: c["entries"].pop(3)),
    "without the first entry": ("identity", lambda c: c["entries"].pop(0)),
    "an entry twice": ("inclusion", lambda c: c["entries"].append(c["entries"][1])),
    "an entry altered": (
        "inclusion",
        lambda c: c["entries"][-1].update(
            body=c["entries"][-1]["body"].replace("reached", "declined")
        ),
    ),
    "an entry moved": ("inclusion", lambda c: c["entries"][1].update(index=1)),
    "a longer log": ("checkpoint", lambda c: c.update(size=c["size"] + 1)),
    "another incarnation": ("incarnation", lambda c: c.update(incarnation=2)),
    "an unknown key": ("payload", lambda c: c.update(more=1)),
    "an unknown purpose": ("payload", lambda c: c.update(purpose="lot")),
    "a row too short": ("payload", lambda c: first_list(c)[0].pop()),
}


@pytest.mark.parametrize("lie", sorted(LIES))
def test_a_list_that_does_not_agree_with_its_entries_is_rejected(
    lie: str, clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    code, change = LIES[lie]
    content = trace_of(clinic)
    change(content)

    assert rejected_for(judge(content, clinic, tmp_path, roots)) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (f"lot L1; {LATE}", None),
        (LATE, None),
        ("lot L1", "lists"),
        (f"lot L1; {LATE}; {LATE}", "lists"),
        (f"lot L1; {LATE.replace('P-7', 'P-8')}", "lists"),
        (f"lot L1; {LATE.replace('12:30', '12:31')}", "lists"),
    ],
)
def test_a_refused_late_answer_stands_in_the_list_as_its_entry_says(
    cell: str, code: str | None, clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    content = with_refused(clinic)
    first_list(content)[1][2] = cell

    verdict = judge(content, clinic, tmp_path, roots)

    if code is None:
        assert [check.reason for check in verdict.failed] == []
    else:
        assert rejected_for(verdict) == code


def test_a_refused_late_answer_that_no_entry_tells_of_is_rejected(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    content = trace_of(clinic)
    first_list(content)[0][2] = LATE

    assert rejected_for(judge(content, clinic, tmp_path, roots)) == "lists"


def test_an_entry_about_something_else_is_rejected(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    content = trace_of(clinic)
    content["entries"].append(quote(clinic, 1))

    assert rejected_for(judge(content, clinic, tmp_path, roots)) == "belongs"


def test_one_byte_changed_after_the_seal_is_rejected(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    pdf = bytearray(sign(draw(canonical_bytes(trace_of(clinic))), clinic, tmp_path))
    pdf[len(pdf) // 3] ^= 1

    assert verify_report(bytes(pdf), trust_roots=roots).outcome is Outcome.REJECTED


def test_lists_that_are_not_canonical_are_not_read(clinic: Clinic) -> None:
    with pytest.raises(NotAnAudit, match="canonical"):
        parse_audit(json.dumps(trace_of(clinic)).encode())
