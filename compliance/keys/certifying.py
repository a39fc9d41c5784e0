"""How a clinic's certificate vouches for the key that signs its checkpoints.

Thanks to this the installation's root is all an inspector has to hold.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

_DOMAIN: Final = "aseptrail/note-key/v1\n"


def note_key_statement(verifier: str) -> bytes:
    """Return the bytes that are signed for a verifier key (docs/record-format.md section 4)."""
    return f"{_DOMAIN}{verifier}\n".encode()


def certify_note_key(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, verifier: str) -> bytes:
    """Sign a verifier key with the key that seals reports.

    ECDSA with SHA-256; a clinic's own RSA certificate signs in PKCS #1 v1.5 with SHA-256.
    """
    statement = note_key_statement(verifier)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(statement, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(statement, ec.ECDSA(hashes.SHA256()))
