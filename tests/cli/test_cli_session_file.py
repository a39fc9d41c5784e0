"""One session's file and the evidence bundle by command."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from cli.running import Run, open_sqlite

from givens import NOON
from harbour import build_house, closed_session


@pytest.fixture
def session_id(data_dir: Path) -> str:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    session_id = closed_session(build_house(database, data_dir, now=NOON), NOON)
    database.dispose()
    return session_id


@pytest.mark.parametrize(
    ("options", "said"),
    [((), "The record of one session"), (("--client-copy",), "The client's copy of one session")],
)
def test_a_sessions_file_is_made_and_accepted(
    run: Run, session_id: str, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "session.pdf"

    made = run("export", "--clinic", "harbour", "--session", session_id, *options, "-o", path)

    assert made.exit_code == 0, made.output
    judged = run("verify", path)
    assert (judged.exit_code, said in judged.stdout) == (0, True), judged.output
    assert "Period:" not in judged.stdout
    again = run(
        "export", "--clinic", "harbour", "--session", session_id, *options, "-o", tmp_path / "2.pdf"
    )
    assert again.exit_code == 0, again.output
    assert (tmp_path / "2.pdf").read_bytes() == path.read_bytes()
    assert run("ledger", "verify").exit_code == 0


def test_a_bundle_is_packed_beside_the_report(run: Run, session_id: str, tmp_path: Path) -> None:
    pdf, bundle = tmp_path / "session.pdf", tmp_path / "session.zip"

    made = run(
        "export", "--clinic", "harbour", "--session", session_id, "-o", pdf, "--bundle", bundle
    )

    assert made.exit_code == 0, made.output
    assert str(bundle) in made.stdout
    with zipfile.ZipFile(bundle) as archive:
        assert "session.audit.json" in archive.namelist()
        assert archive.read("session.pdf") == pdf.read_bytes()


def test_what_to_export_is_said_once(run: Run, session_id: str, tmp_path: Path) -> None:
    words = ("export", "--clinic", "harbour", "-o", tmp_path / "x.pdf")

    assert run(*words).exit_code == 2
    assert run(*words, "--session", session_id, "--from", "2026-11-01").exit_code == 2
    assert run(*words, "--client-copy", "--from", "2026-11-01", "--to", "2026-11-02").exit_code == 2
