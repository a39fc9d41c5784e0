"""What the doctor sees of certificates that end, and of the list of those that were revoked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from compliance.keys.revoking import all_revoked, is_issued_by, kept_list
from compliance.keys.storage import KeysMissing, RootKey, load_root
from compliance.keys.time_authority import load_time_certificate
from compliance.keys.tls import list_own
from compliance.operations.safekeeping.doctor.findings import Finding, unsafe, warning

CERTIFICATE_WARNING: Final = timedelta(days=90)
LIST_WARNING: Final = timedelta(days=7)
"""A list is good for 30 days."""

_BRING: Final = "  (with root.key back in its place for as long as that takes)"
_TLS: Final = (
    ("server", "The certificate that the server shows", "Browsers refuse to open the pages then."),
    (
        "authority",
        "The authority that tablets trust",
        "Each tablet has to be told to trust the next one, which takes a quiet hour.",
    ),
)


def look_at_seal(
    certificate: x509.Certificate, root: RootKey | None, slug: str, now: datetime
) -> Iterator[Finding]:
    """The certificate that seals a clinic's reports."""
    ends = _ending(certificate, now)
    if ends is None:
        return
    command = f"compliance key rotate --clinic {slug}"
    if root is not None and not is_issued_by(certificate, root):
        command = f"compliance clinic import-key {slug} FILE.p12  (or {command})"
    elif root is not None and root.private_key is None:
        command += _BRING
    say = unsafe if _is_over(certificate, now) else warning
    yield say(
        "certificate_expired" if _is_over(certificate, now) else "certificate_expiring",
        f"The certificate of {slug} {ends}.",
        "Reports sealed after its end are not accepted, so none are made then.",
        command,
    )


def look_at_root(root: RootKey, now: datetime) -> Iterator[Finding]:
    """The certificate that inspectors hold."""
    ends = _ending(root.certificate, now)
    if ends is not None:
        yield warning(
            "root_expiring",
            f"The root certificate {ends}.",
            "Inspectors need the next one: other programs than ours no longer believe one that ended.",
            f"compliance root renew{'' if root.private_key else _BRING}",
        )


def look_at_others(keys_folder: Path, now: datetime) -> Iterator[Finding]:
    """Certificates that belong to no clinic."""
    try:
        root = load_root(keys_folder)
    except KeysMissing:
        # A finding of its own, where there are clinics.
        return
    stamping = load_time_certificate(keys_folder)
    ends = None if stamping is None else _ending(stamping, now)
    if ends is not None:
        yield warning(
            "tsa_certificate_expiring",
            f"The certificate of the local time-stamp authority {ends}.",
            "After its end it gives no time-stamp that counts, and reports are sealed without.",
            f"compliance tsa renew{'' if root.private_key else _BRING}",
        )
    own = list_own(keys_folder)
    for part, what, why in _TLS:
        ends = _ending(own[part], now) if part in own else None
        if ends is not None:
            yield warning(
                f"tls_{part}_expiring",
                f"{what} {ends}.",
                why,
                "compliance tls renew  (then start the server again)",
            )
    yield from _look_at_list(keys_folder, root, now)


def _look_at_list(keys_folder: Path, root: RootKey, now: datetime) -> Iterator[Finding]:
    """Where the root key is at hand, each seal makes the list anew."""
    if root.private_key is not None or not all_revoked(keys_folder):
        return
    pem = kept_list(keys_folder)
    until = None if pem is None else x509.load_pem_x509_crl(pem).next_update_utc
    if until is None or until - now < LIST_WARNING:
        told = "is missing" if until is None else f"is good until {until:%-d %b %Y}"
        yield warning(
            "revocations_ending",
            f"The list of revoked certificates {told}.",
            "Without one that is good, reports are sealed without it, and nobody learns of a revocation.",
            f"compliance key crl -o CRL.pem{_BRING}",
        )


def _ending(certificate: x509.Certificate, now: datetime) -> str | None:
    end = certificate.not_valid_after_utc
    if end - now >= CERTIFICATE_WARNING:
        return None
    return f"{'expired' if _is_over(certificate, now) else 'expires'} on {end:%-d %b %Y}"


def _is_over(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc < now
