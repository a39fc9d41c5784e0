"""A clinic brings its own certificate, which then seals its reports."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from compliance.errors import Refused
from compliance.keys.certificates import fingerprint
from compliance.keys.files import only_one, write_private
from compliance.keys.spelling import SealKey, is_key_of, private_pem
from compliance.keys.storage import (
    ClinicKeys,
    clinic_folder,
    load_clinic_keys,
    read_seal_certificate,
)
from compliance.keys.tokens import TOKEN_FILE, TokenPlace, open_token

SMALLEST_RSA: Final = 2048
"""Bits, inclusive."""

CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def import_pkcs12(folder: Path, clinic_id: str, data: bytes, password: bytes | None) -> ClinicKeys:
    """Seal this clinic's reports with the certificate and key of a PKCS #12 file from now on.

    The old certificate stays beside the new one as ``seal-<fingerprint>.pem``; its key
    is destroyed. The note key stays, so the history of checkpoints does not break.

    Raises:
        Refused: if the file cannot be opened, holds no usable key, or the certificate is
            not meant for signing documents.
        KeysMissing: if the clinic has no keys yet.
    """
    certificate, chain, key = _open(data, password)
    old = read_seal_certificate(folder, clinic_id)
    place = clinic_folder(folder, clinic_id)
    pem = b"".join(item.public_bytes(Encoding.PEM) for item in (certificate, *chain))
    with only_one(folder):
        short = fingerprint(old).replace(" ", "")[:16]
        write_private(place / f"seal-{short}.pem", old.public_bytes(Encoding.PEM))
        # The order matters: see storage.finish_replacement for what each crash leaves.
        write_private(place / "seal.key.new", private_pem(key))
        write_private(place / "seal.pem.new", pem)
        (place / "seal.key.new").replace(place / "seal.key")
        (place / TOKEN_FILE).unlink(missing_ok=True)
    return load_clinic_keys(folder, clinic_id)


def adopt_token(folder: Path, clinic_id: str, place: TokenPlace) -> ClinicKeys:
    """Seal this clinic's reports with a key in a token from now on.

    The old certificate stays beside as ``seal-<fingerprint>.pem``; its key is destroyed.

    Raises:
        Refused: the certificate is not meant for signing documents, or is too weak.
        TokenRefused: the token does not hold the certificate's key, or does not sign.
        KeysMissing: if the clinic has no keys yet.
    """
    try:
        certificate = x509.load_pem_x509_certificates(place.certificates.encode())[0]
    except (ValueError, IndexError) as error:
        raise Refused("certificate", "…", "is not a certificate in PEM") from error
    key = open_token(place, certificate)
    _require_strength(key)
    _require_usage(certificate)
    old = read_seal_certificate(folder, clinic_id)
    home = clinic_folder(folder, clinic_id)
    with only_one(folder):
        short = fingerprint(old).replace(" ", "")[:16]
        write_private(home / f"seal-{short}.pem", old.public_bytes(Encoding.PEM))
        # One file says everything, so there is no moment between the old seal and the new.
        write_private(home / TOKEN_FILE, place.to_json())
        (home / "seal.key").unlink(missing_ok=True)
    return load_clinic_keys(folder, clinic_id)


def _open(
    data: bytes, password: bytes | None
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...], SealKey]:
    try:
        content = load_pkcs12(data, password)
    except ValueError as error:
        raise Refused("pkcs12", "…", "cannot be opened; is the password right?") from error
    if content.cert is None or content.key is None:
        raise Refused("pkcs12", "…", "does not hold a certificate with its key")
    certificate, key = content.cert.certificate, content.key
    if not isinstance(key, SealKey) or not is_key_of(key, certificate):
        raise Refused("pkcs12", "…", "the key does not fit", allowed="P-256, P-384, P-521, RSA")
    _require_strength(key)
    _require_usage(certificate)
    return (
        certificate,
        _sort(certificate, [item.certificate for item in content.additional_certs]),
        key,
    )


def _require_strength(key: SealKey) -> None:
    if isinstance(key, rsa.RSAPrivateKey):
        strong = key.key_size >= SMALLEST_RSA
    else:
        strong = isinstance(key.curve, CURVES)
    if not strong:
        raise Refused("pkcs12", key.key_size, "the key is too weak", allowed="RSA from 2048 bits")


def _require_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        signs = usage.digital_signature or usage.content_commitment
    except x509.ExtensionNotFound:
        signs = False
    if not signs:
        raise Refused("pkcs12", certificate.subject.rfc4514_string(), "is not for signatures")


def _sort(
    certificate: x509.Certificate, others: list[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Return the issuers in order, leaving out what does not belong to the chain."""
    chain: list[x509.Certificate] = []
    current = certificate
    while current.issuer != current.subject:
        issuer = next((item for item in others if item.subject == current.issuer), None)
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
        current = issuer
    return tuple(chain)
