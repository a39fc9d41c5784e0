"""The drawn file, judged by programs that are not ours."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pikepdf
import pytest

from compliance.report.content.reading import read_content
from compliance.report.making import draw_report
from unit.report_drawing.audit_fixture import (
    ROOT_FINGERPRINT,
    SESSIONS,
    FixtureAudit,
    Wish,
    build_audit,
)
from unit.report_drawing.conftest import Draw
from unit.report_drawing.reading_aloud import broken_rules, run

TURNED = b"0.588 0.809 -0.809 0.588"


def text_of(pdf: Path, *, first: int = 1, last: int = 999) -> str:
    """Return the words of some pages, with every space and line end as one space."""
    text = run("pdftotext", "-f", str(first), "-l", str(last), "-layout", pdf, "-")
    return " ".join(text.split())


def test_the_report_is_a_sound_pdf_a(report: Path) -> None:
    assert broken_rules(report) == set()
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", report)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_demo_report_is_a_sound_pdf_a_and_marked(
    draw: Draw, tmp_path: Path, language: str
) -> None:
    pages = draw(build_audit(demo=True, language=language), tmp_path / "demo.pdf")

    assert broken_rules(tmp_path / "demo.pdf") == set()
    with pikepdf.open(tmp_path / "demo.pdf") as pdf:
        # Programs that read text take turned letters apart, so the turning is looked for.
        marked = [TURNED in sheet.Contents.read_bytes() for sheet in pdf.pages]
    assert marked == [True] * pages


def test_real_records_carry_no_watermark(report: Path) -> None:
    with pikepdf.open(report) as pdf:
        assert not any(TURNED in sheet.Contents.read_bytes() for sheet in pdf.pages)


def test_all_fonts_are_embedded_as_subsets_with_unicode(report: Path) -> None:
    rows = run("pdffonts", report).splitlines()[2:]

    assert rows
    assert all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)


def test_page_1_tells_what_an_inspector_judges(report: Path, audit: FixtureAudit) -> None:
    text = text_of(report, last=1)

    for said in (
        "Harbour Skin Clinic",
        "29 Oct 2026 to 30 Nov 2026",
        "Made by Aoife Ní Bhriain on 1 Dec 2026, 09:30",
        "11 sessions closed. Exceptions to look at: 12.",
        "no anchors: level 0",
        "Level 0 does not prove",
        f"{audit.data['range']['start']} to {audit.data['range']['end'] - 1}",
        " ".join(audit.data["root"][at : at + 4] for at in range(0, 32, 4)),
        "Compare with the sheet you hold",
        " ".join(ROOT_FINGERPRINT[at : at + 4] for at in range(0, 16, 4)),
    ):
        assert said in text


def test_a_clean_period_says_so(draw: Draw, tmp_path: Path) -> None:
    draw(build_audit([Wish()], incidents=False), tmp_path / "clean.pdf")

    text = text_of(tmp_path / "clean.pdf")
    assert "No exception was recorded in this period" in text
    assert "Most serious first" not in text


def test_an_empty_period_is_a_report_too(draw: Draw, tmp_path: Path) -> None:
    draw(build_audit([], incidents=False), tmp_path / "empty.pdf")

    assert "No session was signed" in text_of(tmp_path / "empty.pdf")
    assert broken_rules(tmp_path / "empty.pdf") == set()


def test_every_exception_is_drawn(report: Path, audit: FixtureAudit) -> None:
    text = "".join(text_of(report, first=2, last=2).split())

    for line in read_content(audit).exceptions:
        start = "".join(line.sentence.replace("王芳", "[U+738B][U+82B3]").split())[:30]
        assert start in text


def test_every_item_of_every_session_is_drawn(report: Path, audit: FixtureAudit) -> None:
    text = text_of(report, first=3)

    for block in read_content(audit).sessions:
        assert block.leaf in text
        assert f"Signed by {block.signature.name}, {block.signature.when.text}" in text
    for label in ("Gloves worn", "Deepest setting", "surgical steel", "late", "amended"):
        assert label in text
    assert "by token, not re-authenticated" in text


def test_pages_are_numbered_to_the_last(report: Path) -> None:
    with pikepdf.open(report) as pdf:
        count = len(pdf.pages)

    for number in range(1, count + 1):
        assert f"Page {number} of {count}" in text_of(report, first=number, last=number)


def test_bookmarks_lead_to_the_parts_and_the_days(report: Path) -> None:
    with pikepdf.open(report) as pdf, pdf.open_outline() as outline:
        parts = {item.title: [child.title for child in item.children] for item in outline.root}

    assert list(parts)[:3] == [
        "Audit report: Harbour Skin Clinic",
        "Exceptions",
        "Later amendments",
    ]
    assert parts["Sessions"] == ["28 Oct 2026", "29 Oct 2026", "30 Oct 2026", "31 Oct 2026"]


def test_the_record_is_embedded_byte_for_byte(report: Path, audit: FixtureAudit) -> None:
    with pikepdf.open(report) as pdf:
        attachment = pdf.attachments["audit.json"].get_file().read_bytes()
        relation = pdf.Root.AF[0].AFRelationship

    assert attachment == audit.canonical
    assert relation == "/Source"


def test_the_same_content_gives_the_same_bytes(
    audit: FixtureAudit, draw: Draw, report: Path, tmp_path: Path
) -> None:
    draw(audit, tmp_path / "again.pdf")

    assert (tmp_path / "again.pdf").read_bytes() == report.read_bytes()


def test_a_file_object_will_do_and_progress_is_told(audit: FixtureAudit, fonts: Path) -> None:
    told: list[tuple[int, int]] = []
    output = io.BytesIO()
    content = read_content(audit)

    draw_report(
        audit,
        content=content,
        fonts=fonts,
        audit_json=audit.canonical,
        root_fingerprint=ROOT_FINGERPRINT,
        checkpoint_note=audit.checkpoint_note,
        output=output,
        progress=lambda done, total: told.append((done, total)),
    )

    assert output.getvalue().startswith(b"%PDF-1.7")
    assert told == [(done, 13) for done in range(1, 14)]


def test_a_block_that_fits_on_a_page_is_never_split(draw: Draw, tmp_path: Path) -> None:
    audit = build_audit([SESSIONS[number % len(SESSIONS)] for number in range(60)])
    pages = draw(audit, tmp_path / "long.pdf")

    texts = [text_of(tmp_path / "long.pdf", first=at, last=at) for at in range(1, pages + 1)]
    for text in texts:
        if "“I treated" in text:
            assert text.count("Contraindications screened yes") == text.count("“I treated")
    assert "continued" not in " ".join(texts)


def test_a_block_higher_than_a_page_goes_on_and_repeats_names(draw: Draw, tmp_path: Path) -> None:
    audit = build_audit([Wish()], incidents=False, clinic_name="Clinic " * 60)
    longest = "The cartridge was scanned twice because the first label was torn. " * 220 + "Finis."
    hidden = next(key for key, value in audit.disclosures.items() if "C-0001" in value)
    disclosed = dataclasses.replace(audit, disclosures={**audit.disclosures, hidden: longest})

    pages = draw(disclosed, tmp_path / "huge.pdf")

    assert broken_rules(tmp_path / "huge.pdf") == set()
    assert pages >= 4
    text = text_of(tmp_path / "huge.pdf", first=2)
    assert text.count("twice") == 220  # A page break may part a longer phrase.
    assert "Finis." in text
