"""One clinic in the database of the test, and a way to add people; the clock is the tests' own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from compliance.domain.access import Actor, Role
from compliance.keys.subjects import SubjectKeys
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.operations.personal import Keyring
from compliance.store.session import Database
from unit.people.cases import (
    NOW,
    PASSWORD,
    PIN,
    AddClinic,
    AddPerson,
    make_clinic,
)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(subjects=SubjectKeys(tmp_path / "keys" / "subjects"), index_key=bytes(32))


@pytest.fixture(scope="session")
def password_hash() -> PasswordHash:
    """Hashed once: the slowness of the hash is not what the tests are about."""
    return hash_password(PASSWORD, username="somebody")


@pytest.fixture(scope="session")
def pin_hash() -> PasswordHash:
    return hash_pin(PIN)


@pytest.fixture
def add_clinic(database: Database) -> AddClinic:
    return lambda slug: make_clinic(database, slug)


@pytest.fixture
def operator(add_clinic: AddClinic) -> Actor:
    """The command line, acting in the clinic of most tests."""
    return add_clinic("north")


@pytest.fixture
def add_person(
    database: Database, keyring: Keyring, password_hash: PasswordHash, pin_hash: PasswordHash
) -> AddPerson:
    """Make a person through the operation; returns their id."""

    def add(
        actor: Actor,
        username: str,
        *roles: Role,
        pin: bool = False,
        admin: bool = False,
        valid_to: datetime | None = None,
    ) -> str:
        command = CreatePerson(
            username=username,
            display_name=username.title(),
            password_hash=password_hash,
            pin_hash=pin_hash if pin else None,
            roles=frozenset(roles),
            valid_to=valid_to,
            admin=admin,
        )
        with database.writing() as tx:
            return create_person(tx, command, keyring=keyring, actor=actor, now=NOW)

    return add
