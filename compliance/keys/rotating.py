"""New keys for a clinic: made beside the old ones, put in their place once the log says so.

Beside a clinic's keys lie, for as long as a rotation is under way::

    next/       note.key, seal.key, seal.pem, rotation.json
    next/go     the entry is in the log: whatever a crash leaves is put in place

and for ever ``rotations.json``: what was rotated, signed by each key that was retired.
An old private key is destroyed; its certificate stays as ``seal-<fingerprint>.pem``.
"""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.keys.certificates import make_seal_certificate
from compliance.keys.files import only_one, write_private
from compliance.keys.retiring import RetiringKeys
from compliance.keys.spelling import private_pem
from compliance.keys.storage import (
    ClinicKeys,
    KeysMissing,
    RootKey,
    clinic_folder,
    load_clinic_keys,
)
from compliance.keys.succession import GO, HISTORY, NEXT, STATEMENT, finish_rotation, sha256_of
from compliance.ledger.note import verifier_key
from compliance.ledger.rotation import Rotation, read_rotation, rotation_statement

Retiring: TypeAlias = ClinicKeys | RetiringKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeys:
    """Which of a clinic's keys are made anew."""

    note: bool = True
    seal: bool = True


def prepare_rotation(
    folder: Path, old: Retiring, what: NewKeys, *, clinic_name: str, root: RootKey, now: datetime
) -> Rotation:
    """Make new keys beside the old ones and let the old note key sign that they follow it.

    Nothing changes yet; `put_in_place` or `give_up` ends it.

    Raises:
        KeysMissing: a certificate is wanted and the root's private key is not here.
    """
    place = clinic_folder(folder, old.clinic_id)
    certificate = old.certificate
    made: dict[str, bytes] = {}
    if what.seal:
        if root.private_key is None:
            raise KeysMissing("the root key is not on this machine, so it cannot certify a new key")
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = make_seal_certificate(
            key.public_key(),
            clinic_id=old.clinic_id,
            clinic_name=clinic_name,
            issuer=(root.certificate, root.private_key),
            now=now,
        )
        made["seal.key"] = private_pem(key)
        made["seal.pem"] = certificate.public_bytes(Encoding.PEM) + root.certificate.public_bytes(
            Encoding.PEM
        )
    note_key = old.note_verifier_key
    if what.note:
        private = Ed25519PrivateKey.generate()
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        note_key = verifier_key(old.note_name, raw)
        made["note.key"] = private_pem(private)
    rotation = sign_rotation(old, note_key=note_key, certificate=certificate)
    with only_one(folder):
        for name, content in made.items():
            write_private(place / NEXT / name, content)
        write_private(place / NEXT / STATEMENT, json.dumps(rotation.to_data()).encode())
    return rotation


def sign_rotation(old: Retiring, *, note_key: str, certificate: x509.Certificate) -> Rotation:
    """Let the note key in force say which keys follow."""
    hashed = (sha256_of(old.certificate), sha256_of(certificate))
    statement = rotation_statement(
        old.clinic_id, note_keys=(old.note_verifier_key, note_key), certificates=hashed
    )
    return Rotation(
        old_note_key=old.note_verifier_key,
        note_key=note_key,
        old_certificate_sha256=hashed[0],
        certificate_sha256=hashed[1],
        statement_signature=base64.b64encode(old.note_private_key.sign(statement)).decode(),
    )


def waiting_rotation(folder: Path, clinic_id: str) -> Rotation | None:
    """The rotation that was prepared and neither put in place nor given up."""
    path = clinic_folder(folder, clinic_id) / NEXT / STATEMENT
    return read_rotation(json.loads(path.read_bytes())) if path.exists() else None


def put_in_place(folder: Path, clinic_id: str) -> ClinicKeys:
    """Use the new keys from now on; the entry that says so is durable. Safe to repeat."""
    place = clinic_folder(folder, clinic_id)
    with only_one(folder):
        if (place / NEXT / STATEMENT).exists():
            write_private(place / NEXT / GO, b"")
    finish_rotation(folder, place)
    return load_clinic_keys(folder, clinic_id)


def give_up(folder: Path, clinic_id: str) -> None:
    """Throw away keys that the log knows nothing of."""
    with only_one(folder):
        shutil.rmtree(clinic_folder(folder, clinic_id) / NEXT, ignore_errors=True)


def read_history(folder: Path, clinic_id: str) -> list[Rotation]:
    """Every rotation of a clinic's keys, oldest first."""
    path = clinic_folder(folder, clinic_id) / HISTORY
    if not path.exists():
        return []
    found: list[Any] = json.loads(path.read_bytes())
    return [read_rotation(each) for each in found]
