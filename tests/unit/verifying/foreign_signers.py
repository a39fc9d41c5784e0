"""Inspectors with keys of every kind that programs sign with; each certified by nobody but themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from unit.verifying.building import SIGNED_AT

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def signers() -> Iterator[tuple[str, SimpleSigner, x509.Certificate]]:
    """Name each kind, and return who signs and their certificate."""
    number = rsa.generate_private_key(65537, 2048)
    kinds: tuple[tuple[str, Key, bool], ...] = (
        ("RSA", number, False),
        ("RSASSA-PSS", number, True),
        ("P-384", ec.generate_private_key(ec.SECP384R1()), False),
        ("Ed25519", ed25519.Ed25519PrivateKey.generate(), False),
    )
    for name, key, prefers_pss in kinds:
        yield name, *signer_of(key, prefers_pss=prefers_pss)


def signer_of(key: Key, *, prefers_pss: bool = False) -> tuple[SimpleSigner, x509.Certificate]:
    """Return an inspector who signs with this key, and their certificate."""
    certificate = certify(key, prefers_pss=prefers_pss)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
    signer = SimpleSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(key),
        cert_registry=store,
        prefer_pss=prefers_pss,
    )
    return signer, certificate


def certify(key: Key, *, prefers_pss: bool = False) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Inspectorate of Health")])
    for_signing = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(SIGNED_AT - timedelta(days=9))
        .not_valid_after(SIGNED_AT + timedelta(days=9000))
        .add_extension(for_signing, critical=True)
    )
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return builder.sign(key, None)
    salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if prefers_pss else None
    return builder.sign(key, hashes.SHA256(), rsa_padding=salted)
