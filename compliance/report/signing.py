"""Sealing a finished report, certified so that nothing may be changed afterwards.

PAdES B-B, or with an authority to ask B-T and B-LT in one revision.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.pdf_utils.decode_limits import DecodeLimits
from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name
from pyhanko.sign.fields import (
    InvisSigSettings,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp.noop import NoOpStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from compliance.errors import ComplianceError
from compliance.report.lasting import (
    IN_ONE_REVISION,
    AskingStamper,
    Lists,
    PlainWriter,
    StampFailed,
    Stamps,
)
from compliance.report.verifying.increments import INSPECTOR_FIELD
from compliance.report.verifying.seal_time import SEAL_FIELD
from compliance.report.verifying.tables import read_at_once

# Signing looks up a dozen of the hundred thousand objects of a volume.
read_at_once()

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_DIGEST: Final = "sha256"

_RESERVED: Final = 32 * 1024
"""Hexadecimal digits kept free for the signature. One with a chain of three RSA certificates
and a time-stamp with another such chain stays below. Stating it saves a dry run that would sign twice."""

_UNSEEN: Final = InvisSigSettings(set_print_flag=True, box_out_of_bounds=True)
"""Off the page and printable: PDF/A asks for the one and PDF/UA for the other."""

_INVITATION: Final = "Countersignature of the inspector"
"""What is read aloud at the empty field."""

_CHUNK: Final = 1 << 20
"""Bytes read at a time while hashing."""


class SigningFailed(ComplianceError):
    """The unsigned report could not be signed, so no report exists."""

    code = "signing_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """Who seals: the clinic's certificate, its issuers, and the key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    private_key: PrivateKey


