"""A report as the product makes it, and the app that made it."""

from __future__ import annotations

import pytest
from web.desk import conftest as desk
from web.desk.visiting import Browser, Filled

password_hash = desk.password_hash
app = desk.app
house = desk.house
filled = desk.filled
visit = desk.visit
manager = desk.manager


@pytest.fixture
def report(filled: Filled, manager: Browser) -> bytes:
    """The report of November of the filled clinic."""
    asked = manager.post("/reports", page="/reports", **{"from": "2026-11-01", "to": "2026-11-20"})
    pdf: bytes = manager.get(f"{asked.headers['Location']}/pdf").data
    return pdf
