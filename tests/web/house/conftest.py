"""The desk's fixtures by the same names: the whole app on a real database with a clinic in it."""

from __future__ import annotations

from web.desk import conftest as desk

password_hash = desk.password_hash
app = desk.app
house = desk.house
filled = desk.filled
visit = desk.visit
manager = desk.manager
