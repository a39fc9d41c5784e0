"""Taking ``audit.json`` out of the revision that the clinic signed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pyhanko.pdf_utils.generic import IndirectObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature
from zlib_ng import zlib_ng

from compliance.report.payload import ATTACHMENT_NAME, MAX_AUDIT_BYTES
from compliance.report.verifying.limits import MAX_ATTACHMENTS

_DEFLATE: Final = "/FlateDecode"

_PORTION: Final = 256 * 1024
"""Bytes that are unpacked at a time."""


class NoAttachment(Exception):
    """The file carries no ``audit.json``."""


class BadAttachment(Exception):
    """The file carries an ``audit.json`` that could be read in more than one way."""


def signed_audit(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> bytes:
    """Return the ``audit.json`` of the signed revision, making sure the file still shows that one.

    Raises:
        NoAttachment: if there is none.
        BadAttachment: if there are several, later ones, or it is packed in an unusual way.
    """
    signed = find_audit(reader.get_historical_resolver(signature.signed_revision).root)
    if signature.signed_revision != reader.xrefs.total_revisions - 1:
        latest = find_audit(reader.root)
        if latest != signed:
            raise BadAttachment("a later part of the file puts another audit.json in its place")
    return signed


def read_own_audit(path: Path) -> bytes:
    """Return the ``audit.json`` of a file this software has just made; nothing is verified."""
    with path.open("rb") as file:
        return find_audit(PdfFileReader(file).root)


def find_audit(root: Any) -> bytes:
    """Return the one ``audit.json`` listed below a document's catalog.

    Raises:
        NoAttachment: if there is none.
        BadAttachment: if there are several, or it is packed in an unusual way.
    """
    found = [spec for name, spec in _attachments(root) if ATTACHMENT_NAME in _names(name, spec)]
    if not found:
        raise NoAttachment("there is no audit.json in the file")
    if len(found) > 1:
        raise BadAttachment("there is more than one audit.json in the file")
    files = found[0]["/EF"]
    references = {str(files.raw_get(key)) for key in ("/F", "/UF") if key in files}
    if len(references) != 1:
        # Readers disagree on which of the two they open.
        raise BadAttachment("audit.json has two contents under its two names")
    return _decode(files["/F" if "/F" in files else "/UF"])


def _attachments(root: Any) -> Iterator[tuple[str, Any]]:
    names = root.get("/Names")
    tree = None if names is None else names.get("/EmbeddedFiles")
    waiting = [] if tree is None else [tree]
    budget = MAX_ATTACHMENTS
    while waiting:
        node = _resolve(waiting.pop())
        # Counting what is visited also ends a tree that contains itself.
        budget -= 1 + len(node.get("/Names", ())) // 2
        if budget < 0:
            raise BadAttachment("the list of attachments is too long")
        waiting.extend(node.get("/Kids", ()))
        flat = [_resolve(item) for item in node.get("/Names", ())]
        for key, spec in zip(flat[::2], flat[1::2], strict=True):
            yield str(key), spec


def _names(key: str, spec: Any) -> set[str]:
    return {key, str(spec.get("/F", "")), str(spec.get("/UF", ""))}


def _decode(stream: Any) -> bytes:
    if "/DecodeParms" in stream:
        raise BadAttachment("audit.json is packed in an unusual way")
    packing = stream.get("/Filter", [])
    filters = [str(item) for item in (packing if isinstance(packing, list) else [packing])]
    raw = bytes(stream.encoded_data)
    if not filters:
        return raw
    if filters != [_DEFLATE]:
        raise BadAttachment("audit.json is packed in an unusual way")
    try:
        return _inflate(raw)
    except zlib_ng.error as error:  # type: ignore[misc]  # Its stubs declare an instance.
        raise BadAttachment("audit.json cannot be unpacked") from error


def _inflate(raw: bytes) -> bytes:
    unpacking = zlib_ng.decompressobj()
    unpacked = io.BytesIO()
    # Portions that fit into the processor's cache take a third of the time that all at once does.
    while unpacked.tell() <= MAX_AUDIT_BYTES and not unpacking.eof:
        portion = unpacking.decompress(raw, _PORTION)
        raw = unpacking.unconsumed_tail
        if not portion and not raw:
            break
        unpacked.write(portion)
    # A bomb is unpacked to a little more than is allowed, which is enough to know it.
    if unpacked.tell() > MAX_AUDIT_BYTES or not unpacking.eof or unpacking.unused_data.strip():
        raise BadAttachment("audit.json is too large or not packed as a whole")
    return unpacked.getvalue()


def _resolve(item: Any) -> Any:
    if isinstance(item, IndirectObject):
        return item.get_object()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
    return item
