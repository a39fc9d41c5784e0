"""How a private key is stored, and which certificate is its own."""

from __future__ import annotations

from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SealKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def is_key_of(key: SealKey, certificate: x509.Certificate) -> bool:
    """Return whether the certificate is for this private key."""
    return key.public_key() == certificate.public_key()


def private_pem(key: SealKey | Ed25519PrivateKey) -> bytes:
    """Return the key as it is stored: PKCS #8 in PEM, protected by the file's mode alone."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
