"""What is not whole, not ours or not openable is refused, and says why."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.safekeeping.places import SECRET, back_up, bring_back

from compliance.errors import ComplianceError, Conflict, Refused
from compliance.keys.age import Passphrase, WrongKey
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.checking import check_backup
from compliance.operations.safekeeping.journal import read_notes
from compliance.operations.safekeeping.lines import BackupDamaged
from compliance.operations.safekeeping.restoring import Installation
from compliance.store.session import Database
from harbour import House

Lines = list[bytes]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What is in a backup does not depend on the database it came from."""
    return sqlite_database


@pytest.fixture
def plain(house: House, workshop: Workshop, tmp_path: Path) -> Path:
    return back_up(workshop, tmp_path / "plain.jsonl.gz")


def rewrite(path: Path, change: Callable[[Lines], Lines]) -> Path:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(lines))))
    return path


def rehash(lines: Lines) -> Lines:
    """Make the list of parts right again, as a forger would."""
    import hashlib

    parts: list[dict[str, Any]] = []
    for line in lines[:-2]:
        value = json.loads(line)
        if isinstance(value, dict):
            name = value.get("table") or (f"file:{value['file']}" if "file" in value else "head")
            parts.append({"part": name, "rows": int(name == "head"), "sha256": hashlib.sha256()})
        else:
            parts[-1]["rows"] += 1
        parts[-1]["sha256"].update(line)
    end = [{**part, "sha256": part["sha256"].hexdigest()} for part in parts]
    return [
        *lines[:-2],
        (json.dumps({"end": end}, separators=(",", ":")) + "\n").encode(),
        lines[-1],
    ]


def place_of(lines: Lines, table: str) -> int:
    """Where the first row of a table is."""
    start = f'{{"table":"{table}"'.encode()
    return next(at for at, line in enumerate(lines) if line.startswith(start)) + 1


def _change_name(lines: Lines) -> Lines:
    at = place_of(lines, "user_account")
    return [*lines[:at], lines[at].replace("Ó".encode(), b"O", 1), *lines[at + 1 :]]


def _drop_entry(lines: Lines) -> Lines:
    at = place_of(lines, "log_entry") + 3
    return rehash([*lines[:at], *lines[at + 1 :]])


def _change_body(lines: Lines) -> Lines:
    at = place_of(lines, "log_body") + 3
    row = json.loads(lines[at])
    row[2] = "AAAA" + row[2][4:]
    return rehash(
        [*lines[:at], (json.dumps(row, separators=(",", ":")) + "\n").encode(), *lines[at + 1 :]]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_change_name, "another hash"),
        (lambda lines: rehash(_change_name(lines)), "signature is wrong"),
        (_drop_entry, "entry 3 of a log is missing"),
        (_change_body, "entry 3 of a log is not what its hash says"),
        (lambda lines: lines[: len(lines) // 2], "cut off"),
        (lambda lines: lines[:-1], "signatures are missing"),
        (lambda lines: [*lines, b"[]\n"], "goes on after its end"),
        (lambda lines: [b'{"format":"other"}\n', *lines[1:]], "not a backup"),
        (lambda lines: [lines[0], b"[1]\n", *lines[1:]], "outside of any table"),
    ],
    ids=[
        "a name changed",
        "a name changed and hashed again",
        "an entry dropped",
        "an entry changed",
        "cut in the middle",
        "signatures dropped",
        "something added",
        "another format",
        "a stray row",
    ],
)
def test_an_altered_backup_is_refused_with_its_reason(
    change: Callable[[Lines], Lines], said: str, plain: Path
) -> None:
    with pytest.raises(BackupDamaged, match=said):
        check_backup(rewrite(plain, change), None)


def test_a_truncated_or_foreign_file_is_refused_at_any_length(plain: Path) -> None:
    content = plain.read_bytes()
    for size in (0, 5, len(content) // 2, len(content) - 4):
        plain.write_bytes(content[:size])
        with pytest.raises(ComplianceError):
            check_backup(plain, None)


def test_nothing_is_touched_when_a_backup_is_refused(
    workshop: Workshop, tmp_path: Path, elsewhere: Callable[[], Installation]
) -> None:
    made = back_up(workshop, tmp_path / "sealed.age", to=SECRET)
    place = elsewhere()

    with pytest.raises(WrongKey):
        bring_back(place, made, using=Passphrase(text="another passphrase"))
    with pytest.raises(WrongKey, match="encrypted"):
        bring_back(place, made)
    content = made.read_bytes()
    made.write_bytes(content[:-1])
    with pytest.raises(ComplianceError, match="cut off or altered"):
        bring_back(place, made, using=SECRET)

    assert [each.name for each in place.data_dir.iterdir()] == ["keys"]


def test_a_backup_of_newer_software_is_not_restored(
    workshop: Workshop,
    tmp_path: Path,
    elsewhere: Callable[[], Installation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from compliance.operations.safekeeping import backing_up

    monkeypatch.setattr(backing_up, "read_revision", lambda _tx: "9999")
    monkeypatch.setattr(backing_up, "newest_revision", lambda _database, _folder: "9999")
    made = back_up(workshop, tmp_path / "newer.jsonl.gz")

    with pytest.raises(Refused, match="version this software does not know"):
        bring_back(elsewhere(), made)


def test_a_backup_never_overwrites_and_a_failed_one_leaves_nothing(
    workshop: Workshop, tmp_path: Path, plain: Path
) -> None:
    with pytest.raises(Conflict, match="exists already"):
        back_up(workshop, plain)
    with pytest.raises(Refused, match="too short"):
        back_up(workshop, tmp_path / "short.age", to=Passphrase(text="short"))
    folder = tmp_path / "only"
    folder.mkdir()
    for key in workshop.keys_folder.rglob("note.key"):
        key.rename(key.with_name("note.away"))

    with pytest.raises(ComplianceError):
        back_up(workshop, folder)

    assert list(folder.iterdir()) == []
    assert [note.file for note in read_notes(tmp_path)] == [str(plain)]
    assert plain.stat().st_mode & 0o777 == 0o600
