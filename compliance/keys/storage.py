"""The keys of an installation, in ``DATA_DIR/keys``, outside the database and its backups.

::

    root/            root.key, root.pem           what an inspector holds is root.pem
    <clinic id>/     seal.key, seal.pem           seals the PDF: P-256, or the clinic's own
                     note.key                     signs checkpoints: Ed25519
                     signer-memory.json           what was signed last

Folders are 0700, files 0600. A key file is written once and never overwritten,
except by a person who brings the clinic's own certificate.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from compliance.errors import ComplianceError, Refused
from compliance.keys.certificates import make_root_certificate, make_seal_certificate
from compliance.keys.certifying import certify_note_key
from compliance.keys.checkpoints import start_memory
from compliance.keys.files import only_one, write_private
from compliance.keys.spelling import SealKey, is_key_of, private_pem
from compliance.keys.succession import finish_rotation
from compliance.keys.tokens import TOKEN_FILE, open_token, read_place
from compliance.ledger.note import verifier_key

ROOT_FOLDER: Final = "root"
MEMORY: Final = "signer-memory.json"


class KeysMissing(ComplianceError):
    """A key that should be there is not; making another would be a different identity."""

    code = "keys_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """The authority that certifies the clinics of this installation."""

    certificate: x509.Certificate

    private_key: ec.EllipticCurvePrivateKey | None
    """Absent where the root was moved to another machine: existing clinics work on, none is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicKeys:
    """Everything one clinic signs with."""

    clinic_id: str

    certificate: x509.Certificate
    """Of the key that seals reports."""

    chain: tuple[x509.Certificate, ...]
    """From the issuer of ``certificate`` up to a root, which may itself be left out."""

    private_key: SealKey

    note_name: str
    """The log's origin and the name in the signature line, ``aseptrail/<clinic id>``."""

    note_private_key: Ed25519PrivateKey

    note_verifier_key: str
    """The public half in the form of C2SP signed notes."""

    note_certificate_signature: bytes
    """By ``private_key``, over the verifier key (docs/record-format.md section 4)."""

    memory_path: Path
    """Where the checkpoint signer keeps what it signed last."""

    @property
    def note_public_key(self) -> bytes:
        """The 32 bytes of the note key's public half."""
        return _raw_public_key(self.note_private_key)


def ensure_root(folder: Path, *, now: datetime, organisation: str) -> RootKey:
    """Load the installation's root from the keys folder, making it on first use.

    Args:
        folder: the keys folder as a whole.
        now: start of the validity, 20 years long; used on first use only.
        organisation: the name in the certificate; used on first use only.
    """
    with only_one(folder):
        place = folder / ROOT_FOLDER
        # The key is written before the certificate. A crash in between leaves a key
        # that nothing refers to, and the next start certifies that same key.
        if not (place / "root.pem").exists():
            key = _ensure_p256(place / "root.key")
            certificate = make_root_certificate(key, organisation=organisation, now=now)
            write_private(place / "root.pem", certificate.public_bytes(Encoding.PEM))
    return load_root(folder)


