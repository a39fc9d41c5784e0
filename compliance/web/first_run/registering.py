"""Adding what an installation shows once, and what tablets need to trust it."""

from __future__ import annotations

from flask import Flask

from compliance.web.first_run.door import FirstRun, keep_to_first_run
from compliance.web.first_run.pages import blueprint as pages
from compliance.web.first_run.sheet import blueprint as sheet
from compliance.web.first_run.trust import blueprint as trust


def register_first_run(app: Flask) -> None:
    """Add the pages; after `register_security` and before `register_identity`.

    Whoever comes while there is no clinic is sent to the first page before anybody
    asks who they are.
    """
    app.extensions[FirstRun.NAME] = FirstRun()
    app.before_request(keep_to_first_run)
    for blueprint in (pages, sheet, trust):
        app.register_blueprint(blueprint)
