"""Seals that last: other programs accept them, and what is added later is an archive time-stamp alone."""

from __future__ import annotations

import hashlib
import io
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from outside import Outside, check
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.domain.access import Actor, Auth, Role
from compliance.keys.revocation import fresh_crl
from compliance.keys.storage import export_root_pem
from compliance.operations.anchoring.extending import extend_reports
from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.auditing import audit_clinic
from compliance.operations.reporting.requests import (
    RequestReport,
    find_report,
    make_requested,
    report_path,
    request_report,
)
from compliance.operations.reporting.workshop import Workshop
from compliance.report.content.reading import read_content
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house, closed_session
from unit.report_drawing.reading_aloud import broken_rules

STAMP_OF_SEAL = "signature_time_stamp_token"


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


def report(workshop: Workshop, house: House, now: datetime) -> tuple[str, Path]:
    """Ask for a report of the day and make it; returns its id and its file."""
    day = NOON.date()
    actor = Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    with house.database.writing() as tx:
        asked = request_report(tx, RequestReport(first=day, last=day), actor=actor, now=now)
    make_requested(workshop, house.clinic_id, asked.report_id, now=now)
    with house.database.reading() as tx:
        row = find_report(tx, asked.report_id, actor=actor)
    return asked.report_id, report_path(workshop.reports_folder, row, None)


def judge(house: House, data: bytes, outside: Outside | None = None) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    pins = Pins(authorities=() if outside is None else tuple(outside.roots))
    return verify_report(data, trust_roots=[root], pins=pins)


def openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (arguments, done.stderr)


def prepare(folder: Path, house: House, outside: Outside) -> list[str]:
    """Write the roots where other programs find them; returns the options for the time."""
    folder.mkdir()
    (folder / "root.pem").write_bytes(export_root_pem(house.keys_folder))
    (folder / "tsa.pem").write_bytes(outside.first.root.public_bytes(Encoding.PEM))
    return ["-attime", str(int(NOON.timestamp()) + 7200)]


