"""One clinic with its keys, and what making reports of it needs; some rooms have a house of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.operations.reporting.workshop import Workshop
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, open_workshop


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


@pytest.fixture
def workshop(house: House, tmp_path: Path) -> Workshop:
    return open_workshop(house, tmp_path / "reports")
