"""Export, verify and ledger verify: the exit codes that scripts rely on."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli.running import Run, add_user, open_sqlite
from pysqlite3 import dbapi2
from sqlalchemy import text

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def report(run: Run, clinic: str, tmp_path: Path) -> Path:
    add_user(run, clinic)
    path = tmp_path / "report.pdf"
    made = run(
        "export", "--clinic", clinic, "--from", "2026-01-01", "--to", "2055-12-31", "-o", path
    )
    assert made.exit_code == 0, made.output
    return path


def test_a_report_names_its_path_hash_and_pages(run: Run, clinic: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    made = run("export", "--clinic", clinic, "--from", TODAY, "--to", TODAY, "-o", path)
    first, second, third = made.stdout.splitlines()
    assert first == str(path)
    assert len(second.removeprefix("  SHA-256 ")) == 64
    assert third.endswith(" pages")
    assert path.read_bytes().startswith(b"%PDF")


def test_a_report_into_a_missing_folder_or_backwards_is_refused(
    run: Run, clinic: str, tmp_path: Path
) -> None:
    words = ("export", "--clinic", clinic, "--from", TODAY, "--to")
    assert run(*words, TODAY, "-o", tmp_path / "nowhere" / "r.pdf").exit_code == 2
    assert run(*words, "2001-01-01", "-o", tmp_path / "r.pdf").exit_code == 2


def test_an_own_report_is_accepted_by_the_own_root_which_is_said(run: Run, report: Path) -> None:
    result = run("verify", report)
    assert result.exit_code == 0, result.output
    assert "has not been altered" in result.stdout
    assert "✓" in result.stdout
    assert "What this does not prove" in result.stdout
    assert "this installation's own root" in result.stdout


def test_an_inspector_without_an_installation_needs_the_root(
    run: Run, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "ROOT.pem"
    run("root", "export", "-o", root)
    elsewhere = tmp_path / "inspector"
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(elsewhere))
    assert run("verify", report).exit_code == 2
    assert run("verify", report, "--trust", root).exit_code == 0
    assert not elsewhere.exists(), "judging leaves nothing behind"


def test_a_changed_report_is_rejected(run: Run, report: Path) -> None:
    content = bytearray(report.read_bytes())
    content[len(content) // 2] ^= 1
    report.write_bytes(content)
    result = run("verify", report)
    assert result.exit_code == 1
    assert "✗" in result.stdout


def test_what_is_no_report_cannot_be_judged(run: Run, clinic: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("hello")
    assert run("verify", path).exit_code == 2
    missing = run("verify", tmp_path / "missing.pdf")
    assert missing.exit_code == 2
    assert "missing.pdf" in missing.stderr
    assert run("verify", tmp_path).exit_code == 2


def test_a_root_that_is_none_is_said_before_judging(run: Run, report: Path) -> None:
    result = run("verify", report, "--trust", report)
    assert result.exit_code == 2
    assert "not a certificate" in result.stderr


def test_the_verdict_as_json_has_every_check_and_the_trust(run: Run, report: Path) -> None:
    result = run("verify", report, "--json")
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "accepted"
    assert verdict["exit_code"] == result.exit_code == 0
    assert all(check["code"] for check in verdict["checks"])
    assert verdict["trust"][0]["source"] == "this installation's own root"


def test_an_inspector_remembers_what_was_shown(run: Run, report: Path, tmp_path: Path) -> None:
    state = tmp_path / "visits"
    assert "Remembered" in run("verify", report, "--state", state).stdout
    again = run("verify", report, "--state", state)
    assert "Remembered" not in again.stdout
    (state / "known-checkpoints.jsonl").write_text("no json\n")
    damaged = run("verify", report, "--state", state)
    assert damaged.exit_code == 2, "a damaged memory must not pass for a rejected report"


def test_an_untouched_ledger_holds(run: Run, clinic: str) -> None:
    result = run("ledger", "verify", "--clinic", clinic)
    assert result.exit_code == 0, result.output
    assert "everything holds" in result.stdout


def test_a_changed_entry_is_named_with_exit_code_three(
    run: Run, clinic: str, data_dir: Path
) -> None:
    add_user(run, clinic)
    database = open_sqlite(data_dir / "compliance.sqlite3")
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER log_body_refuses_update"))
        connection.execute(
            text("UPDATE log_body SET body = CAST(replace(body, 'a', 'b') AS BLOB) WHERE idx = 2")
        )
    database.dispose()
    result = run("ledger", "verify")
    assert result.exit_code == 3
    assert "✗" in result.stdout
    assert "entry 2" in result.stdout


def test_a_checkpoint_kept_elsewhere_must_still_hold(
    run: Run, clinic: str, report: Path, data_dir: Path, tmp_path: Path
) -> None:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    with database.engine.connect() as connection:
        note = connection.execute(text("SELECT note FROM checkpoint")).scalar_one()
    database.dispose()
    kept = tmp_path / "checkpoint"
    kept.write_text(note, encoding="utf-8")
    assert run("ledger", "verify", "--checkpoint", kept).exit_code == 0
    kept.write_text(note.replace("— ", "- "), encoding="utf-8")
    assert run("ledger", "verify", "--checkpoint", kept).exit_code == 3
    kept.write_text("aseptrail/somewhere else\n1\nAAAA\n", encoding="utf-8")
    foreign = run("ledger", "verify", "--checkpoint", kept)
    assert foreign.exit_code == 2, "nobody looked at it, so it must not pass"


def test_a_database_that_was_put_back_is_named_with_exit_code_three(
    run: Run, clinic: str, data_dir: Path, tmp_path: Path
) -> None:
    """Such a log is whole in itself: only what was signed since tells of it."""
    early = backup_copy(data_dir / "compliance.sqlite3")
    add_user(run, clinic)
    words = ("export", "--clinic", clinic, "--from", TODAY, "--to", TODAY)
    assert run(*words, "-o", tmp_path / "report.pdf").exit_code == 0
    put_back(data_dir / "compliance.sqlite3", early)

    result = run("ledger", "verify")

    assert result.exit_code == 3
    assert "everything holds" in result.stdout
    assert f"✗ {clinic}: rollback detected" in result.stdout


def backup_copy(path: Path) -> bytes:
    with contextlib.closing(dbapi2.connect(str(path))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.read_bytes()


def put_back(path: Path, content: bytes) -> None:
    for name in (f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    path.write_bytes(content)


def test_a_database_of_another_version_is_not_touched_by_an_audit(
    run: Run, clinic: str, data_dir: Path
) -> None:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.dispose()
    result = run("ledger", "verify")
    assert result.exit_code == 1
    assert "another version" in result.stderr
