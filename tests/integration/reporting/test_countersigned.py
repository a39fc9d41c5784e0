"""A report with a field for the inspector: sound before and after they sign, and not after an edit."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image, ImageChops
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.stamp import BaseStampStyle
from pyhanko.stamp.noop import NoOpStampStyle

from compliance.cli.verifying import verify
from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.report.lasting import PlainWriter
from compliance.report.signing import SigningIdentity, _CachedSigner
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import House, build_house, closed_session
from unit.report_drawing.reading_aloud import broken_rules
from unit.verifying.building import make_keys

NOT_THE_WHOLE_FILE = "PDFA3A-SIGNATURE-BYTERANGE-001"
"""The validator wants every signature to be over the whole file, which the first of two cannot be."""

Writer = Callable[[io.BytesIO], IncrementalPdfFileWriter]


@dataclass(frozen=True)
class Visit:
    """What lies on the inspector's table."""

    report: Path
    root: Path
    own: Path
    """The inspector's certificate."""
    signer: _CachedSigner


@pytest.fixture
def visit(sqlite_database: Database, tmp_path: Path) -> Visit:
    house: House = build_house(sqlite_database, tmp_path, now=NOON)
    closed_session(house, NOON)
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
    )
    actor = Actor(
        user_id=house.manager.user_id,
        clinic_id=house.clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    report = tmp_path / "report.pdf"
    day = NOON.date()
    command = ExportReport(first=day, last=day, output=report, countersign=True)
    export_report(workshop, command, actor=actor, now=NOON + timedelta(hours=3))
    (tmp_path / "inspectorate").mkdir()
    root, keys = make_keys(tmp_path / "inspectorate")
    files = {"root.pem": export_root_pem(house.keys_folder)}
    files["own.pem"] = root.certificate.public_bytes(Encoding.PEM)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    return Visit(
        report=report,
        root=tmp_path / "root.pem",
        own=tmp_path / "own.pem",
        signer=_CachedSigner(identity),
    )


def sign(
    visit: Visit,
    begin: Writer = IncrementalPdfFileWriter,
    *,
    turned: bool = False,
    stamp: BaseStampStyle | None = None,
) -> Path:
    """Sign in the field as an inspector's own software does, perhaps with a page turned beside it."""
    writer = begin(io.BytesIO(visit.report.read_bytes()))
    if turned:
        page = writer.root["/Pages"]["/Kids"][0]["/Kids"].raw_get(0)
        page.get_object()["/Rotate"] = NumberObject(90)  # type: ignore[no-untyped-call]
        writer.mark_update(page)
    metadata = PdfSignatureMetadata(field_name="Inspector", reason="Seen at the inspection")
    out = PdfSigner(metadata, visit.signer, stamp_style=stamp).sign_pdf(
        writer, existing_fields_only=True
    )
    signed = visit.report.with_name("signed.pdf")
    signed.write_bytes(out.getvalue())
    return signed


def judged(visit: Visit, path: Path, *more: Path) -> tuple[int, str]:
    roots = [text for root in (visit.root, *more) for text in ("--trust", str(root))]
    result = CliRunner().invoke(verify, [str(path), *roots])
    return result.exit_code, result.output


def test_the_empty_field_says_what_it_is_and_keeps_both_standards(visit: Visit) -> None:
    assert broken_rules(visit.report) == set()
    with pikepdf.open(visit.report) as pdf:
        (field,) = [one for one in pdf.Root.AcroForm.Fields if str(one.T) == "Inspector"]
        assert str(field.TU) == "Countersignature of the inspector"
        assert "/V" not in field
        assert pdf.pages[0].obj.Tabs == pikepdf.Name.S
        assert field.objgen in [one.objgen for one in pdf.pages[0].obj.Annots]
    code, said = judged(visit, visit.report)
    assert code == 0, said
    assert "The field that the clinic left for a countersignature is empty." in said


def test_the_command_names_whoever_countersigned(visit: Visit) -> None:
    signed = sign(visit)
    code, said = judged(visit, signed)
    assert code == 0, said
    assert "no root you gave says who that is" in said
    assert "a root you gave certifies them" in judged(visit, signed, visit.own)[1]


def test_a_countersignature_alone_breaks_neither_standard(visit: Visit) -> None:
    assert broken_rules(sign(visit, PlainWriter, stamp=NoOpStampStyle())) == {NOT_THE_WHOLE_FILE}
    # Software that draws a stamp with a typeface it does not embed, and writes the file's
    # description anew, spells both in ways of its own; pages and structure stay.
    broken = broken_rules(sign(visit)) - {NOT_THE_WHOLE_FILE}
    assert {rule.split("-")[1] for rule in broken} <= {"XMP", "FONT"}


def test_an_edit_beside_the_countersignature_is_rejected(visit: Visit) -> None:
    code, said = judged(visit, sign(visit, turned=True))
    assert code == 1, said
    assert "a later part of the file changes what was signed earlier" in said


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def test_what_poppler_signs_with_a_key_of_nss_is_accepted(visit: Visit) -> None:
    """Okular and pdfsig write so: an appearance of their own, and a value that marks its ends."""
    folder = visit.report.parent
    subject = ["-subj", "/CN=Inspectorate of Health", "-days", "3000", "-nodes"]
    usage = ["-addext", "keyUsage=critical,digitalSignature,nonRepudiation"]
    made = ["-newkey", "rsa:2048", "-keyout", "own.key", "-out", "own.crt"]
    run(folder, "openssl", "req", "-x509", *made, *subject, *usage)
    files = ["-inkey", "own.key", "-in", "own.crt", "-out", "own.p12", "-passout", "pass:x"]
    run(folder, "openssl", "pkcs12", "-export", "-name", "own", *files)
    run(folder, "certutil", "-N", "-d", "sql:.", "--empty-password")
    run(folder, "pk12util", "-d", "sql:.", "-i", "own.p12", "-W", "x", "-K", "")
    run(folder, "certutil", "-M", "-d", "sql:.", "-n", "own", "-t", "CT,C,C")
    asked = ["-nick", "own", "-reason", "Seen at the inspection"]
    files = ["report.pdf", "signed.pdf"]
    run(folder, "pdfsig", "-nssdir", ".", *files, "-sign", "Inspector", *asked)

    code, said = judged(visit, folder / "signed.pdf")
    assert code == 0, said
    assert "Inspectorate of Health" in said

    run(folder, "pdfsig", "-nssdir", ".", "report.pdf", "added.pdf", "-add-signature", *asked)
    code, said = judged(visit, folder / "added.pdf")
    assert code == 1, said


def test_other_software_sees_both_signatures(visit: Visit) -> None:
    done = subprocess.run(
        ["pdfsig", "-nocert", str(sign(visit))], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("Signature is Valid") == 2
    assert done.stdout.count("Total document signed") == 1


def test_nothing_but_the_field_looks_different_after_signing(visit: Visit) -> None:
    """The stamp of the inspector's program is seen, and only inside the frame."""
    before, after = pixels(visit.report), pixels(sign(visit))
    with pikepdf.open(visit.report) as pdf:
        (field,) = [one for one in pdf.Root.AcroForm.Fields if str(one.T) == "Inspector"]
        left, low, right, high = (float(one) for one in field.Rect)
        height = float(pdf.pages[0].obj.MediaBox[3])
    changed = ImageChops.difference(before, after).getbbox()
    assert changed is not None
    assert left - 1 <= changed[0] < changed[2] <= right + 1
    assert height - high - 1 <= changed[1] < changed[3] <= height - low + 1


def pixels(path: Path) -> Image.Image:
    """Draw page 1 with one pixel a point."""
    drawn = subprocess.run(
        ["pdftoppm", "-r", "72", "-l", "1", "-gray", str(path)], capture_output=True, check=True
    )
    return Image.open(io.BytesIO(drawn.stdout))
