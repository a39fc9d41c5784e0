"""Adds the recalls and the search to the app."""

from __future__ import annotations

from flask import Flask

from compliance.web.recalls import acting, handing_out, listing, recall, search, sheets
from compliance.web.recalls.room import blueprint

PAGES = (listing, recall, acting, sheets, search, handing_out)
"""Each of them adds its routes to the one blueprint when it is imported."""


def register_recalls(app: Flask) -> None:
    """Add the pages; after `register_auth`."""
    app.register_blueprint(blueprint)
