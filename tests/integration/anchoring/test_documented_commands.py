"""The commands for other people's tools, copied from the documentation and run."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from outside import Outside

from compliance.domain.access import system_actor
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.store.session import Database
from givens import NOON, ROOT, Clock
from harbour import House, build_house, closed_session

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SEAL, CLINIC, TIME = BLOCK.findall((ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8"))
AT = int((NOON + timedelta(hours=1)).timestamp())


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return build_house(sqlite_database, tmp_path, now=NOON)


@pytest.fixture
def folder(
    workshop: Workshop, house: House, clock: Clock, outside: Outside, tmp_path: Path
) -> Path:
    """What the page asks for."""
    closed_session(house, NOON)
    made = tmp_path / "desk"
    made.mkdir()
    day = NOON.date()
    export_report(
        workshop,
        ExportReport(first=day, last=day, output=made / "REPORT.pdf"),
        actor=system_actor(house.clinic_id, "tests"),
        now=clock(),
    )
    (made / "ROOT.pem").write_bytes(export_root_pem(house.keys_folder))
    authorities = (outside.first.root, outside.second.root)
    (made / "AUTHORITY.pem").write_bytes(
        b"".join(each.public_bytes(Encoding.PEM) for each in authorities)
    )
    return made


def run(folder: Path, block: str) -> tuple[int, str]:
    """Exit code and everything said; of the commands only the clock is another."""
    for verb in ("cms -verify", "ts -verify"):
        block = block.replace(f"openssl {verb}", f"openssl {verb} -attime {AT}")
    done = subprocess.run(
        ["bash", "-euc", block],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_documented_commands_agree_with_an_untouched_report(folder: Path) -> None:
    code, said = run(folder, SEAL)
    assert code == 0
    assert "Signature is Valid" in said
    assert "Total document signed" in said

    code, said = run(folder, CLINIC)
    assert (code, "CAdES Verification successful" in said) == (0, True), said

    code, said = run(folder, TIME)
    assert (code, "Verification: OK" in said) == (0, True), said
    assert "Time stamp: Nov 20" in said


def test_the_documented_commands_find_one_altered_byte(folder: Path) -> None:
    path = folder / "REPORT.pdf"
    data = bytearray(path.read_bytes())
    data[data.index(b"stream\n") + 12] ^= 1
    path.write_bytes(data)

    assert "Signature is Valid" not in run(folder, SEAL)[1]
    code, said = run(folder, CLINIC)
    assert code != 0
    assert "Verification successful" not in said


def test_the_documented_commands_find_another_clinic_and_another_note(
    folder: Path, outside: Outside
) -> None:
    (folder / "ROOT.pem").write_bytes(outside.second.root.public_bytes(Encoding.PEM))
    assert run(folder, CLINIC)[0] != 0
    altered = TIME.replace("openssl ts -reply", "sed -i '2s/.*/1/' note\nopenssl ts -reply")
    assert altered != TIME
    code, said = run(folder, altered)
    assert code != 0
    assert "Verification: OK" not in said
