"""Adds the practitioner's tablet and the sterilization room's desk to the app."""

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
    sterilization,
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
        sterilization,
    ):
        app.register_blueprint(module.blueprint)
