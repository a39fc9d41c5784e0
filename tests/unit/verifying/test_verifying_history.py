"""Whoever kept a checkpoint sees a rewritten log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from compliance.ledger.tree import root_hash
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    Clinic,
    parts_of,
    rejected_for,
    resign,
    seal,
)

Roots = list[x509.Certificate]


def test_a_log_rewritten_as_a_whole_shows_to_whoever_kept_a_checkpoint(
    tmp_path: Path, report: bytes, clinic: Clinic, roots: Roots
) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    rewritten = Clinic(keys=clinic.keys, root=clinic.root, bodies=list(clinic.bodies))
    rewritten.disclosures = clinic.disclosures
    rewritten.bodies[9] = rewritten.bodies[9].replace(b"practitioner", b"practitioner")
    rewritten.bodies[8] = rewritten.bodies[8].replace(b"09:05:00", b"09:06:00")
    parts = parts_of(clinic)
    leaves = rewritten.leaves()

    def node(level: int, index: int) -> bytes:
        return root_hash(leaves[index << level : (index + 1) << level])

    from compliance.ledger.proofs import consistency_proof, inclusion_proof, range_proof

    root = root_hash(leaves)
    forged = resign(
        replace(
            parts,
            root=root,
            entries=rewritten.bodies[parts.start : parts.end],
            leaf_hashes=leaves[parts.start : parts.end],
            range_proof=range_proof(parts.start, parts.end, parts.size, node),
            context=[
                replace(item, proof=inclusion_proof(item.index, parts.size, node))
                for item in parts.context
            ],
            consistency=[
                replace(parts.consistency[0], proof=consistency_proof(2, parts.size, node))
            ],
        ),
        clinic,
    )
    pdf = seal(forged, clinic, tmp_path)
    # Honest limit of level 0: to a newcomer the rewritten log is as good as any.
    assert verify_report(pdf, trust_roots=roots).outcome is Outcome.ACCEPTED
    assert rejected_for(verify_report(pdf, trust_roots=roots, known=[kept])) == "history"


def test_an_earlier_checkpoint_raises_the_level(
    report: bytes, roots: Roots, clinic: Clinic
) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    assert kept.made_at is not None
    before = kept.made_at - timedelta(days=1)
    leaves = clinic.leaves()
    for size in (2, 9, 17, len(leaves)):
        earlier = replace(kept, size=size, root=root_hash(leaves[:size]), made_at=before)
        verdict = verify_report(report, trust_roots=roots, known=[earlier])
        assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 3), size
        false = replace(earlier, root=b"x" * 32)
        assert rejected_for(verify_report(report, trust_roots=roots, known=[false])) == "history"


def test_a_checkpoint_it_cannot_compare_with_neither_helps_nor_harms(
    report: bytes, roots: Roots
) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    for size in (3, 500):
        verdict = verify_report(report, trust_roots=roots, known=[replace(kept, size=size)])
        assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 0)
        (history,) = [check for check in verdict.checks if check.code == "history"]
        assert history.holds is None


def told(verdict: Verdict) -> str:
    (history,) = [check for check in verdict.checks if check.code == "history"]
    return history.reason


def test_looking_at_the_same_file_twice_raises_nothing(report: bytes, roots: Roots) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None

    verdict = verify_report(report, trust_roots=roots, known=[kept])

    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 0)
    assert told(verdict) == "You met this very report before, and no other of this clinic."


def test_an_old_report_shown_again_is_called_old(
    report: bytes, roots: Roots, clinic: Clinic
) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    assert kept.made_at is not None
    newer = replace(kept, size=500, made_at=kept.made_at + timedelta(days=30))
    first = replace(kept, size=2, root=root_hash(clinic.leaves()[:2]))

    replayed = verify_report(report, trust_roots=roots, known=[kept, newer])
    compared = verify_report(report, trust_roots=roots, known=[first, kept, newer])

    old = f"It is older than what you were shown before: 500 entries then, {kept.size} here."
    assert replayed.level == 0
    assert told(replayed).endswith(old)
    assert compared.level == 3
    assert told(compared).endswith(old)


def test_a_log_begun_anew_under_the_old_name_is_noticed(report: bytes, roots: Roots) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    other = replace(kept, clinic_id="0190a000-0000-7000-8000-00000000ffff")
    assert rejected_for(verify_report(report, trust_roots=roots, known=[other])) == "history"


def test_an_incarnation_that_no_entry_explains_is_refused(
    tmp_path: Path, clinic: Clinic, roots: Roots
) -> None:
    pdf = seal(resign(replace(parts_of(clinic), incarnation=2), clinic), clinic, tmp_path)

    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "incarnation"


def test_a_later_report_of_fewer_entries_is_refused(report: bytes, roots: Roots) -> None:
    kept = verify_report(report, trust_roots=roots).checkpoint
    assert kept is not None
    assert kept.made_at is not None
    longer = replace(kept, size=kept.size + 1, made_at=kept.made_at - timedelta(days=1))

    assert rejected_for(verify_report(report, trust_roots=roots, known=[longer])) == "history"
