"""A seal whose key lies in a token: SoftHSM, spoken to as any token is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from integration.safekeeping.places import MIGRATIONS, back_up, judge, report

from compliance.keys.certificates import make_seal_certificate
from compliance.keys.revoking import all_revoked, clinic_certificates
from compliance.keys.rotating import NewKeys
from compliance.keys.storage import load_clinic_keys, load_root
from compliance.keys.tokens import TokenPlace, TokenRefused, open_token
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.revoking import RevokeCertificate, revoke_certificate
from compliance.operations.rotating import Rotated, read_rotations, rotate_keys, use_token
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.report.verifying.verdict import Outcome
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house, closed_session, open_workshop

PIN: Final = "471100"
LABEL: Final = "clinic"
LATER: Final = NOON + timedelta(hours=1)
MODULES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The library, with a token of this test run's own. It is one for the whole process."""
    found = next((path for path in MODULES if Path(path).exists()), None)
    assert found is not None, "install softhsm2: apt-get install softhsm2"
    folder = tmp_path_factory.mktemp("softhsm")
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\n")
    former = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(config)
    softhsm("--init-token", "--free", "--label", LABEL, "--so-pin", "0000", "--pin", PIN)
    yield found
    os.environ.pop("SOFTHSM2_CONF")
    if former is not None:
        os.environ["SOFTHSM2_CONF"] = former


def softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)


def put_key(folder: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, label: str) -> None:
    """Bring a key into the token; a real one would be made there."""
    file = folder / f"{label}.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    softhsm(
        *("--import", str(file), "--token", LABEL, "--label", label),
        *("--id", label.encode().hex(), "--pin", PIN),
    )
    file.unlink()


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    made = build_house(sqlite_database, tmp_path, now=NOON)
    closed_session(made, NOON)
    return made


def place(house: House, module: str, key: ec.EllipticCurvePrivateKey, label: str) -> TokenPlace:
    root = load_root(house.keys_folder)
    assert root.private_key is not None
    certificate = make_seal_certificate(
        key.public_key(),
        clinic_id=house.clinic_id,
        clinic_name="Harbour Skin Clinic",
        issuer=(root.certificate, root.private_key),
        now=NOON,
    )
    pem = certificate.public_bytes(Encoding.PEM) + root.certificate.public_bytes(Encoding.PEM)
    return TokenPlace(module=module, token=LABEL, key=label, pin=PIN, certificates=pem.decode())


def adopt(house: House, where: TokenPlace) -> int:
    return use_token(
        house.database,
        house.clinic_id,
        where,
        keys_folder=house.keys_folder,
        system_user="tests",
        now=LATER,
    ).index


def test_a_report_is_sealed_by_a_key_that_never_leaves_its_token(
    house: House, module: str, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    put_key(tmp_path, key, "seal-1")
    index = adopt(house, place(house, module, key, "seal-1"))
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )

    made = report(workshop, house.clinic_id, tmp_path / "sealed.pdf", LATER)

    verdict = judge(made, house.keys_folder)
    assert verdict.outcome is Outcome.ACCEPTED
    (said,) = [check.reason for check in verdict.checks if check.code == "keys"]
    assert f"entry {index}" in said
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    home = house.keys_folder / house.clinic_id
    assert not (home / "seal.key").exists()
    keys = load_clinic_keys(house.keys_folder, house.clinic_id)
    with pytest.raises(TokenRefused, match="does not leave"):
        keys.private_key.private_numbers()
    checked = subprocess.run(["pdfsig", str(made)], capture_output=True, text=True, check=False)
    assert "Signature is Valid" in checked.stdout


def test_what_does_not_sign_is_refused_and_the_old_seal_stays(
    house: House, module: str, tmp_path: Path
) -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    put_key(tmp_path, key, "seal-2")
    before = load_clinic_keys(house.keys_folder, house.clinic_id).certificate
    good = place(house, module, key, "seal-2")
    foreign = place(house, module, other, "seal-2")

    for bad in (
        foreign,
        TokenPlace(**{**_facts(good), "pin": "000000"}),
        TokenPlace(**{**_facts(good), "token": "elsewhere"}),
        TokenPlace(**{**_facts(good), "key": "missing"}),
        TokenPlace(**{**_facts(good), "module": str(tmp_path / "none.so")}),
    ):
        with pytest.raises(TokenRefused):
            adopt(house, bad)
    assert load_clinic_keys(house.keys_folder, house.clinic_id).certificate == before


def test_a_token_that_is_lost_is_revoked_and_the_clinic_seals_on(
    house: House, module: str, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    put_key(tmp_path, key, "seal-3")
    where = place(house, module, key, "seal-3")
    adopt(house, where)
    lost = load_clinic_keys(house.keys_folder, house.clinic_id).certificate
    softhsm("--init-token", "--token", LABEL, "--label", LABEL, "--so-pin", "0000", "--pin", PIN)
    with pytest.raises(TokenRefused):
        load_clinic_keys(house.keys_folder, house.clinic_id)
    (told,) = [
        finding.command
        for finding in look_at_records(house.database, house.keys_folder, MIGRATIONS, LATER)
        if finding.code == "token_refused"
    ]
    assert told.endswith("compliance key rotate --clinic harbour")
    workshop = open_workshop(house, tmp_path / "reports")
    # Nothing but reports waits for it.
    assert back_up(workshop, tmp_path / "without.jsonl.gz", now=LATER).is_file()
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")

    revoked = revoke_certificate(
        house.database,
        clinic,
        RevokeCertificate(reason="key_compromise"),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=LATER,
    )

    assert revoked.certificate == lost
    assert list(all_revoked(house.keys_folder)) == [lost.serial_number]
    made = report(workshop, house.clinic_id, tmp_path / "on.pdf", LATER)
    assert judge(made, house.keys_folder).outcome is Outcome.ACCEPTED
    # It stays at hand, so that it can still be named.
    assert lost in clinic_certificates(house.keys_folder, house.clinic_id)
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_seal_in_a_lost_token_is_followed_by_a_rotation_of_both_keys_only(
    house: House, module: str, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    put_key(tmp_path, key, "seal-4")
    adopt(house, place(house, module, key, "seal-4"))
    softhsm("--init-token", "--token", LABEL, "--label", LABEL, "--so-pin", "0000", "--pin", PIN)
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")

    def rotate(what: NewKeys) -> Rotated:
        return rotate_keys(
            house.database,
            clinic,
            what,
            keys_folder=house.keys_folder,
            system_user="tests",
            now=LATER,
        )

    with pytest.raises(TokenRefused):
        rotate(NewKeys(seal=False))
    with house.database.reading() as tx:
        assert len(read_rotations(tx, house.clinic_id)) == 1
    rotated = rotate(NewKeys())
    assert load_clinic_keys(house.keys_folder, house.clinic_id).certificate == (
        rotated.keys.certificate
    )


def _facts(where: TokenPlace) -> dict[str, str]:
    return {name: getattr(where, name) for name in TokenPlace.__slots__}


def test_an_rsa_key_in_a_token_signs_too(module: str, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    put_key(tmp_path, key, "rsa-1")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Clinic")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    where = TokenPlace(module=module, token=LABEL, key="rsa-1", pin=PIN, certificates="")

    opened = open_token(where, certificate)

    assert opened.public_key() == key.public_key()
    assert isinstance(opened, rsa.RSAPrivateKey)
    with pytest.raises(TokenRefused):
        opened.decrypt(b"", None)
