"""Putting rotated keys in their place, also after a crash; see `rotating` for what lies where."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.files import only_one, write_private
from compliance.keys.tokens import TOKEN_FILE, read_place
from compliance.ledger.rotation import Rotation, read_rotation

NEXT: Final = "next"
GO: Final = "go"
STATEMENT: Final = "rotation.json"
HISTORY: Final = "rotations.json"
_MOVED: Final = ("note.key", "seal.key", "seal.pem")


def finish_rotation(folder: Path, place: Path) -> None:
    """Complete a rotation that a crash interrupted after its entry was durable."""
    if not (place / NEXT / GO).exists():
        return
    with only_one(folder):
        if not (place / NEXT / GO).exists():
            return
        note_history(place, read_rotation(json.loads((place / NEXT / STATEMENT).read_bytes())))
        if (place / NEXT / "seal.pem").exists():
            old = x509.load_pem_x509_certificates(_sealing(place))[0]
            short = sha256_of(old)[:16]
            write_private(place / f"seal-{short}.pem", old.public_bytes(Encoding.PEM))
        for name in _MOVED:
            if (place / NEXT / name).exists():
                write_private(place / name, (place / NEXT / name).read_bytes())
        if (place / NEXT / "seal.pem").exists():
            (place / TOKEN_FILE).unlink(missing_ok=True)
        # The marker goes first: without it what remains is only to be thrown away.
        (place / NEXT / GO).unlink()
        shutil.rmtree(place / NEXT)


def _sealing(place: Path) -> bytes:
    """The certificates in PEM that seal until now; those of a token lie in its own file."""
    if (place / TOKEN_FILE).exists():
        return read_place(place / TOKEN_FILE).certificates.encode()
    return (place / "seal.pem").read_bytes()


def note_history(place: Path, rotation: Rotation) -> None:
    """Add a rotation to the clinic's list; one that is there already is not added again."""
    path = place / HISTORY
    known: list[Any] = json.loads(path.read_bytes()) if path.exists() else []
    if rotation.to_data() not in known:
        write_private(path, json.dumps([*known, rotation.to_data()], indent=1).encode())


def sha256_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate in DER, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()
