"""Sealing a drawn file with the clinic's certificate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from compliance.keys.storage import ClinicKeys, load_root
from compliance.report.signing import SigningIdentity, sign_report
from compliance.store.clinics import ClinicRow


def seal_file(
    unsigned: Path,
    output: Path,
    *,
    clinic: ClinicRow,
    keys: ClinicKeys,
    reason: str,
    now: datetime,
) -> str:
    """Sign a drawn file and return the SHA-256 of the signed one in hex.

    Raises:
        SigningFailed: if the bytes are not a PDF that can be signed.
    """
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    return sign_report(
        unsigned,
        identity=identity,
        reason=reason,
        location=clinic.name,
        signed_at=now,
        output=output,
    )


def root_fingerprint(keys_folder: Path) -> str:
    """SHA-256 of the root certificate in hex."""
    return load_root(keys_folder).certificate.fingerprint(SHA256()).hex()
