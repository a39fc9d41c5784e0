"""Time-stamp tokens (RFC 3161): what one says, who signed it, and whether that authority is pinned.

The rules are those of docs/record-format.md section 4a. Nothing here looks at a clock: a token is
judged as of its own time.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compliance.errors import ComplianceError

MAX_TOKEN_BYTES: Final = 32 * 1024
"""Inclusive. Tokens with a chain of three RSA certificates have some 7 000."""

MAX_CERTIFICATES: Final = 8
"""Inclusive, in one token."""

_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class BadToken(ComplianceError):
    """Bytes that are no time-stamp token, or one whose parts contradict each other."""

    code = "bad_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of the right form; who made it is another question."""

    gen_time: datetime
    """Aware, UTC, as fine as the authority says it."""

    imprint_algorithm: str
    """Such as ``sha256``."""

    imprint: bytes
    policy: str
    serial: int
    nonce: int | None
    certificates: tuple[x509.Certificate, ...]
    """Those that the token carries; nobody vouches for them yet."""

    signer_issuer: bytes
    """DER of the name."""

    signer_serial: int
    parts: SignedParts

    def is_over(self, message: bytes) -> bool:
        """Whether these bytes are what the authority saw the hash of."""
        ours = hashlib.new(self.imprint_algorithm, message).digest()
        return hmac.compare_digest(ours, self.imprint)

    def find_signer(self, others: Sequence[x509.Certificate] = ()) -> x509.Certificate | None:
        """The certificate that the token names as its signer's, if it is at hand."""
        for certificate in (*self.certificates, *others):
            # The name as it stands in the certificate, byte for byte, not encoded anew.
            raw = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
            named = (raw.issuer.dump(), certificate.serial_number)
            if named == (self.signer_issuer, self.signer_serial):
                return certificate
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedParts:
    """What is needed to check the signature of a token."""

    attributes: bytes
    """The signed attributes as the signature covers them."""

    certificate_hash: tuple[str, bytes]
    """Algorithm and hash by which the signed attributes name the signer's certificate."""

    signature_hash: str
    signature: bytes
    pss: bool


@functools.lru_cache(maxsize=8)  # A seal's form, place and time each ask for its token.
def read_token(data: bytes) -> Token:
    """Read a TimeStampToken; what it signs is compared, the signature itself is not yet checked.

    Raises:
        BadToken: if it is no token, or its parts do not belong together.
    """
    if len(data) > MAX_TOKEN_BYTES:
        raise BadToken("the token is larger than any")
    try:
        return _read(data)
    except BadToken:
        raise
    except Exception as error:
        # Tokens come from strangers, and on damaged ones the ASN.1 reader lets ValueError,
        # TypeError, KeyError and more out; each means the same.
        raise BadToken("the token cannot be read") from error