def test_openssl_accepts_the_seal_its_time_stamp_and_the_archive_time_stamp(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    assert extend_reports(workshop, now=clock.tick(hours=2)) == 1
    folder = tmp_path / "openssl"
    at = prepare(folder, house, outside)
    data = path.read_bytes()
    reader = PdfFileReader(io.BytesIO(data))
    seal, archive = reader.embedded_signatures
    for number, signature in enumerate((seal, archive)):
        a, b, c, d = (int(one) for one in signature.byte_range)
        (folder / f"data{number}").write_bytes(data[a : a + b] + data[c : c + d])
        (folder / f"value{number}").write_bytes(
            cms.ContentInfo.load(signature.pkcs7_content).dump()
        )
    assert signature.byte_range[2] + signature.byte_range[3] == len(data)
    (token,) = [
        one["values"][0]
        for one in seal.signer_info["unsigned_attrs"]
        if one["type"].native == STAMP_OF_SEAL
    ]
    (folder / "token").write_bytes(token.dump())
    (folder / "signature").write_bytes(seal.signer_info["signature"].native)

    shared = ["-binary", "-inform", "DER", "-purpose", "any", "-cades", "-out", "ignored"]
    openssl(
        folder,
        *("cms", "-verify", "-in", "value0", "-content", "data0", "-CAfile", "root.pem"),
        *(*shared, *at),
    )
    for given, over in (("token", "signature"), ("value1", "data1")):
        openssl(
            folder,
            *("ts", "-verify", "-token_in", "-in", given, "-data", over),
            *("-CAfile", "tsa.pem", *at),
        )


def test_pdfsig_calls_the_sealed_report_valid_as_a_whole(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    folder = tmp_path / "nss"
    prepare(folder, house, outside)
    subprocess.run(["certutil", "-N", "-d", f"sql:{folder}", "--empty-password"], check=True)
    root = str(folder / "root.pem")
    add = ["certutil", "-A", "-d", f"sql:{folder}", "-n", "root", "-t", "CT,C,C", "-i", root]
    subprocess.run(add, check=True)
    done = subprocess.run(
        ["pdfsig", "-nssdir", str(folder), str(path)], capture_output=True, text=True, check=True
    )
    assert "Signature is Valid" in done.stdout
    assert "Total document signed" in done.stdout
    assert "ETSI.CAdES.detached" in done.stdout


def test_a_report_sealed_with_a_time_stamp_stays_an_archival_and_accessible_pdf(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    assert broken_rules(path) == set()
    extend_reports(workshop, now=clock.tick(hours=2))
    # The validator wants every signature to be over the whole file, which the first of two
    # cannot be; that the last one is, our own check demands.
    assert broken_rules(path) - {"PDFA3A-SIGNATURE-BYTERANGE-001"} == set()


def test_who_pinned_the_authority_is_told_when_it_saw_the_seal(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    told = check(judge(house, path.read_bytes(), outside), "seal_time")
    assert (told.holds, told.reason) == (
        True,
        "Harbour Time saw the seal at 2026-11-20T12:00:00.000Z.",
    )
    untold = judge(house, path.read_bytes())
    assert (untold.outcome, check(untold, "seal_time").holds) == (Outcome.ACCEPTED, None)

    extend_reports(workshop, now=clock.tick(hours=2))
    verdict = judge(house, path.read_bytes(), outside)
    assert verdict.outcome is Outcome.ACCEPTED
    assert "saw the file with its seal at 2026-11-20T14:00" in check(verdict, "seal_time").reason


def test_an_archive_time_stamp_is_added_once_after_an_hour_and_entered(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    before = path.read_bytes()
    assert extend_reports(workshop, now=clock.tick(minutes=59)) == 0
    outside.silent |= {"https://one", "https://two"}
    assert extend_reports(workshop, now=clock.tick(minutes=2)) == 0
    assert path.read_bytes() == before
    outside.silent.remove("https://two")
    assert extend_reports(workshop, now=clock.tick(minutes=9)) == 0
    assert extend_reports(workshop, now=clock.tick(minutes=2)) == 1
    assert path.read_bytes().startswith(before)
    assert extend_reports(workshop, now=clock.tick(days=1)) == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    _, later = report(workshop, house, clock())
    audit = judge(house, later.read_bytes()).audit
    assert audit is not None
    made, extended = read_content(audit).exports
    assert made.sha256 == hashlib.sha256(before).hexdigest()
    assert extended.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert extended.period == f"{made.period}, with an archive time-stamp"


def test_what_is_appended_to_a_report_that_lasts_is_found_out(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    _, path = report(workshop, house, clock())
    extend_reports(workshop, now=clock.tick(hours=2))
    good = path.read_bytes()
    assert judge(house, good + b"\n% more", outside).outcome is Outcome.REJECTED
    sealed = good[: good.rfind(b"%%EOF", 0, good.rfind(b"/DocTimeStamp")) + 6]
    assert judge(house, sealed, outside).outcome is not None
    for needle in (b"/DocTimeStamp", b"/ByteRange", b"/Certs", b"/CRLs"):
        place = good.rfind(needle) + 2
        altered = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert judge(house, altered, outside).outcome is not Outcome.ACCEPTED, needle


def test_a_report_is_sealed_without_when_nobody_answers(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    outside.silent |= {"https://one", "https://two"}
    _, path = report(workshop, house, clock())
    verdict = judge(house, path.read_bytes(), outside)
    assert verdict.outcome is Outcome.ACCEPTED
    assert check(verdict, "seal_time").reason == "The seal carries no time-stamp."


def test_an_authority_nobody_pinned_never_stamps_a_seal(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    closed_session(house, NOON)
    stranger = replace(
        outside.authority("https://one", outside.first), pinned=(outside.second.root,)
    )
    foreign = replace(workshop, anchors=AnchorPlan(authorities=(stranger,)))
    _, path = report(foreign, house, clock())
    assert (
        check(judge(house, path.read_bytes()), "seal_time").reason
        == "The seal carries no time-stamp."
    )


def test_the_list_of_revoked_certificates_is_made_while_the_root_key_is_here(
    house: House,
) -> None:
    made = fresh_crl(house.keys_folder, now=NOON)
    assert made is not None
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    crl = x509.load_der_x509_crl(made)
    assert crl.is_signature_valid(root.public_key())  # type: ignore[arg-type]  # It is a P-256 key.
    (house.keys_folder / "root" / "root.key").unlink()
    assert fresh_crl(house.keys_folder, now=NOON + timedelta(days=29)) == made
    assert fresh_crl(house.keys_folder, now=NOON + timedelta(days=31)) is None
