"""What programs of others write when an inspector signs is accepted, and what they add besides is not."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pikepdf
import pytest
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import StandardDiffPolicy
from timing_authorities import buy_authority

from compliance.report.verifying.additions import only_adds
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, rejected_for
from unit.verifying.foreign_increments import PACKED, TABLE
from unit.verifying.foreign_mutants import Visit, edited_by_hand, receive, signed_by_hand, two_faced
from unit.verifying.foreign_signers import signers
from unit.verifying.lasting_mutants import Bench
from unit.verifying.mutants import Maker


@pytest.fixture(scope="module")
def visit(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return receive(Maker(clinic=clinic, folder=tmp_path_factory.mktemp("foreign")))


def no_comparing(*_args: Any, **_kwargs: Any) -> None:
    raise AssertionError("the documents were compared")


def test_every_way_to_sign_the_field_is_accepted_without_a_comparison(
    visit: Visit, roots: list[x509.Certificate]
) -> None:
    names = []
    for name, data in signed_by_hand(visit):
        names.append(name)
        with patch.object(StandardDiffPolicy, "review_file", no_comparing):
            verdict = verify_report(data, trust_roots=roots)
        assert verdict.outcome is Outcome.ACCEPTED, (name, list(verdict.failed))
        (told,) = [check for check in verdict.checks if check.code == "countersigned"]
        assert "no root you gave says who that is" in told.reason, name
    assert len(set(names)) == 30


def test_every_edit_beside_the_signature_is_rejected(
    visit: Visit, roots: list[x509.Certificate]
) -> None:
    names = []
    for name, data in edited_by_hand(visit):
        names.append(name)
        reader = PdfFileReader(io.BytesIO(data))
        assert not only_adds(reader, list(reader.embedded_signatures)), name
        assert rejected_for(verify_report(data, trust_roots=roots)) == "changes", name
    assert len(set(names)) == 19


def test_every_kind_of_key_that_programs_sign_with_is_accepted(
    visit: Visit, roots: list[x509.Certificate]
) -> None:
    names = []
    for name, signer, certificate in signers():
        names.append(name)
        data = replace(visit, signer=signer).sign(PACKED)
        verdict = verify_report(data, trust_roots=[*roots, certificate])
        assert verdict.outcome is Outcome.ACCEPTED, (name, list(verdict.failed))
        (told,) = [check for check in verdict.checks if check.code == "countersigned"]
        assert told.holds is True, name
    assert names == ["RSA", "RSASSA-PSS", "P-384", "Ed25519"]


@pytest.mark.parametrize("kind", [TABLE, PACKED])
def test_archive_time_stamps_follow_what_others_signed(
    clinic: Clinic, visit: Visit, roots: list[x509.Certificate], tmp_path: Path, kind: str
) -> None:
    maker = Maker(clinic=clinic, folder=tmp_path)
    bench = Bench(maker=maker, bought=buy_authority(SIGNED_AT))
    once = bench.extend(visit.sign(kind, adobe=True), 1)
    for data in (once, bench.extend(once, 2)):
        with patch.object(StandardDiffPolicy, "review_file", no_comparing):
            verdict = verify_report(data, trust_roots=roots)
        assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)


def test_a_page_that_a_later_revision_could_show_otherwise_is_noticed(
    clinic: Clinic, visit: Visit, roots: list[x509.Certificate], tmp_path: Path
) -> None:
    maker = Maker(clinic=clinic, folder=tmp_path)
    (tmp_path / "by-hand").mkdir()
    said = {
        name: rejected_for(verify_report(data, trust_roots=roots))
        for name, data in two_faced(maker, visit)
    }
    assert said == {"described by a page": "changes", "missing": "signature"}


@pytest.mark.parametrize("kind", [TABLE, PACKED])
def test_the_increments_are_what_other_programs_read(
    visit: Visit, kind: str, tmp_path: Path
) -> None:
    """A file that only our own reader understood would prove nothing."""
    path = tmp_path / "signed.pdf"
    path.write_bytes(visit.sign(kind, adobe=True))
    done = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("Signature is Valid") == 2
    assert done.stdout.count("Total document signed") == 1
    subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=True)
    with pikepdf.open(path) as pdf:
        (field,) = [one for one in pdf.Root.AcroForm.Fields if str(one.T) == "Inspector"]
        form = field.AP.N.Resources.XObject.FRM
        assert b"Ada Inspector" in form.Resources.XObject["/n2"].read_bytes()
