"""The two certificates an installation makes itself: its root and a clinic's seal."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFETIME: Final = timedelta(days=20 * 365)
SEAL_LIFETIME: Final = timedelta(days=5 * 365)
LOCAL_TIME_STAMPS: Final = "Local time-stamps, NOT INDEPENDENT"
"""The common name of the installation's own time-stamp authority: it is shown wherever its tokens are."""

LONGEST_NAME: Final = 64
"""Characters in an organisation or common name (RFC 5280, appendix A.1)."""


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate in groups of four, to be compared by eye or telephone."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def make_root_certificate(
    key: ec.EllipticCurvePrivateKey,
    *,
    organisation: str,
    now: datetime,
    begun: datetime | None = None,
) -> x509.Certificate:
    """Sign the certificate of the installation with its own key; it may sign end certificates only.

    Args:
        now: the validity ends 20 years later.
        begun: when it begins, where the key had a certificate before.
    """
    start = now if begun is None else begun
    lifetime = now + ROOT_LIFETIME - start
    subject = _name(organisation, f"{organisation} record root")
    public_key = key.public_key()
    return (
        _builder(subject, subject, public_key, now=start, lifetime=lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(key, hashes.SHA256())
    )


def make_seal_certificate(
    public_key: ec.EllipticCurvePublicKey,
    *,
    clinic_id: str,
    clinic_name: str,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    now: datetime,
) -> x509.Certificate:
    """Certify the key that seals one clinic's reports.

    The clinic's id is in the certificate, so that one clinic of an installation
    cannot seal a report in the name of another. There is no address of a
    revocation service: an inspector checks without a network, and pdfsig calls
    a certificate corrupt when the address it names does not answer.
    """
    authority, authority_key = issuer
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"urn:uuid:{clinic_id}")])
    return (
        _builder(
            _name(clinic_name, f"{clinic_name} report seal"),
            authority.subject,
            public_key,
            now=now,
            lifetime=SEAL_LIFETIME,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .add_extension(names, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def organisation_of(certificate: x509.Certificate) -> str:
    """Whom a certificate is for; empty where it does not say."""
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else ""


def name_on_seal(certificate: x509.Certificate, clinic_id: str) -> str | None:
    """The clinic's name in a certificate of `make_seal_certificate`; None in one made elsewhere.

    At most ``LONGEST_NAME`` characters of it. Nobody judges a report by this name: what
    binds the certificate to the clinic is the id in it.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    if f"urn:uuid:{clinic_id}" not in names.get_values_for_type(x509.UniformResourceIdentifier):
        return None
    said = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(said[0].value) if said else None


def make_time_stamp_certificate(
    public_key: ec.EllipticCurvePublicKey,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    now: datetime,
) -> x509.Certificate:
    """Certify the installation's own time-stamp authority; its name says what it is not."""
    authority, authority_key = issuer
    organisation = organisation_of(authority)
    # A report is sealed as of the moment it was begun, which is before its first time-stamp.
    start = max(authority.not_valid_before_utc, now - timedelta(hours=1))
    return (
        _builder(
            _name(organisation, LOCAL_TIME_STAMPS),
            authority.subject,
            public_key,
            now=start,
            lifetime=SEAL_LIFETIME,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    # Certificates count whole seconds; rounding down keeps "now" inside the validity.
    start = now.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
    )


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_NAME]),
        ]
    )


def _key_usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