def check_signature(token: Token, signer: x509.Certificate) -> None:
    """Check that the key of this certificate signed the token.

    Raises:
        BadToken: if it did not, or the token names another certificate.
    """
    algorithm, named = token.parts.certificate_hash
    actual = hashlib.new(algorithm, signer.public_bytes(Encoding.DER)).digest()
    if not hmac.compare_digest(actual, named):
        raise BadToken("the token names another certificate than its signer's")
    try:
        _verify(token.parts, signer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise BadToken("the token's signature is wrong") from error


def authority_name(signer: x509.Certificate) -> str:
    """The name under which an authority is shown: its common name, else its whole subject."""
    names = signer.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else signer.subject.rfc4514_string()


def why_ignored(
    token: Token, signer: x509.Certificate, pinned: Sequence[x509.Certificate]
) -> str | None:
    """Return why a token whose signature holds does not count; nothing if it counts.

    Args:
        pinned: authorities whose word the reader takes, or their issuers.
    """
    if not is_for_time_stamps(signer):
        return "its certificate is not for time-stamping alone"
    path = _path(signer, token.certificates, pinned)
    if path is None:
        return "nobody pinned its authority" if pinned else "you pinned no authority"
    for certificate in path:
        if (
            not certificate.not_valid_before_utc
            <= token.gen_time
            <= certificate.not_valid_after_utc
        ):
            return "a certificate of its authority was not valid at that time"
    return None


def is_for_time_stamps(certificate: x509.Certificate) -> bool:
    """Whether the extended key usage is time-stamping alone, and critical (RFC 3161 section 2.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer, by name and signature, certified this one."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _path(
    signer: x509.Certificate,
    carried: Sequence[x509.Certificate],
    pinned: Sequence[x509.Certificate],
) -> list[x509.Certificate] | None:
    """From the signer up to the first pinned certificate."""
    path = [signer]
    while path[-1] not in pinned:
        last = path[-1]
        above = [one for one in (*pinned, *carried) if one not in path and _is_authority(one)]
        issuer = next((one for one in above if is_issued_by(last, one)), None)
        if issuer is None or len(path) > MAX_CERTIFICATES:
            return None
        path.append(issuer)
    return path


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _read(data: bytes) -> Token:
    outer = cms.ContentInfo.load(data, strict=True)
    if outer["content_type"].native != "signed_data":
        raise BadToken("the token is not signed data")
    signed: Any = outer["content"]
    content = signed["encap_content_info"]
    if content["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise BadToken("the token is not a time-stamp of one signer")
    stated = content["content"].parsed.untag()
    raw = bytes(content["content"])
    if not isinstance(stated, tsp.TSTInfo) or stated["version"].native != "v1":
        raise BadToken("the token is of another version")
    imprint = stated["message_imprint"]
    info = signed["signer_infos"][0]
    moment: datetime = stated["gen_time"].native
    if info["sid"].name != "issuer_and_serial_number":
        raise BadToken("the token names its signer in another way than by issuer and number")
    return Token(
        gen_time=moment.astimezone(UTC),
        imprint_algorithm=_known(imprint["hash_algorithm"]["algorithm"].native),
        imprint=imprint["hashed_message"].native,
        policy=stated["policy"].dotted,
        serial=stated["serial_number"].native,
        nonce=stated["nonce"].native,
        certificates=_certificates(signed),
        signer_issuer=info["sid"].chosen["issuer"].dump(),
        signer_serial=info["sid"].chosen["serial_number"].native,
        parts=_parts(info, raw),
    )


def _certificates(signed: Any) -> tuple[x509.Certificate, ...]:
    carried = signed["certificates"]
    # Those that are left out are void, and have no length; what they say is not asked here.
    if len(carried) > MAX_CERTIFICATES:
        raise BadToken("the token carries too many certificates")
    return tuple(x509.load_der_x509_certificate(one.chosen.dump()) for one in carried)


def _parts(info: Any, content: bytes) -> SignedParts:
    attributes = info["signed_attrs"]
    values: dict[str, Any] = {}
    for attribute in attributes:
        name = attribute["type"].native
        if name in values or len(attribute["values"]) != 1:
            raise BadToken("a signed attribute is given twice")
        values[name] = attribute["values"][0]
    digest = _known(info["digest_algorithm"]["algorithm"].native)
    told = values["message_digest"].native
    if values["content_type"].native != "tst_info":
        raise BadToken("the token's signature is over another kind of content")
    if not hmac.compare_digest(hashlib.new(digest, content).digest(), told):
        raise BadToken("the token's content was altered")
    algorithm = info["signature_algorithm"]
    named = algorithm["algorithm"].native
    return SignedParts(
        # The signature is over the attributes as a SET, the token holds them under a tag.
        attributes=b"\x31" + attributes.dump()[1:],
        certificate_hash=_certificate_hash(values),
        # A bare algorithm leaves the hash to the field of its own.
        signature_hash=digest if named in _BARE else _known(algorithm.hash_algo),
        signature=info["signature"].native,
        pss=named == "rsassa_pss",
    )


_BARE: Final = frozenset({"rsassa_pkcs1v15", "rsa", "ec", "ecdsa"})


def _certificate_hash(values: dict[str, Any]) -> tuple[str, bytes]:
    if "signing_certificate_v2" in values:
        first = values["signing_certificate_v2"]["certs"][0]
        return _known(first["hash_algorithm"]["algorithm"].native), first["cert_hash"].native
    # RFC 2634; SHA-1 only says which certificate is meant, the signature is over more.
    return "sha1", values["signing_certificate"]["certs"][0]["cert_hash"].native


def _known(algorithm: str) -> str:
    if algorithm not in _HASHES:
        raise BadToken(f"the hash algorithm {algorithm[:20]!r} is not accepted")
    return algorithm


def _verify(parts: SignedParts, signer: x509.Certificate) -> None:
    key = signer.public_key()
    hashing = _HASHES[parts.signature_hash]()
    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashing), padding.PSS.AUTO)
        scheme = pss if parts.pss else padding.PKCS1v15()
        key.verify(parts.signature, parts.attributes, scheme, hashing)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(parts.signature, parts.attributes, ec.ECDSA(hashing))
    else:
        raise InvalidSignature
