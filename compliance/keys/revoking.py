"""Which certificates of the installation's own root are revoked, kept beside the clinics' keys.

``revoked.json`` in a clinic's folder holds what `Revocation.to_data` says of each, in the order it
was said; of one certificate the last word counts. Nothing is ever taken out of it.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.files import only_one, write_private
from compliance.keys.storage import ROOT_FOLDER, RootKey, clinic_folder
from compliance.ledger.revocation import Revocation, read_revocation

_FILE: Final = "revoked.json"
LIST_FILE: Final = "root.crl"
"""In the root's folder; the last list that was signed."""
_FORMER: Final = "seal-*.pem"


def note_revocation(folder: Path, clinic_id: str, revocation: Revocation) -> None:
    """Keep a revocation; one that is there already is not kept again. Safe to repeat."""
    path = clinic_folder(folder, clinic_id) / _FILE
    with only_one(folder):
        known = _read(path)
        if revocation not in known:
            data = [each.to_data() for each in (*known, revocation)]
            write_private(path, json.dumps(data, indent=1).encode())


def read_revocations(folder: Path, clinic_id: str) -> list[Revocation]:
    """What was said of a clinic's certificates, in the order it was said."""
    return _read(clinic_folder(folder, clinic_id) / _FILE)


def all_revoked(folder: Path) -> dict[int, Revocation]:
    """What counts of every revoked certificate of the installation, by its serial number."""
    found = [each for path in sorted(folder.glob(f"*/{_FILE}")) for each in _read(path)]
    return {int(each.serial, 16): each for each in found}


def kept_list(folder: Path) -> bytes | None:
    """The last list that the root signed, in PEM, whether or not it is still valid."""
    path = folder / ROOT_FOLDER / LIST_FILE
    try:
        return x509.load_der_x509_crl(path.read_bytes()).public_bytes(Encoding.PEM)
    except (FileNotFoundError, ValueError):
        # One that a broken disk altered is as good as none: it is made anew with the next seal.
        return None


def clinic_certificates(folder: Path, clinic_id: str) -> list[x509.Certificate]:
    """The certificates that a clinic's reports were sealed with before the one in force."""
    place = clinic_folder(folder, clinic_id)
    return [x509.load_pem_x509_certificate(path.read_bytes()) for path in place.glob(_FORMER)]


def is_issued_by(certificate: x509.Certificate, root: RootKey) -> bool:
    """Whether the installation's root certified it, so that its list can name it."""
    try:
        certificate.verify_directly_issued_by(root.certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def revocation_of(certificate: x509.Certificate, *, reason: str, since: datetime) -> Revocation:
    """State a revocation; the time is cut to whole seconds."""
    return Revocation(
        certificate_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=f"{certificate.serial_number:x}",
        since=since.replace(microsecond=0),
        reason=reason,
    )


def _read(path: Path) -> list[Revocation]:
    if not path.exists():
        return []
    return [read_revocation(each) for each in json.loads(path.read_bytes())]
