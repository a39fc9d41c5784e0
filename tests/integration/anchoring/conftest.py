"""A clinic that asks authorities and witnesses made by the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from outside import Outside

from compliance.operations.reporting.workshop import Workshop
from compliance.store.session import Database
from givens import NOON, ROOT, Clock
from harbour import House, build_house


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


@pytest.fixture
def outside(clock: Clock) -> Outside:
    return Outside(clock)


@pytest.fixture
def workshop(house: House, tmp_path: Path, outside: Outside) -> Workshop:
    return Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path / "reports",
        anchors=outside.plan(),
    )