def sign_report(
    unsigned: Path | bytes,
    *,
    identity: SigningIdentity,
    reason: str,
    location: str,
    signed_at: datetime,
    output: Path,
    stamps: Stamps | None = None,
    lists: Lists | None = None,
    countersign: bool = False,
) -> str:
    """Sign a report and return the SHA-256 of the signed file in hexadecimal.

    The output appears under its name whole and on the disk, or not at all.

    Args:
        unsigned: the finished PDF; a file is left as it is.
        reason: a sentence that PDF readers show.
        location: where the clinic is, shown by PDF readers.
        signed_at: the time the signature claims; aware.
        output: replaced if it exists.
        stamps: a time-stamp authority to ask; none at level B-B.
        lists: what goes into a file that nobody stamps.
        countersign: leaves an empty field for somebody else's signature, which the seal then
            allows to be filled, and nothing besides.

    Raises:
        StampFailed: if the authority gave no token that counts; nothing is written.
        SigningFailed: if the bytes are not a PDF that can be signed.
    """
    beside = output.with_name(f".{output.name}.{secrets.token_hex(8)}")
    try:
        if isinstance(unsigned, Path):
            shutil.copyfile(unsigned, beside)
        else:
            beside.write_bytes(unsigned)
        signer = _signer(identity, (reason, location), signed_at, stamps or lists, countersign)
        _sign_in_place(beside, signer, countersign=countersign)
        digest = _flush_and_hash(beside)
        beside.replace(output)
    except StampFailed:
        raise  # Whoever called decides whether to do without.
    except OSError:
        raise  # A full disk is the operator's to mend and must not look like a bad report.
    except Exception as error:
        # pyHanko lets ValueError, KeyError and errors of its own out; all mean the same.
        raise SigningFailed(f"the report cannot be signed: {error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return digest


class _CachedSigner(SimpleSigner):
    """Signs with the key object at hand.

    pyHanko's own signer parses the key again for each signature, and for RSA that
    parsing checks primes and costs ten times the signature.
    """

    def __init__(self, identity: SigningIdentity) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
        store.register_multiple(
            [translate_pyca_cryptography_cert_to_asn1(item) for item in identity.chain]
        )
        super().__init__(
            signing_cert=translate_pyca_cryptography_cert_to_asn1(identity.certificate),
            # The key may lie in a token that gives it to nobody; only `sign_raw` asks for it.
            signing_key=None,
            cert_registry=store,
            # The inspector holds the root already. One taken from the file proves nothing,
            # and its bytes would be covered by no check.
            embed_roots=False,
        )
        self._loaded = identity.private_key

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        if digest_algorithm != _DIGEST:
            raise SigningFailed(f"signatures are made with {_DIGEST} only")
        if isinstance(self._loaded, rsa.RSAPrivateKey):
            return self._loaded.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._loaded.sign(data, ec.ECDSA(hashes.SHA256()))


class _DatedSigner(PdfSigner):
    """Claims the time it is given; pyHanko's own claims the clock's, which tests cannot hold still."""

    def __init__(self, signed_at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._signed_at = signed_at

    def init_signing_session(
        self, pdf_out: Any, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._signed_at
        return session


def _signer(
    identity: SigningIdentity,
    said: tuple[str, str],
    signed_at: datetime,
    held: Lists | None,
    countersign: bool,
) -> PdfSigner:
    if signed_at.utcoffset() is None:
        raise SigningFailed("the time of signing has no offset")
    carries = held is not None and bool(held.crls)
    metadata = PdfSignatureMetadata(
        field_name=SEAL_FIELD,
        md_algorithm=_DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.FILL_FORMS if countersign else MDPPerm.NO_CHANGES,
        reason=said[0],
        location=said[1],
        embed_validation_info=carries,
        validation_context=held.context(signed_at) if held is not None and carries else None,
        dss_settings=IN_ONE_REVISION,
    )
    field = SigFieldSpec(
        sig_field_name=SEAL_FIELD,
        invis_sig_settings=_UNSEEN,
    )
    return _DatedSigner(
        signed_at,
        metadata,
        _cached_signer(identity),
        timestamper=AskingStamper(held) if isinstance(held, Stamps) else None,
        stamp_style=NoOpStampStyle(),
        new_field_spec=field,
    )


@functools.lru_cache(maxsize=16)
def _cached_signer(identity: SigningIdentity) -> _CachedSigner:
    return _CachedSigner(identity)


def _sign_in_place(path: Path, signer: PdfSigner, *, countersign: bool) -> None:
    with path.open("rb+") as file:
        # Our own drawing is not hostile, and a large report may exceed the default limits.
        writer = PlainWriter(file, decode_limits=DecodeLimits.for_trusted_input())
        if countersign:
            _prepare_fields(writer)
        signer.sign_pdf(writer, in_place=True, bytes_reserved=_RESERVED, chunk_size=_CHUNK)


def _prepare_fields(writer: PlainWriter) -> None:
    """Leave the inspector's field, where the drawn page does not have it, and the seal's own.

    The two show the same nothing: some programs take the former appearance out of the file
    when they draw their own, unless another field has it too.
    """
    left = _field_of(writer, INSPECTOR_FIELD)
    if left is None:
        # A page that leaves no place for it gets a field that nobody sees.
        spec = SigFieldSpec(
            INSPECTOR_FIELD, invis_sig_settings=_UNSEEN, readable_field_name=_INVITATION
        )
        append_signature_field(writer, spec)
        return
    append_signature_field(writer, SigFieldSpec(SEAL_FIELD, invis_sig_settings=_UNSEEN))
    seal = _field_of(writer, SEAL_FIELD)
    if seal is not None and "/AP" in left:
        shown = {pdf_name("/N"): left["/AP"].raw_get("/N")}
        seal["/AP"] = DictionaryObject(shown)  # type: ignore[no-untyped-call]  # pyHanko's.


def _field_of(writer: PlainWriter, name: str) -> Any:
    if "/AcroForm" not in writer.root:
        return None
    fields = writer.root["/AcroForm"]["/Fields"]
    found = [fields[at] for at in range(len(fields)) if str(fields[at]["/T"]) == name]
    return found[0] if found else None


def _flush_and_hash(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()
