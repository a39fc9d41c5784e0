"""The log as tiles: read back by the format's own rules, they give the signed root."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from compliance.cli import main
from compliance.errors import Conflict
from compliance.keys.storage import load_clinic_keys
from compliance.ledger.entry import decode_entry
from compliance.ledger.note import open_note
from compliance.ledger.tiles import TileWriter, tile_path
from compliance.ledger.tree import hash_leaf, root_hash
from compliance.operations.clinics import find_clinic
from compliance.operations.tiling import Tiled, export_tiles
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, closed_session


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    made = build_house(database, tmp_path, now=NOON)
    closed_session(made, NOON)
    return made


def export(house: House, folder: Path) -> Tiled:
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")
    return export_tiles(house.database, clinic, folder, keys_folder=house.keys_folder)


def read_bundles(folder: Path, size: int) -> list[bytes]:
    """The entries, by nothing but the paths and lengths of the specification."""
    found: list[bytes] = []
    for number in range((size + 255) // 256):
        data = (folder / tile_path("entries", number, min(256, size - number * 256))).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
    return found


def read_level(files: dict[str, bytes], level: int, count: int) -> list[bytes]:
    found: list[bytes] = []
    for number in range((count + 255) // 256):
        tile = files[tile_path(str(level), number, min(256, count - number * 256))]
        found += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    return found


def test_tiles_give_the_root_of_the_checkpoint_and_every_entry(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "tiles"

    made = export(house, folder)

    key = load_clinic_keys(house.keys_folder, house.clinic_id).note_verifier_key
    stated = open_note((folder / "checkpoint").read_text(), verifier=key)
    assert (stated.size, stated.root) == (made.size, made.root)
    bodies = read_bundles(folder, made.size)
    assert [decode_entry(i, body).clinic for i, body in enumerate(bodies)] == (
        [house.clinic_id] * made.size
    )
    leaves = [hash_leaf(body) for body in bodies]
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "tile").rglob("*")
        if path.is_file()
    }
    assert read_level(files, 0, made.size) == leaves
    assert root_hash(leaves) == made.root


def test_a_later_export_continues_the_folder_and_another_log_does_not(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "tiles"
    first = export(house, folder)
    assert export(house, folder).files == 0
    closed_session(house, NOON, client="C-2")

    second = export(house, folder)

    assert second.size > first.size
    assert second.files > 0
    old = next((folder / "tile" / "0").rglob(f"*.p/{first.size}"))
    old.write_bytes(bytes(len(old.read_bytes())))
    width = second.size
    (folder / tile_path("0", 0, width)).write_bytes(b"another log")
    with pytest.raises(Conflict, match="another log"):
        export(house, folder)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_793])
def test_every_level_of_tiles_is_the_tree_recomputed(size: int) -> None:
    leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(size)]
    writer = TileWriter()
    files: dict[str, bytes] = {}
    for leaf in leaves:
        files.update(writer.add(leaf, b"x"))
    files.update(writer.finish())

    assert read_level(files, 0, size) == leaves
    above = [root_hash(leaves[at : at + 256]) for at in range(0, size - 255, 256)]
    assert read_level(files, 1, size // 256) == above
    top = [root_hash(leaves[at : at + 65_536]) for at in range(0, size - 65_535, 65_536)]
    assert read_level(files, 2, size // 65_536) == top
    tiles = [data for path, data in files.items() if not path.startswith("tile/entries")]
    hashed = sum(len(data) // 32 for data in tiles)
    assert hashed == size + size // 256 + size // 65_536


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path("0", 1_234_067, 256) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 12) == "tile/entries/000.p/12"
    assert tile_path("1", 1000, 256) == "tile/1/x001/000"


def test_the_command_writes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()
    made = runner.invoke(
        main,
        ["clinic", "create", "hill", "--name", "Hill", "--profile", "US-NEHA-BAMC-2024"],
        catch_exceptions=False,
    )
    assert made.exit_code == 0, made.output

    done = runner.invoke(main, ["ledger", "export", "--clinic", "hill", str(tmp_path / "out")])

    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "checkpoint").read_text().startswith("aseptrail/")
    missing = runner.invoke(main, ["ledger", "export", "--clinic", "none", str(tmp_path / "out")])
    assert missing.exit_code == 1
