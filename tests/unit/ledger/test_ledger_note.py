import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger.note import (
    MAX_SIGNATURES,
    MAX_SIZE,
    BadNote,
    Checkpoint,
    key_hash,
    open_note,
    parse_checkpoint,
    parse_verifier_key,
    sign_note,
    verifier_key,
    verify_note,
)

# From the documentation of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_NOTE = (
    PETER_TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
    "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The key of the public Go checksum database; its base64 holds plus signs.
GO_SUMS = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
NAME = "log.example/one"
VERIFIER = verifier_key(NAME, PUBLIC)
CHECKPOINT = Checkpoint(origin=NAME, size=7, root=bytes(32))
NOTE = sign_note(CHECKPOINT.text(), name=NAME, sign=PRIVATE.sign, public_key=PUBLIC)

STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
STRANGER_PUBLIC = STRANGER.public_key().public_bytes_raw()


def _line(name: str, content: bytes) -> str:
    return f"— {name} {base64.b64encode(content).decode()}\n"


def test_the_note_of_the_go_documentation_verifies() -> None:
    assert verify_note(PETER_NOTE, verifier=PETER) == PETER_TEXT


@pytest.mark.parametrize(
    ("verifier", "name", "number"),
    [(PETER, "PeterNeumann", 0xC74F20A3), (GO_SUMS, "sum.golang.org", 0x033DE0AE)],
)
def test_keys_of_go_tools_are_read_and_written_back(verifier: str, name: str, number: int) -> None:
    read_name, public_key = parse_verifier_key(verifier)

    assert read_name == name
    assert key_hash(read_name, public_key) == number
    assert verifier_key(read_name, public_key) == verifier


def test_a_signed_checkpoint_opens() -> None:
    assert open_note(NOTE, verifier=VERIFIER) == CHECKPOINT


def test_every_single_altered_character_is_noticed() -> None:
    for at, character in enumerate(NOTE):
        for other in ("A", "B", "\n", " ", ""):
            if other != character:
                with pytest.raises(BadNote):
                    open_note(NOTE[:at] + other + NOTE[at + 1 :], verifier=VERIFIER)


def test_a_note_by_another_key_of_the_same_name_is_refused() -> None:
    note = sign_note(CHECKPOINT.text(), name=NAME, sign=STRANGER.sign, public_key=STRANGER_PUBLIC)
    with pytest.raises(BadNote):
        open_note(note, verifier=VERIFIER)


def test_a_forged_signature_under_the_right_key_hash_is_refused() -> None:
    number = key_hash(NAME, PUBLIC).to_bytes(4, "big")
    forged = _line(NAME, number + STRANGER.sign(CHECKPOINT.text().encode()))
    with pytest.raises(BadNote):
        open_note(CHECKPOINT.text() + "\n" + forged, verifier=VERIFIER)
    # A good line after the bad one does not help, as in the Go reader.
    with pytest.raises(BadNote):
        open_note(CHECKPOINT.text() + "\n" + forged + NOTE.split("\n\n")[1], verifier=VERIFIER)


def test_lines_of_unknown_keys_are_ignored_before_and_after() -> None:
    text, own = NOTE.split("\n\n")
    unknown = _line("witness.example", b"\x01\x02\x03\x04" + bytes(72))

    assert open_note(f"{text}\n\n{unknown}{own}{unknown}", verifier=VERIFIER) == CHECKPOINT
    with pytest.raises(BadNote):
        open_note(f"{text}\n\n{unknown}", verifier=VERIFIER)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("\n", id="empty-line"),
        pytest.param("- name AAAAAAAA\n", id="hyphen-for-dash"),
        pytest.param("— name\n", id="no-signature"),
        pytest.param("— name \n", id="empty-signature"),
        pytest.param("— AAAAAAAA\n", id="no-name"),
        pytest.param("—  AAAAAAAA\n", id="empty-name"),
        pytest.param("— na+me AAAAAAAA\n", id="plus-in-name"),
        pytest.param("— na\u00a0me AAAAAAAA\n", id="unicode-space-in-name"),
        pytest.param("— name AAAAAAA\n", id="base64-without-padding"),
        pytest.param("— name AAAAAAB=\n", id="base64-with-stray-bits"),
        pytest.param("— name AAAA AAAA\n", id="space-in-base64"),
        pytest.param("— name ÀAAAAAAA\n", id="letter-outside-base64"),
        pytest.param("— name AAAAAA==\n", id="nothing-after-the-key-hash"),
        pytest.param("— name AAAAAAAA\r\n", id="carriage-return"),
        pytest.param("— name AAAAAAAA", id="no-newline"),
    ],
)
def test_a_malformed_signature_line_spoils_the_note_even_beside_a_good_one(line: str) -> None:
    if line:
        with pytest.raises(BadNote):
            open_note(NOTE + line, verifier=VERIFIER)
    with pytest.raises(BadNote):
        open_note(CHECKPOINT.text() + "\n" + line, verifier=VERIFIER)


def test_there_may_be_a_hundred_signatures_and_no_more() -> None:
    unknown = _line("witness.example", bytes(68))

    open_note(NOTE + unknown * (MAX_SIGNATURES - 1), verifier=VERIFIER)
    with pytest.raises(BadNote):
        open_note(NOTE + unknown * MAX_SIGNATURES, verifier=VERIFIER)


