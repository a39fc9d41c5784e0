"""A database with one clinic and people in it; the clock is whatever the tests say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from compliance.domain.access import Actor, Role, system_actor
from compliance.keys.subjects import SubjectKeys
from compliance.operations.identifiers import new_id
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.operations.personal import Keyring
from compliance.operations.sealing import begin_log
from compliance.store.base import Base
from compliance.store.models.people import Clinic
from compliance.store.session import Database, engine_options, prepare_engine

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PASSWORD = "violet tram harbour"
PIN = "246810"

AddPerson = Callable[..., str]
AddClinic = Callable[[str], Actor]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    Base.metadata.create_all(engine)
    opened = Database(engine, lock_file=None)
    yield opened
    opened.dispose()


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
    """Make a clinic with its log and return the command line acting in it."""

    def add(slug: str) -> Actor:
        clinic_id = new_id(NOW)
        actor = system_actor(clinic_id, "tests")
        with database.writing() as tx:
            tx.execute(
                insert(Clinic).values(
                    clinic_id=clinic_id,
                    slug=slug,
                    name=slug.title(),
                    time_zone="Europe/Berlin",
                    language="en",
                    profiles=[],
                    demo=False,
                    created_at=NOW,
                )
            )
            begin_log(tx, clinic_id, {"slug": slug}, actor=actor, now=NOW)
        return actor

    return add


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
