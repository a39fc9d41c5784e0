"""Judging reports, beside hashing the file, one signature check and hashing its leaves again."""

from __future__ import annotations

import gc
import hashlib
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.clinic import START, WHOLE, BenchClinic, made_clinic
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import HERE, Figure, grouped, machine
from bench.report import STACKED, _peak
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.report.verifying.judging import Judging
from compliance.report.verifying.verify import prove, verify_report

ROUNDS: Final = 15
ONE_FILE: Final = 1_000
"""Sessions in the report whose judging is timed: the most that one file holds."""

MOST_SECONDS: Final = 30
MOST_MEGABYTES: Final = 512
MOST_EXPORTING: Final = 150
"""Megabytes above a process that has loaded everything and made nothing."""


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure one full file, then a whole period of ten."""
    facts = machine(folder)
    figures = []
    with made_clinic(folder / "one") as clinic:
        _fill(clinic, ONE_FILE)
        figures += _one_file(_export(clinic, folder / "one.pdf", ONE_FILE), clinic)
    with made_clinic(folder / "many") as clinic:
        _fill(clinic, STACKED)
        figures += _many_files(clinic, folder)
    return figures, facts


def _fill(clinic: BenchClinic, sessions: int) -> None:
    exemplar = record_exemplar(clinic, WHOLE, closed=True, now=START + MINUTE)
    load_sessions(clinic, sessions - 1, exemplar, first=START + 3 * MINUTE)


def _export(clinic: BenchClinic, output: Path, sessions: int) -> Path:
    last = START.date() + timedelta(days=sessions // 1440 + 1)
    command = ExportReport(first=START.date(), last=last, output=output)
    now = START + timedelta(days=60)
    export_report(clinic.stamping_workshop(now), command, actor=clinic.manager, now=now)
    return output


def _one_file(path: Path, clinic: BenchClinic) -> list[Figure]:
    data = path.read_bytes()
    root = x509.load_pem_x509_certificate(export_root_pem(clinic.folder / "keys"))
    verdict = verify_report(data, trust_roots=[root])
    if verdict.exit_code or verdict.audit is None:
        raise RuntimeError(verdict.sentence)
    bodies = [body for _, body in verdict.audit.entries if body is not None]
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(data[:64], ec.ECDSA(hashes.SHA256()))

    def least() -> None:
        hashlib.sha256(data).digest()
        key.public_key().verify(signature, data[:64], ec.ECDSA(hashes.SHA256()))
        for body in bodies:
            hashlib.sha256(b"\0" + body).digest()

    def proof() -> None:
        for check in prove(Judging(data=data, trust_roots=(root,), known=())):
            if check.holds is False:
                raise RuntimeError(check.reason)

    # As the worker that judges strangers' files does.
    gc.disable()
    try:
        floor, proved, whole = _cpu(least, proof, lambda: verify_report(data, trust_roots=[root]))
    finally:
        gc.enable()
    about = f"{grouped(ONE_FILE)} sessions with a time-stamp in the seal (B-LT), {len(data) / 1e6:.1f} MB, {grouped(len(bodies))} entries"
    return [
        Figure(
            what=f"proving {about}: file, seal, payload, leaves, tree, range",
            measured=f"{1000 * proved:.0f} ms",
            floor=f"{1000 * floor:.0f} ms",
            ratio=proved / floor,
            at_most=3,
            note="Time of the processor. The floor hashes the file and the leaves and checks one"
            " signature. The proof does that, too, as far as to know that these entries are all"
            " those of the range in the log that the clinic signed.",
            why=f"beside the floor's work the proof unpacks {len(verdict.audit.canonical) / 1e6:.0f} MB,"
            " finds each entry in them, hashes the tree above the leaves, and lets pyHanko judge"
            " certificate, seal and time-stamp.",
        ),
        Figure(
            what="judging the whole of it, with the meaning of every entry",
            measured=f"{1000 * whole:.0f} ms",
            floor=f"{1000 * floor:.0f} ms",
            ratio=whole / floor,
            note="The same floor, which knows nothing of what entries mean: the ratio says what the"
            " whole judgement costs and is not measured against a target. It reads each entry as"
            " canonical JSON of its own and asks what the record's rules demand of it.",
        ),
    ]


def _cpu(*works: Callable[[], object]) -> list[float]:
    """Return the least time of the processor that each takes, in interleaved rounds."""
    spent = [math.inf] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = time.process_time()
            work()
            spent[number] = min(spent[number], time.process_time() - start)
    return spent


def _many_files(clinic: BenchClinic, folder: Path) -> list[Figure]:
    last = START.date() + timedelta(days=STACKED // 1440 + 1)
    idle = _idle()
    peak = _peak(clinic, last)
    (folder / "root.pem").write_bytes(export_root_pem(clinic.folder / "keys"))
    files = sorted(clinic.folder.glob(f"export-{last}*.pdf"))
    told = [_judge(path, folder / "root.pem") for path in files]
    total = sum(each["seconds"] for each in told)
    largest = max(each["megabytes"] for each in told)
    return [
        Figure(
            what=f"peak memory of exporting {grouped(STACKED)} sessions above an idle process",
            measured=f"{peak:.0f} MB",
            floor=f"{idle:.0f} MB",
            ratio=peak - idle,
            at_most=MOST_EXPORTING,
            note="Here the ratio is the difference in MB.",
            why="a full volume holds its 11 MB of entries as they are collected, made canonical,"
            " read back and drawn; further volumes add some 30 MB.",
        ),
        Figure(
            what=f"judging {grouped(STACKED)} sessions, {len(files)} files one after the other",
            measured=f"{total:.1f} s",
            floor="–",
            ratio=total,
            at_most=MOST_SECONDS,
            note="Here the ratio is the seconds of the processor that `compliance verify` and its"
            " worker took for each file.",
        ),
        Figure(
            what="peak memory of judging the largest of them",
            measured=f"{largest:.0f} MB",
            floor="–",
            ratio=largest,
            at_most=MOST_MEGABYTES,
            note="Here the ratio is the MB of the process.",
        ),
    ]


def _idle() -> float:
    code = "import bench.report as report; print(report.peak_megabytes())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE.parent, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def _judge(path: Path, root: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.verify", str(path), str(root)]
    done = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def judge_and_tell(path: str, root: str) -> None:
    """Judge one file with the command, and print what it and its worker took."""
    command = [sys.executable, "-m", "compliance.cli", "verify", path, "--trust", root]
    subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": seconds, "megabytes": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    judge_and_tell(sys.argv[1], sys.argv[2])
