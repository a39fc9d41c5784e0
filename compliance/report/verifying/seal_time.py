"""The time-stamps in and after the seal: whether they hold, and whether anybody pinned says them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from pyhanko.sign.validation import EmbeddedPdfSignature

from compliance.ledger.entry import format_time
from compliance.ledger.timestamp import (
    BadToken,
    Token,
    authority_name,
    check_signature,
    read_token,
    why_ignored,
)
from compliance.ledger.token_form import require_one_form
from compliance.report.verifying.byte_ranges import SignedBytes, strip_padding
from compliance.report.verifying.cms import STAMP_KIND, BadSignature, stamps_in
from compliance.report.verifying.verdict import Check

CODE: Final = "seal_time"
_NAME: Final = "Authorities you pinned saw the seal"
SEAL_FIELD: Final = "Seal"
"""The field of the clinic's own signature."""

ARCHIVE_FIELD: Final = "ArchiveTimestamp"
"""With a number after it, the field of a time-stamp that is added later."""


def is_archive_stamp(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is a time-stamp over the document and nobody's signature."""
    return bool(signature.sig_object_type == "/DocTimeStamp")


def require_one_token(signature: EmbeddedPdfSignature, value: bytes) -> None:
    """Refuse a signature that carries anything unsigned besides one time-stamp.

    The time-stamps that this software adds, in the seal and over the file, are refused also
    where a byte of them was altered, be it one that nobody signed. Those of whoever countersigns
    are as other software makes them. A field is known by its name, which its signature covers.

    Args:
        value: of the signature, without its padding.

    Raises:
        BadSignature: if it does, or one was.
    """
    if is_archive_stamp(signature):
        if str(signature.field_name).startswith(ARCHIVE_FIELD):
            _require_sound(value)
        return
    attributes = signature.signer_info["unsigned_attrs"]
    if not len(attributes):  # They may also be left out, and are void then.
        return
    is_seal = signature.field_name == SEAL_FIELD
    types = [one["type"].native for one in attributes]
    if types != [STAMP_KIND] or not (is_seal or len(attributes[0]["values"]) == 1):
        raise BadSignature("it carries more that nobody signed than a time-stamp")
    if is_seal:
        _require_sound(attributes[0]["values"].contents)


def _require_sound(token: bytes) -> None:
    try:
        read = read_token(token)
        require_one_form(token)
        signer = read.find_signer()
        if signer is not None:
            check_signature(read, signer)
    except BadToken as error:
        raise BadSignature("its time-stamp was altered, or is of an unknown form") from error


def is_acceptable(status: Any) -> bool:
    """What pyHanko's own summary asks besides the checks above, but whom time-stamps are by."""
    stamps = (
        getattr(status, "timestamp_validity", None),
        getattr(status, "content_timestamp_validity", None),
    )
    holds = all(stamp is None or (stamp.valid and stamp.intact) for stamp in stamps)
    return holds and bool(getattr(status, "seed_value_ok", True))


def check_seal_time(
    signatures: Sequence[EmbeddedPdfSignature],
    cuts: Sequence[SignedBytes],
    pinned: Sequence[x509.Certificate],
) -> tuple[Check, datetime | None]:
    """Judge every time-stamp that belongs to a signature of the file.

    One that is wrong rejects; one by an authority that nobody pinned is passed over.

    Returns:
        What was found, and when the seal was seen first by one who counts.
    """
    said: list[str] = []
    reasons: list[str] = []
    seen: list[datetime] = []
    try:
        for token, archive in _tokens(signatures, cuts):
            signer = token.find_signer(pinned)
            if signer is None:
                reasons.append("its certificate is not at hand")
                continue
            check_signature(token, signer)
            reason = why_ignored(token, signer, pinned)
            if reason is not None:
                reasons.append(reason)
                continue
            what = "the file with its seal" if archive else "the seal"
            said.append(f"{authority_name(signer)} saw {what} at {format_time(token.gen_time)}")
            seen.append(token.gen_time)
    except BadToken as error:
        return _answer(False, f"No: {error}."), None
    if said:
        return _answer(True, "; ".join(said) + "."), min(seen)
    if reasons:
        told = "; ".join(sorted(set(reasons)))
        return _answer(None, f"Its time-stamps do not count: {told}."), None
    return _answer(None, "The seal carries no time-stamp."), None


def _tokens(
    signatures: Sequence[EmbeddedPdfSignature], cuts: Sequence[SignedBytes]
) -> Iterator[tuple[Token, bool]]:
    for signature, signed in zip(signatures, cuts, strict=True):
        if is_archive_stamp(signature):
            # That its imprint is the digest of the file was compared with the other signatures'.
            yield read_token(strip_padding(signed.contents)), True
            continue
        for stamp in stamps_in(strip_padding(signed.contents)):
            token = read_token(stamp)
            if not token.is_over(signature.signer_info["signature"].native):
                raise BadToken("a time-stamp is over something else than the seal")
            yield token, False


def _answer(holds: bool | None, reason: str) -> Check:
    return Check(code=CODE, name=_NAME, holds=holds, reason=reason)
