"""Adds the desks of the manager and the inspector to the app."""

from __future__ import annotations

from flask import Flask

from compliance.web.desk.amending import blueprint as amending
from compliance.web.desk.handing_out import blueprint as handing_out
from compliance.web.desk.manager import blueprint as manager
from compliance.web.desk.reports import blueprint as reports
from compliance.web.desk.roots import blueprint as roots
from compliance.web.desk.sessions import blueprint as sessions
from compliance.web.desk.setting_right import blueprint as setting_right
from compliance.web.desk.wrong_device import blueprint as wrong_device


def register_desk(app: Flask) -> None:
    """Add the pages of this package; after `register_identity`."""
    pages = (manager, sessions, amending, reports, roots, setting_right, handing_out, wrong_device)
    for blueprint in pages:
        app.register_blueprint(blueprint)
