"""A clinic's keys without the one that seals, which may lie in a token that is not there.

A token that is lost or broken signs nothing any more, and that is when it must be replaced: the
note key says what follows. Nor do treatments wait for it, or a backup that is put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.keys.storage import (
    MEMORY,
    clinic_folder,
    finish_replacement,
    load_note_key,
    read_seal_certificate,
)
from compliance.keys.succession import finish_rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiringKeys:
    """As of `ClinicKeys`, without the private key of the seal."""

    clinic_id: str
    certificate: x509.Certificate
    note_name: str
    note_private_key: Ed25519PrivateKey
    note_verifier_key: str
    memory_path: Path


def load_retiring(folder: Path, clinic_id: str) -> RetiringKeys:
    """Load what does not need the seal's key.

    Raises:
        KeysMissing: the note key or the seal's certificate is absent.
        Refused: if the clinic id is not a UUID.
    """
    place = clinic_folder(folder, clinic_id)
    finish_replacement(place)
    finish_rotation(folder, place)
    note_name, note_key, note_verifier_key = load_note_key(place)
    return RetiringKeys(
        clinic_id=clinic_id,
        certificate=read_seal_certificate(folder, clinic_id),
        note_name=note_name,
        note_private_key=note_key,
        note_verifier_key=note_verifier_key,
        memory_path=place / MEMORY,
    )
