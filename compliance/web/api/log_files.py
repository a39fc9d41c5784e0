"""Uploading an autoclave's log."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from compliance.domain.access import Action
from compliance.errors import Refused
from compliance.operations.sterilization.importing import MOST_BYTES, ImportFile, import_cycles
from compliance.store.session import Tx
from compliance.web.api.routing import Call, keep_body, serve
from compliance.web.api.schemas.recalls import ImportIn, ImportOut
from compliance.web.api.writing import Answer, Asking, Reply, write

_FORM_ROOM: Final = 64 * 1024
"""For the boundaries and headers of the form around the file."""

_PARTS: Final = frozenset({"sterilizer", "adapter"})


@serve(
    "POST",
    "/imports",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=ImportIn,
        gives=ImportOut,
        status=201,
        multipart=True,
        most_bytes=MOST_BYTES + _FORM_ROOM,
        tag="Sterilization",
        refusals=(404, 409),
    ),
)
def post_import() -> Reply:
    """Import an autoclave's log

    The bytes are kept with their hash, and the answer accounts for every line.
    """
    command = _sent()
    keep_body(
        {
            "sha256": hashlib.sha256(command.content).hexdigest(),
            "sterilizer": command.sterilizer,
            "adapter": command.adapter,
        }
    )

    def work(tx: Tx, asking: Asking) -> Answer:
        done = import_cycles(tx, command, actor=asking.actor, now=asking.now)
        lines: list[dict[str, Any]] = [
            {**asdict(line), "flags": list(line.flags)} for line in done.lines
        ]
        body = {
            "sha256": done.sha256,
            "name": done.name,
            "size": done.size,
            "adapter": done.adapter,
            "verified": done.verified,
            "refused": done.refused,
            "lines": lines,
        }
        return Answer(body=body)

    return write(work, status=HTTPStatus.CREATED)


def _sent() -> ImportFile:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    unknown = (set(request.files) - {"file"}) | (set(request.form) - _PARTS)
    if unknown:
        raise Refused(
            "body", len(unknown), "has unknown parts", allowed="file, sterilizer, adapter"
        )
    files = request.files.getlist("file")
    if len(files) != 1:
        raise Refused("file", len(files), "is missing or given twice", allowed="one file")
    sterilizer = request.form.get("sterilizer", "")
    if not sterilizer or "\0" in sterilizer:
        raise Refused("sterilizer", sterilizer, "is missing", allowed="an id or code")
    with files[0].stream as stream:
        content = stream.read()
    name = "".join(sign for sign in files[0].filename or "" if sign.isprintable())
    return ImportFile(
        sterilizer=sterilizer,
        name=name,
        content=content,
        adapter=request.form.get("adapter") or None,
    )
