"""Sealing a drawn file with the clinic's certificate, and with a time-stamp where one can be had."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256

from compliance.keys.revocation import fresh_crl
from compliance.keys.revoking import all_revoked
from compliance.keys.storage import ClinicKeys, load_root
from compliance.operations.anchoring.plan import Authority
from compliance.operations.reporting.workshop import Workshop
from compliance.report.lasting import Lists, StampFailed, Stamps
from compliance.report.signing import SigningFailed, SigningIdentity, sign_report
from compliance.store.clinics import ClinicRow

STAMP_SECONDS: Final = 5.0
"""While a report is sealed, an authority is not waited for longer than this."""

_LOG: Final = logging.getLogger("aseptrail.anchors")


def seal_file(
    unsigned: Path,
    output: Path,
    *,
    workshop: Workshop,
    clinic: ClinicRow,
    keys: ClinicKeys,
    reason: str,
    now: datetime,
    countersign: bool = False,
) -> str:
    """Sign a drawn file and return the SHA-256 of the signed one in hex.

    The first authority that answers stamps the seal; without any the seal is plain, for a
    report must not wait for somebody outside. As soon as the root has revoked a certificate,
    plain files carry its list too.

    Raises:
        SigningFailed: if the bytes are not a PDF that can be signed, or the certificate has
            expired: nobody would accept the report.
    """
    end = keys.certificate.not_valid_after_utc
    if end < now:
        raise SigningFailed(
            f"the certificate that seals reports expired on {end:%-d %b %Y}, so nobody would accept"
            f" this one; make another first: compliance key rotate --clinic {clinic.slug}"
        )
    seal = partial(
        sign_report,
        unsigned,
        identity=SigningIdentity(
            certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
        ),
        reason=reason,
        location=clinic.name,
        signed_at=now,
        output=output,
        countersign=countersign,
    )
    for stamps in _tried(workshop, keys, now):
        try:
            return seal(stamps=stamps)
        except (StampFailed, SigningFailed) as error:
            # Whatever is wrong with the file itself will show again without a time-stamp.
            _LOG.warning("a report is sealed without this time-stamp: %s", error)
    lists = _lists_of(workshop, keys, now=now)
    if lists is not None:
        try:
            return seal(lists=lists)
        except SigningFailed as error:
            # A certificate from elsewhere may lack an issuer, so that no list can be judged by it.
            _LOG.warning("a report is sealed without the list of revoked certificates: %s", error)
    return seal()


def stamps_of(
    workshop: Workshop, keys: ClinicKeys, authority: Authority, *, now: datetime
) -> Stamps:
    """What signing needs to ask this authority, with the newest list of the own root.

    Raises:
        KeysMissing: if there is no root.
    """
    root = load_root(workshop.keys_folder).certificate
    crl = fresh_crl(workshop.keys_folder, now=now)
    return Stamps(
        ask=lambda query: authority.ask(query, STAMP_SECONDS),
        # The local authority is certified by the own root and pinned by being ours.
        pinned=authority.pinned if authority.independent else (root,),
        roots=(root, *keys.chain),
        crls=() if crl is None else (crl,),
    )


def _lists_of(workshop: Workshop, keys: ClinicKeys, *, now: datetime) -> Lists | None:
    """The newest list of the own root, where it names anybody."""
    if not all_revoked(workshop.keys_folder):
        return None
    crl = fresh_crl(workshop.keys_folder, now=now)
    if crl is None:
        return None
    root = load_root(workshop.keys_folder).certificate
    return Lists(roots=(root, *keys.chain), crls=(crl,))


def _tried(workshop: Workshop, keys: ClinicKeys, now: datetime) -> Iterator[Stamps]:
    for authority in workshop.anchors.authorities:
        yield stamps_of(workshop, keys, authority, now=now)


def root_fingerprint(keys_folder: Path) -> str:
    """SHA-256 of the root certificate in hex."""
    return load_root(keys_folder).certificate.fingerprint(SHA256()).hex()
