"""The report for who cannot see it: what is read, in which order, and that nothing is left out."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from compliance.keys.storage import ensure_clinic_keys, ensure_root
from compliance.report.content.reading import read_content
from compliance.report.signing import SigningIdentity, sign_report
from compliance.report.volumes import IndexProof, VolumeLine, draw_index
from unit.report_drawing.audit_fixture import (
    ROOT_FINGERPRINT,
    SESSIONS,
    FixtureAudit,
    Wish,
    build_audit,
)
from unit.report_drawing.conftest import Draw
from unit.report_drawing.reading_aloud import (
    Heard,
    broken_rules,
    kids_of,
    read_aloud,
    read_page,
    run,
)

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
LONG = "Klinik für Haut, Haar und Narben am Großen Wannsee " * 14


def session_of(root: Heard, number: str) -> Heard:
    return next(
        sect
        for sect in root.find("Sect")
        if any(part.role == "H2" and part.words().startswith(number) for part in sect.parts)
    )


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    folder = tmp_path_factory.mktemp("keys")
    root = ensure_root(folder, now=NOW, organisation="Test")
    keys = ensure_clinic_keys(
        folder,
        clinic_id="019a0000-0000-7000-8000-0000000000aa",
        clinic_name="Harbour Skin Clinic",
        root=root,
        now=NOW,
    )
    return SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )


def draw_volumes_index(audit: FixtureAudit, fonts: Path, output: Path) -> None:
    lines = [
        VolumeLine(
            name=f"{'a-very-long-name-' * 9}{number}.pdf",
            start=number * 100,
            end=number * 100 + 100,
            sessions=5,
            pages=3,
            size=123_456,
            sha256="ab" * 32,
        )
        for number in range(40)
    ]
    draw_index(
        audit,
        content=read_content(audit),
        volumes=lines,
        proof=IndexProof(
            audit_json=audit.canonical,
            checkpoint_note=audit.checkpoint_note,
            root_fingerprint=ROOT_FINGERPRINT,
        ),
        fonts=fonts,
        output=output,
    )


@pytest.mark.parametrize(
    "audit",
    [
        pytest.param(build_audit(), id="en"),
        pytest.param(build_audit(language="de"), id="de"),
        pytest.param(build_audit(demo=True), id="demo"),
        pytest.param(build_audit([], incidents=False), id="empty"),
        pytest.param(build_audit(clinic_name=LONG, language="de"), id="long-name"),
    ],
)
def test_reports_keep_both_standards_unsigned_and_signed(
    draw: Draw, tmp_path: Path, identity: SigningIdentity, audit: FixtureAudit
) -> None:
    unsigned, signed = tmp_path / "unsigned.pdf", tmp_path / "signed.pdf"
    draw(audit, unsigned)
    seal(unsigned, signed, identity)

    assert broken_rules(unsigned) == set()
    assert broken_rules(signed) == set()
    everything_is_read_once(signed)
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", signed)
    assert "Signature is Valid" in run("pdfsig", "-nocert", signed)


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_index_of_volumes_keeps_both_standards(
    fonts: Path, tmp_path: Path, identity: SigningIdentity, language: str
) -> None:
    unsigned, signed = tmp_path / "unsigned.pdf", tmp_path / "signed.pdf"
    draw_volumes_index(build_audit([], incidents=False, language=language), fonts, unsigned)
    seal(unsigned, signed, identity)

    assert broken_rules(unsigned) == set()
    assert broken_rules(signed) == set()
    everything_is_read_once(signed)


def seal(unsigned: Path, signed: Path, identity: SigningIdentity) -> None:
    sign_report(
        unsigned, identity=identity, reason="Sealed", location="Cork", signed_at=NOW, output=signed
    )


def everything_is_read_once(pdf: Path) -> None:
    with pikepdf.open(pdf) as opened:
        _, used = read_aloud(opened)
        arrays = opened.Root.StructTreeRoot.ParentTree.Nums
        for number, sheet in enumerate(opened.pages):
            marked = read_page(sheet)
            assert marked.outside == []
            assert sorted(marked.begun) == list(range(len(marked.begun)))
            assert all(used.pop((sheet.obj.objgen[0], mark)) == 1 for mark in marked.begun)
            assert sheet.obj.StructParents == arrays[2 * number] == number
            assert len(arrays[2 * number + 1]) == len(marked.begun)
            for mark, element in enumerate(arrays[2 * number + 1]):
                assert _holds(element, mark, sheet.obj)
        assert not used


def _holds(element: pikepdf.Object, mark: int, sheet: pikepdf.Object) -> bool:
    for kid in kids_of(element):
        if isinstance(kid, pikepdf.Dictionary):
            if kid.get("/MCID") == mark and kid.Pg.objgen == sheet.objgen:
                return True
        elif kid == mark and element.Pg.objgen == sheet.objgen:
            return True
    return False


def test_the_parts_come_one_after_another_each_under_its_heading(report: Path) -> None:
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)

    assert root.role == "Document"
    heads = [next(part.find("H1")).words() for part in root.parts]
    assert [part.role for part in root.parts] == ["Sect"] * len(heads)
    assert heads == [
        "Harbour Skin Clinic",
        "Exceptions",
        "Later amendments",
        "Sessions",
        "People",
        "Reports exported in this period",
    ]


def test_page_1_is_read_from_the_title_to_the_fingerprint(
    report: Path, audit: FixtureAudit
) -> None:
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)
    front = root.parts[0]

    assert [item.words() for item in next(front.find("L")).parts] == [
        "closed 11",
        "aborted 1",
        "with late entries 2",
        "amended 2",
        "awaiting reprocessing 1",
        "still open 1",
        "recalled 0",
        "entries erased 0",
        "clock anomalies 1",
        "Anchor gaps no anchors: level 0",
    ]
    (code,) = front.find("Figure")
    assert code.said == f"QR code: Checkpoint of the log. {audit.checkpoint_note}"
    order = ("Harbour Skin", "closed 11", "11 sessions closed", "Trust level 0", "QR code")
    places = [front.words().index(said) for said in (*order, "Compare with the sheet")]
    assert places == sorted(places)


def test_a_session_is_read_heading_facts_rows_signature(report: Path, audit: FixtureAudit) -> None:
    block = next(one for one in read_content(audit).sessions if one.late)
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)
    heard = session_of(root, str(block.number))

    roles = [part.role for part in heard.parts]
    facts = 8
    assert roles == ["H2", *["P"] * facts, "Table", "P", "P", "P"]
    assert heard.parts[0].words() == f"{block.number} {block.protocol} closed"
    assert heard.parts[1].words() == f"Client {block.client}"
    head, *rows = heard.parts[facts + 1].parts
    assert [cell.words() for cell in head.parts] == [
        *("", "Item", "Answer", "Evidence", "Who", "When")
    ]
    assert len(rows) == len(block.items)
    phase = ""
    for row, item in zip(rows, block.items, strict=True):
        cells = [cell.words() for cell in row.parts]
        if item.phase != phase:
            phase = item.phase
            assert cells.pop(0) == phase.capitalize()
            assert row.parts[0].role == "TH"
        assert cells[0] == " ".join([item.label, *(["late"] if item.late else [])])
        assert cells[1] == item.answer
        assert cells[2].replace("- ", "-") == " ".join(item.evidence).replace("- ", "-")
        assert cells[3] == item.who
        assert cells[4].startswith("done" if item.late else item.when.clock)
    assert heard.parts[-3].words().startswith(f"Signed by {block.signature.name}")
    assert block.leaf in heard.parts[-1].words()


def test_an_amendment_is_read_right_after_the_item_it_changes(
    report: Path, audit: FixtureAudit
) -> None:
    block = next(one for one in read_content(audit).sessions if one.amendments)
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)
    rows = next(session_of(root, str(block.number)).find("Table")).parts
    at = next(at for at, row in enumerate(rows) if "amended" in row.words())

    assert rows[at].words().startswith("Needle material amended titanium")
    assert rows[at + 1].words().startswith("titanium → surgical steel Reason: Wrong button")


def span_of(cell: Heard, name: str) -> int:
    assert cell.source is not None
    if "/A" not in cell.source or name not in cell.source.A:
        return 1
    return int(cell.source.A[name])


def test_tables_have_no_holes(report: Path) -> None:
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)
        tables = list(root.find("Table"))
        for table in tables:
            covered = 0
            for row in table.parts:
                assert row.role == "TR"
                width = sum(span_of(cell, "/ColSpan") for cell in row.parts)
                begun = max(span_of(cell, "/RowSpan") for cell in row.parts)
                assert width + (covered > 0) == 6
                assert covered == 0 or begun == 1
                covered = begun - 1 if begun > 1 else max(0, covered - 1)
            assert covered == 0

    assert len(tables) == len([wish for wish in SESSIONS if wish.state != "open"])


def test_every_heading_of_a_table_says_what_it_heads(report: Path) -> None:
    with pikepdf.open(report) as pdf:
        root, _ = read_aloud(pdf)
        for head in root.find("TH"):
            assert head.source is not None
            assert head.source.A.O == "/Table"
            assert head.source.A.Scope in {"/Column", "/Row"}


def test_furniture_and_watermark_are_passed_over(draw: Draw, tmp_path: Path) -> None:
    draw(build_audit(demo=True), tmp_path / "demo.pdf")
    with pikepdf.open(tmp_path / "demo.pdf") as pdf:
        root, _ = read_aloud(pdf)
        content = pdf.pages[1].Contents.read_bytes()

    for passed_over in ("DEMO ", "Page 2", "″", "root "):
        assert passed_over not in root.words().partition("Demo data")[2].replace("Demo", "")
    for kind in (b"Header", b"Footer", b"Watermark"):
        assert b"/Artifact <</Type/Pagination/Subtype/" + kind in content


def test_a_block_over_two_pages_is_one_section_and_its_repeated_line_is_silent(
    draw: Draw, tmp_path: Path
) -> None:
    audit = build_audit([Wish()], incidents=False)
    hidden = next(key for key, value in audit.disclosures.items() if "C-0001" in value)
    disclosed = {**audit.disclosures, hidden: "The label was torn. " * 900}
    audit = dataclasses.replace(audit, disclosures=disclosed)
    draw(audit, tmp_path / "huge.pdf")

    with pikepdf.open(tmp_path / "huge.pdf") as pdf:
        root, _ = read_aloud(pdf)
    assert broken_rules(tmp_path / "huge.pdf") == set()
    assert root.words().count("The label was torn.") == 900
    assert "continued" not in root.words()
    everything_is_read_once(tmp_path / "huge.pdf")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_file_names_its_language_title_and_pages(
    draw: Draw, tmp_path: Path, language: str
) -> None:
    draw(build_audit(language=language), tmp_path / "report.pdf")
    with pikepdf.open(tmp_path / "report.pdf") as pdf:
        with pdf.open_metadata() as metadata:
            title = str(metadata["dc:title"])
            assert str(metadata["pdfuaid:part"]) == "1"
            assert str(metadata["pdfaid:conformance"]) == "A"
        assert pdf.Root.Lang == language
        assert pdf.docinfo.Title == title
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.Root.PageLabels.Nums[1].S == "/D"
        assert [str(sheet.obj.Tabs) for sheet in pdf.pages] == ["/S"] * len(pdf.pages)
