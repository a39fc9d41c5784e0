"""Our own reports are accepted, and each way of lying fails at the check made for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from compliance.ledger.tree import hash_leaf, root_hash
from compliance.report.payload import AuditParts, build_audit, parse_audit
from compliance.report.verifying.judging import REQUIRED
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    CLINIC_ID,
    SIGNED_AT,
    Clinic,
    draw,
    make_clinic,
    make_keys,
    parts_of,
    rejected_for,
    resign,
    seal,
    sign,
)

Roots = list[x509.Certificate]
MARCH = datetime(2026, 3, 25, 9, tzinfo=UTC)


def test_an_untouched_report_is_accepted(report: bytes, roots: Roots) -> None:
    verdict = verify_report(report, trust_roots=roots)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert verdict.exit_code == 0
    assert verdict.level == 0
    assert {check.code for check in verdict.checks} == REQUIRED
    assert verdict.signed_at == SIGNED_AT
    assert verdict.period == ("2026-03-01", "2026-03-31")
    assert verdict.clinic == "Klinik Łódź"
    assert verdict.does_not_prove
    assert verdict.audit is not None
    assert "Kundin s-march-1" in verdict.audit.disclosures.values()
    json.dumps(verdict.to_json())


def test_the_whole_log_as_one_report_is_accepted(clinic: Clinic, room: Path, roots: Roots) -> None:
    parts = parts_of(clinic, start=0, end=len(clinic.bodies))
    whole = replace(
        parts,
        period={
            "from": "2026-01-01",
            "to": "2026-04-30",
            "from_time": "2025-12-31T23:00:00.000Z",
            "to_time": "2026-04-30T22:00:00.000Z",
        },
        context=(),
    )
    verdict = verify_report(seal(whole, clinic, room), trust_roots=roots)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed


def drop_entry(parts: AuditParts, clinic: Clinic) -> AuditParts:
    return resign(
        replace(
            parts,
            entries=[*parts.entries[:3], *parts.entries[4:]],
            leaf_hashes=[*parts.leaf_hashes[:3], *parts.leaf_hashes[4:]],
            end=parts.end - 1,
        ),
        clinic,
    )


def swap_entries(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    first, second, *others = parts.entries
    leaves = list(parts.leaf_hashes)
    return replace(
        parts,
        entries=[second, first, *others],
        leaf_hashes=[leaves[1], leaves[0], *leaves[2:]],
    )


def change_entry(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    entries = [body and body.replace(b'"titanium"', b'"surgical_steel"') for body in parts.entries]
    return replace(parts, entries=entries)


def withhold_entry(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, entries=[None, *parts.entries[1:]])


def change_disclosure(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    first, *others = parts.disclosures
    return replace(parts, disclosures=[replace(first, value="Somebody else"), *others])


def change_context(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    first, *others = parts.context
    body = first.body.replace(b'"demo":false', b'"demo":true')
    return replace(parts, context=[replace(first, body=body), *others])


def repeat_context(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, context=[*parts.context, parts.context[0]])


def drop_genesis(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, context=[item for item in parts.context if item.index != 0])


def drop_neighbour(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, context=[item for item in parts.context if item.index != parts.end])


def drop_template(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, context=[item for item in parts.context if item.index != 1])


def drop_amended(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    # The entry before the range is also the one that is amended in it.
    return replace(
        parts,
        context=[item for item in parts.context if item.index != 6],
        volume=(2, 2),
    )


def start_later(_parts: AuditParts, clinic: Clinic) -> AuditParts:
    whole = parts_of(clinic)
    return parts_of(clinic, start=whole.start + 5)


def end_earlier(_parts: AuditParts, clinic: Clinic) -> AuditParts:
    whole = parts_of(clinic)
    return replace(parts_of(clinic, end=whole.end - 1), open_sessions=[])


def other_clock(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, period={**parts.period, "to_time": "2026-03-31T23:00:00.000Z"})


def no_such_day(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, period={**parts.period, "to": "2026-02-31"})


def call_it_demo(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, clinic={**parts.clinic, "demo": True})


def smaller_log(parts: AuditParts, clinic: Clinic) -> AuditParts:
    return resign(replace(parts, size=parts.end), clinic)


def old_checkpoint(parts: AuditParts, clinic: Clinic) -> AuditParts:
    earlier = resign(replace(parts, size=5, root=root_hash(clinic.leaves()[:5])), clinic)
    return replace(parts, checkpoint=earlier.checkpoint)


def forget_open_session(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, open_sessions=[])


def wrong_open_state(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, open_sessions=[{**parts.open_sessions[0], "state": "treated"}])


def false_past(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    (step,) = parts.consistency
    return replace(parts, consistency=[replace(step, root=b"x" * 32)])


def own_signature_missing(parts: AuditParts, _clinic: Clinic) -> AuditParts:
    return replace(parts, certificate_signature=base64.b64encode(b"no").decode())


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (drop_entry, "range"),
        (swap_entries, "range"),
        (change_entry, "range"),
        (smaller_log, "range"),
        (old_checkpoint, "checkpoint"),
        (withhold_entry, "entries"),
        (change_disclosure, "disclosures"),
        (change_context, "context"),
        (repeat_context, "context"),
        (drop_genesis, "identity"),
        (call_it_demo, "identity"),
        (drop_neighbour, "period"),
        (start_later, "period"),
        (end_earlier, "period"),
        (other_clock, "period"),
        (drop_template, "sessions"),
        (drop_amended, "amendments"),
        (forget_open_session, "open_sessions"),
        (wrong_open_state, "open_sessions"),
        (false_past, "history"),
        (own_signature_missing, "note_key"),
        (no_such_day, "readable"),
    ],
)
def test_the_clinic_cannot_seal_a_false_report(
    lie: Callable[[AuditParts, Clinic], AuditParts],
    code: str,
    clinic: Clinic,
    room: Path,
    roots: Roots,
) -> None:
    lied = seal(lie(parts_of(clinic), clinic), clinic, room)
    assert rejected_for(verify_report(lied, trust_roots=roots)) == code


def test_another_clinic_of_the_same_root_cannot_seal_it(
    clinic: Clinic, room: Path, roots: Roots
) -> None:
    _, neighbour = make_keys(room / "keys", clinic_id=CLINIC_ID[:-1] + "2")
    forger = Clinic(keys=neighbour, root=clinic.root)
    pdf = sign(draw(build_audit(parts_of(clinic))), forger, room)
    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "clinic_certificate"


def test_another_root_is_not_trusted(report: bytes, tmp_path: Path) -> None:
    root, _ = make_keys(tmp_path)
    assert rejected_for(verify_report(report, trust_roots=[root.certificate])) == "trusted"


def test_a_clinic_of_another_root_with_the_same_id_is_not_trusted(
    tmp_path: Path, roots: Roots
) -> None:
    forger = make_clinic(tmp_path / "keys")
    pdf = seal(parts_of(forger), forger, tmp_path)
    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "trusted"


def test_another_note_key_is_not_vouched_for(clinic: Clinic, room: Path, tmp_path: Path) -> None:
    _, other = make_keys(tmp_path)
    parts = resign(parts_of(clinic), Clinic(keys=other, root=clinic.root))
    parts = replace(parts, note_key=other.note_verifier_key)
    pdf = seal(parts, clinic, room)
    assert rejected_for(verify_report(pdf, trust_roots=[clinic.root.certificate])) == "note_key"


def test_without_a_root_nothing_is_judged(report: bytes) -> None:
    verdict = verify_report(report, trust_roots=[])
    assert verdict.outcome is Outcome.CANNOT_BE_JUDGED
    assert verdict.failed[0].code == "trust_roots"


def test_leaf_hashes_are_computed_and_not_taken_over(clinic: Clinic) -> None:
    audit = parse_audit(build_audit(parts_of(clinic)))
    assert list(audit.leaf_hashes) == [hash_leaf(body) for _, body in audit.entries if body]


@pytest.mark.parametrize("demo", [True, False])
def test_demonstration_data_is_called_so(tmp_path: Path, demo: bool) -> None:
    clinic = make_clinic(tmp_path / "keys")
    clinic.bodies[0] = clinic.bodies[0].replace(
        b'"demo":false', b'"demo":' + str(demo).lower().encode()
    )
    parts = parts_of(clinic)
    parts = replace(parts, clinic={**parts.clinic, "demo": demo})
    verdict = verify_report(seal(parts, clinic, tmp_path), trust_roots=[clinic.root.certificate])
    assert verdict.outcome is Outcome.ACCEPTED
    assert ("demonstration" in verdict.sentence) is demo
