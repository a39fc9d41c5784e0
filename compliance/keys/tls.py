"""HTTPS in a clinic's own network: an authority that tablets trust, and the server's certificate.

::

    tls/     authority.key, authority.pem    what a tablet is told to trust
             server.key, server.pem          what the server shows, renewed at a start

The authority is not the root of the records, on purpose. A tablet must trust this one
for web sites, an inspector trusts the other one for records, and neither trust may carry
over: who stole the key of a web server must not be able to seal a report, and an
inspector who imports a clinic's root must not let it vouch for web sites.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.errors import Refused
from compliance.keys.files import only_one, write_private
from compliance.keys.spelling import is_key_of, private_pem
from compliance.keys.storage import KeysMissing

TLS_FOLDER: Final = "tls"
AUTHORITY_LIFETIME: Final = timedelta(days=10 * 365)
SERVER_LIFETIME: Final = timedelta(days=397)
"""Browsers that hold all certificates to one limit refuse what is valid for longer."""

RENEW_BEFORE: Final = timedelta(days=30)
"""When a start makes a new authority, which tablets then have to be told to trust."""

RENEW_SERVER_BEFORE: Final = timedelta(days=90)
"""When a start makes a new certificate for the server, which tablets do not notice."""

_ISSUER: Final = "Aseptrail local web authority"
_ORGANISATION: Final = "Aseptrail installation"
_Held: TypeAlias = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """What a server needs to speak TLS, and what a browser needs to trust it."""

    certificate: Path
    """PEM: the server's certificate, then the authority's."""

    key: Path
    authority: x509.Certificate


def ensure_server_certificate(folder: Path, names: Sequence[str], *, now: datetime) -> ServerFiles:
    """Return a certificate for these names, making or renewing what is needed.

    A certificate is made anew when it has fewer than 90 days left or stands for other
    names. Tablets notice nothing of that: what they trust is the authority, which is made
    anew when it has fewer than 30.

    Args:
        folder: the keys folder as a whole.
        names: host names and IP addresses, the one people shall use first.
        now: start of the validity of what is made.

    Raises:
        Refused: naming what is neither a host name nor an address.
    """
    subjects = tuple(dict.fromkeys(_spell(name) for name in names))
    place = folder / TLS_FOLDER
    with only_one(folder):
        authority = _load(place, "authority")
        if authority is None or _ends_within(RENEW_BEFORE, authority[0], now):
            authority = _make_authority(place, now)
        server = _load(place, "server")
        if server is None or not _still_good(server[0], authority, subjects, now):
            _make_server(place, subjects, authority, now)
    return ServerFiles(
        certificate=place / "server.pem", key=place / "server.key", authority=authority[0]
    )


def renew_server_certificate(folder: Path, *, now: datetime) -> tuple[ServerFiles, bool]:
    """Make the server's certificate anew for the names it has; a server shows it after a start.

    The authority is made anew too when it has fewer than 90 days left.

    Returns:
        The files, and whether tablets have to be told to trust a new authority.

    Raises:
        KeysMissing: this installation never served with a certificate of its own.
    """
    names = list_server_names(folder)
    if not names:
        raise KeysMissing("there is no certificate authority for the web here")
    place = folder / TLS_FOLDER
    with only_one(folder):
        authority = _load(place, "authority")
        fresh = authority is None or _ends_within(RENEW_SERVER_BEFORE, authority[0], now)
        if authority is None or fresh:
            authority = _make_authority(place, now)
        _make_server(place, names, authority, now)
    files = ServerFiles(
        certificate=place / "server.pem", key=place / "server.key", authority=authority[0]
    )
    return files, fresh


def list_own(folder: Path) -> dict[str, x509.Certificate]:
    """The certificates there are, by their part: ``authority`` and ``server``."""
    found = {part: _load(folder / TLS_FOLDER, part) for part in ("authority", "server")}
    return {part: held[0] for part, held in found.items() if held is not None}


def load_tls_root(folder: Path) -> x509.Certificate:
    """The certificate a tablet is told to trust.

    Raises:
        KeysMissing: this installation never served with a certificate of its own.
    """
    held = _load(folder / TLS_FOLDER, "authority")
    if held is None:
        raise KeysMissing("there is no certificate authority for the web here")
    return held[0]


def list_server_names(folder: Path) -> tuple[str, ...]:
    """The names of the server's certificate, the one people shall use first; may be empty."""
    held = _load(folder / TLS_FOLDER, "server")
    return () if held is None else _names_of(held[0])


def _make_authority(place: Path, now: datetime) -> _Held:
    key = ec.generate_private_key(ec.SECP256R1())
    # The year tells two of them apart on a tablet that has to be told to trust the next one.
    subject = _subject(f"{_ISSUER} {now.year}")
    certificate = (
        _builder(subject, subject, key, now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _keep(place, "authority", key, (certificate,))


def _make_server(place: Path, names: Sequence[str], authority: _Held, now: datetime) -> None:
    issuer, issuer_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + SERVER_LIFETIME, issuer.not_valid_after_utc)
    certificate = (
        _builder(_subject(names[0]), issuer.subject, key, now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    _keep(place, "server", key, (certificate, issuer))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    # An hour back: the clock of a tablet may be behind the server's.
    start = now.replace(microsecond=0) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end.replace(microsecond=0) - timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _keep(
    place: Path, name: str, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]
) -> _Held:
    # A crash between the two leaves a key that is not the certificate's; the next start
    # notices that and makes both anew.
    write_private(place / f"{name}.key", private_pem(key))
    pems = (certificate.public_bytes(Encoding.PEM) for certificate in chain)
    write_private(place / f"{name}.pem", b"".join(pems))
    return chain[0], key


def _load(place: Path, name: str) -> _Held | None:
    """Certificate and key; None when one is absent or they do not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate((place / f"{name}.pem").read_bytes())
        key = load_pem_private_key((place / f"{name}.key").read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not is_key_of(key, certificate):
        return None
    return certificate, key


def _still_good(
    certificate: x509.Certificate, authority: _Held, names: Sequence[str], now: datetime
) -> bool:
    return (
        not _ends_within(RENEW_SERVER_BEFORE, certificate, now)
        and certificate.issuer == authority[0].subject
        and _is_issued_by(certificate, authority[0])
        and _names_of(certificate) == tuple(names)
    )


def _is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return named.key_identifier == own.digest


def _ends_within(left: timedelta, certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < left


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(name.value) for name in names)


def _spell(name: str) -> str:
    """One spelling for each name; raises ``Refused``."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        text = name.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _no_name(name) from error
    if not text or not all(char.isalnum() or char in ".-" for char in text):
        raise _no_name(name)
    return text


def _no_name(name: str) -> Refused:
    return Refused(
        "tls-name",
        name,
        "is neither a host name nor an address",
        allowed="such as records.local or 192.168.1.20",
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
