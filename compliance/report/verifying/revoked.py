"""Whether the clinic's certificate was revoked when it sealed, by lists in the file or at hand.

A list counts only if it is signed by the one who certified. Whose key was stolen can be made to
claim any time: what is sealed with it counts only if somebody else saw the seal before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.ledger.entry import format_time
from compliance.report.verifying.verdict import Check

CODE: Final = "revocation"
_NAME: Final = "The clinic's certificate was not revoked when it sealed"

MAX_LISTS: Final = 100
"""Inclusive, in one file."""

_HARMLESS: Final = frozenset(
    {
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.affiliation_changed,
    }
)
"""Reasons that say nothing against what was sealed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revoked:
    since: datetime
    harmless: bool


def check_revocation(
    reader: PdfFileReader,
    path: Sequence[x509.Certificate],
    *,
    claimed: datetime,
    seen: datetime | None,
    held: Sequence[x509.CertificateRevocationList] = (),
) -> Check:
    """Judge the certificates of a seal as of when it was made.

    Args:
        path: from the trusted root down to the signer, both included.
        claimed: when the seal says it was made.
        seen: when an authority that the inspector pinned saw the seal first.
        held: lists that the inspector brought; they count like those in the file.
    """
    carried = list(_lists(reader))
    if len(carried) > MAX_LISTS:
        return _answer(False, "No: the file carries more lists of revoked certificates than any.")
    lists = [*carried, *held]
    newest: datetime | None = None
    for issuer, certificate in itertools.pairwise(path):
        for crl in (one for one in lists if _is_by(one, issuer)):
            newest = max(newest or crl.last_update_utc, crl.last_update_utc)
            revoked = _find(crl, certificate)
            reason = None if revoked is None else _why_not(revoked, claimed, seen)
            if reason is not None:
                return _answer(False, f"No: {reason}.")
    if newest is None:
        also = " Nor is one that you gave." if held else ""
        return _answer(
            None, f"The file carries no list of revoked certificates by its issuer.{also}"
        )
    return _answer(True, f"Nothing in the list of {format_time(newest)} speaks against it.")


def _why_not(revoked: _Revoked, claimed: datetime, seen: datetime | None) -> str | None:
    since = format_time(revoked.since)
    if claimed >= revoked.since:
        return f"it is revoked since {since}, and the seal was made at {format_time(claimed)}"
    if revoked.harmless or (seen is not None and seen < revoked.since):
        return None
    return f"it is revoked since {since}, and no time-stamp that counts shows the seal before"


def _lists(reader: PdfFileReader) -> Iterator[x509.CertificateRevocationList]:
    """The lists in the document security store, in DER."""
    root: Any = reader.root
    # Asking with ``get`` would return the reference and not what it leads to.
    if "/DSS" not in root or "/CRLs" not in root["/DSS"]:
        return
    found = root["/DSS"]["/CRLs"]
    for at in range(len(found)):
        yield x509.load_der_x509_crl(found[at].data)


def _is_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if crl.issuer != issuer.subject or not isinstance(
        key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)
    ):
        return False
    try:
        return crl.is_signature_valid(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _find(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> _Revoked | None:
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return None
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = x509.ReasonFlags.unspecified
    return _Revoked(since=entry.revocation_date_utc, harmless=reason in _HARMLESS)


def _answer(holds: bool | None, reason: str) -> Check:
    return Check(code=CODE, name=_NAME, holds=holds, reason=reason)
