"""What the seal is, seen with our own eyes and with tools that know nothing of us."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from compliance.keys.importing import import_pkcs12
from compliance.report.signing import SigningFailed, sign_report
from compliance.report.verifying.byte_ranges import strip_padding
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    CLINIC_ID,
    KEYS_MADE_AT,
    SIGNED_AT,
    Clinic,
    draw,
    make_clinic,
    parts_of,
    seal,
    sign,
)

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clinic, bytes, Path]:
    """A clinic whose certificates are valid by the real clock, which other tools go by."""
    folder = tmp_path_factory.mktemp("fresh")
    clinic = make_clinic(folder / "keys", now=datetime.now(UTC))
    report = seal(parts_of(clinic), clinic, folder)
    (folder / "root.pem").write_bytes(clinic.root.certificate.public_bytes(Encoding.PEM))
    return clinic, report, folder


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_digest_returned_is_that_of_the_file(clinic: Clinic, tmp_path: Path) -> None:
    unsigned = tmp_path / "unsigned.pdf"
    unsigned.write_bytes(draw(b"{}"))
    output = tmp_path / "signed.pdf"
    digest = sign_report(
        unsigned,
        identity=clinic.identity(),
        reason="r",
        location="l",
        signed_at=SIGNED_AT,
        output=output,
    )
    assert digest == hashlib.sha256(output.read_bytes()).hexdigest()
    assert unsigned.read_bytes() == draw(b"{}")
    assert output.read_bytes().startswith(draw(b"{}"))
    assert {path.name for path in tmp_path.iterdir()} == {"unsigned.pdf", "signed.pdf"}


def test_the_seal_forbids_changes_and_adds_nothing_visible(report: bytes) -> None:
    with pikepdf.open(io.BytesIO(report)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert field.V.SubFilter == "/ETSI.CAdES.detached"
        assert str(field.V.Reason) == "Sealed audit report"
        assert str(field.V.Location) == "Łódź"
        (reference,) = field.V.Reference
        assert reference.TransformParams.P == 1
        left, bottom, right, top = (int(side) for side in field.Rect)
        assert (right - left, top - bottom) == (0, 0)


def test_metadata_is_left_as_it_was_drawn(clinic: Clinic, room: Path) -> None:
    # This fails when an upgrade of pyHanko renames the private method that signing overrides.
    with pikepdf.open(io.BytesIO(draw(b"{}"))) as pdf:
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Drawn by us"
        out = io.BytesIO()
        pdf.save(out)
    signed = sign(out.getvalue(), clinic, room)
    with (
        pikepdf.open(io.BytesIO(out.getvalue())) as before,
        pikepdf.open(io.BytesIO(signed)) as after,
    ):
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert dict(after.docinfo) == dict(before.docinfo)


@pytest.mark.parametrize("unsigned", [b"", b"no pdf", b"%PDF-1.7\nhalf"])
def test_what_is_not_a_pdf_is_not_signed_and_leaves_nothing(
    unsigned: bytes, clinic: Clinic, tmp_path: Path
) -> None:
    with pytest.raises(SigningFailed):
        sign(unsigned, clinic, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_report_cannot_be_sealed_over(clinic: Clinic, report: bytes, tmp_path: Path) -> None:
    with pytest.raises(SigningFailed):
        sign(report, clinic, tmp_path)


def test_a_seal_made_after_the_certificate_expired_is_not_trusted(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "keys", now=datetime(2019, 1, 1, tzinfo=UTC))
    late = seal(parts_of(clinic), clinic, tmp_path)
    verdict = verify_report(late, trust_roots=[clinic.root.certificate])
    assert verdict.failed[-1].code == "trusted"


def certify(
    subject: str, key: PublicKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    names = [
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (subject, issuer)
    ]
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(KEYS_MADE_AT)
        .not_valid_after(KEYS_MADE_AT + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_cert_sign=ca,
                crl_sign=ca,
                **usage,
            ),
            critical=True,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def test_a_clinics_own_rsa_certificate_with_an_intermediate_seals_reports(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "keys")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    top_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    top = certify("Top", top_key.public_key(), "Top", top_key, ca=True)
    middle = certify("Middle", middle_key.public_key(), "Top", top_key, ca=True)
    own = certify("Bought seal", key.public_key(), "Middle", middle_key, ca=False)
    bought = pkcs12.serialize_key_and_certificates(b"x", key, own, [top, middle], NoEncryption())
    clinic.keys = import_pkcs12(tmp_path / "keys", CLINIC_ID, bought, None)
    assert clinic.keys.chain == (middle, top)
    report = seal(parts_of(clinic), clinic, tmp_path)
    verdict = verify_report(report, trust_roots=[top])
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    (check,) = [item for item in verdict.checks if item.code == "clinic_certificate"]
    assert check.holds is None
    assert "Bought seal" in check.reason
    assert verify_report(report, trust_roots=[clinic.root.certificate]).exit_code == 1


def test_pdfsig_calls_it_valid_and_trusted(fresh: tuple[Clinic, bytes, Path]) -> None:
    _, _, folder = fresh
    store = folder / "nss"
    store.mkdir()
    run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
    root = str(folder / "root.pem")
    run("certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "CT,C,C", "-i", root)
    answer = run("pdfsig", "-nssdir", f"sql:{store}", str(folder / "report.pdf"))
    assert "Signature is Valid" in answer
    assert "Certificate is Trusted" in answer
    assert "Total document signed" in answer
    assert "ETSI.CAdES.detached" in answer


def test_openssl_verifies_it_against_the_root_alone(fresh: tuple[Clinic, bytes, Path]) -> None:
    _, report, folder = fresh
    found = re.search(rb"/Contents <([0-9A-F]+)>", report)
    assert found is not None
    start, end = found.span(1)
    (folder / "seal.der").write_bytes(strip_padding(bytes.fromhex(found[1].decode())))
    (folder / "content").write_bytes(report[: start - 1] + report[end + 1 :])
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-cades"]
    command += ["-in", str(folder / "seal.der"), "-content", str(folder / "content")]
    command += ["-CAfile", str(folder / "root.pem"), "-purpose", "any", "-out", "/dev/null"]
    assert "Verification successful" in run(*command)
    (folder / "content").write_bytes(report[: start - 1] + report[end + 1 :] + b"x")
    assert "Verification successful" not in run(*command)
