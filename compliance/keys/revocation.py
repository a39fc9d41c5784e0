"""The list of revoked certificates of the installation's own root, as long-term signatures carry it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.files import write_private
from compliance.keys.storage import ROOT_FOLDER, load_root

LIFETIME: Final = timedelta(days=30)
_FILE: Final = "root.crl"


def fresh_crl(folder: Path, *, now: datetime) -> bytes | None:
    """Return the list as of now in DER, made anew where the root key is at hand.

    Where the root key was moved to a safe the last list kept is given while it is valid; after
    that there is none, and a signature does without.

    Args:
        folder: the keys folder as a whole.
        now: the time it is issued; it is valid for 30 days.

    Raises:
        KeysMissing: if there is no root at all.
    """
    root = load_root(folder)
    path = folder / ROOT_FOLDER / _FILE
    if root.private_key is None:
        kept = path.read_bytes() if path.exists() else None
        return kept if kept is not None and _is_valid(kept, now) else None
    start = now.replace(microsecond=0)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(start)
        .next_update(start + LIFETIME)
        .add_extension(x509.CRLNumber(int(start.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.private_key.public_key()),
            critical=False,
        )
        .sign(root.private_key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    write_private(path, made)
    return made


def _is_valid(crl: bytes, now: datetime) -> bool:
    until = x509.load_der_x509_crl(crl).next_update_utc
    return until is not None and now < until
