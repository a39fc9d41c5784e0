"""What follows a seal is told apart from tampering by the objects it touches, without comparing documents."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import StandardDiffPolicy
from timing_authorities import buy_authority

from compliance.report.verifying.additions import only_adds
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import SIGNED_AT, Clinic, rejected_for
from unit.verifying.lasting_mutants import (
    Bench,
    Edit,
    add_action,
    add_field,
    bare_page,
    countersigned,
    edited,
    empty_page,
    hide_seal,
    show_alone,
    show_stamp,
    spoil_store,
    swap_attachment,
    turn_page,
)
from unit.verifying.mutants import Maker


@pytest.fixture(scope="module")
def bench(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder: Path = tmp_path_factory.mktemp("additions")
    return Bench(maker=Maker(clinic=clinic, folder=folder), bought=buy_authority(SIGNED_AT))


@pytest.fixture(scope="module")
def archived(bench: Bench) -> bytes:
    return bench.extend(bench.seal(countersign=True), 1)


def is_harmless(data: bytes) -> bool:
    reader = PdfFileReader(io.BytesIO(data))
    return only_adds(reader, list(reader.embedded_signatures))


def no_comparing(*_args: Any, **_kwargs: Any) -> None:
    raise AssertionError("the documents were compared")


def test_time_stamps_and_countersignatures_are_accepted_without_a_comparison(
    bench: Bench, archived: bytes, roots: list[x509.Certificate], tmp_path: Path
) -> None:
    signed = countersigned(archived, tmp_path)

    for data in (archived, bench.extend(archived, 2), signed, bench.extend(signed, 2)):
        with patch.object(StandardDiffPolicy, "review_file", no_comparing):
            verdict = verify_report(data, trust_roots=roots)
        assert verdict.outcome is Outcome.ACCEPTED, list(verdict.failed)


@pytest.mark.parametrize(
    "edit",
    [bare_page, empty_page, hide_seal, show_alone, swap_attachment, turn_page],
    ids=lambda edit: str(edit.__name__),
)
def test_an_edit_under_an_archive_time_stamp_is_rejected(
    edit: Edit, bench: Bench, archived: bytes, roots: list[x509.Certificate]
) -> None:
    data = bench.extend(edited(archived, edit), 2)

    assert not is_harmless(data)
    assert rejected_for(verify_report(data, trust_roots=roots)) == "changes"


@pytest.mark.parametrize(
    "edit",
    [show_stamp, add_action, spoil_store, add_field],
    ids=lambda edit: str(edit.__name__),
)
def test_what_a_time_stamp_does_not_need_is_looked_at_closer(edit: Edit, archived: bytes) -> None:
    assert is_harmless(archived)
    assert not is_harmless(edited(archived, edit))
