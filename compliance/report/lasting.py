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
from pyhanko.pdf_utils.reader import PdfFileReader
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
from compliance.ledger.timestamp import (
    BadToken,
    Token,
    check_signature,
    read_token,
    why_ignored,
)
from compliance.ledger.token_form import compose_token, lasts_until, require_one_form
from compliance.report.verifying.byte_ranges import strip_padding
from compliance.report.verifying.seal_time import ARCHIVE_FIELD

IN_ONE_REVISION: Final = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)


class StampFailed(ComplianceError):
    """No token came, or none that counts; the file can still be signed without."""

    code = "stamp_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Lists of revoked certificates that go into a file, and what they are judged by."""

    roots: tuple[x509.Certificate, ...]
    """Of the seal."""

    crls: tuple[bytes, ...] = ()
    """In DER."""

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        """Whose certificates need no further proof."""
        return self.roots

    def context(self, moment: datetime) -> ValidationContext:
        """What judges the certificates; it keeps state, so every use needs a new one."""
        trusted = [translate_pyca_cryptography_cert_to_asn1(one) for one in self.trusted]
        return ValidationContext(
            trust_roots=trusted,
            crls=[asn1_crl.CertificateList.load(one) for one in self.crls],
            allow_fetching=False,
            # An authority's own lists are fetched from nowhere: only configured addresses are asked.
            revocation_mode="soft-fail",
            moment=moment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps(Lists):
    """An authority to ask while signing, and what its word is judged by.

    Without any list the signature stays at B-T.
    """

    ask: Callable[[bytes], bytes]
    """Sends a time-stamp request and returns the answer."""

    pinned: tuple[x509.Certificate, ...]
    """The authority's certificates or those of its issuers."""

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        return (*self.roots, *self.pinned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The archive time-stamps of a file."""

    stamps: int
    until: datetime | None
    """When the last of them, whose authority's certificate expires then, must be renewed by."""


class AskingStamper(TimeStamper):
    """Asks through the function it is given, and passes on only tokens that count."""

    def __init__(self, stamps: Stamps, *, later_than: datetime | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
        self._stamps = stamps
        self._later_than = later_than

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
        if self._later_than is not None and lasts_until(token) <= self._later_than:
            raise StampFailed("the authority's certificate expires no later than the one before")
        # What a verifier would refuse later must not get into a seal.
        require_one_form(der)


class PlainWriter(IncrementalPdfFileWriter):
    """Adds what is asked for and touches nothing else.

    pyHanko rewrites the document information and the XMP metadata in every update,
    and its XMP turns the PDF/A extension schema into a form that PDF/A validators
    refuse. There is no public switch; hence the exact pin of its version, and a test.
    Nor does it use the first free number. A number that stands for nothing is taken by other
    software for a new object, and no verifier could tell whether something refers to it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lastobj_id -= 1

    def _update_meta(self) -> None:
        return


def add_archive_stamp(
    path: Path, stamps: Stamps, *, now: datetime, later_than: datetime | None = None
) -> Archived:
    """Add validation data and an archive time-stamp that covers the whole file: B-LTA.

    To be done after the seal's authority had time to revoke it, and again before the last
    time-stamp expires. The file is replaced whole or not at all, and begins as it was.

    Args:
        path: a sealed file.
        now: as of which certificates are judged.
        later_than: the authority's certificate must expire after it.

    Raises:
        StampFailed: if no token came that counts, or one that expires too soon.
    """
    try:
        data = path.read_bytes()
        content = _stamped(data, AskingStamper(stamps, later_than=later_than), stamps, now)
        _replace(path, content)
        return read_archived(content)
    except (ComplianceError, OSError):
        raise
    except Exception as error:
        # pyHanko lets ValueError, KeyError and errors of its own out; all mean the same.
        raise StampFailed(f"the file cannot be stamped: {error}") from error


def read_archived(data: bytes) -> Archived:
    """Say which archive time-stamps a file has.

    Raises:
        StampFailed: if it cannot be read.
    """
    try:
        tokens = _archive_tokens(PdfFileReader(io.BytesIO(data)))
        until = lasts_until(tokens[-1]) if tokens else None
    except Exception as error:
        # pyHanko lets ValueError, KeyError and errors of its own out; all mean the same.
        raise StampFailed(f"the file cannot be read: {error}") from error
    return Archived(stamps=len(tokens), until=until)


def _archive_tokens(reader: PdfFileReader) -> list[Token]:
    stamps = [
        one
        for one in reader.embedded_timestamp_signatures
        if str(one.field_name).startswith(ARCHIVE_FIELD)
    ]
    return [read_token(strip_padding(one.pkcs7_content)) for one in stamps]


def _stamped(data: bytes, stamper: AskingStamper, stamps: Stamps, now: datetime) -> bytes:
    # One writer for both, so that nothing is added which the archive time-stamp does not cover.
    writer = PlainWriter(io.BytesIO(data), decode_limits=DecodeLimits.for_trusted_input())
    seal: Any = next(iter(writer.prev.embedded_regular_signatures))
    former = _archive_tokens(writer.prev)
    carried = [certificate for token in former for certificate in token.certificates]
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        sig_contents=None,
        certs=[
            seal.signer_cert,
            *seal.other_embedded_certs,
            *_of_seal_stamp(seal),
            *(translate_pyca_cryptography_cert_to_asn1(one) for one in carried),
        ],
        crls=[asn1_crl.CertificateList.load(one) for one in stamps.crls],
    )
    output = PdfTimeStamper(
        stamper,
        field_name=f"{ARCHIVE_FIELD}{len(former) + 1}",
        # Off the page and printable: PDF/A asks for the one and PDF/UA for the other.
        invis_settings=InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
        readable_field_name="Archive time-stamp",
    ).timestamp_pdf(
        writer,
        "sha256",
        stamps.context(now),
        dss_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
    )
    content = bytes(output.getvalue())
    if not content.startswith(data):
        raise StampFailed("the file would not begin as it was")
    return content


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
