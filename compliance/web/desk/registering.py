"""Adds the desks of the manager and the inspector to the app."""

from __future__ import annotations

from flask import Flask

from compliance.web.desk.amending import blueprint as amending
from compliance.web.desk.manager import blueprint as manager
from compliance.web.desk.reports import blueprint as reports
from compliance.web.desk.roots import blueprint as roots
from compliance.web.desk.sessions import blueprint as sessions


def register_desk(app: Flask) -> None:
    """Add the pages of this package; after `register_identity`."""
    for blueprint in (manager, sessions, amending, reports, roots):
        app.register_blueprint(blueprint)
