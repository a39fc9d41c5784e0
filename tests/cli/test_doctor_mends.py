"""What the doctor tells one to type is typed here, and mends what it named."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.running import Run, add_user

Obey = Callable[[str], None]


def find(run: Run) -> dict[str, str]:
    """The commands of the findings, by code."""
    findings = json.loads(run("doctor", "--json").output)["findings"]
    return {finding["code"]: finding["command"] for finding in findings}


@pytest.fixture
def obey(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obey:
    """Type the command of one finding, as a person does who has a stick and a name for the key."""
    named = {
        "FILE": str(tmp_path / "safe.key"),
        "FILE.pub": str(tmp_path / "safe.key.pub"),
        "DEST": str(tmp_path / "stick"),
    }
    (tmp_path / "stick").mkdir()

    def type_one(line: str) -> None:
        words = [named.get(word, word) for word in shlex.split(line)]
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            monkeypatch.setenv(name, named.get(value, value))
        elif words[0] == "unset":
            monkeypatch.delenv(words[1])
        elif words[0] == "chmod":
            subprocess.run(words, check=True)
        else:
            assert words[0] == "compliance", line
            # Keys are asked for by a flag that the doctor cannot know.
            opener = ["--identity", named["FILE"]] if words[1:3] == ["restore", "--keys"] else []
            if opener:
                words[3] = str(next((tmp_path / "stick").glob("*keys*")))
            answered = run(*words[1:], *opener, stdin="y\n")
            assert answered.exit_code == 0, (line, answered.output)

    def obey_finding(code: str) -> None:
        command = find(run)[code]
        # What stands in brackets is said to a person.
        for line in command.partition("  (")[0].split("; "):
            type_one(line)
        assert code not in find(run), command

    return obey_finding


def test_a_new_installation_is_mended_word_by_word(run: Run, clinic: str, obey: Obey) -> None:
    assert {"backup_missing", "backup_schedule_off", "keys_not_backed_up"} <= find(run).keys()

    obey("backup_schedule_off")
    obey("backup_missing")
    obey("keys_not_backed_up")

    healthy = run("doctor")
    assert healthy.exit_code == 0, healthy.output


def test_a_key_that_was_lost_comes_back_from_the_archive_of_keys(
    run: Run, clinic: str, obey: Obey, data_dir: Path
) -> None:
    obey("backup_schedule_off")
    obey("keys_not_backed_up")
    (note_key,) = data_dir.glob("keys/*/note.key")
    note_key.unlink()

    obey("keys_missing")

    assert note_key.is_file()
    assert run("ledger", "verify").exit_code == 0


def test_what_others_could_read_is_closed(
    run: Run, clinic: str, obey: Obey, data_dir: Path
) -> None:
    for path in (data_dir, data_dir / "keys", *data_dir.glob("keys/root/*")):
        path.chmod(0o755)
    (data_dir / "compliance.sqlite3").chmod(0o644)

    obey("file_mode")
    obey("folder_mode")


def test_a_weak_secret_is_replaced_by_one_that_is_made(
    run: Run, clinic: str, obey: Obey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_SECRET_KEY", "short")

    obey("secret_key_short")


def test_a_token_without_an_end_is_revoked(run: Run, clinic: str, obey: Obey) -> None:
    assert add_user(run, clinic).exit_code == 0
    made = run("token", "create", "--clinic", clinic, "--user", "mary", "--expires", "never")
    assert made.exit_code == 0, made.output

    obey("token_endless")


def test_a_restore_is_confirmed_and_a_database_put_back_by_hand_is_entered(
    run: Run, clinic: str, obey: Obey, data_dir: Path, tmp_path: Path
) -> None:
    obey("backup_schedule_off")
    obey("backup_missing")
    (records,) = (tmp_path / "stick").iterdir()
    key = ("--identity", tmp_path / "safe.key")
    assert run("restore", records, *key, "--replace", "--yes").exit_code == 0

    obey("restore_unconfirmed")

    # What was signed is remembered outside of the database, which now knows less of it.
    (memory,) = data_dir.glob("keys/*/signer-memory.json")
    memory.unlink()
    obey("rollback")
