"""A token in a seal has one form: none of its bytes can be altered, whoever made it."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from timing_authorities import Bought, buy_authority, stamp

from compliance.ledger.timestamp import BadToken, check_signature, read_token
from compliance.ledger.token_form import compose_token, require_one_form

MESSAGE = b"the signature of a seal"
NOW = datetime.now(UTC).replace(microsecond=0)
"""The command below knows no other time than the computer's."""

CONFIG = """
[tsa]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def holds(token: bytes) -> bool:
    """Whether a verifier without any pinned authority finds nothing wrong with it."""
    try:
        read = read_token(token)
        require_one_form(token)
        signer = read.find_signer()
        if signer is None:
            return False
        check_signature(read, signer)
    except BadToken:
        return False
    return read.is_over(MESSAGE)


@pytest.fixture(scope="module")
def bought() -> Bought:
    return buy_authority(NOW)


@pytest.fixture(scope="module")
def token(bought: Bought) -> bytes:
    """With the root beside the signer's certificate, as it goes into a seal."""
    return compose_token(stamp(bought.authority, MESSAGE, lambda: NOW), others=[bought.root])


def test_no_byte_of_a_token_can_be_altered(token: bytes) -> None:
    assert holds(token)
    assert len(read_token(token).certificates) == 2
    for at in range(len(token)):
        altered = token[:at] + bytes([token[at] ^ (1 << at % 8)]) + token[at + 1 :]
        assert not holds(altered), at


def rewritten(token: bytes, change: Any) -> bytes:
    """The token with a part that nobody signs spelt in another way, and whole again."""
    outer = cms.ContentInfo.load(token)
    signed = outer["content"].untag()
    change(signed)
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def say_another_version(signed: Any) -> None:
    signed["version"] = "v1"


def leave_out_the_root(signed: Any) -> None:
    signed["certificates"] = [signed["certificates"][0], signed["certificates"][0]]


def carry_nobody(signed: Any) -> None:
    signed["certificates"] = []


def name_a_hash_more(signed: Any) -> None:
    signed["digest_algorithms"] = [{"algorithm": "sha256"}, {"algorithm": "sha512"}]


def add_what_nobody_signs(signed: Any) -> None:
    added = {"type": "signing_time", "values": [cms.Time({"utc_time": NOW})]}
    signed["signer_infos"][0]["unsigned_attrs"] = [added]


@pytest.mark.parametrize(
    "change",
    [
        say_another_version,
        leave_out_the_root,
        carry_nobody,
        name_a_hash_more,
        add_what_nobody_signs,
    ],
    ids=lambda change: change.__name__,
)
def test_what_nobody_signs_has_one_spelling(token: bytes, change: Any) -> None:
    assert not holds(rewritten(token, change))


def test_a_certificate_that_nothing_binds_is_left_out(bought: Bought) -> None:
    sent = stamp(bought.authority, MESSAGE, lambda: NOW)
    stranger = buy_authority(NOW, name="Bay Time")
    composed = compose_token(sent, others=[stranger.root, stranger.authority.certificate])
    assert composed == compose_token(sent)
    assert read_token(composed).certificates == (bought.authority.certificate,)
    assert holds(composed)


def test_a_token_without_its_certificate_gets_into_no_seal(bought: Bought, token: bytes) -> None:
    with pytest.raises(BadToken, match="does not carry its certificate"):
        compose_token(rewritten(token, carry_nobody), others=[bought.root])


def make_chain(folder: Path, key: Any) -> list[x509.Certificate]:
    """Root, issuer and time-stamping certificate, written where the command finds them."""
    keys = [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()), key]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Number {at}")]) for at in range(3)
    ]
    made = []
    for at in range(3):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[at])
            .issuer_name(names[max(at - 1, 0)])
            .public_key(keys[at].public_key())
            .serial_number(1000 + at)
            .not_valid_before(NOW - timedelta(days=2))
            .not_valid_after(NOW + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=at < 2, path_length=None), critical=True)
        )
        if at == 2:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(usage, critical=True)
        made.append(builder.sign(keys[max(at - 1, 0)], hashes.SHA256()))
    for name, certificate in zip(("root", "issuer", "tsa"), made, strict=True):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tsa.key").write_bytes(private)
    return made


def ask_openssl(folder: Path) -> bytes:
    """A token as the authority that comes with OpenSSL makes it."""
    (folder / "tsa.conf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(MESSAGE).digest(),
            },
            "cert_req": True,
        }
    )
    (folder / "query").write_bytes(query.dump())
    command = ["openssl", "ts", "-reply", "-config", "tsa.conf", "-section", "tsa"]
    files = ["-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key"]
    chain = ["-chain", "issuer.pem", "-out", "token", "-token_out"]
    subprocess.run([*command, *files, *chain], cwd=folder, check=True, capture_output=True)
    return (folder / "token").read_bytes()


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_another_authoritys_token_keeps_its_word_in_the_one_form(kind: str, tmp_path: Path) -> None:
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP384R1())
    )
    root, issuer, own = make_chain(tmp_path, key)
    sent = ask_openssl(tmp_path)
    composed = compose_token(sent, others=[root])

    assert holds(composed)
    assert set(read_token(composed).certificates) == {root, issuer, own}
    # Its root is not at hand: nothing would cover the issuer's certificate.
    assert read_token(compose_token(sent)).certificates == (own,)
    (tmp_path / "composed").write_bytes(composed)
    (tmp_path / "message").write_bytes(MESSAGE)
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "composed", "-data", "message"]
    subprocess.run([*command, "-CAfile", "root.pem"], cwd=tmp_path, check=True, capture_output=True)


def test_an_algorithm_under_its_general_name_is_another_spelling(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    root, *_ = make_chain(tmp_path, key)
    composed = compose_token(ask_openssl(tmp_path), others=[root])
    specific, general = (bytes.fromhex(f"06092a864886f70d0101{end}0500") for end in ("0b", "01"))
    place = composed.rindex(specific)
    altered = composed[:place] + general + composed[place + len(general) :]

    token = read_token(altered)
    signer = token.find_signer()
    assert signer is not None
    check_signature(token, signer)  # It says the same, by the same key.
    with pytest.raises(BadToken, match="nobody signs was altered"):
        require_one_form(altered)
