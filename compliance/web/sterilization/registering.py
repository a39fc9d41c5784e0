"""Adds the sterilization room to the app."""

from __future__ import annotations

from flask import Flask

from compliance.web.sterilization import (
    board,
    cycle,
    day_tests,
    labels,
    loading,
    pack,
    packs,
    reading,
    releasing,
    spores,
)
from compliance.web.sterilization.room import blueprint

PAGES = (board, loading, reading, day_tests, cycle, releasing, packs, pack, labels, spores)
"""Each of them adds its routes to the one blueprint when it is imported."""


def register_sterilization(app: Flask) -> None:
    """Add the pages; after `register_auth`."""
    app.register_blueprint(blueprint)
