"""The desk's fixtures by the same names, with a furnished sterilization room."""

from __future__ import annotations

import pytest
from web.desk import conftest as desk
from web.sterilizers.room import Room, furnish

from givens import Clock
from harbour import House

password_hash = desk.password_hash
app = desk.app
house = desk.house
visit = desk.visit
manager = desk.manager


@pytest.fixture
def room(house: House, clock: Clock) -> Room:
    return furnish(house, clock)
