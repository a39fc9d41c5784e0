"""Asking one authority for one token, and believing only what was checked twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus, TimeStampRequest, TimeStampResponse

from compliance.errors import ComplianceError
from compliance.keys.posting import SECONDS
from compliance.ledger.timestamp import (
    BadToken,
    Token,
    authority_name,
    check_signature,
    is_issued_by,
    read_token,
    why_ignored,
)
from compliance.operations.anchoring.plan import Authority


class StampRefused(ComplianceError):
    """An authority gave no token, or one that proves nothing; the message is for the operator."""

    code = "stamp_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A token that was checked."""

    der: bytes
    token: Token
    signer: x509.Certificate
    authority: str
    """Its name, as it is shown."""

    independent: bool

    @property
    def issuer(self) -> str:
        """SHA-256 of the certificate that signed it, in hex."""
        return hashlib.sha256(self.signer.public_bytes(Encoding.DER)).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()


def get_stamp(
    authority: Authority, message: bytes, *, root: x509.Certificate, seconds: float = SECONDS
) -> Stamp:
    """Ask for a token over a message.

    Args:
        root: the installation's own; what it certified is never called independent.

    Raises:
        NoAnswer: the authority could not be reached.
        StampRefused: its answer is no good.
    """
    query = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = authority.ask(query.as_bytes(), seconds)
    der = _decode(answer, query)
    try:
        token = read_token(der)
        signer = token.find_signer(authority.pinned)
        if signer is None:
            raise StampRefused("its token does not say who signed it")
        check_signature(token, signer)
    except BadToken as error:
        raise StampRefused(f"{error}") from error
    if not token.is_over(message) or token.nonce != query.nonce:
        raise StampRefused("its token is over something else than was asked")
    own = is_issued_by(signer, root)
    # The local authority is pinned by being ours; one outside only by a certificate held here.
    reason = why_ignored(token, signer, (root,) if own else authority.pinned)
    if reason is not None:
        raise StampRefused(f"its token cannot count: {reason}; set COMPLIANCE_TSA_CERTIFICATES")
    return Stamp(
        der=der,
        token=token,
        signer=signer,
        authority=authority_name(signer),
        independent=authority.independent and not own,
    )


def _decode(answer: bytes, query: TimeStampRequest) -> bytes:
    """Read the answer with a second implementation, which is strict about its form."""
    try:
        response: TimeStampResponse = decode_timestamp_response(answer)
        status = PKIStatus(response.status)
        if status is not PKIStatus.GRANTED:
            raise StampRefused(f"it refused: {status.name.lower()} {response.status_string}")
        if response.tst_info.nonce != query.nonce:
            raise StampRefused("its token answers another question")
        return response.time_stamp_token()
    except ValueError as error:
        raise StampRefused(f"its answer cannot be read: {error}") from error
