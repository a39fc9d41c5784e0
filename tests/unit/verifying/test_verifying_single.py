"""One session's file is believed only as far as it goes: its own entries, each proved, and complete."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.proofs import inclusion_proof
from compliance.ledger.tree import root_hash
from compliance.report.payload import NotAnAudit, UnknownAuditVersion, parse_audit
from compliance.report.session_payload import SessionParts, build_session
from compliance.report.verifying import judging, verify
from compliance.report.verifying.parts import ContextEntry
from compliance.report.verifying.verdict import KnownCheckpoint, Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    Clinic,
    answers,
    draw,
    make_clinic,
    parts_of,
    rejected_for,
    sign,
    treat,
)

Roots = list[x509.Certificate]
SESSION = "s-march-1"


def single_of(
    clinic: Clinic,
    session: str = SESSION,
    *,
    purpose: str = "inspection",
    without: tuple[str, ...] = (),
    also: tuple[int, ...] = (),
) -> SessionParts:
    """The parts of a session's file: its entries, genesis, template and people."""
    report, leaves = parts_of(clinic), clinic.leaves()
    size = len(leaves)

    def node(level: int, index: int) -> bytes:
        return root_hash(leaves[index << level : (index + 1) << level])

    quoted = {0, 1, 2, *also}
    for index, body in enumerate(clinic.bodies):
        entry = json.loads(body)
        if entry["data"].get("session") == session and entry["kind"] not in without:
            quoted.add(index)
    return SessionParts(
        software=report.software,
        clinic=report.clinic,
        session_id=session,
        purpose=purpose,
        made_at=report.made_at,
        made_by=report.made_by,
        size=report.size,
        root=report.root,
        incarnation=1,
        checkpoint=report.checkpoint,
        note_key=report.note_key,
        certificate_pem=report.certificate_pem,
        certificate_signature=report.certificate_signature,
        entries=[
            ContextEntry(
                index=index,
                body=clinic.bodies[index],
                proof=inclusion_proof(index, size, node),
            )
            for index in sorted(quoted)
        ],
        disclosures=report.disclosures,
        consistency=report.consistency,
    )


def judge(parts: SessionParts, clinic: Clinic, folder: Path, roots: Roots) -> Verdict:
    return verify_report(sign(draw(build_session(parts)), clinic, folder), trust_roots=roots)


def test_a_sessions_file_is_accepted_for_what_it_is(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    verdict = judge(single_of(clinic), clinic, tmp_path, roots)

    assert [check.reason for check in verdict.failed] == []
    assert (verdict.outcome, verdict.about, verdict.period) == (
        Outcome.ACCEPTED,
        "inspection",
        None,
    )
    assert {check.code for check in verdict.checks} == judging.REQUIRED_OF_SESSION
    assert "period" not in {check.code for check in verdict.checks}
    assert any("Only a report of the period" in line for line in verdict.does_not_prove)


def test_a_clients_copy_needs_no_history(clinic: Clinic, tmp_path: Path, roots: Roots) -> None:
    early = ("session.opened", "session.started", "session.finished")
    parts = single_of(clinic, purpose="client_copy", without=early)

    verdict = judge(parts, clinic, tmp_path, roots)

    assert (verdict.outcome, verdict.about) == (Outcome.ACCEPTED, "client_copy")
    assert "client's copy" in verdict.sentence


@pytest.mark.parametrize(
    "without", [("session.closed",), ("session.opened",), ("session.started",)]
)
def test_a_file_for_an_inspector_shows_how_the_session_began_and_ended(
    without: tuple[str, ...], clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    verdict = judge(single_of(clinic, without=without), clinic, tmp_path, roots)

    assert rejected_for(verdict) == "sessions"


def test_an_entry_of_another_session_has_no_place_in_it(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    foreign = next(
        index for index, body in enumerate(clinic.bodies) if b'"session":"s-march-2"' in body
    )

    verdict = judge(single_of(clinic, also=(foreign,)), clinic, tmp_path, roots)

    assert rejected_for(verdict) == "belongs"


def test_an_entry_altered_or_moved_is_not_in_the_log(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    parts = single_of(clinic)
    altered = [
        replace(entry, body=entry.body.replace(b'"titanium"', b'"surgical_steel"'))
        for entry in parts.entries
    ]
    moved = [*parts.entries[:-1], replace(parts.entries[-1], index=parts.entries[-1].index + 1)]

    for entries in (altered, moved, [*parts.entries, parts.entries[-1]]):
        verdict = judge(replace(parts, entries=entries), clinic, tmp_path, roots)
        assert rejected_for(verdict) == "inclusion"


def test_a_name_that_was_not_committed_to_is_noticed(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    parts = single_of(clinic)
    false = [replace(one, value="Somebody else") for one in parts.disclosures]

    verdict = judge(replace(parts, disclosures=false), clinic, tmp_path, roots)

    assert rejected_for(verdict) == "disclosures"


def test_an_incomplete_session_is_not_called_closed(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "keys")
    at = datetime(2026, 4, 20, 9, tzinfo=UTC)
    treat(clinic, "s-false", at, {"items": answers(gloves_worn=None)})

    verdict = judge(single_of(clinic, "s-false"), clinic, tmp_path, [clinic.root.certificate])

    assert rejected_for(verdict) == "sessions"


def test_the_checkpoint_is_remembered_and_compared_as_that_of_a_report(
    clinic: Clinic, tmp_path: Path, roots: Roots
) -> None:
    first = judge(single_of(clinic), clinic, tmp_path, roots)
    assert isinstance(first.checkpoint, KnownCheckpoint)
    data = sign(draw(build_session(single_of(clinic))), clinic, tmp_path)

    assert first.checkpoint.made_at is not None
    met = replace(first.checkpoint, made_at=first.checkpoint.made_at - timedelta(days=1))
    again = verify_report(data, trust_roots=roots, known=[met])
    other = verify_report(data, trust_roots=roots, known=[replace(met, root=b"\0" * 32)])

    assert (again.outcome, again.level) == (Outcome.ACCEPTED, 3)
    assert rejected_for(other) == "history"


def test_a_verdict_that_lacks_a_check_is_never_accepted(
    clinic: Clinic, tmp_path: Path, roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "check_single", lambda _log, _single: iter(()))

    verdict = judge(single_of(clinic), clinic, tmp_path, roots)

    assert verdict.outcome is Outcome.REJECTED


def test_only_the_exact_form_is_read(clinic: Clinic) -> None:
    content = json.loads(build_session(single_of(clinic)))
    changes: list[dict[str, JsonValue]] = [
        {"purpose": "marketing"},
        {"extra": 1},
        {"entries": "none"},
        {"anchors": ["x"]},
        {"period": {}},
    ]

    for changed in changes:
        with pytest.raises(NotAnAudit):
            parse_audit(canonical_bytes({**content, **changed}))
    with pytest.raises(UnknownAuditVersion):
        parse_audit(canonical_bytes({**content, "schema": "aseptrail/session/2"}))
