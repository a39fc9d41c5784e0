"""Judging an uploaded file: kept privately for as long as it takes, then deleted."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from werkzeug.datastructures import FileStorage

from compliance.report.verifying.pins import PinFiles
from compliance.report.verifying.verdict import Check, Outcome, Verdict
from compliance.report.verifying.worker import verify_in_subprocess

MAX_UPLOAD_BYTES: Final = 40 * 1024 * 1024
"""The whole request, as the app's configuration limits it; a volume has some 10 MB."""

_MAX_PEM_BYTES: Final = 64 * 1024
_AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 20

# Each judgement is a process with up to a gigabyte of memory. More than a few at once
# would let strangers slow down the clinic's own work.
_turns: Final = threading.BoundedSemaphore(_AT_ONCE)


class NoSuchCertificate(ValueError):
    """What was given as a root certificate is none; the message is for people."""


def read_root(upload: FileStorage | None) -> bytes | None:
    """Return an uploaded root certificate in PEM, or None where none was given.

    Raises:
        NoSuchCertificate: it is something else.
    """
    if upload is None or not upload.filename:
        return None
    pem = upload.stream.read(_MAX_PEM_BYTES + 1)
    try:
        x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise NoSuchCertificate(
            "The second file is not a certificate. Choose the ROOT.pem that you took away from "
            "the clinic, or leave it out."
        ) from error
    if len(pem) > _MAX_PEM_BYTES:
        raise NoSuchCertificate("The second file is too large for a certificate.")
    return pem


def judge_upload(
    upload: FileStorage,
    *,
    trust_pems: Sequence[bytes],
    pins: PinFiles,
    challenge: str | None = None,
) -> Verdict:
    """Judge a file within limits of time and memory; any failure is a verdict."""
    if not _turns.acquire(timeout=_PATIENCE_SECONDS):
        return _busy()
    try:
        # The folder is open to this process's user alone, and gone when the verdict is there.
        with tempfile.TemporaryDirectory(prefix="aseptrail-verify-") as folder:
            path = Path(folder) / "upload"
            upload.save(path)
            return verify_in_subprocess(path, trust_pems=trust_pems, pins=pins, challenge=challenge)
    except OSError:
        return _undecided("The file could not be kept for as long as judging it takes.")
    finally:
        _turns.release()


def _busy() -> Verdict:
    return _undecided("Other files are being judged right now. Try again in a minute.")


def _undecided(reason: str) -> Verdict:
    check = Check(code="capacity", name="There is room to judge it", holds=False, reason=reason)
    return Verdict(
        outcome=Outcome.CANNOT_BE_JUDGED,
        level=None,
        checks=(check,),
        sentence=f"This file was not judged. {reason}",
    )
