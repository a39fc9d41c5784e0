"""The one form of a time-stamp token in a seal, so that none of its bytes is beyond checking.

Much of a token is signed by nobody: version numbers, repeated algorithm names, certificates
beside the signer's. The rules are those of docs/record-format.md section 4b.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.ledger.der import (
    CONTEXT_0,
    CONTEXT_1,
    CONTEXT_2,
    OCTETS,
    SEQUENCE,
    SET,
    SIGNED_DATA,
    VERSION_1,
    VERSION_3,
    encode,
)
from compliance.ledger.timestamp import (
    MAX_CERTIFICATES,
    BadToken,
    Token,
    is_issued_by,
    read_token,
)

_NULL: Final = bytes.fromhex("0500")
_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")
_PSS: Final = bytes.fromhex("06092a864886f70d01010a")
_MGF1: Final = bytes.fromhex("06092a864886f70d010108")

_HASH: Final = MappingProxyType(
    {
        "sha256": bytes.fromhex("0609608648016503040201"),
        "sha384": bytes.fromhex("0609608648016503040202"),
        "sha512": bytes.fromhex("0609608648016503040203"),
    }
)
_ECDSA: Final = MappingProxyType(
    {
        "sha256": bytes.fromhex("06082a8648ce3d040302"),
        "sha384": bytes.fromhex("06082a8648ce3d040303"),
        "sha512": bytes.fromhex("06082a8648ce3d040304"),
    }
)
_RSA: Final = MappingProxyType(
    {
        "sha256": bytes.fromhex("06092a864886f70d01010b"),
        "sha384": bytes.fromhex("06092a864886f70d01010c"),
        "sha512": bytes.fromhex("06092a864886f70d01010d"),
    }
)
_SALT: Final = MappingProxyType({"sha256": 32, "sha384": 48, "sha512": 64})
"""Octets; of RSASSA-PSS, as long as the hash."""


def compose_token(data: bytes, *, others: Sequence[x509.Certificate] = ()) -> bytes:
    """Return a token in its one form: what the authority signed, and who certifies it.

    Args:
        data: as the authority sent it.
        others: certificates at hand, such as the pinned ones; those above the signer's are added.

    Raises:
        BadToken: if it is no token, or does not carry its signer's certificate.
    """
    try:
        token, signer = _open(data)
        chain = _chain(signer, [*token.certificates, *others])
        return _composed(data, token, chain)
    except (KeyError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        # Tokens come from strangers; whatever else their parts may be, it means the same.
        raise BadToken("the token is of an unknown form") from error


def require_one_form(data: bytes) -> None:
    """Refuse a token that differs in any byte from its one form.

    Raises:
        BadToken: if it does, or carries a certificate that nothing binds to the token.
    """
    if compose_token(data) != data:
        raise BadToken("a part of the time-stamp that nobody signs was altered")


def lasts_until(token: Token) -> datetime:
    """When the first of the certificates that the token carries expires; aware, UTC.

    Raises:
        BadToken: if it carries none.
    """
    if not token.certificates:
        raise BadToken("the token carries no certificate")
    return min(one.not_valid_after_utc for one in token.certificates)


def _open(data: bytes) -> tuple[Token, x509.Certificate]:
    token = read_token(data)
    signer = token.find_signer()
    if signer is None:
        raise BadToken("the time-stamp does not carry its certificate")
    return token, signer


def _chain(
    signer: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """The signer's certificate, which the token's signature covers, and those above it.

    Those above are bound by the signatures that they verify, up to one that signs itself; without
    such an end nothing covers the uppermost, and the signer's stands alone.
    """
    path = [signer]
    while not is_issued_by(path[-1], path[-1]):
        last = path[-1]
        above = (one for one in candidates if one not in path and is_issued_by(last, one))
        issuer = next(above, None)
        if issuer is None or len(path) == MAX_CERTIFICATES:
            return [signer]
        path.append(issuer)
    return path


def _composed(data: bytes, token: Token, chain: Sequence[x509.Certificate]) -> bytes:
    signed: Any = cms.ContentInfo.load(data)["content"]
    info = signed["signer_infos"][0]
    digest, algorithm = _algorithms(info, token, chain[0])
    signer_info = encode(
        SEQUENCE,
        VERSION_1,
        encode(SEQUENCE, token.signer_issuer, info["sid"].chosen["serial_number"].dump()),
        digest,
        encode(CONTEXT_0, info["signed_attrs"].contents),
        algorithm,
        encode(OCTETS, token.parts.signature),
    )
    stated = bytes(signed["encap_content_info"]["content"])
    certificates = sorted(one.public_bytes(Encoding.DER) for one in chain)
    signed_data = encode(
        SEQUENCE,
        VERSION_3,
        encode(SET, digest),
        encode(SEQUENCE, _TST_INFO, encode(CONTEXT_0, encode(OCTETS, stated))),
        encode(CONTEXT_0, *certificates),
        encode(SET, signer_info),
    )
    return encode(SEQUENCE, SIGNED_DATA, encode(CONTEXT_0, signed_data))


def _algorithms(info: Any, token: Token, signer: x509.Certificate) -> tuple[bytes, bytes]:
    """The names of the hash and of the signature algorithm, each in its one spelling."""
    for attribute in info["signed_attrs"]:
        if attribute["type"].native == "cms_algorithm_protection":
            # RFC 6211: the authority signed the spelling that it used.
            protected = attribute["values"][0]
            algorithm = protected["signature_algorithm"].contents
            return protected["digest_algorithm"].dump(), encode(SEQUENCE, algorithm)
    digest = _hash(info["digest_algorithm"]["algorithm"].native)
    return digest, _signature_algorithm(token, signer)


def _signature_algorithm(token: Token, signer: x509.Certificate) -> bytes:
    name = token.parts.signature_hash
    if not isinstance(signer.public_key(), rsa.RSAPublicKey):
        return encode(SEQUENCE, _ECDSA[name])
    if not token.parts.pss:
        return encode(SEQUENCE, _RSA[name], _NULL)
    parameters = encode(
        SEQUENCE,
        encode(CONTEXT_0, _hash(name)),
        encode(CONTEXT_1, encode(SEQUENCE, _MGF1, _hash(name))),
        encode(CONTEXT_2, bytes([0x02, 0x01, _SALT[name]])),
    )
    return encode(SEQUENCE, _PSS, parameters)


def _hash(name: str) -> bytes:
    return encode(SEQUENCE, _HASH[name], _NULL)
