"""The strict rule on files whose verdict is known beforehand; see tests/data/pdf/README.md."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.report.verifying.byte_ranges import BadByteRange, cut, strip_padding
from compliance.report.verifying.signatures import judge_signatures
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report

PDFS = Path(__file__).parents[2] / "data" / "pdf"

SOUND = [
    "B-T",
    "B-LT_DSS_together_with_sig",
    "B-LTA_DSS_before_ts",
    "pyhanko_minimal-signed-twice-no-sig-type",
    "pyhanko_sig-no-signed-attrs",
]

UNSOUND = {
    "B-LT_default": "covers_file",
    "B-LTA_default": "covers_file",
    "B-T+forged_tail": "covers_file",
    "B-LT_default+forged_tail": "covers_file",
    "B-LT_DSS_together_with_sig+forged_tail": "covers_file",
    "B-LTA_default+forged_tail": "covers_file",
    "B-LTA_DSS_before_ts+forged_tail": "covers_file",
    "pyhanko_tail-uncovered": "covers_file",
    "pyhanko_one-byterange": "byte_range",
    "pyhanko_signature-gap-too-big": "byte_range",
    "pyhanko_weird-byterange": "byte_range",
    "pyhanko_pdf-sig-with-econtent": "signature_form",
}


def carried_roots(data: bytes) -> list[x509.Certificate]:
    return [
        x509.load_der_x509_certificate(choice.chosen.dump())
        for signature in PdfFileReader(io.BytesIO(data)).embedded_signatures
        for choice in signature.signed_data["certificates"]
        if choice.chosen.subject == choice.chosen.issuer
    ]


def test_every_file_has_its_verdict() -> None:
    assert {p.stem for p in PDFS.glob("*.pdf")} == {*SOUND, *UNSOUND, "pyhanko_base"}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_passes(name: str) -> None:
    data = (PDFS / f"{name}.pdf").read_bytes()
    findings = judge_signatures(data, carried_roots(data))
    assert findings.hold, findings.checks[-1]
    assert findings.first is not None
    assert findings.first.path[0] in carried_roots(data)


@pytest.mark.parametrize(("name", "code"), UNSOUND.items())
def test_an_unsound_file_fails_for_its_reason(name: str, code: str) -> None:
    data = (PDFS / f"{name}.pdf").read_bytes()
    findings = judge_signatures(data, carried_roots(data))
    assert not findings.hold
    assert findings.checks[-1].code == code


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_of_a_stranger_is_not_trusted(
    name: str, roots: list[x509.Certificate]
) -> None:
    findings = judge_signatures((PDFS / f"{name}.pdf").read_bytes(), roots)
    assert findings.checks[-1].code == "trusted"
    assert findings.checks[-1].holds is False


@pytest.mark.parametrize("name", [*SOUND, *UNSOUND, "pyhanko_base"])
def test_no_foreign_file_is_ever_an_accepted_report(name: str) -> None:
    data = (PDFS / f"{name}.pdf").read_bytes()
    trusted = [] if name == "pyhanko_base" else carried_roots(data)
    verdict = verify_report(data, trust_roots=trusted)
    # A sound signature on something that is not a report says nothing against it.
    expected = Outcome.CANNOT_BE_JUDGED if name in SOUND else verdict.outcome
    assert verdict.outcome is expected
    assert verdict.outcome is not Outcome.ACCEPTED


@pytest.mark.parametrize(
    "byte_range",
    [
        pytest.param([1, 4, 12, 3], id="not-from-the-start"),
        pytest.param([0, 4, 12], id="three-numbers"),
        pytest.param([0, 4, 12, 2, 14, 1], id="two-gaps"),
        pytest.param([0, 4, 12, 4], id="beyond-the-end"),
        pytest.param([0, 3, 12, 3], id="gap-begins-early"),
        pytest.param([0, 4, 13, 2], id="gap-ends-late"),
        pytest.param([0, 12, 4, 3], id="backwards"),
        pytest.param([0, -1, 12, 3], id="negative"),
        pytest.param([0, 4, 12, -3], id="negative-length"),
    ],
)
def test_a_range_that_leaves_out_anything_else_is_refused(byte_range: list[int]) -> None:
    data = b"head<30AF00>end"
    assert cut(data, [0, 4, 12, 3]).contents == b"\x30\xaf\x00"
    with pytest.raises(BadByteRange):
        cut(data, byte_range)


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x31\x01\x00", id="not-a-sequence"),
        pytest.param(b"\x30\x80\x02\x01\x07\x00", id="end-not-marked"),
        pytest.param(b"\x30\x80\x04\x80a\x00\x00\x00\x00", id="simple-value-without-length"),
        pytest.param(b"\x30\x80\x04\x09a\x00\x00", id="part-cut-off"),
        pytest.param(b"\x30\x80" * 99 + bytes(198), id="nested-too-deep"),
        pytest.param(b"\x30\x80\x02\x01\x07\x00\x00\x01", id="odd-after-marked-end"),
        pytest.param(b"\x30\x81\x05hello", id="length-not-shortest"),
        pytest.param(b"\x30\x05hell", id="cut-off"),
        pytest.param(b"\x30\x05hello\x00\x01", id="padding-not-zero"),
        pytest.param(b"\x30\x85\x00\x00\x00\x00\x01x", id="absurd-length"),
    ],
)
def test_a_value_that_is_not_der_and_zeros_is_refused(contents: bytes) -> None:
    assert strip_padding(b"\x30\x05hello\x00\x00") == b"\x30\x05hello"
    marked = b"\x30\x80\xa0\x80\x02\x01\x07\x00\x00\x04\x01a\x00\x00"
    assert strip_padding(marked + bytes(9)) == marked
    with pytest.raises(BadByteRange):
        strip_padding(contents)
