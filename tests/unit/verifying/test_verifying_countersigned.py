"""A countersigned report is accepted and told apart from an edited one, without comparing documents."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.diff_analysis import StandardDiffPolicy
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

from compliance.report.payload import build_audit
from compliance.report.signing import sign_report
from compliance.report.verifying.verdict import Check, Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, draw, parts_of, rejected_for
from unit.verifying.foreign_signers import signer_of
from unit.verifying.lasting_mutants import swap_attachment, turn_page

Edit = Callable[[IncrementalPdfFileWriter], None]


@pytest.fixture(scope="module")
def inspector() -> SimpleSigner:
    """An inspectorate's own certificate, of which the clinic knows nothing."""
    return signer_of(ec.generate_private_key(ec.SECP256R1()))[0]


@pytest.fixture(scope="module")
def inviting(clinic: Clinic, room: Path) -> bytes:
    """A report with an empty field for whoever inspects."""
    output = room / "inviting.pdf"
    sign_report(
        draw(build_audit(parts_of(clinic))),
        identity=clinic.identity(),
        reason="Sealed audit report",
        location="Łódź",
        signed_at=SIGNED_AT,
        output=output,
        countersign=True,
    )
    return output.read_bytes()


def countersign(data: bytes, inspector: SimpleSigner, edit: Edit | None = None) -> bytes:
    """Sign in the field as an inspector's own software does, perhaps with an edit beside it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if edit is not None:
        edit(writer)
    metadata = PdfSignatureMetadata(field_name="Inspector", reason="Seen at the inspection")
    out = PdfSigner(metadata, inspector).sign_pdf(writer, existing_fields_only=True)
    return bytes(out.getvalue())


def judge(data: bytes, roots: list[x509.Certificate]) -> Verdict:
    return verify_report(data, trust_roots=roots)


def told(verdict: Verdict) -> Check:
    (check,) = [check for check in verdict.checks if check.code == "countersigned"]
    return check


def no_comparing(*_args: Any, **_kwargs: Any) -> None:
    raise AssertionError("the documents were compared")


def test_an_inviting_report_is_accepted_as_it_is(
    inviting: bytes, roots: list[x509.Certificate]
) -> None:
    verdict = judge(inviting, roots)

    assert verdict.outcome is Outcome.ACCEPTED, verdict.sentence
    assert told(verdict).holds is None
    assert "is empty" in told(verdict).reason


def test_a_countersigned_report_is_accepted_and_says_who_without_a_comparison(
    inviting: bytes, roots: list[x509.Certificate], inspector: SimpleSigner
) -> None:
    data = countersign(inviting, inspector)

    with patch.object(StandardDiffPolicy, "review_file", no_comparing):
        verdict = judge(data, roots)

    assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)
    assert told(verdict).holds is None
    assert "Inspectorate of Health" in told(verdict).reason
    assert "no root you gave says who that is" in told(verdict).reason
    assert verdict.signed_by is not None
    assert "Klinik" in verdict.signed_by
    assert inspector.signing_cert is not None
    own = x509.load_der_x509_certificate(inspector.signing_cert.dump())
    known = judge(data, [*roots, own])
    assert told(known).holds is True


def hide_seal(writer: IncrementalPdfFileWriter) -> None:
    fields = writer.root["/AcroForm"]["/Fields"]
    for field in (fields.raw_get(at) for at in range(len(fields))):
        if field.get_object()["/T"] == "Seal":
            field.get_object()["/F"] = NumberObject(2)  # type: ignore[no-untyped-call]
            writer.mark_update(field)


@pytest.mark.parametrize(
    "edit", [turn_page, swap_attachment, hide_seal], ids=lambda edit: edit.__name__
)
def test_an_edit_beside_the_countersignature_is_rejected(
    inviting: bytes, roots: list[x509.Certificate], inspector: SimpleSigner, edit: Edit
) -> None:
    verdict = judge(countersign(inviting, inspector, edit), roots)

    assert rejected_for(verdict) == "changes"


def test_an_edit_without_a_signature_is_rejected(
    inviting: bytes, roots: list[x509.Certificate]
) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(inviting))
    turn_page(writer)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it out.

    assert rejected_for(judge(out.getvalue(), roots)) == "covers_file"


def test_whoever_was_not_asked_cannot_sign(report: bytes, inspector: SimpleSigner) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(report))
    signer = PdfSigner(
        PdfSignatureMetadata(field_name="Inspector"),
        inspector,
        new_field_spec=SigFieldSpec("Inspector"),
    )

    # Every program that heeds a certifying signature refuses.
    with pytest.raises(SigningError):
        signer.sign_pdf(writer)


def test_a_changed_byte_is_noticed_under_a_countersignature_too(
    inviting: bytes, roots: list[x509.Certificate], inspector: SimpleSigner
) -> None:
    data = bytearray(countersign(inviting, inspector))
    data[200] ^= 1

    assert judge(bytes(data), roots).outcome is not Outcome.ACCEPTED
