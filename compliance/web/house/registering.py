"""Adding the pages with which a manager sets the house in order."""

from __future__ import annotations

from flask import Flask

from compliance.web.house import (
    clinic,
    drafting,
    importing,
    joining,
    making,
    people,
    person,
    protocols,
    renaming,
    thing,
    things,
)


def register_house(app: Flask) -> None:
    """Add people, things and checklists; after `register_identity`."""
    for module in (
        people,
        person,
        renaming,
        joining,
        clinic,
        things,
        importing,
        making,
        thing,
        protocols,
        drafting,
    ):
        app.register_blueprint(module.blueprint)
