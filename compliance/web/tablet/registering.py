"""Adds the practitioner's tablet to the app."""

from __future__ import annotations

from flask import Flask

from compliance.web.tablet import (
    aftercare,
    amending,
    checklist,
    closing,
    home,
    notes,
    opening,
)


def register_tablet(app: Flask) -> None:
    """Add the pages; after `register_auth`."""
    for module in (
        home,
        opening,
        checklist,
        notes,
        closing,
        aftercare,
        amending,
    ):
        app.register_blueprint(module.blueprint)
