"""``compliance backup``, ``restore`` and ``doctor`` as a person types them."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from cli.running import Run, add_user
from pysqlite3 import dbapi2

from compliance.operations.safekeeping.journal import last_good_backup

PHRASE = "twelve letters or more\n"


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    assert run("backup", "--new-key", tmp_path / "safe.key").exit_code == 0
    return tmp_path / "safe.key"


@pytest.fixture
def made(run: Run, clinic: str, key: Path, tmp_path: Path) -> Path:
    result = run("backup", tmp_path / "records.age", "--recipient", f"{key}.pub")
    assert result.exit_code == 0, result.output
    assert "read it back, and it is good" in result.output
    return tmp_path / "records.age"


def test_a_backup_is_made_checked_and_noted(
    run: Run, made: Path, key: Path, data_dir: Path
) -> None:
    note = last_good_backup(data_dir)

    assert note is not None
    assert note.file == str(made)
    checked = run("restore", made, "--identity", key, "--check")
    assert checked.exit_code == 0
    assert f"harbour: {note.clinics[0].size} entries, root {note.clinics[0].root}" in checked.output


def test_a_whole_installation_moves_to_another_folder_in_two_files(
    run: Run, made: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys.age"
    assert run("backup", "--keys", keys, "--passphrase-stdin", stdin=PHRASE).exit_code == 0
    there = tmp_path / "there"

    early = run("restore", made, "--identity", key, "--data-dir", there, "--yes")
    assert early.exit_code == 1
    assert "restore --keys" in early.output
    put = run("restore", keys, "--keys", "--passphrase-stdin", "--data-dir", there, stdin=PHRASE)
    assert put.exit_code == 0, put.output
    done = run("restore", made, "--identity", key, "--data-dir", there, "--yes")
    assert done.exit_code == 0, done.output
    assert "incarnation 2" in done.output
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(there))
    assert "harbour" in run("clinic", "list").output
    assert run("ledger", "verify").exit_code == 0


def test_restoring_over_records_asks_keeps_and_can_be_undone_and_confirmed(
    run: Run, made: Path, key: Path, clinic: str, data_dir: Path
) -> None:
    assert add_user(run, clinic).exit_code == 0
    opener = ("--identity", key)

    assert "--replace" in run("restore", made, *opener, "--yes").output
    assert run("restore", made, *opener, "--replace", stdin="n\n").exit_code == 1
    done = run("restore", made, *opener, "--replace", stdin="y\n")
    assert done.exit_code == 0, done.output
    assert "mary" not in run("user", "list").output
    assert len(list(data_dir.glob("*.before-restore-*"))) == 1
    undone = run("restore", "--undo", "--yes")
    assert undone.exit_code == 0, undone.output
    assert "mary" in run("user", "list").output
    assert run("restore", "--confirm", "--yes").exit_code == 0
    assert list(data_dir.glob("*.before-restore-*")) == []
    assert run("restore", "--confirm", "--yes").exit_code == 1


def test_a_server_does_not_start_on_a_rolled_back_database_until_somebody_owns_up(
    run: Run, clinic: str, data_dir: Path, tmp_path: Path
) -> None:
    database = data_dir / "compliance.sqlite3"
    connection = dbapi2.connect(str(database))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(database, tmp_path / "old")
    assert add_user(run, clinic).exit_code == 0
    assert run("backup", tmp_path / "now.jsonl.gz", "--plain").exit_code == 0
    for leftover in data_dir.glob("compliance.sqlite3*"):
        leftover.unlink()
    shutil.copyfile(tmp_path / "old", database)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refused = run("run", "--port", str(port))
    assert refused.exit_code == 2
    assert "rollback detected" in refused.output
    assert run("doctor").exit_code == 2
    entered = run("restore", "--acknowledge", "--yes")
    assert entered.exit_code == 0, entered.output
    assert "rollback" not in run("doctor").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("DEST", "--with-keys"), "keep the two files apart"),
        (("DEST",), "Say how to encrypt"),
        (("--plain",), "Say where to"),
        (("--keys", "DEST", "--plain"), "never written without encryption"),
        (("DEST", "--plain", "--passphrase-stdin"), "Choose one of"),
    ],
)
def test_what_would_be_unsafe_is_refused_in_words(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run("backup", *arguments)

    assert result.exit_code == 2
    assert said in result.output


def test_the_doctor_speaks_to_people_and_programs(run: Run, clinic: str) -> None:
    people = run("doctor")
    programs = json.loads(run("doctor", "--json").output)

    assert people.exit_code == 1
    assert "WARNING: There is no backup yet." in people.output
    assert (
        "do:  compliance backup --new-key FILE; compliance backup DEST --recipient FILE.pub"
        in people.output
    )
    assert programs["exit_code"] == 1
    assert {"code", "level", "what", "why", "command"} == set(programs["findings"][0])


def test_files_are_private_whatever_the_umask_was(run: Run, made: Path, key: Path) -> None:
    os.umask(0o000)

    assert [path.stat().st_mode & 0o777 for path in (made, key)] == [0o600, 0o600]
