"""``compliance who-met``: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from cli.running import Run
from integration.sterilization.recalled import notice

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


@pytest.mark.usefixtures("lots")
def test_a_signed_list_is_the_same_again_while_nothing_changes(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    asked = ("who-met", "--clinic", "harbour", "--kind", "lot", "L1", "-o")

    made = run(*asked, first)
    again = run(*asked, second)

    assert (made.exit_code, again.exit_code) == (0, 0), made.output + again.output
    assert "the same file as before" not in made.output
    assert "the same file as before" in again.output
    assert first.read_bytes() == second.read_bytes()
    judged = run("verify", first)
    assert judged.exit_code == 0, judged.output
    assert "Who met lot L1" in judged.stdout
    assert run("ledger", "verify").exit_code == 0


def test_a_recalls_list_is_made_and_audited_byte_for_byte(
    run: Run, data_dir: Path, tmp_path: Path
) -> None:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    house = build_house(database, data_dir, now=NOON)
    closed_session(house, NOON)
    recall = notice(house, "L1", NOON + timedelta(hours=1)).recall_id
    house.keyring.subjects.close()
    database.dispose()
    asked = ("export", "--clinic", "harbour", "--recall", recall, "-o", tmp_path / "recall.pdf")

    assert run(*asked, "--session", recall).exit_code == 2
    made = run(*asked)
    assert made.exit_code == 0, made.output
    (kept,) = (data_dir / "reports").rglob("list-*.pdf")
    assert kept.read_bytes() == (tmp_path / "recall.pdf").read_bytes()
    assert run("ledger", "verify").exit_code == 0
    kept.write_bytes(kept.read_bytes() + b"%")
    judged = run("ledger", "verify")
    assert judged.exit_code == 3
    assert "kept file" in judged.output
    assert "its SHA-256 is" in judged.output
