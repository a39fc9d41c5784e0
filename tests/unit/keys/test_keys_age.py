"""The age format: what another program wrote opens, and what was altered does not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.keys.age import (
    Identity,
    Passphrase,
    Recipient,
    WrongKey,
    decrypt_from,
    encrypt_to,
    new_identity,
    parse_identity,
    parse_recipient,
)
from compliance.keys.age_stream import CHUNK_BYTES, TAG_BYTES, FileDamaged
from compliance.keys.bech32 import BadSpelling
from givens import ROOT

DATA = ROOT / "tests" / "data" / "age"
SENTENCE = (b"Aseptrail reads what another program wrote.\n" * 5)[:200]
IDENTITY = new_identity()


def encrypted(content: bytes, to: Passphrase | Recipient = IDENTITY.recipient) -> bytes:
    target = io.BytesIO()
    writer, _ = encrypt_to(target, to)
    writer.write(content)
    writer.finish()
    return target.getvalue()


def opened(data: bytes, using: Passphrase | Identity = IDENTITY) -> bytes:
    return decrypt_from(io.BytesIO(data), using).readall() or b""


def test_a_file_that_another_program_wrote_opens() -> None:
    identity = parse_identity((DATA / "identity.txt").read_text())

    assert opened((DATA / "to-a-key.age").read_bytes(), identity) == SENTENCE
    passphrase = Passphrase(text="correct horse battery")
    assert opened((DATA / "to-a-passphrase.age").read_bytes(), passphrase) == SENTENCE


def test_keys_are_spelled_as_the_specification_spells_them() -> None:
    secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    public = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

    identity = parse_identity(secret)

    assert identity.spell() == secret
    assert str(identity.recipient) == public
    assert parse_recipient(f"# the safe\n{public}\n") == identity.recipient


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwq",
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73Equnujwj",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    ],
    ids=["nothing", "a slip", "mixed case", "the secret half"],
)
def test_a_slip_in_a_public_key_is_found(text: str) -> None:
    with pytest.raises(BadSpelling):
        parse_recipient(text)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000])
def test_every_length_comes_back(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)

    assert opened(encrypted(content)) == content


def test_the_wrong_key_is_named_as_such() -> None:
    with pytest.raises(WrongKey):
        opened(encrypted(b"x"), new_identity())
    sealed = encrypted(b"x", Passphrase(text="right"))
    with pytest.raises(WrongKey):
        opened(sealed, Passphrase(text="wrong"))
    with pytest.raises(WrongKey, match="passphrase"):
        opened(sealed)


def _swap_chunks(data: bytes) -> bytes:
    start = data.index(b"\n--- ") + 49 + 16
    whole = CHUNK_BYTES + TAG_BYTES
    first, second = data[start : start + whole], data[start + whole : start + 2 * whole]
    return data[:start] + second + first + data[start + 2 * whole :]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data[: -(CHUNK_BYTES // 2)],
        lambda data: data[: len(data) - (len(data) - 216) % (CHUNK_BYTES + TAG_BYTES)],
        lambda data: data + b"\x00",
        lambda data: data[:-200] + bytes([data[-200] ^ 1]) + data[-199:],
        _swap_chunks,
        lambda data: data.replace(b"--- ", b"-> grease\n\n--- ", 1),
        lambda data: data[:30],
        lambda _data: b"",
        lambda data: b"not one of these files\n" + data,
    ],
    ids=[
        "one byte short",
        "half a chunk short",
        "about a chunk short",
        "one byte more",
        "one bit flipped",
        "chunks exchanged",
        "header added to",
        "cut in the header",
        "empty",
        "something else",
    ],
)
def test_what_was_altered_or_cut_off_does_not_open(harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises(FileDamaged):
        opened(harm(encrypted(bytes(300_000))))


def test_a_file_cannot_demand_all_the_memory() -> None:
    greedy = encrypted(b"x", Passphrase(text="p")).replace(b" 17\n", b" 40\n", 1)

    with pytest.raises(FileDamaged):
        opened(greedy, Passphrase(text="p"))


def test_whoever_wrote_a_file_can_read_it_back_without_the_secret_half(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as target:
        writer, key = encrypt_to(target, IDENTITY.recipient)
        writer.write(b"content")
        writer.finish()
        target.seek(0)

        assert decrypt_from(target, key).readall() == b"content"
