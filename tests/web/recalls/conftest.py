"""A clinic in which a spore test has just failed: the desk's app, and a room with packs and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from integration.sterilization.recalled import (
    add_machine,
    load,
    only_recall,
    spore,
    started,
)
from web.desk import conftest as desk
from web.desk.visiting import Browser

from compliance.domain.sterilization.words import Growth
from givens import Clock
from harbour import House

password_hash = desk.password_hash
app = desk.app
house = desk.house
visit = desk.visit
manager = desk.manager
inspector = desk.inspector


@pytest.fixture
def recall(house: House, clock: Clock) -> str:
    """Two loads, three of their four packs opened, one client spared; returns the recall's id."""
    return fail_a_week(house, clock)


def fail_a_week(house: House, clock: Clock) -> str:
    """Growth in the second load; the clock ends an hour after it was read."""
    begin = clock.now - timedelta(days=3)
    add_machine(house, begin)
    good = load(house, "100", (), begin)
    spore(house, good, Growth.NO_GROWTH, begin + timedelta(hours=1))
    load(house, "101", ("P-1", "P-2"), begin + timedelta(hours=2))
    bad = load(house, "102", ("P-3", "P-4", "P-5"), begin + timedelta(hours=3))
    for number, pack in ((1, "P-1"), (2, "P-2"), (3, "P-3")):
        treated = begin + timedelta(hours=3 + number)
        started(house, treated, client=f"C-{number}", pack=pack)
    started(house, begin + timedelta(hours=8), client="C-9")
    spore(house, bad, Growth.GROWTH, clock.now - timedelta(hours=1))
    return only_recall(house).recall_id


@pytest.fixture
def operator(visit: Callable[[str], Browser]) -> Browser:
    return visit("operator")


@pytest.fixture
def practitioner(visit: Callable[[str], Browser]) -> Browser:
    return visit("practitioner")
