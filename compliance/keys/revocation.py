"""The list of revoked certificates (CRL) of the installation's own root, as seals carry it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.files import only_one, write_private
from compliance.keys.revoking import LIST_FILE, all_revoked
from compliance.keys.storage import ROOT_FOLDER, load_root
from compliance.ledger.revocation import Revocation

LIFETIME: Final = timedelta(days=30)


def fresh_crl(folder: Path, *, now: datetime) -> bytes | None:
    """Return the list as of now in DER, made anew where the root key is at hand.

    Where the root key was moved to a safe the last list kept is given while it is valid and
    names every certificate that is revoked; after that there is none, and a signature does without.

    Args:
        folder: the keys folder as a whole.
        now: the time it is issued; it is valid for 30 days.

    Raises:
        KeysMissing: if there is no root at all.
    """
    root = load_root(folder)
    path = folder / ROOT_FOLDER / LIST_FILE
    with only_one(folder):
        revoked = all_revoked(folder)
        kept = path.read_bytes() if path.exists() else None
        if root.private_key is None:
            return kept if kept is not None and _still_says(kept, revoked, now) else None
        number = max(int(now.timestamp()), _number_of(kept) + 1)
        made = _sign(root.certificate, root.private_key, revoked, number=number, now=now)
        write_private(path, made)
    return made


def _sign(
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    revoked: dict[int, Revocation],
    *,
    number: int,
    now: datetime,
) -> bytes:
    start = now.replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(start)
        .next_update(start + LIFETIME)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    for serial, each in sorted(revoked.items()):
        # A certificate stays on the list after it expired: what it sealed is judged for decades.
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(each.since)
            .add_extension(x509.CRLReason(x509.ReasonFlags[each.reason]), critical=False)
            .build()
        )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _number_of(crl: bytes | None) -> int:
    """Lists of one root are told apart by rising numbers, also two of the same second."""
    if crl is None:
        return 0
    try:
        read = x509.load_der_x509_crl(crl)
        return read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (ValueError, x509.ExtensionNotFound):
        # A file that a broken disk altered is replaced, and stops no report.
        return 0


def _still_says(crl: bytes, revoked: dict[int, Revocation], now: datetime) -> bool:
    read = x509.load_der_x509_crl(crl)
    until = read.next_update_utc
    listed = {each.serial_number: each.revocation_date_utc for each in read}
    return (
        until is not None
        and now < until
        and listed == {serial: each.since for serial, each in revoked.items()}
    )
