"""The wheel holds all that the command needs: it runs where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from compliance.settings import DATABASE_FILE
from givens import ROOT

RUN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
import compliance
assert compliance.__file__.startswith(sys.path[0]), compliance.__file__
from compliance.cli import main
main()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def run(unpacked: Path, folder: Path, *arguments: str) -> str:
    environ = {**os.environ, "COMPLIANCE_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-c", RUN, str(unpacked), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environ, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_wheel_writes_the_same_verifier_as_the_checkout(
    unpacked: Path, tmp_path: Path
) -> None:
    run(unpacked, tmp_path, "verifier-html", "-o", "installed.html")
    ours = [sys.executable, "-m", "compliance.cli", "verifier-html", "-o", "checkout.html"]
    subprocess.run(ours, cwd=tmp_path, check=True, capture_output=True)

    installed = (tmp_path / "installed.html").read_bytes()
    assert b"<script" in installed
    assert installed == (tmp_path / "checkout.html").read_bytes()


def test_the_installed_wheel_makes_a_database_and_a_clinic(unpacked: Path, tmp_path: Path) -> None:
    named = ("quay-street", "--name", "Quay Street Tattoo", "--profile", "UK-HTM-01-05")
    run(unpacked, tmp_path, "clinic", "create", *named)

    assert "Quay Street Tattoo" in run(unpacked, tmp_path, "clinic", "list")
    assert (tmp_path / "data" / DATABASE_FILE).exists()


def test_the_wheel_holds_every_page_style_and_migration(unpacked: Path) -> None:
    for name in ("templates", "static", "verifier", "migrations"):
        ours = {
            path.relative_to(ROOT / name)
            for path in (ROOT / name).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        held = {
            path.relative_to(unpacked / "compliance" / name)
            for path in (unpacked / "compliance" / name).rglob("*")
            if path.is_file()
        }
        assert held == ours, name
