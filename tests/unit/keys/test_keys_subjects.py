"""A destroyed key is gone for every process, and sealed bytes cannot be moved or altered."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compliance.keys.subjects import (
    SealBroken,
    SubjectErased,
    SubjectKeys,
    blind_index,
    blind_index_key,
    seal,
    unseal,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "subject-keys.sqlite3"


def test_a_key_is_made_once_and_kept(path: Path) -> None:
    keys = SubjectKeys(path)
    key = keys.key_for("clinic", "person")
    assert len(key) == 32
    assert keys.key_for("clinic", "person") == key
    keys.close()
    again = SubjectKeys(path)
    assert again.find("clinic", "person") == key
    assert again.find("other clinic", "person") is None
    again.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_destroying_is_seen_by_other_processes_and_leaves_no_bytes(path: Path) -> None:
    mine, theirs = SubjectKeys(path), SubjectKeys(path)
    key = mine.key_for("clinic", "person")
    assert theirs.find("clinic", "person") == key
    mine.destroy("clinic", "person")
    assert theirs.find("clinic", "person") is None
    mine.destroy("clinic", "person")
    assert key not in path.read_bytes()
    for keys in (mine, theirs):
        # A new key would seal what nobody erases any more.
        with pytest.raises(SubjectErased):
            keys.key_for("clinic", "person")
    assert theirs.erased("clinic") == ["person"]
    mine.close()
    theirs.close()


def test_many_threads_get_the_same_key(path: Path) -> None:
    keys = SubjectKeys(path)
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = set(pool.map(lambda _: keys.key_for("clinic", "person"), range(40)))
    assert len(found) == 1
    keys.close()


def test_sealed_bytes_open_only_with_their_key_and_place() -> None:
    sealed = seal(b"k" * 32, "Łucja".encode(), b"clinic/client.ref")
    assert unseal(b"k" * 32, sealed, b"clinic/client.ref") == "Łucja".encode()
    for key, content, place in (
        (b"j" * 32, sealed, b"clinic/client.ref"),
        (b"k" * 32, sealed, b"clinic/reason"),
        (b"k" * 32, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"clinic/client.ref"),
        (b"k" * 32, b"\x02" + sealed[1:], b"clinic/client.ref"),
        (b"k" * 32, sealed[:5], b"clinic/client.ref"),
        (b"k" * 32, b"", b"clinic/client.ref"),
    ):
        with pytest.raises(SealBroken):
            unseal(key, content, place)


def test_equal_bytes_are_sealed_differently() -> None:
    assert seal(b"k" * 32, b"x", b"") != seal(b"k" * 32, b"x", b"")


def test_a_blind_index_finds_equal_values_and_parts_everything_else(tmp_path: Path) -> None:
    key = blind_index_key(tmp_path)
    assert key == blind_index_key(tmp_path)
    assert blind_index(key, "c", "f", "Zo\u00eb") == blind_index(key, "c", "f", "Zoe\u0308")
    different = {
        blind_index(key, "c", "f", "x"),
        blind_index(key, "cf", "", "x"),
        blind_index(key, "c", "fx", ""),
        blind_index(b"other" * 7, "c", "f", "x"),
    }
    assert len(different) == 4
