"""What a report says about sterilization leads to entries that say the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from compliance.ledger.canonical import canonical_bytes, parse_canonical
from compliance.ledger.entry import Entry
from compliance.report.payload import Curve, NotAnAudit, build_audit, parse_audit
from compliance.report.verifying.entries import ReadLog
from compliance.report.verifying.loads import check_loads
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import Clinic, parts_of, seal

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
READINGS = "0,1343,310;30,1344,311;60,1344,311"
SHA256 = hashlib.sha256(READINGS.encode()).hexdigest()
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)

CYCLE = ("cycle.recorded", {"cycle": "c1", "number": "7", "curve_sha256": SHA256})
REGISTERED = ("pack.registered", {"pack": "p1", "code": "P-1", "cycle_id": "c1"})
LOAD_RELEASED = ("cycle.released", {"cycle": "c1"})
PACK_RELEASED = ("pack.released", {"pack": "p1", "code": "P-1"})
BEFORE: dict[str, Any] = {
    "component": "roller",
    "kind": "pack",
    "ref": {"pack": "p1", "code": "P-1"},
}


def closed(*evidence: Any) -> tuple[str, dict[str, Any]]:
    item = {"code": "device_sterilized_before", "evidence": list(evidence)}
    return "session.closed", {"session": "s1", "items": [item]}


def problems(clinic: Clinic, *told: tuple[str, dict[str, Any]], start: int = 0) -> list[str]:
    """What is said about a log of these entries, of which the first are before the range."""
    audit = replace(
        parse_audit(build_audit(parts_of(clinic))), start=start, end=len(told), curves={}
    )
    entries = [
        Entry(
            index=index,
            kind=kind,
            clinic="c",
            at=BEGIN + timedelta(minutes=index),
            by={},
            data=data,
            leaf_hash=b"",
            body=b"",
        )
        for index, (kind, data) in enumerate(told)
    ]
    log = ReadLog(
        audit=audit, inside=entries[start:], by_index={entry.index: entry for entry in entries}
    )
    return [check.reason for check in check_loads(log) if check.holds is False]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_report_of_an_earlier_version_is_still_accepted(version: str) -> None:
    root = x509.load_pem_x509_certificate((GOLDEN / f"report-{version}-root.pem").read_bytes())
    verdict = verify_report((GOLDEN / f"report-{version}.pdf").read_bytes(), trust_roots=[root])
    assert [check.reason for check in verdict.checks if check.holds is False] == []
    assert verdict.outcome is Outcome.ACCEPTED


def test_the_second_version_has_a_key_that_the_first_has_not(clinic: Clinic) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    data["entries"] = [canonical_bytes(entry).decode() for entry in data["entries"]]
    second, first = "aseptrail/audit/2", "aseptrail/audit/1"
    parse_audit(canonical_bytes({**data, "schema": second}))
    with pytest.raises(NotAnAudit):
        parse_audit(canonical_bytes({**data, "schema": first}))
    del data["curves"]
    with pytest.raises(NotAnAudit):
        parse_audit(canonical_bytes({**data, "schema": second}))
    assert parse_audit(canonical_bytes({**data, "schema": first})).curves == {}


@pytest.mark.parametrize("older", ["aseptrail/audit/1", "aseptrail/audit/2"])
def test_entries_are_texts_before_the_third_version_and_themselves_from_it_on(
    older: str, clinic: Clinic
) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    if older.endswith("1"):
        del data["curves"]
    with pytest.raises(NotAnAudit):
        parse_audit(canonical_bytes({**data, "schema": older}))
    data["entries"] = [canonical_bytes(entry).decode() for entry in data["entries"]]
    audit = parse_audit(canonical_bytes({**data, "schema": older}))
    newest = parse_audit(build_audit(parts_of(clinic)))
    assert list(audit.entries) == list(newest.entries)
    assert audit.leaf_hashes == newest.leaf_hashes


def test_readings_are_hashed_again(clinic: Clinic) -> None:
    parts = replace(parts_of(clinic), curves=(Curve(sha256=SHA256, readings=READINGS),))
    assert parse_audit(build_audit(parts)).curves == {SHA256: READINGS}

    parts = replace(parts, curves=(Curve(sha256=SHA256, readings=READINGS + ";90,1344,311"),))
    audit = parse_audit(build_audit(parts))
    assert (audit.curves, audit.false_curves) == ({}, (SHA256,))


@pytest.mark.parametrize("readings", ["", "1,2", "1,2,3;", "-1,2,3", "1,2,3.5", "١,2,3"])
def test_what_are_no_readings_is_refused(clinic: Clinic, readings: str) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    data["curves"] = [{"sha256": SHA256, "readings": readings}]
    with pytest.raises(NotAnAudit):
        parse_audit(canonical_bytes(data))


@pytest.mark.parametrize(
    ("readings", "said"), [(READINGS, "no cycle shown"), ("1,2,3", "another hash")]
)
def test_readings_that_no_entry_names_reject_the_report(
    clinic: Clinic, room: Path, readings: str, said: str
) -> None:
    parts = replace(parts_of(clinic), curves=(Curve(sha256=SHA256, readings=readings),))
    verdict = verify_report(seal(parts, clinic, room), trust_roots=[clinic.root.certificate])
    assert verdict.outcome is Outcome.REJECTED
    assert said in verdict.failed[0].reason


def test_a_pack_of_a_released_load_is_sterile(clinic: Clinic) -> None:
    assert problems(clinic, CYCLE, REGISTERED, LOAD_RELEASED, PACK_RELEASED, closed(BEFORE)) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((CYCLE, REGISTERED, PACK_RELEASED, closed(BEFORE)), "cycle 7, which was never released"),
        ((CYCLE, REGISTERED, LOAD_RELEASED, closed(BEFORE)), "P-1 was never released"),
        (
            (CYCLE, REGISTERED, LOAD_RELEASED, closed(BEFORE), PACK_RELEASED),
            "released after the session was signed",
        ),
        (
            (CYCLE, REGISTERED, PACK_RELEASED, closed(BEFORE), LOAD_RELEASED),
            "not released between its record and the session",
        ),
        (
            (REGISTERED, PACK_RELEASED, closed(BEFORE)),
            "names a cycle that is not in the log",
        ),
        (
            (CYCLE, LOAD_RELEASED, PACK_RELEASED, closed(BEFORE), REGISTERED),
            "registered after the session was signed",
        ),
    ],
)
def test_a_pack_that_leads_to_no_released_load_is_named(
    clinic: Clinic, told: tuple[tuple[str, dict[str, Any]], ...], said: str
) -> None:
    assert said in problems(clinic, *told)[0]


def test_what_lies_before_the_range_cannot_be_missed(clinic: Clinic) -> None:
    told = (CYCLE, REGISTERED, closed(BEFORE))
    assert problems(clinic, *told, start=2) == []


def test_a_device_that_came_back_is_released_by_its_pack(clinic: Clinic) -> None:
    def returned(index: int | None) -> tuple[str, dict[str, Any]]:
        ref = {"device": "d1", "pack": "p1", "code": "P-1", "released_index": index}
        return closed({"component": "roller", "kind": "returned", "ref": ref})

    told = (CYCLE, REGISTERED, LOAD_RELEASED, PACK_RELEASED)
    assert problems(clinic, *told, returned(3)) == []
    assert problems(clinic, *told, returned(None)) == []
    assert "did not release its pack" in problems(clinic, *told, returned(2))[0]
    assert "comes after it" in problems(clinic, *told, returned(9))[0]
