"""Running commands in this process, each test on a data folder of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cli.running import Run
from click.testing import CliRunner, Result

from compliance.cli import main


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_template: Path) -> Path:
    """A data folder with a migrated empty database."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, folder / "compliance.sqlite3")
    return folder


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run ``compliance`` with these arguments and return what came of it."""
    for name in [name for name in os.environ if name.startswith("COMPLIANCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(data_dir))
    # Commands write for their owner alone; later tests must not inherit that.
    umask = os.umask(0o022)

    def run_command(*arguments: str | Path, stdin: str | None = None) -> Result:
        words: Sequence[str] = [str(word) for word in arguments]
        result = CliRunner().invoke(main, words, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    yield run_command
    os.umask(umask)


@pytest.fixture
def clinic(run: Run) -> str:
    """The slug of a clinic that was made by the command."""
    made = run(
        "clinic", "create", "harbour", "--name", "Harbour Skin Clinic", "--profile", "UK-HTM-01-05"
    )
    assert made.exit_code == 0, made.output
    return "harbour"
