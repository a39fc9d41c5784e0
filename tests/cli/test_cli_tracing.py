"""``compliance who-met``: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from cli.running import Run

from givens import NOON, open_sqlite
from harbour import build_house, closed_session


@pytest.fixture
def lots(data_dir: Path) -> None:
    """A clinic in which two clients met lot L1."""
    database = open_sqlite(data_dir / "compliance.sqlite3")
    house = build_house(database, data_dir, now=NOON)
    closed_session(house, NOON, client="C-1")
    closed_session(house, NOON, client="C-2")
    house.keyring.subjects.close()
    database.dispose()


@pytest.mark.usefixtures("lots")
def test_it_prints_who_met_a_lot_and_says_when_nobody_did(run: Run) -> None:
    found = run("who-met", "--clinic", "harbour", "(10)L1")
    assert found.exit_code == 0, found.output
    rows = list(csv.DictReader(io.StringIO(found.output)))
    assert sorted(row["client"] for row in rows) == ["C-1", "C-2"]
    assert run("who-met", "--clinic", "harbour", "never-seen").exit_code == 1
    several = run("who-met", "--clinic", "harbour", "ó murchú")
    assert several.exit_code == 1
    assert "choose one with --kind" in several.output
