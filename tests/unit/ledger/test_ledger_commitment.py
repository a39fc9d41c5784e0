from hashlib import sha256

import pytest

from compliance.ledger.canonical import JsonValue, NotCanonical
from compliance.ledger.commitment import commit, verify_commitment

SALT = bytes(range(32))


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        pytest.param("Zoë", '"Zoë"'.encode(), id="text"),
        pytest.param(None, b"null", id="null"),
        pytest.param({"b": 1, "a": [True]}, b'{"a":[true],"b":1}', id="object"),
    ],
)
def test_a_commitment_is_the_hash_of_its_documented_parts(value: JsonValue, encoded: bytes) -> None:
    expected = sha256(b"hyg/commit/v1\x00" + b"client.name" + b"\x00" + SALT + encoded)

    commitment = commit("client.name", SALT, value)

    assert commitment == expected.digest()
    assert verify_commitment(commitment, field="client.name", salt=SALT, value=value)


def test_a_commitment_never_changes_between_releases() -> None:
    assert commit("name", bytes(32), "x").hex() == (
        "f63e1a8ab59e063c5396d70eefecbcd8009bc19fe7e079dbb62f5baf9ba4f3a6"
    )


@pytest.mark.parametrize(
    ("field", "salt", "value"),
    [
        pytest.param("other", SALT, "Zoë", id="other-field"),
        pytest.param("name", bytes(32), "Zoë", id="other-salt"),
        pytest.param("name", SALT, "Zoe", id="other-value"),
        pytest.param("name", SALT[:31], "Zoë", id="short-salt"),
        pytest.param("name", SALT, 2**60, id="value-outside-the-subset"),
    ],
)
def test_anything_else_does_not_open_a_commitment(
    field: str, salt: bytes, value: JsonValue
) -> None:
    commitment = commit("name", SALT, "Zoë")

    assert not verify_commitment(commitment, field=field, salt=salt, value=value)
    assert not verify_commitment(commitment[:31], field="name", salt=SALT, value="Zoë")


@pytest.mark.parametrize(
    ("field", "salt", "value"),
    [
        pytest.param("name", bytes(31), "x", id="short-salt"),
        pytest.param("name", bytes(33), "x", id="long-salt"),
        pytest.param("na\x00me", bytes(32), "x", id="nul-in-field"),
        pytest.param("\ud800", bytes(32), "x", id="surrogate-in-field"),
        pytest.param("name", bytes(32), "e\u0301", id="value-not-nfc"),
    ],
)
def test_what_cannot_be_committed_to_is_refused(field: str, salt: bytes, value: JsonValue) -> None:
    with pytest.raises(NotCanonical):
        commit(field, salt, value)