def test_a_signed_text_that_is_no_checkpoint_verifies_but_does_not_open() -> None:
    note = sign_note("anything\n", name=NAME, sign=PRIVATE.sign, public_key=PUBLIC)

    assert verify_note(note, verifier=VERIFIER) == "anything\n"
    with pytest.raises(BadNote):
        open_note(note, verifier=VERIFIER)


def test_a_text_may_itself_hold_empty_lines() -> None:
    text = "one\n\ntwo\n\n"
    note = sign_note(text, name=NAME, sign=PRIVATE.sign, public_key=PUBLIC)

    assert verify_note(note, verifier=VERIFIER) == text


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "surrogate \ud800\n", "nul\x00\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(BadNote):
        sign_note(text, name=NAME, sign=PRIVATE.sign, public_key=PUBLIC)


def test_a_signature_by_another_key_than_announced_is_not_issued() -> None:
    with pytest.raises(BadNote):
        sign_note("text\n", name=NAME, sign=STRANGER.sign, public_key=PUBLIC)
    with pytest.raises(BadNote):
        sign_note("text\n", name=NAME, sign=lambda _: b"short", public_key=PUBLIC)


@pytest.mark.parametrize(
    "verifier",
    [
        pytest.param("", id="empty"),
        pytest.param("PeterNeumann", id="name-only"),
        pytest.param("PeterNeumann+c74f20a3", id="no-key"),
        pytest.param(PETER.replace("c74f20a3", "c74f20a4"), id="wrong-hash"),
        pytest.param(PETER.replace("c74f20a3", "C74F20A3"), id="hash-in-capitals"),
        pytest.param(PETER.replace("c74f20a3", "c74f20a"), id="short-hash"),
        pytest.param(PETER.replace("Peter", "Paul"), id="other-name"),
        pytest.param(PETER.replace("+ARpc", "+AhpC"), id="other-algorithm"),
        pytest.param(PETER[:-4], id="short-key"),
        pytest.param(PETER + "\n", id="newline-after"),
        pytest.param(" " + PETER, id="space-before"),
    ],
)
def test_a_malformed_verifier_key_is_refused(verifier: str) -> None:
    with pytest.raises(BadNote):
        parse_verifier_key(verifier)
    with pytest.raises(BadNote):
        verify_note(PETER_NOTE, verifier=verifier)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "\ud800"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(BadNote):
        verifier_key(name, PUBLIC)


def test_a_public_key_of_another_length_is_refused() -> None:
    with pytest.raises(BadNote):
        key_hash(NAME, PUBLIC[:31])


ROOT = base64.b64encode(bytes(32)).decode()


def test_a_checkpoint_is_written_as_three_lines() -> None:
    assert CHECKPOINT.text() == f"log.example/one\n7\n{ROOT}\n"


def test_extension_lines_are_kept() -> None:
    text = f"origin\n0\n{ROOT}\nmore\nand — more\n"
    checkpoint = parse_checkpoint(text)

    assert checkpoint.extensions == ("more", "and — more")
    assert checkpoint.text() == text


@given(
    origin=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_is_read_back_equal(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin=origin, size=size, root=root)

    assert parse_checkpoint(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("origin\n1\n", id="no-root"),
        pytest.param(f"origin\n1\n{ROOT}", id="no-newline-at-end"),
        pytest.param(f"\n1\n{ROOT}\n", id="empty-origin"),
        pytest.param(f"origin\n01\n{ROOT}\n", id="leading-zero"),
        pytest.param(f"origin\n+1\n{ROOT}\n", id="plus-sign"),
        pytest.param(f"origin\n-1\n{ROOT}\n", id="negative"),
        pytest.param(f"origin\n1 \n{ROOT}\n", id="space-after-size"),
        pytest.param(f"origin\n1_0\n{ROOT}\n", id="underscore"),
        pytest.param(f"origin\n١\n{ROOT}\n", id="digit-of-another-script"),
        pytest.param(f"origin\n\n{ROOT}\n", id="empty-size"),
        pytest.param(f"origin\n{MAX_SIZE + 1}\n{ROOT}\n", id="size-too-large"),
        pytest.param(f"origin\n{'9' * 5000}\n{ROOT}\n", id="size-python-will-not-read"),
        pytest.param(f"origin\n1\n{ROOT[:-1]}\n", id="no-padding"),
        pytest.param(f"origin\n1\n{ROOT[:-2]}B=\n", id="stray-bits"),
        pytest.param("origin\n1\nAAAA\n", id="short-root"),
        pytest.param(f"origin\n1\n{ROOT}\n\n", id="empty-extension"),
        pytest.param(f"ori\rgin\n1\n{ROOT}\n", id="control-character"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        pytest.param("two\nlines", 1, bytes(32), id="newline-in-origin"),
        pytest.param("", 1, bytes(32), id="empty-origin"),
        pytest.param("\ud800", 1, bytes(32), id="lone-surrogate"),
        pytest.param("origin", -1, bytes(32), id="negative-size"),
        pytest.param("origin", MAX_SIZE + 1, bytes(32), id="size-too-large"),
        pytest.param("origin", 1, bytes(31), id="short-root"),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_cannot_be_made(
    origin: str, size: int, root: bytes
) -> None:
    with pytest.raises(BadNote):
        Checkpoint(origin=origin, size=size, root=root)
