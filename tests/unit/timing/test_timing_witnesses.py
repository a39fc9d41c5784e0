"""Witnesses: the protocol answer by answer, the form of a cosignature, and policies."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.errors import Refused
from compliance.keys.storage import KeysMissing
from compliance.keys.witness import Answer, Witness, WitnessStateLost, make_witness, trust_log
from compliance.ledger.cosignature import find_cosignature, parse_witness_key
from compliance.ledger.note import BadNote, Checkpoint, sign_note, verifier_key
from compliance.ledger.policy import BadPolicy, parse_policy
from compliance.ledger.proofs import consistency_proof
from compliance.ledger.tree import hash_leaf, root_hash, subtree_cover
from givens import NOON

ORIGIN = "aseptrail/0192"


class Log:
    """A log of so many leaves that can prove how it grew."""

    def __init__(self, leaves: int, salt: bytes = b"") -> None:
        self.leaves = [hash_leaf(salt + bytes([number])) for number in range(leaves)]
        self.private = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = verifier_key(ORIGIN, self.public)

    def node(self, level: int, index: int) -> bytes:
        return root_hash(self.leaves[index << level : (index + 1) << level])

    def note(self, size: int) -> str:
        text = Checkpoint(origin=ORIGIN, size=size, root=root_hash(self.leaves[:size])).text()
        return sign_note(text, name=ORIGIN, sign=self.private.sign, public_key=self.public)

    def request(self, old: int, size: int) -> bytes:
        proof = consistency_proof(old, size, self.node) if old else ()
        lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof)]
        return ("\n".join(lines) + "\n\n" + self.note(size)).encode()


@pytest.fixture
def log() -> Log:
    return Log(20)


@pytest.fixture
def witness(tmp_path: Path, log: Log) -> Witness:
    make_witness(tmp_path / "w", name="witness.example/w1")
    trust_log(tmp_path / "w", log.verifier)
    return Witness(tmp_path / "w")


def ask(witness: Witness, request: bytes) -> Answer:
    return witness.add_checkpoint(request, now=NOON)


def test_a_witness_cosigns_a_log_as_it_grows(witness: Witness, log: Log) -> None:
    for old, size in ((0, 5), (5, 5), (5, 13), (13, 20)):
        answer = ask(witness, log.request(old, size))
        assert answer.status == 200
        found = find_cosignature(log.note(size) + answer.body.decode(), witness.key)
        assert found is not None
        assert found.at == NOON


def test_a_witness_keeps_what_it_saw_when_it_is_started_anew(
    witness: Witness, log: Log, tmp_path: Path
) -> None:
    ask(witness, log.request(0, 5))
    again = Witness(tmp_path / "w")
    answer = ask(again, log.request(0, 13))
    assert (answer.status, answer.content_type, answer.body) == (409, "text/x.tlog.size", b"5\n")
    assert ask(again, log.request(5, 13)).status == 200


def test_a_second_history_is_never_cosigned(witness: Witness, log: Log) -> None:
    other = Log(20, salt=b"second")
    assert ask(witness, log.request(0, 8)).status == 200
    assert ask(witness, other.request(8, 8)).status == 409
    assert ask(witness, other.request(8, 13)).status == 422
    assert ask(witness, other.request(0, 13)).status == 409
    assert ask(witness, log.request(8, 13)).status == 200


def test_a_log_that_shrank_is_refused(witness: Witness, log: Log) -> None:
    ask(witness, log.request(0, 13))
    assert ask(witness, log.request(5, 8)).status == 409
    shrunk = log.request(0, 8).replace(b"old 0", b"old 13")
    assert ask(witness, shrunk).status == 400


def test_a_proof_too_much_is_refused(witness: Witness, log: Log) -> None:
    extra = base64.b64encode(b"x" * 32)
    first = log.request(0, 5).replace(b"old 0\n", b"old 0\n" + extra + b"\n")
    assert ask(witness, first).status == 422
    ask(witness, log.request(0, 5))
    doubled = log.request(5, 13).replace(b"old 5\n", b"old 5\n" + extra + b"\n")
    assert ask(witness, doubled).status == 422


def test_unknown_logs_and_unknown_keys_are_refused(witness: Witness, log: Log) -> None:
    foreign = log.request(0, 5).replace(ORIGIN.encode(), b"aseptrail/other")
    assert ask(witness, foreign).status == 404
    forged = Log(20)
    forged.private = Ed25519PrivateKey.generate()
    forged.public = forged.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert ask(witness, forged.request(0, 5)).status == 403


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\xff\xfe",
        b"old 05\n\nx\n",
        b"old -1\n\nx\n",
        b"old 0\n\nnot a note\n",
        b"old 0\nnot base64\n\nx\n",
        b"old 0\n" + b"AAAA\n" * 64 + b"\nx\n",
    ],
)
def test_what_cannot_be_read_is_a_bad_request(witness: Witness, request_: bytes) -> None:
    assert ask(witness, request_).status == 400


def test_what_is_too_large_is_not_read(witness: Witness) -> None:
    assert ask(witness, b"x" * 70_000).status == 413


def test_a_witness_whose_memory_is_damaged_signs_nothing(
    witness: Witness, log: Log, tmp_path: Path
) -> None:
    ask(witness, log.request(0, 5))
    (kept,) = (tmp_path / "w" / "seen").iterdir()
    kept.write_text('{"origin": "another", "size": 0, "root": ""}', encoding="utf-8")
    with pytest.raises(WitnessStateLost):
        ask(witness, log.request(5, 13))


def test_a_witness_is_made_once_and_under_a_name_that_notes_can_hold(tmp_path: Path) -> None:
    make_witness(tmp_path / "w", name="w1")
    with pytest.raises(Refused):
        make_witness(tmp_path / "w", name="w1")
    with pytest.raises(Refused):
        make_witness(tmp_path / "v", name="a name")
    with pytest.raises(KeysMissing):
        Witness(tmp_path / "nowhere")


def test_a_cosignature_is_found_only_where_it_is_valid(witness: Witness, log: Log) -> None:
    line = ask(witness, log.request(0, 5)).body.decode()
    assert find_cosignature(log.note(5), witness.key) is None
    with pytest.raises(BadNote):
        find_cosignature(log.note(8) + line, witness.key)


def test_a_published_witness_key_is_read_back(witness: Witness) -> None:
    assert parse_witness_key(witness.key.text()) == witness.key
    name, number, key = witness.key.text().split("+", 2)
    for bad in (
        f"{name}+00000000+{key}",
        f"{name}+{number}",
        verifier_key("log", b"\x01" * 32),
        f"a b+{number}+{key}",
    ):
        with pytest.raises(BadNote):
            parse_witness_key(bad)


def keys(tmp_path: Path, count: int) -> list[str]:
    return [make_witness(tmp_path / f"k{n}", name=f"w{n}").text() for n in range(count)]


def test_a_quorum_of_groups_is_counted_as_the_policy_says(tmp_path: Path) -> None:
    a, b, c, d = keys(tmp_path, 4)
    policy = parse_policy(
        f"# two of three, and the inspectorate\nwitness A {a}\nwitness B {b} https://b.example\n"
        f"witness C {c}\n\twitness\tD {d}\ngroup ABC 2 A B C\ngroup both all ABC D\nquorum both\n".encode()
    )
    assert policy.witnesses["B"].url == "https://b.example"
    for said, reached in (("AB D", True), ("A D", False), ("ABC", False), ("BC D", True)):
        assert policy.is_satisfied(said.__contains__) is reached


def test_a_policy_without_a_quorum_is_never_satisfied(tmp_path: Path) -> None:
    assert not parse_policy(b"quorum none\n").is_satisfied(lambda _: True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum A\n",
        "witness A {0}\n",
        "witness A {0}\nwitness B {0}\nquorum A\n",
        "witness A {0}\nwitness A {1}\nquorum A\n",
        "witness none {0}\nquorum none\n",
        "witness A {0}\ngroup G 2 A\nquorum G\n",
        "witness A {0}\ngroup G 0 A\nquorum G\n",
        "witness A {0}\ngroup G any A A\nquorum G\n",
        "witness A {0}\ngroup G any A\ngroup H any A\nquorum G\n",
        "group G any G\nquorum G\n",
        "witness A {0}\nquorum A\nquorum A\n",
        "witness A {0} https://a extra\nquorum A\n",
        "witness A {0}\r\nquorum A\n",
        "wish A\nquorum none\n",
    ],
)
def test_a_policy_that_says_nothing_definite_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadPolicy):
        parse_policy(text.format(*keys(tmp_path, 2)).encode())


def test_a_cosignatures_time_is_the_witnesss_own(witness: Witness, log: Log) -> None:
    later = NOON + timedelta(days=1, milliseconds=999)
    answer = witness.add_checkpoint(log.request(0, 5), now=later)
    found = find_cosignature(log.note(5) + answer.body.decode(), witness.key)
    assert found is not None
    assert found.at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_tree_of_the_test_is_the_one_of_the_ledger(log: Log) -> None:
    assert [log.node(*place) for place in subtree_cover(0, 16)] == [root_hash(log.leaves[:16])]
