"""The PDF around the audit: what is appended, respelt, packed twice or not ours at all."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter

from compliance.ledger.canonical import canonical_bytes, parse_canonical
from compliance.report.payload import MAX_AUDIT_BYTES, build_audit
from compliance.report.signing import _CachedSigner
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    Clinic,
    draw,
    parts_of,
    rejected_for,
    sign,
)

Roots = list[x509.Certificate]


@pytest.mark.parametrize("tail", [b"\n", b"%", b"\x00", b"\n%%EOF\n"])
def test_bytes_after_the_end_are_noticed(report: bytes, roots: Roots, tail: bytes) -> None:
    assert rejected_for(verify_report(report + tail, trust_roots=roots)) in {
        "covers_file",
        "readable",
    }


def turned(report: bytes) -> Any:
    """Return a writer that adds a revision with the first page turned."""
    # pyHanko leaves most of its low-level types out, hence no types here.
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(report))
    number: Any = generic.NumberObject
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = number(90)
    writer.update_container(page)
    return writer


def test_an_incremental_update_is_noticed(report: bytes, roots: Roots) -> None:
    out = io.BytesIO()
    turned(report).write(out)
    assert rejected_for(verify_report(out.getvalue(), trust_roots=roots)) == "covers_file"


class UnscrupulousSigner(PdfSigner):
    """Signs although the first seal allows no changes."""

    def _enforce_certification_constraints(self, _reader: object) -> None:
        return


def test_a_second_seal_over_a_change_is_noticed(
    clinic: Clinic, report: bytes, roots: Roots
) -> None:
    # The clinic turns a page and seals once more, so that the last seal covers the file.
    meta = PdfSignatureMetadata(field_name="Again", subfilter=SigSeedSubFilter.PADES)
    signer = UnscrupulousSigner(meta, _CachedSigner(clinic.identity()))
    out = signer.sign_pdf(turned(report)).getvalue()
    assert rejected_for(verify_report(out, trust_roots=roots)) == "changes"


def test_a_seal_in_other_letters_is_noticed(report: bytes, roots: Roots) -> None:
    at = report.index(b"/Contents <") + len(b"/Contents <")
    end = report.index(b">", at)
    respelt = report[:at] + report[at:end].lower() + report[end:]
    assert rejected_for(verify_report(respelt, trust_roots=roots)) == "seal_form"
    mixed = report[:at] + report[at : at + 40].lower() + report[at + 40 :]
    assert rejected_for(verify_report(mixed, trust_roots=roots)) == "byte_range"


def test_what_is_not_a_report_is_not_judged(clinic: Clinic, room: Path, roots: Roots) -> None:
    newer = parse_canonical(build_audit(parts_of(clinic)))
    newer_bytes = canonical_bytes({**newer, "schema": "aseptrail/audit/4"})
    for pdf, code in (
        (draw(build_audit(parts_of(clinic))), "signed"),
        (sign(draw(None), clinic, room), "attachment"),
        (sign(draw(newer_bytes), clinic, room), "payload"),
        (b"", "pdf"),
        (b"GIF89a", "pdf"),
    ):
        verdict = verify_report(pdf, trust_roots=roots)
        assert verdict.outcome is Outcome.CANNOT_BE_JUDGED, verdict.sentence
        assert verdict.exit_code == 2
        assert verdict.failed[-1].code == code


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{}", id="empty"),
        pytest.param(b"not json", id="not-json"),
        pytest.param(b"[" * 5000, id="deep"),
        pytest.param(b'{"schema":"aseptrail/audit/3"}', id="keys-missing"),
    ],
)
def test_a_sealed_audit_of_another_form_is_rejected(
    content: bytes, clinic: Clinic, room: Path, roots: Roots
) -> None:
    pdf = sign(draw(content), clinic, room)
    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "payload"


def test_an_audit_that_is_not_canonical_is_rejected(
    clinic: Clinic, room: Path, roots: Roots
) -> None:
    spaced = json.dumps(parse_canonical(build_audit(parts_of(clinic)))).encode()
    pdf = sign(draw(spaced), clinic, room)
    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "payload"


def attach(audit: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    with pikepdf.open(io.BytesIO(draw(audit))) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def second_audit(pdf: pikepdf.Pdf) -> None:
    spec = pikepdf.AttachedFileSpec(
        pdf,
        b"{}",
        filename="audit.json",
        description="",
        mime_type="",
        creation_date="",
        mod_date="",
    )
    pdf.attachments["other.json"] = spec


def two_contents(pdf: pikepdf.Pdf) -> None:
    names = pdf.Root.Names.EmbeddedFiles.Names
    names[1].EF.UF = pdf.make_stream(b"{}")


def bomb(pdf: pikepdf.Pdf) -> None:
    zeros = zlib.compressobj(9)
    packed = b"".join(
        zeros.compress(bytes(1 << 20)) for _ in range(MAX_AUDIT_BYTES // (1 << 20) + 1)
    )
    stream = pdf.Root.Names.EmbeddedFiles.Names[1].EF.F
    stream.write(packed + zeros.flush(), filter=pikepdf.Name.FlateDecode)


def packed_twice(pdf: pikepdf.Pdf) -> None:
    stream = pdf.Root.Names.EmbeddedFiles.Names[1].EF.F
    content = zlib.compress(zlib.compress(stream.read_bytes()))
    filters = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    stream.write(content, filter=filters)


def endless_tree(pdf: pikepdf.Pdf) -> None:
    tree = pdf.make_indirect(pdf.Root.Names.EmbeddedFiles)
    pdf.Root.Names.EmbeddedFiles = tree
    tree.Kids = pikepdf.Array([tree])


@pytest.mark.parametrize("change", [second_audit, two_contents, bomb, packed_twice, endless_tree])
def test_an_audit_that_could_be_read_in_two_ways_is_rejected(
    change: Callable[[pikepdf.Pdf], None], clinic: Clinic, room: Path, roots: Roots
) -> None:
    pdf = sign(attach(build_audit(parts_of(clinic)), change), clinic, room)
    assert rejected_for(verify_report(pdf, trust_roots=roots)) == "attachment"
