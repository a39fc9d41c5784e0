"""The box for an inspector's own signature: seen, read aloud, and empty where their program will draw."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from compliance.report.content.reading import read_content
from compliance.report.making import draw_report
from compliance.report.volumes import IndexProof, VolumeLine, draw_index
from unit.report_drawing.audit_fixture import ROOT_FINGERPRINT, build_audit
from unit.report_drawing.reading_aloud import broken_rules, read_aloud, run

TITLES = {"en": "Countersignature of the inspector", "de": "Gegenzeichnung der prüfenden Person"}

LONG = "Ambulatorium für Dermatologie, Podologie und medizinische Kosmetik am alten Hafen von Łódź"


@pytest.fixture(scope="module", params=["en", "de"])
def inviting(
    request: pytest.FixtureRequest, fonts: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """A language, and a report in it with the box."""
    path = tmp_path_factory.mktemp("countersign") / "report.pdf"
    audit = build_audit(language=request.param, clinic_name=LONG)
    draw_report(
        audit,
        content=read_content(audit),
        fonts=fonts,
        audit_json=audit.canonical,
        root_fingerprint=ROOT_FINGERPRINT,
        checkpoint_note=audit.checkpoint_note,
        output=path,
        countersign=True,
    )
    return request.param, path


def test_a_report_with_the_box_keeps_both_standards(inviting: tuple[str, Path]) -> None:
    assert broken_rules(inviting[1]) == set()
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", inviting[1])


def test_the_field_lies_in_its_frame_and_covers_no_word(inviting: tuple[str, Path]) -> None:
    language, path = inviting
    with pikepdf.open(path) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert field.objgen in [one.objgen for one in pdf.pages[0].obj.Annots]
        assert field.P.objgen == pdf.pages[0].obj.objgen
        left, low, right, high = (float(one) for one in field.Rect)
        height = float(pdf.pages[0].obj.MediaBox[3])
        assert str(field.TU) == TITLES[language]
        assert "/V" not in field
        assert field.AP.N.read_bytes() == b""
    assert right - left > 200
    assert high - low > 40
    corner = ["-x", str(int(left)), "-y", str(int(height - high))]
    size = ["-W", str(int(right - left)), "-H", str(int(high - low))]
    assert run("pdftotext", "-l", "1", *corner, *size, path, "-").strip() == ""
    page = run("pdftotext", "-l", "1", "-layout", path, "-")
    assert TITLES[language] in page
    assert "Inspector" in page


def test_the_field_is_read_aloud_after_its_explanation(inviting: tuple[str, Path]) -> None:
    language, path = inviting
    with pikepdf.open(path) as pdf:
        heard, _ = read_aloud(pdf)
        (form,) = heard.find("Form")
        assert form.said == TITLES[language]
        part = next(one for one in heard.find("Sect") if form in one.parts)
        before = [one.said.strip() for one in part.parts[: part.parts.index(form)]]
        assert TITLES[language] in before[-5:]
        # Whoever asks the field what it is finds the same element.
        (field,) = pdf.Root.AcroForm.Fields
        keys = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
        assert form.source is not None
        assert keys[-2] == field.StructParent
        assert keys[-1].objgen == form.source.objgen
        assert pdf.Root.StructTreeRoot.ParentTreeNextKey == field.StructParent + 1


def test_the_index_of_volumes_has_the_box_beside_the_checkpoint(
    fonts: Path, tmp_path: Path
) -> None:
    audit, path = build_audit(), tmp_path / "index.pdf"
    volume = VolumeLine(
        name="report-01.pdf", start=0, end=9, sessions=3, pages=4, size=5, sha256="ab" * 32
    )
    proof = IndexProof(
        audit_json=audit.canonical,
        checkpoint_note=audit.checkpoint_note,
        root_fingerprint=ROOT_FINGERPRINT,
        countersign=True,
    )
    draw_index(
        audit,
        content=read_content(audit),
        volumes=[volume],
        proof=proof,
        fonts=fonts,
        output=path,
    )
    assert broken_rules(path) == set()
    with pikepdf.open(path) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert field.P.objgen == pdf.pages[-1].obj.objgen