def load_root(folder: Path) -> RootKey:
    """Load the installation's root.

    Raises:
        KeysMissing: if there is no root certificate.
    """
    place = folder / ROOT_FOLDER
    certificate = x509.load_pem_x509_certificate(_read(place / "root.pem"))
    if not (place / "root.key").exists():
        return RootKey(certificate=certificate, private_key=None)
    key = load_pem_private_key((place / "root.key").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not is_key_of(key, certificate):
        raise KeysMissing("the root key is not the key of the root certificate")
    return RootKey(certificate=certificate, private_key=key)


def export_root_pem(folder: Path) -> bytes:
    """Return the root certificate as the inspector takes it away.

    Raises:
        KeysMissing: if there is no root certificate.
    """
    return load_root(folder).certificate.public_bytes(Encoding.PEM)


def ensure_clinic_keys(
    folder: Path, *, clinic_id: str, clinic_name: str, root: RootKey, now: datetime
) -> ClinicKeys:
    """Load a clinic's keys, making them on first use.

    Args:
        folder: the keys folder as a whole.
        clinic_id: a UUID in its usual spelling; it is the folder's name.
        clinic_name: the name in the certificate; used on first use only.
        root: certifies the seal on first use only.
        now: start of the seal's validity, 5 years long.

    Raises:
        KeysMissing: if the seal must be made and the root's private key is not here.
        Refused: if the clinic id is not a UUID.
    """
    place = clinic_folder(folder, clinic_id)
    with only_one(folder):
        if not (place / "seal.pem").exists():
            if root.private_key is None:
                raise KeysMissing("the root key is not on this machine, so no clinic can be added")
            certificate = make_seal_certificate(
                _ensure_p256(place / "seal.key").public_key(),
                clinic_id=clinic_id,
                clinic_name=clinic_name,
                issuer=(root.certificate, root.private_key),
                now=now,
            )
            if not (place / "note.key").exists():
                # The memory comes before the note key and both before the certificate, which
                # marks the folder as complete. A key whose memory is missing later was
                # therefore tampered with, and the signer refuses to go on.
                start_memory(place / MEMORY)
                write_private(place / "note.key", private_pem(Ed25519PrivateKey.generate()))
            write_private(
                place / "seal.pem",
                certificate.public_bytes(Encoding.PEM)
                + root.certificate.public_bytes(Encoding.PEM),
            )
    return load_clinic_keys(folder, clinic_id)


def load_clinic_keys(folder: Path, clinic_id: str) -> ClinicKeys:
    """Load a clinic's keys.

    Raises:
        KeysMissing: if one is absent, or key and certificate do not belong together.
        TokenRefused: if the seal's key lies in a token that does not sign.
        Refused: if the clinic id is not a UUID.
    """
    place = clinic_folder(folder, clinic_id)
    finish_replacement(place)
    finish_rotation(folder, place)
    certificate, chain, private_key = _load_seal(place)
    note_name, note_key, note_verifier_key = load_note_key(place)
    return ClinicKeys(
        clinic_id=clinic_id,
        certificate=certificate,
        chain=tuple(chain),
        private_key=private_key,
        note_name=note_name,
        note_private_key=note_key,
        note_verifier_key=note_verifier_key,
        note_certificate_signature=certify_note_key(private_key, note_verifier_key),
        memory_path=place / MEMORY,
    )


def read_seal_certificate(folder: Path, clinic_id: str) -> x509.Certificate:
    """The certificate that seals a clinic's reports, without asking for its key.

    Raises:
        KeysMissing: if there is none here.
        Refused: if the clinic id is not a UUID.
    """
    place = clinic_folder(folder, clinic_id)
    if (place / TOKEN_FILE).exists():
        pem = read_place(place / TOKEN_FILE).certificates.encode()
    else:
        pem = _read(place / "seal.pem")
    return x509.load_pem_x509_certificates(pem)[0]


def load_note_key(place: Path) -> tuple[str, Ed25519PrivateKey, str]:
    """Its name, the key, and its public half as C2SP signed notes have it; raises ``KeysMissing``."""
    key = load_pem_private_key(_read(place / "note.key"), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysMissing("the note key is not an Ed25519 key")
    name = f"aseptrail/{place.name}"
    return name, key, verifier_key(name, _raw_public_key(key))


def _load_seal(place: Path) -> tuple[x509.Certificate, list[x509.Certificate], SealKey]:
    """The certificate that seals reports, its issuers, and the key: a file's or a token's."""
    if (place / TOKEN_FILE).exists():
        token = read_place(place / TOKEN_FILE)
        certificate, *chain = x509.load_pem_x509_certificates(token.certificates.encode())
        return certificate, chain, open_token(token, certificate)
    certificate, *chain = x509.load_pem_x509_certificates(_read(place / "seal.pem"))
    key = load_pem_private_key(_read(place / "seal.key"), password=None)
    if not isinstance(key, SealKey) or not is_key_of(key, certificate):
        raise KeysMissing("the seal key is not the key of the seal certificate")
    return certificate, chain, key


def clinic_folder(folder: Path, clinic_id: str) -> Path:
    """Return where a clinic's keys lie, refusing names that could lead elsewhere.

    Raises:
        Refused: if the clinic id is not a UUID in its usual spelling.
    """
    usual: str | None
    try:
        usual = str(uuid.UUID(clinic_id))
    except ValueError:
        usual = None
    if usual != clinic_id:
        raise Refused("clinic_id", clinic_id, "is not a UUID in lower case with dashes")
    return folder / clinic_id


def finish_replacement(place: Path) -> None:
    """Complete a replacement of the seal that a crash interrupted.

    Both new files are whole before the key is renamed and the certificate is
    renamed last; so if the new key is in place and the new certificate waits,
    only that last rename is missing.
    """
    waiting = place / "seal.pem.new"
    if not waiting.exists():
        return
    with only_one(place.parent):
        if not waiting.exists() or (place / "seal.key.new").exists():
            return
        key = load_pem_private_key(_read(place / "seal.key"), password=None)
        certificate = x509.load_pem_x509_certificate(waiting.read_bytes())
        if isinstance(key, SealKey) and is_key_of(key, certificate):
            write_private(place / "seal.pem", waiting.read_bytes())
        waiting.unlink(missing_ok=True)


def _ensure_p256(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        write_private(path, private_pem(ec.generate_private_key(ec.SECP256R1())))
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysMissing(f"{path.name} does not hold an elliptic curve key")
    return key


def _raw_public_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise KeysMissing(f"{path.parent.name}/{path.name} is not there") from error
