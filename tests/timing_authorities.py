"""Time-stamp authorities of tests: the local one, and chains as bought ones have them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.keys.storage import ensure_root
from compliance.keys.time_authority import TimeAuthority, answer_query, ensure_time_authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """An authority with a root of its own, as one that a clinic buys stamps from."""

    root: x509.Certificate
    authority: TimeAuthority


def buy_authority(
    now: datetime, *, name: str = "Harbour Time", purposes: tuple[x509.ObjectIdentifier, ...] = ()
) -> Bought:
    """Make an authority under a root of its own, valid for a year around now."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, subject = _name(f"{name} root"), _name(name)

    def begin(of: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(of)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=180))
            .not_valid_after(now + timedelta(days=180))
        )

    root = (
        begin(root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    usage = x509.ExtendedKeyUsage([*(purposes or (ExtendedKeyUsageOID.TIME_STAMPING,))])
    certificate = (
        begin(subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return Bought(root=root, authority=TimeAuthority(certificate=certificate, private_key=key))


def local_authority(folder: Path, now: datetime) -> TimeAuthority:
    """The installation's own, under its own root."""
    root = ensure_root(folder, now=now, organisation="Harbour")
    return ensure_time_authority(folder, root=root, now=now)


def stamp(authority: TimeAuthority, message: bytes, clock: Callable[[], datetime]) -> bytes:
    """A token over a message."""
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(message).digest(),
            },
            "cert_req": True,
        }
    ).dump()
    answer = tsp.TimeStampResp.load(answer_query(authority, query, clock=clock))
    return bytes(answer["time_stamp_token"].dump())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
