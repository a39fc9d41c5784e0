"""The keys travel alone, encrypted, and never over keys that are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.safekeeping.places import MIGRATIONS, SECRET, back_up, bring_back

from compliance.domain.access import system_actor
from compliance.errors import Conflict
from compliance.keys.age import Passphrase, WrongKey, new_identity
from compliance.keys.archive import read_subject_keys
from compliance.keys.checkpoints import CheckpointSigner
from compliance.keys.storage import load_clinic_keys
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.checking import check_backup
from compliance.operations.safekeeping.keys_apart import back_up_keys, restore_keys
from compliance.operations.safekeeping.lines import BackupDamaged
from compliance.operations.safekeeping.restoring import find_installation
from compliance.operations.sealing import append
from compliance.store.session import Database
from givens import NOON
from harbour import House


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Keys lie outside of any database."""
    return sqlite_database


def test_the_keys_come_back_as_they_were(house: House, tmp_path: Path) -> None:
    identity = new_identity()
    note = back_up_keys(tmp_path, tmp_path / "keys.age", identity.recipient, now=NOON)
    other = tmp_path / "other"

    restore_keys(other, Path(note.file), identity)

    old, new = (load_clinic_keys(each / "keys", house.clinic_id) for each in (tmp_path, other))
    assert new.note_verifier_key == old.note_verifier_key
    assert list(read_subject_keys(other)) == list(read_subject_keys(tmp_path))
    assert list(read_subject_keys(other)) != []
    modes = {path.stat().st_mode & 0o077 for path in (other / "keys").rglob("*")}
    assert modes == {0}
    signer = CheckpointSigner(
        name=new.note_name, private_key=new.note_private_key, memory=new.memory_path
    )
    assert signer.remembered() is None


def test_keys_are_never_written_over_others(house: House, tmp_path: Path) -> None:
    note = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)

    with pytest.raises(Conflict, match="holds keys already"):
        restore_keys(tmp_path, Path(note.file), SECRET)
    with pytest.raises(WrongKey):
        restore_keys(tmp_path / "other", Path(note.file), Passphrase(text="wrong"))
    assert not (tmp_path / "other" / "keys" / "root").exists()


def test_a_key_that_was_lost_is_put_back_beside_the_others(house: House, tmp_path: Path) -> None:
    note = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)
    before = load_clinic_keys(tmp_path / "keys", house.clinic_id)
    clinic = tmp_path / "keys" / house.clinic_id
    (clinic / "note.key").unlink()
    (clinic / "signer-memory.json").unlink()

    put_back = restore_keys(tmp_path, Path(note.file), SECRET)

    assert put_back == [f"keys/{house.clinic_id}/note.key"]

    after = load_clinic_keys(tmp_path / "keys", house.clinic_id)
    assert after.note_verifier_key == before.note_verifier_key
    assert (clinic / "note.key").stat().st_mode & 0o077 == 0
    # What was signed since the archive was made is not forgotten by restoring it.
    assert not (clinic / "signer-memory.json").exists()


def test_a_lost_key_is_not_put_back_beside_newer_ones(house: House, tmp_path: Path) -> None:
    note = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)
    clinic = tmp_path / "keys" / house.clinic_id
    (clinic / "note.key").unlink()
    (clinic / "seal.pem").write_bytes(b"of a later rotation")

    with pytest.raises(Conflict, match="older than the last rotation"):
        restore_keys(tmp_path, Path(note.file), SECRET)
    assert not (clinic / "note.key").exists()


def test_records_and_keys_are_not_taken_for_each_other(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    keys = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)
    records = back_up(workshop, tmp_path / "records.age", to=SECRET)

    with pytest.raises(BackupDamaged, match="--keys"):
        check_backup(Path(keys.file), SECRET)
    with pytest.raises(BackupDamaged, match="--keys"):
        restore_keys(tmp_path / "other", records, SECRET)


def test_an_older_archive_of_keys_does_not_bring_back_whom_the_log_says_was_erased(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    keys = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)
    subject = house.practitioner.user_id
    house.keyring.subjects.destroy(house.clinic_id, subject)
    with house.database.writing() as tx:
        actor = system_actor(house.clinic_id, "tests")
        append(tx, actor, "erasure", {"subject": subject}, now=NOON)
    records = back_up(workshop, tmp_path / "records.jsonl.gz")
    other = tmp_path / "other"
    restore_keys(other, Path(keys.file), SECRET)
    assert subject in {each[1] for each in read_subject_keys(other)}

    url = f"sqlite:///{other / 'compliance.sqlite3'}"
    place = find_installation(url, data_dir=other, migrations=MIGRATIONS)
    bring_back(place, records)

    assert subject not in {each[1] for each in read_subject_keys(other)}
