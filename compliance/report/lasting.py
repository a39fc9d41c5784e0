"""Signatures that can be judged long after their certificates have expired.

With an authority to ask: PAdES B-T, the time-stamp in the seal; B-LT, what is needed to judge
both in the same revision as the seal; B-LTA, added later, an archive time-stamp over all of it.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms, tsp
from asn1crypto import crl as asn1_crl
from cryptography import x509
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.pdf_utils.decode_limits import DecodeLimits
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import InvisSigSettings
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfTimeStamper,
    SigDSSPlacementPreference,
    TimestampDSSContentSettings,
)
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from compliance.errors import ComplianceError
from compliance.ledger.timestamp import BadToken, check_signature, read_token, why_ignored
from compliance.ledger.token_form import compose_token, require_one_form
from compliance.report.verifying.seal_time import ARCHIVE_FIELD

IN_ONE_REVISION: Final = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)


class StampFailed(ComplianceError):
    """No token came, or none that counts; the file can still be signed without."""

    code = "stamp_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """An authority to ask while signing, and what its word is judged by."""

    ask: Callable[[bytes], bytes]
    """Sends a time-stamp request and returns the answer."""

    pinned: tuple[x509.Certificate, ...]
    """The authority's certificates or those of its issuers."""

    roots: tuple[x509.Certificate, ...]
    """Of the seal."""

    crls: tuple[bytes, ...] = ()
    """In DER; without any the signature stays at B-T."""

    def context(self, moment: datetime) -> ValidationContext:
        """What judges both certificates; it keeps state, so every use needs a new one."""
        trusted = [
            translate_pyca_cryptography_cert_to_asn1(one) for one in (*self.roots, *self.pinned)
        ]
        return ValidationContext(
            trust_roots=trusted,
            crls=[asn1_crl.CertificateList.load(one) for one in self.crls],
            allow_fetching=False,
            # An authority's own lists are fetched from nowhere: only configured addresses are asked.
            revocation_mode="soft-fail",
            moment=moment,
        )


class AskingStamper(TimeStamper):
    """Asks through the function it is given, and passes on only tokens that count."""

    def __init__(self, stamps: Stamps) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
        self._stamps = stamps

    async def async_request_tsa_response(self, req: Any) -> Any:
        try:
            answer = self._stamps.ask(req.dump())
            response = tsp.TimeStampResp.load(answer, strict=True)
            if response["status"]["status"].native != "granted":
                raise StampFailed("the authority refused")
            token = compose_token(response["time_stamp_token"].dump(), others=self._stamps.pinned)
            self._check(token, req)
            response["time_stamp_token"] = cms.ContentInfo.load(token)
        except (ComplianceError, ValueError, TypeError, KeyError) as error:
            raise StampFailed(f"no time-stamp that counts: {error}") from error
        return response

    def _check(self, der: bytes, req: Any) -> None:
        token = read_token(der)
        signer = token.find_signer(self._stamps.pinned)
        if signer is None:
            raise BadToken("the token does not say who signed it")
        check_signature(token, signer)
        if token.imprint != req["message_imprint"]["hashed_message"].native:
            raise BadToken("the token is over something else")
        reason = why_ignored(token, signer, self._stamps.pinned)
        if reason is not None:
            raise BadToken(f"the token does not count: {reason}")
        # What a verifier would refuse later must not get into a seal.
        require_one_form(der)


class PlainWriter(IncrementalPdfFileWriter):
    """Adds what is asked for and touches nothing else.

    pyHanko rewrites the document information and the XMP metadata in every update,
    and its XMP turns the PDF/A extension schema into a form that PDF/A validators
    refuse. There is no public switch; hence the exact pin of its version, and a test.
    """

    def _update_meta(self) -> None:
        return


def add_archive_stamp(path: Path, stamps: Stamps, *, number: int, now: datetime) -> None:
    """Add validation data and an archive time-stamp that covers the whole file: B-LTA.

    To be done after the seal's authority had time to revoke it, and again before the last
    time-stamp expires. The file is replaced whole or not at all.

    Args:
        path: a file that was sealed with a time-stamp.
        number: counts the archive time-stamps of the file, from 1 on.
        now: as of which certificates are judged.

    Raises:
        StampFailed: if no token came.
    """
    try:
        _replace(path, _stamped(path.read_bytes(), stamps, number, now))
    except (ComplianceError, OSError):
        raise
    except Exception as error:
        # pyHanko lets ValueError, KeyError and errors of its own out; all mean the same.
        raise StampFailed(f"the file cannot be stamped: {error}") from error


def _stamped(data: bytes, stamps: Stamps, number: int, now: datetime) -> bytes:
    # One writer for both, so that nothing is added which the archive time-stamp does not cover.
    writer = PlainWriter(io.BytesIO(data), decode_limits=DecodeLimits.for_trusted_input())
    seal: Any = next(iter(writer.prev.embedded_regular_signatures))
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        sig_contents=None,
        certs=[seal.signer_cert, *seal.other_embedded_certs, *_of_seal_stamp(seal)],
        crls=[asn1_crl.CertificateList.load(one) for one in stamps.crls],
    )
    output = PdfTimeStamper(
        AskingStamper(stamps),
        field_name=f"{ARCHIVE_FIELD}{number}",
        # Off the page and printable: PDF/A asks for the one and PDF/UA for the other.
        invis_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
        readable_field_name="Archive time-stamp",
    ).timestamp_pdf(
        writer,
        "sha256",
        stamps.context(now),
        dss_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
    )
    return bytes(output.getvalue())


def _of_seal_stamp(seal: Any) -> list[Any]:
    """The certificates in the time-stamp of a seal."""
    unsigned = seal.signer_info["unsigned_attrs"]
    tokens = [one["values"][0] for one in unsigned if unsigned.native]
    return [
        translate_pyca_cryptography_cert_to_asn1(certificate)
        for token in tokens
        for certificate in read_token(token.dump()).certificates
    ]


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
