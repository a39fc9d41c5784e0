"""A time-stamp authority of the installation's own (RFC 3161), for trying things out.

It is **not independent**: whoever has this machine can make it say any time. Its certificate
says so, and no verifier counts its tokens unless the inspector pins it on purpose.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from compliance.errors import ComplianceError
from compliance.keys.certificates import make_time_stamp_certificate
from compliance.keys.files import only_one, write_private
from compliance.keys.spelling import is_key_of, private_pem
from compliance.keys.storage import KeysMissing, RootKey

FOLDER: Final = "tsa"

MAX_QUERY_BYTES: Final = 4096
"""Inclusive. A request with the largest hash and a nonce has some 120."""

_POLICY: Final = "2.25.297361925540463847018471652203415587913"
"""A number from the arc of UUIDs (X.667): nobody else means anything by it."""

_LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}


class BadQuery(ComplianceError):
    """Bytes that are no time-stamp request."""

    code = "bad_time_stamp_query"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAuthority:
    """The local authority with its key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey


def ensure_time_authority(folder: Path, *, root: RootKey, now: datetime) -> TimeAuthority:
    """Load the local authority from the keys folder, making it on first use.

    Args:
        folder: the keys folder as a whole.
        root: certifies it on first use only.
        now: start of the validity, 5 years long.

    Raises:
        KeysMissing: if it must be made and the root's private key is not here.
    """
    place = folder / FOLDER
    with only_one(folder):
        if not (place / "tsa.pem").exists():
            if root.private_key is None:
                raise KeysMissing("the root key is not on this machine, so it certifies nothing")
            if not (place / "tsa.key").exists():
                write_private(
                    place / "tsa.key", private_pem(ec.generate_private_key(ec.SECP256R1()))
                )
            certificate = make_time_stamp_certificate(
                _load_key(place).public_key(), issuer=(root.certificate, root.private_key), now=now
            )
            write_private(place / "tsa.pem", certificate.public_bytes(Encoding.PEM))
    authority = TimeAuthority(
        certificate=x509.load_pem_x509_certificate((place / "tsa.pem").read_bytes()),
        private_key=_load_key(place),
    )
    if not is_key_of(authority.private_key, authority.certificate):
        raise KeysMissing("the key of the local time-stamp authority is not its certificate's")
    return authority


def load_time_certificate(folder: Path) -> x509.Certificate | None:
    """The local authority's certificate, where there is one."""
    path = folder / FOLDER / "tsa.pem"
    return x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None


def answer_query(authority: TimeAuthority, query: bytes, *, clock: Callable[[], datetime]) -> bytes:
    """Answer a TimeStampReq with a TimeStampResp; what cannot be granted is refused in that form.

    Raises:
        BadQuery: if the bytes are no request at all.
    """
    if len(query) > MAX_QUERY_BYTES:
        raise BadQuery("the request is larger than any")
    try:
        asked: Any = tsp.TimeStampReq.load(query, strict=True)
        imprint = asked["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        hashed = imprint["hashed_message"].native
        version, wants_certificate = asked["version"].native, bool(asked["cert_req"].native)
        extended = asked["extensions"].native is not None
    except (ValueError, TypeError, KeyError) as error:
        raise BadQuery("the request cannot be read") from error
    if version != "v1" or _LENGTHS.get(algorithm) != len(hashed):
        return _refuse("bad_alg")
    if extended:
        return _refuse("unaccepted_extensions")
    stated = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(63) | 1,
            "gen_time": clock().astimezone(UTC),
            "accuracy": {"seconds": 1},
        }
    )
    if asked["nonce"].native is not None:
        stated["nonce"] = asked["nonce"]
    token = _sign(authority, stated, wants_certificate=wants_certificate)
    answer = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    return bytes(answer.dump())


def _refuse(reason: str) -> bytes:
    status = {"status": "rejection", "fail_info": {reason}}
    # A refusal is the status alone, which the library has no type for: its token is not optional.
    content = bytes(tsp.PKIStatusInfo(status).dump())
    return bytes([0x30, len(content)]) + content


def _sign(authority: TimeAuthority, stated: Any, *, wants_certificate: bool) -> Any:
    certificate = asn1_x509.Certificate.load(authority.certificate.public_bytes(Encoding.DER))
    content = stated.dump()
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    named = hashlib.sha256(certificate.dump()).digest()
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute(
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]}
            ),
            cms.CMSAttribute(
                {
                    "type": "signing_certificate_v2",
                    "values": [tsp.SigningCertificateV2({"certs": [{"cert_hash": named}]})],
                }
            ),
        ]
    )
    signature = authority.private_key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
    )
    signed: dict[str, Any] = {
        "version": "v3",
        "digest_algorithms": [sha256],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(content),
        },
        "signer_infos": [signer],
    }
    if wants_certificate:
        signed["certificates"] = [certificate]
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _load_key(place: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key((place / "tsa.key").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysMissing("the key of the local time-stamp authority is of another kind")
    return key
