"""Keys appear once, privately, and survive crashes and replacement."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from compliance.errors import Refused
from compliance.keys.certificates import fingerprint
from compliance.keys.certifying import note_key_statement
from compliance.keys.importing import import_pkcs12
from compliance.keys.storage import (
    ClinicKeys,
    KeysMissing,
    ensure_clinic_keys,
    ensure_root,
    export_root_pem,
    load_clinic_keys,
    load_root,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CLINIC = "0190a000-0000-7000-8000-000000000001"


def make(folder: Path) -> ClinicKeys:
    root = ensure_root(folder, now=NOW, organisation="Ökumenische Praxis")
    return ensure_clinic_keys(
        folder, clinic_id=CLINIC, clinic_name="Studio Łódź", root=root, now=NOW
    )


def test_everything_is_for_the_owner_alone(tmp_path: Path) -> None:
    make(tmp_path / "keys")
    for path in (tmp_path / "keys").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_second_start_finds_the_same_keys(tmp_path: Path) -> None:
    first, second = make(tmp_path), make(tmp_path)
    assert first.certificate == second.certificate
    assert first.note_verifier_key == second.note_verifier_key
    assert load_root(tmp_path).certificate == first.chain[0]


def test_the_seal_is_certified_by_the_root_for_signing_and_names_the_clinic(tmp_path: Path) -> None:
    keys = make(tmp_path)
    root = x509.load_pem_x509_certificate(export_root_pem(tmp_path))
    keys.certificate.verify_directly_issued_by(root)
    usage = keys.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    names = keys.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"urn:uuid:{CLINIC}"]
    assert {item.oid for item in keys.certificate.extensions}.isdisjoint(
        {x509.AuthorityInformationAccess.oid, x509.CRLDistributionPoints.oid}
    )


def test_the_seal_vouches_for_the_note_key(tmp_path: Path) -> None:
    keys = make(tmp_path)
    public = keys.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(
        keys.note_certificate_signature,
        note_key_statement(keys.note_verifier_key),
        ec.ECDSA(hashes.SHA256()),
    )
    assert keys.note_name == f"aseptrail/{CLINIC}"


def test_a_crash_before_the_certificate_keeps_the_key(tmp_path: Path) -> None:
    first = make(tmp_path)
    (tmp_path / CLINIC / "seal.pem").unlink()
    second = make(tmp_path)
    assert second.certificate.public_key() == first.certificate.public_key()
    assert second.note_verifier_key == first.note_verifier_key


def test_without_the_root_key_clinics_work_on_and_none_is_added(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "root" / "root.key").unlink()
    root = ensure_root(tmp_path, now=NOW, organisation="x")
    assert root.private_key is None
    make(tmp_path)
    with pytest.raises(KeysMissing):
        ensure_clinic_keys(
            tmp_path, clinic_id=CLINIC[:-1] + "2", clinic_name="New", root=root, now=NOW
        )


@pytest.mark.parametrize("clinic_id", ["../evil", "", "root", CLINIC.upper(), CLINIC + "/.."])
def test_a_clinic_id_cannot_lead_out_of_the_folder(tmp_path: Path, clinic_id: str) -> None:
    with pytest.raises(Refused):
        load_clinic_keys(tmp_path, clinic_id)


def test_a_fingerprint_is_in_groups_of_four(tmp_path: Path) -> None:
    make(tmp_path)
    groups = fingerprint(load_root(tmp_path).certificate).split(" ")
    assert [len(group) for group in groups] == [4] * 16


def own_certificate(*, usable: bool = True) -> tuple[bytes, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Studio bought seal")])
    usage = x509.KeyUsage(
        digital_signature=usable,
        content_commitment=usable,
        key_encipherment=not usable,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=365))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    protection = BestAvailableEncryption(b"geheim")
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, protection), (
        certificate
    )


def test_the_clinics_own_certificate_replaces_the_seal_and_not_the_note_key(tmp_path: Path) -> None:
    old = make(tmp_path)
    data, certificate = own_certificate()
    new = import_pkcs12(tmp_path, CLINIC, data, b"geheim")
    assert new.certificate == certificate
    assert new.note_verifier_key == old.note_verifier_key
    assert load_clinic_keys(tmp_path, CLINIC).certificate == certificate
    kept = list((tmp_path / CLINIC).glob("seal-*.pem"))
    assert [x509.load_pem_x509_certificate(p.read_bytes()) for p in kept] == [old.certificate]


def test_a_crash_between_key_and_certificate_is_completed_on_loading(tmp_path: Path) -> None:
    make(tmp_path)
    place = tmp_path / CLINIC
    before = (place / "seal.pem").read_bytes()
    data, certificate = own_certificate()
    import_pkcs12(tmp_path, CLINIC, data, b"geheim")
    (place / "seal.pem.new").write_bytes((place / "seal.pem").read_bytes())
    (place / "seal.pem").write_bytes(before)
    assert load_clinic_keys(tmp_path, CLINIC).certificate == certificate


@pytest.mark.parametrize(
    ("usable", "password"),
    [
        pytest.param(True, b"falsch", id="wrong-password"),
        pytest.param(False, b"geheim", id="not-for-signing"),
    ],
)
def test_an_unusable_certificate_changes_nothing(
    tmp_path: Path, usable: bool, password: bytes
) -> None:
    old = make(tmp_path)
    data, _ = own_certificate(usable=usable)
    with pytest.raises(Refused):
        import_pkcs12(tmp_path, CLINIC, data, password)
    assert load_clinic_keys(tmp_path, CLINIC).certificate == old.certificate
