"""Judging a report that anybody sends, without an account."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import IO, Any, Final

from cryptography import x509
from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from compliance.errors import Refused
from compliance.keys.storage import KeysMissing, export_root_pem
from compliance.operations.inspections import LONGEST
from compliance.report.verifying.judging import fingerprint_of
from compliance.report.verifying.worker import verify_in_subprocess
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.reports import VerdictOut, VerifyIn
from compliance.web.context import services
from compliance.web.verifying.pinned import own_pins

MAX_FILE_BYTES: Final = 25 * 1024 * 1024
"""Inclusive."""

_FORM_ROOM: Final = 64 * 1024
"""For the boundaries and headers of the form around the file."""

_CHUNK: Final = 1 << 20


@serve(
    "POST",
    "/verify",
    Call(
        needs=None,
        takes=VerifyIn,
        gives=VerdictOut,
        multipart=True,
        most_bytes=MAX_FILE_BYTES + _FORM_ROOM,
        tag="Verification",
        refusals=(429,),
    ),
)
def post_verify() -> dict[str, Any]:
    """Judge a report, check by check

    Needs no account. The judgement relies on this installation's own root and says so; to
    rely on a root that you hold, use `compliance verify --trust`. Time-stamps count where this
    installation's settings name their authority; to name others, use `--tsa`.
    """
    trusted = _own_root()
    with tempfile.TemporaryDirectory(prefix="aseptrail-verify-") as folder:
        path = Path(folder) / "report.pdf"
        with _sent_file().stream as sent:
            sha256 = _keep(sent, path)
        verdict = verify_in_subprocess(
            path,
            trust_pems=trusted,
            pins=own_pins(),
            challenge=request.form.get("challenge", "").strip()[:LONGEST] or None,
        )
    return {**verdict.to_json(), "sha256": sha256, "trust": _describe(trusted)}


def _sent_file() -> FileStorage:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    unknown = (set(request.files) | set(request.form)) - {"file", "challenge"}
    if unknown:
        raise Refused("body", len(unknown), "has unknown parts", allowed="file, challenge")
    files = request.files.getlist("file")
    if len(files) != 1:
        raise Refused("file", len(files), "is missing or given twice", allowed="one file")
    return files[0]


def _keep(sent: IO[bytes], path: Path) -> str:
    """Write what was sent to a file of its own; returns its SHA-256 in hex."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as kept:
        while chunk := sent.read(_CHUNK):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise Refused("file", size, "is too large", allowed="25 MiB")
            digest.update(chunk)
            kept.write(chunk)
    return digest.hexdigest()


def _own_root() -> tuple[bytes, ...]:
    try:
        return (export_root_pem(services().keys_folder),)
    except KeysMissing:
        return ()


def _describe(trusted: tuple[bytes, ...]) -> dict[str, str | None]:
    if not trusted:
        return {"source": "nothing: this installation has no root yet", "root_fingerprint": None}
    fingerprint = fingerprint_of(x509.load_pem_x509_certificate(trusted[0]))
    return {"source": "this installation's own root", "root_fingerprint": fingerprint}
