from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from compliance.errors import Refused
from compliance.operations.people.passwords import check_secret, hash_password, hash_pin


@pytest.mark.parametrize(
    "password",
    ["short-one", "x" * 201, "Practitioner", "password123", "QWERTYUIOP"],
    ids=["nine characters", "201 characters", "the username", "common", "common in capitals"],
)
def test_weak_passwords_are_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(Refused) as refused:
        hash_password(password, username="practitioner")
    assert refused.value.field == "password"
    assert password not in str(refused.value)


@pytest.mark.parametrize("name", ["practitioner", "operator", "manager", "inspector", "admin"])
def test_the_passwords_of_the_demo_are_accepted(name: str) -> None:
    stored = hash_password(f"demo-{name}", username=name)
    assert check_secret(stored, f"demo-{name}").matches
    assert not check_secret(stored, f"demo-{name}x").matches


def test_hashes_use_the_owasp_setting() -> None:
    assert hash_pin("246810").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "pin",
    ["12345", "1234567890123", "12a456", "１２３４５７", "000000", "123456", "987654", "890123"],
)
def test_pins_that_are_no_pins_or_too_easy_are_refused(pin: str) -> None:
    with pytest.raises(Refused):
        hash_pin(pin)


def test_the_same_letters_spelled_differently_are_the_same_password() -> None:
    stored = hash_password("caf\u00e9 au lait", username="x")
    assert check_secret(stored, "cafe\u0301 au lait").matches


def test_an_older_hash_is_renewed_when_it_matches() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("violet tram harbour")
    proof = check_secret(old, "violet tram harbour")
    assert proof.matches
    assert proof.renewed is not None
    assert "m=19456" in proof.renewed
    assert check_secret(old, "wrong").renewed is None


def test_without_a_stored_hash_nothing_matches() -> None:
    assert not check_secret(None, "").matches
    assert not check_secret("not a hash", "x").matches
