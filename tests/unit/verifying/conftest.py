"""One clinic for all verification tests; making keys and signing takes most of the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from unit.verifying.building import Clinic, make_clinic, parts_of, seal


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verifying")


@pytest.fixture(scope="session")
def clinic(room: Path) -> Clinic:
    """Not to be written to; tests that change a log make their own."""
    return make_clinic(room / "keys")


@pytest.fixture(scope="session")
def report(clinic: Clinic, room: Path) -> bytes:
    return seal(parts_of(clinic), clinic, room)


@pytest.fixture(scope="session")
def roots(clinic: Clinic) -> list[x509.Certificate]:
    return [clinic.root.certificate]
