"""A seal with a time-stamp in it: no byte of either can be altered, by the whole verifier's word."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from timing_authorities import Bought, buy_authority

from compliance.keys.time_authority import answer_query
from compliance.ledger.timestamp import read_token
from compliance.report.lasting import Stamps, add_archive_stamp
from compliance.report.payload import build_audit
from compliance.report.signing import sign_report
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, draw, parts_of, rejected_for


@pytest.fixture(scope="module")
def bought() -> Bought:
    return buy_authority(SIGNED_AT)


@pytest.fixture(scope="module")
def stamps(clinic: Clinic, bought: Bought) -> Stamps:
    return Stamps(
        ask=lambda query: answer_query(
            bought.authority, query, clock=lambda: SIGNED_AT + timedelta(seconds=2)
        ),
        pinned=(bought.root,),
        roots=(clinic.root.certificate,),
    )


@pytest.fixture(scope="module")
def sealed(clinic: Clinic, room: Path, stamps: Stamps) -> bytes:
    output = room / "stamped.pdf"
    sign_report(
        draw(build_audit(parts_of(clinic))),
        identity=clinic.identity(),
        reason="Sealed audit report",
        location="",
        signed_at=SIGNED_AT,
        output=output,
        stamps=stamps,
    )
    return output.read_bytes()


def altered(data: bytes, value: bytes, at: int) -> bytes:
    """The file with one bit of a value in it altered; it stands there in hexadecimal."""
    start = data.index(value.hex().upper().encode()) + 2 * at
    return data[:start] + f"{value[at] ^ (1 << at % 8):02X}".encode() + data[start + 2 :]


def test_no_altered_time_stamp_is_accepted_in_a_seal(
    sealed: bytes, roots: list[x509.Certificate]
) -> None:
    assert verify_report(sealed, trust_roots=roots).outcome is Outcome.ACCEPTED
    (seal,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    token = seal.signer_info["unsigned_attrs"][0]["values"][0].dump()
    # The certificate beside the signer's was beyond checking once.
    assert len(read_token(token).certificates) == 2
    for at in range(0, len(token), 31):
        verdict = verify_report(altered(sealed, token, at), trust_roots=roots)
        assert rejected_for(verdict) == "signature_form", at


def test_no_altered_archive_time_stamp_is_accepted_after_it(
    sealed: bytes, roots: list[x509.Certificate], stamps: Stamps, tmp_path: Path
) -> None:
    path = tmp_path / "lasting.pdf"
    path.write_bytes(sealed)
    add_archive_stamp(path, stamps, now=SIGNED_AT + timedelta(hours=2))
    data = path.read_bytes()
    assert verify_report(data, trust_roots=roots).outcome is Outcome.ACCEPTED
    token = PdfFileReader(io.BytesIO(data)).embedded_signatures[1].pkcs7_content
    whole = token[: int.from_bytes(token[2:4]) + 4]
    for at in range(5, len(whole), 97):
        verdict = verify_report(altered(data, whole, at), trust_roots=roots)
        assert verdict.outcome is Outcome.REJECTED, at
