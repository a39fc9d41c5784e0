"""A certificate that was revoked: what it sealed before is told apart from what it sealed after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from timing_authorities import Bought, buy_authority

from compliance.ledger.entry import format_time
from compliance.report.verifying.pins import PinFiles, Pins, pin_files_from_json, read_list
from compliance.report.verifying.verdict import Check, Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, make_keys, rejected_for
from unit.verifying.revoking import AFTER, BEFORE, LATER, Told, in_pem, make_list, seal_lasting

Seal = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def bought() -> Bought:
    return buy_authority(SIGNED_AT)


@pytest.fixture
def lasting(clinic: Clinic, bought: Bought, tmp_path: Path) -> Seal:
    return lambda crl: seal_lasting(clinic, bought, crl, tmp_path / "lasting.pdf")


def judge(
    data: bytes, clinic: Clinic, *authorities: x509.Certificate, held: tuple[bytes, ...] = ()
) -> Verdict:
    pins = Pins(authorities=authorities, crls=tuple(map(read_list, held)))
    return verify_report(data, trust_roots=[clinic.root.certificate], pins=pins)


def told(verdict: Verdict) -> Check:
    (check,) = [check for check in verdict.checks if check.code == "revocation"]
    return check


def test_a_list_that_does_not_name_the_certificate_speaks_for_it(
    lasting: Seal, clinic: Clinic, bought: Bought
) -> None:
    verdict = judge(lasting(make_list(clinic, Told(None))), clinic, bought.root)
    assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
    stated = format_time(LATER)
    assert (told(verdict).holds, told(verdict).reason) == (
        True,
        f"Nothing in the list of {stated} speaks against it.",
    )


def test_what_was_sealed_after_the_revocation_is_rejected(
    lasting: Seal, clinic: Clinic, bought: Bought
) -> None:
    verdict = judge(lasting(make_list(clinic, Told(BEFORE))), clinic, bought.root)
    assert rejected_for(verdict) == "revocation"
    assert told(verdict).reason == (
        f"No: it is revoked since {format_time(BEFORE)}, and the seal was made at"
        f" {format_time(SIGNED_AT)}."
    )


def test_what_was_sealed_and_seen_before_the_revocation_stays_accepted(
    lasting: Seal, clinic: Clinic, bought: Bought
) -> None:
    data = lasting(make_list(clinic, Told(AFTER, x509.ReasonFlags.key_compromise)))
    verdict = judge(data, clinic, bought.root)
    assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
    assert told(verdict).holds is True


def test_a_stolen_key_cannot_claim_an_earlier_time(
    lasting: Seal, clinic: Clinic, bought: Bought
) -> None:
    data = lasting(make_list(clinic, Told(AFTER, x509.ReasonFlags.key_compromise)))
    # Nobody whose word the inspector takes saw the seal before.
    verdict = judge(data, clinic)
    assert rejected_for(verdict) == "revocation"
    assert "no time-stamp that counts shows the seal before" in told(verdict).reason
    too_late = lasting(make_list(clinic, Told(SIGNED_AT + timedelta(seconds=1))))
    assert rejected_for(judge(too_late, clinic, bought.root)) == "revocation"


def test_a_certificate_that_was_only_replaced_needs_no_witness(
    lasting: Seal, clinic: Clinic
) -> None:
    data = lasting(make_list(clinic, Told(AFTER, x509.ReasonFlags.superseded)))
    assert judge(data, clinic).outcome is Outcome.ACCEPTED


def test_a_list_by_somebody_else_counts_for_nothing(
    lasting: Seal, clinic: Clinic, bought: Bought, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    root, keys = make_keys(folder)
    stranger = Clinic(keys=keys, root=root)
    verdict = judge(lasting(make_list(clinic, Told(BEFORE), by=stranger)), clinic, bought.root)
    assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
    assert told(verdict).holds is None


def test_a_report_without_lists_says_so(report: bytes, clinic: Clinic) -> None:
    verdict = judge(report, clinic)
    assert (verdict.outcome, told(verdict).holds) == (Outcome.ACCEPTED, None)


def test_a_list_that_the_inspector_holds_counts_like_one_in_the_file(
    report: bytes, clinic: Clinic
) -> None:
    before = make_list(clinic, Told(BEFORE))
    stolen = make_list(clinic, Told(AFTER, x509.ReasonFlags.key_compromise))
    replaced = make_list(clinic, Told(AFTER, x509.ReasonFlags.superseded))
    for refused in (before, stolen, in_pem(stolen)):
        assert rejected_for(judge(report, clinic, held=(replaced, refused))) == "revocation"
    verdict = judge(report, clinic, held=(in_pem(replaced),))
    assert (verdict.outcome, told(verdict).holds) == (Outcome.ACCEPTED, True)


def test_a_list_by_somebody_else_in_the_hand_is_said_to_count_for_nothing(
    report: bytes, clinic: Clinic, tmp_path: Path
) -> None:
    (tmp_path / "another").mkdir()
    root, keys = make_keys(tmp_path / "another")
    foreign = make_list(clinic, Told(BEFORE), by=Clinic(keys=keys, root=root))
    verdict = judge(report, clinic, held=(foreign,))
    assert (verdict.outcome, told(verdict).holds) == (Outcome.ACCEPTED, None)
    assert told(verdict).reason.endswith("by its issuer. Nor is one that you gave.")


def test_lists_reach_the_process_that_judges(clinic: Clinic) -> None:
    files = PinFiles(crls=(make_list(clinic, Told(BEFORE)),))
    assert pin_files_from_json(files.to_json()).read() == files.read()
    with pytest.raises(ValueError):
        PinFiles(crls=(b"no list",)).read()
