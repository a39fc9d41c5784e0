"""The whole app on a real database with a filled clinic; the desk's fixtures, by the same names."""

from __future__ import annotations

import pytest
from web.desk import conftest as desk
from web.desk.visiting import Browser, browse

from compliance.app import create_app

app = desk.app
house = desk.house
password_hash = desk.password_hash
visit = desk.visit
manager = desk.manager
filled = desk.filled

__all__ = ["Browser", "browse", "create_app", "pytest"]
