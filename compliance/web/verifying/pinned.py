"""Whom outside the clinic the page and the API take the word of, and which lists they know."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from werkzeug.datastructures import FileStorage

from compliance.keys.revoking import kept_list
from compliance.report.verifying.pins import PinFiles, read_list
from compliance.report.verifying.verdict import Verdict
from compliance.web.context import services, show_time
from compliance.web.verifying.judging import NoSuchCertificate

MOST_BRACKETS: Final = 50
_MAX_PEM_BYTES: Final = 64 * 1024
_MAX_LIST_BYTES: Final = 256 * 1024


def own_pins(authority: bytes | None = None, crl: bytes | None = None) -> PinFiles:
    """The authorities this installation names and its list of revoked certificates.

    A file that is gone by now is left out: the settings were read when the server started,
    and a missing pin can only lower what a verdict says.

    Args:
        authority: one that a visitor brings.
        crl: a list that a visitor brings.
    """
    named = [path.read_bytes() for path in services().settings.tsa_certificates if path.is_file()]
    lists = (kept_list(services().keys_folder), crl)
    return PinFiles(
        authorities=[*named, *([] if authority is None else [authority])],
        crls=[each for each in lists if each is not None],
    )


def read_authority(upload: FileStorage | None) -> bytes | None:
    """Return an uploaded certificate of a time-stamp authority, or None where none was given.

    Raises:
        NoSuchCertificate: it is something else.
    """
    if upload is None or not upload.filename:
        return None
    pem = upload.stream.read(_MAX_PEM_BYTES + 1)
    try:
        x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise NoSuchCertificate(
            "The file of the time-stamp authority is not a certificate. Choose the one the authority "
            "publishes, in PEM, or leave it out."
        ) from error
    if len(pem) > _MAX_PEM_BYTES:
        raise NoSuchCertificate("The file of the time-stamp authority is too large.")
    return pem


def read_crl(upload: FileStorage | None) -> bytes | None:
    """Return an uploaded list of revoked certificates, or None where none was given.

    Raises:
        NoSuchCertificate: it is something else.
    """
    if upload is None or not upload.filename:
        return None
    data = upload.stream.read(_MAX_LIST_BYTES + 1)
    if len(data) > _MAX_LIST_BYTES:
        raise NoSuchCertificate("The list of revoked certificates is too large.")
    try:
        read_list(data)
    except ValueError as error:
        raise NoSuchCertificate(
            "The last file is no list of revoked certificates. Choose the CRL.pem that the clinic "
            "published, or leave it out."
        ) from error
    return data


def bracket_rows(verdict: Verdict) -> tuple[tuple[int, str, str], ...]:
    """Record, not before, by: as people read times. Empty where nobody says anything."""
    known = [one for one in verdict.brackets if one.by is not None or one.not_before is not None]
    return tuple(
        (
            one.record,
            "–" if one.not_before is None else show_time(one.not_before),
            "–" if one.by is None else show_time(one.by),
        )
        for one in known[:MOST_BRACKETS]
    )


def authorities_shown(verdict: Verdict) -> tuple[str, ...]:
    """The authorities in the file, each with whether it counts and why not."""
    said: dict[str, str] = {}
    for stamp in verdict.time_stamps:
        own = "" if stamp.independent else ", the clinic’s own and not independent"
        said[stamp.authority] = (
            f"{stamp.authority}{own}: {'counts' if stamp.counts else 'passed over, ' + stamp.reason}"
        )
    return tuple(said.values())
