"""What the value of a signature may contain, so that none of its bytes is beyond checking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto.cms import CMSAttributes, ContentInfo
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation import EmbeddedPdfSignature

from compliance.ledger.der import (
    CONTEXT_0,
    CONTEXT_1,
    OCTETS,
    SEQUENCE,
    SET,
    SIGNED_DATA,
    VERSION_1,
    encode,
)

_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")
_DATA: Final = bytes.fromhex("300b06092a864886f70d010701")
_STAMP: Final = bytes.fromhex("060b2a864886f70d010910020e")
"""The kind of the attribute that holds a time-stamp over the signature."""
STAMP_KIND: Final = "signature_time_stamp_token"
"""The same as asn1crypto names it."""
_SIGNATURE_ALGORITHMS: Final = frozenset(
    {
        bytes.fromhex("300a06082a8648ce3d040302"),  # ECDSA with SHA-256
        bytes.fromhex("300d06092a864886f70d01010b0500"),  # RSA with SHA-256, PKCS #1 v1.5
        bytes.fromhex("300d06092a864886f70d0101010500"),  # The same under its general name
    }
)


class BadSignature(Exception):
    """A signature value of a form that leaves room for doubt."""


def claimed_time(signature: EmbeddedPdfSignature) -> datetime:
    """Return when the signature says it was made, in UTC.

    Raises:
        BadSignature: if it does not say.
    """
    content = signature.signed_data["encap_content_info"]
    if content["content_type"].native == "tst_info":
        moment = content["content"].parsed["gen_time"].native
    else:
        moment = signature.self_reported_timestamp
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise BadSignature("the signature does not say when it was made")
    return moment.astimezone(UTC)


def stated_digest(signature: EmbeddedPdfSignature, ours: bytes) -> bytes:
    """Return the digest of the file that the signer signed.

    Without signed attributes the digest is not written down: the signature is over
    the bytes themselves, and ``ours`` is what it will be checked against.
    """
    content = signature.signed_data["encap_content_info"]
    if content["content_type"].native == "tst_info":
        return bytes(content["content"].parsed["message_imprint"]["hashed_message"].native)
    signed: Any = signature.signer_info["signed_attrs"]
    if not len(signed):
        return ours
    # All of them are read to their end, in a copy: pyHanko writes again what was read of its own.
    attributes: Any = CMSAttributes.load(encode(SET, signed.contents))
    told = [(item["type"].native, item["values"].native) for item in attributes]
    digests = [values for kind, values in told if kind == "message_digest"]
    if len(digests) != 1 or len(digests[0]) != 1:
        raise BadSignature("the signature does not state one digest")
    return bytes(digests[0][0])


def require_plain(signature: EmbeddedPdfSignature, value: bytes) -> None:
    """Refuse a value with more in it than its purpose needs.

    Raises:
        BadSignature: if it is not DER, or carries content or several signers.
    """
    signed_data: Any = signature.signed_data
    if len(signed_data["signer_infos"]) != 1:
        raise BadSignature("the value has more than one signer")
    content = signed_data["encap_content_info"]
    is_timestamp = content["content_type"].native == "tst_info"
    if not is_timestamp and content["content"].native is not None:
        raise BadSignature("the value carries content of its own")
    if not value:
        raise BadSignature("the value is empty")


def require_exact(
    signature: EmbeddedPdfSignature, value: bytes, chain: Sequence[x509.Certificate]
) -> None:
    """Refuse a seal that differs in any byte from the one form our own signer gives it.

    Much of a CMS value is signed by nobody: version numbers, repeated algorithm names,
    further certificates. Readers pass over them, so they could be altered unnoticed.
    Here the value is composed anew from its verified parts and compared as a whole.

    Args:
        value: without its padding.
        chain: the verified certificates below the root, the signer's among them.

    Raises:
        BadSignature: if it is of another form.
    """
    certificates = sorted(item.public_bytes(Encoding.DER) for item in chain)
    signed_data = encode(
        SEQUENCE,
        VERSION_1,
        encode(SET, _SHA256),
        _DATA,
        encode(CONTEXT_0, *certificates),
        encode(SET, _signer_info(signature, value)),
    )
    if encode(SEQUENCE, SIGNED_DATA, encode(CONTEXT_0, signed_data)) != value:
        raise BadSignature("a part of the seal that nobody signs was altered")


def stamps_in(value: bytes) -> list[bytes]:
    """Return the time-stamps that a signature value carries unsigned, each as it stands there.

    Args:
        value: without its padding; each such attribute holds one value.
    """
    unsigned = _own_info(value)["unsigned_attrs"]
    return [one["values"].contents for one in unsigned if one["type"].native == STAMP_KIND]


def _own_info(value: bytes) -> Any:
    # Read anew: asn1crypto writes again whatever pyHanko has looked into, each part once for
    # every part around it, and a time-stamp has many inside one another.
    return ContentInfo.load(value)["content"]["signer_infos"][0]


def _signer_info(signature: EmbeddedPdfSignature, value: bytes) -> bytes:
    info: Any = _own_info(value)
    algorithm = info["signature_algorithm"].dump()
    if algorithm not in _SIGNATURE_ALGORITHMS:
        raise BadSignature("the seal is of a kind this software does not make")
    signer: Any = signature.signer_cert
    return encode(
        SEQUENCE,
        VERSION_1,
        encode(SEQUENCE, signer.issuer.dump(), _serial(signer)),
        _SHA256,
        encode(CONTEXT_0, info["signed_attrs"].contents),
        algorithm,
        encode(OCTETS, info["signature"].native),
        _stamp_of(value),
    )


def _stamp_of(value: bytes) -> bytes:
    """The time-stamp over the signature, where there is one; it is checked by itself."""
    stamps = stamps_in(value)
    return encode(CONTEXT_1, encode(SEQUENCE, _STAMP, encode(SET, stamps[0]))) if stamps else b""


def _serial(certificate: Any) -> bytes:
    return bytes(certificate["tbs_certificate"]["serial_number"].dump())
