"""The process that reads strangers' files, and what an inspector keeps of its answers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.report.verifying.memory import MemoryDamaged, load_known, remember
from compliance.report.verifying.verdict import Outcome, verdict_from_json
from compliance.report.verifying.verify import verify_report
from compliance.report.verifying.worker import verify_in_subprocess
from givens import ROOT

Roots = list[x509.Certificate]


@pytest.fixture
def path(report: bytes, tmp_path: Path) -> Path:
    # The name must reach the worker as it is, whatever is in it.
    target = tmp_path / "Bericht; $(x) 'März'.pdf"
    target.write_bytes(report)
    return target


@pytest.fixture
def pems(roots: Roots) -> list[bytes]:
    return [root.public_bytes(Encoding.PEM) for root in roots]


def test_the_worker_says_what_the_function_says(
    path: Path, pems: list[bytes], report: bytes, roots: Roots
) -> None:
    direct = verify_report(report, trust_roots=roots)
    assert direct.checkpoint is not None
    assert verify_in_subprocess(path, trust_pems=pems) == direct
    assert direct.checkpoint.made_at is not None
    known = [replace(direct.checkpoint, made_at=direct.checkpoint.made_at - timedelta(days=1))]
    again = verify_in_subprocess(path, trust_pems=pems, known=known)
    assert again == verify_report(report, trust_roots=roots, known=known)
    assert again.level == 3


def test_the_worker_loads_no_way_to_the_network() -> None:
    """A process of its own: this one has long loaded everything."""
    asked = (
        "import sys\n"
        "from compliance.report.verifying.no_network import leave_out_network\n"
        "leave_out_network()\n"
        "import compliance.report.verifying.verify\n"
        "print(sorted({'http.client', 'urllib.request', 'aiohttp.client'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_too_little_memory_is_no_acceptance(path: Path, pems: list[bytes]) -> None:
    verdict = verify_in_subprocess(path, trust_pems=pems, memory_bytes=40 << 20)
    assert verdict.outcome is Outcome.CANNOT_BE_JUDGED
    assert verdict.failed[0].code == "limits"


def test_too_little_time_is_no_acceptance(path: Path, pems: list[bytes]) -> None:
    verdict = verify_in_subprocess(path, trust_pems=pems, seconds=0)
    assert verdict.outcome is Outcome.CANNOT_BE_JUDGED


@pytest.mark.parametrize("pem", [b"", b"no certificate", b"\xff"])
def test_a_root_that_is_none_is_no_acceptance(path: Path, pem: bytes) -> None:
    assert verify_in_subprocess(path, trust_pems=[pem]).outcome is Outcome.CANNOT_BE_JUDGED


def test_a_missing_file_is_no_acceptance(tmp_path: Path, pems: list[bytes]) -> None:
    verdict = verify_in_subprocess(tmp_path / "none.pdf", trust_pems=pems)
    assert verdict.outcome is Outcome.CANNOT_BE_JUDGED


def test_a_verdict_survives_json(report: bytes, roots: Roots) -> None:
    for data in (report, report + b"x", b""):
        verdict = verify_report(data, trust_roots=roots)
        again = verdict_from_json(json.loads(json.dumps(verdict.to_json())))
        assert again.with_audit(verdict.audit) == verdict


def test_an_accepted_report_is_remembered_once(report: bytes, roots: Roots, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert load_known(folder) == ()
    verdict = verify_report(report, trust_roots=roots)
    assert remember(folder, verdict)
    assert not remember(folder, verdict)
    assert load_known(folder) == (verdict.checkpoint,)


def test_a_rejected_report_is_not_remembered(report: bytes, roots: Roots, tmp_path: Path) -> None:
    assert not remember(tmp_path, verify_report(report + b"x", trust_roots=roots))
    assert load_known(tmp_path) == ()


def test_a_line_cut_off_by_a_crash_is_dropped_and_a_damaged_one_is_not(
    report: bytes, roots: Roots, tmp_path: Path
) -> None:
    verdict = verify_report(report, trust_roots=roots)
    assert verdict.checkpoint is not None
    remember(tmp_path, verdict)
    file = tmp_path / "known-checkpoints.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    assert load_known(tmp_path) == (verdict.checkpoint,)
    larger = replace(verdict, checkpoint=replace(verdict.checkpoint, size=99))
    assert remember(tmp_path, larger)
    assert [item.size for item in load_known(tmp_path)] == [verdict.checkpoint.size, 99]
    file.write_bytes(b"{}\n" + whole)
    with pytest.raises(MemoryDamaged):
        load_known(tmp_path)
