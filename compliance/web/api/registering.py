"""Putting the API into the app."""

from __future__ import annotations

from typing import cast

from apiflask import APIFlask
from flask import Flask

from compliance.web.api import (
    challenges,
    clinic,
    cycles,
    erasures,
    indicators,
    inspector_accesses,
    loads,
    log_files,
    lots,
    packs,
    profiles,
    recalls,
    reports,
    session_notes,
    session_reading,
    session_steps,
    setting_right,
    signed_lists,
    sterilizers,
    things,
    verify,
)
from compliance.web.api.describing import configure_description
from compliance.web.api.docs_page import blueprint as docs_blueprint
from compliance.web.api.routing import (
    CodeConverter,
    ItemConverter,
    TemplateConverter,
    blueprint,
)

MODULES = (
    challenges,
    clinic,
    cycles,
    erasures,
    indicators,
    inspector_accesses,
    loads,
    log_files,
    lots,
    packs,
    profiles,
    recalls,
    reports,
    session_notes,
    session_reading,
    session_steps,
    setting_right,
    signed_lists,
    sterilizers,
    things,
    verify,
)
"""Importing them declares their calls."""


def register_api(app: Flask) -> None:
    """Serve ``/api/v1`` and its readable description; after `register_errors`."""
    app.url_map.converters.update(
        code=CodeConverter, item=ItemConverter, template=TemplateConverter
    )
    configure_description(cast("APIFlask", app))
    app.register_blueprint(blueprint)
    app.register_blueprint(docs_blueprint)
