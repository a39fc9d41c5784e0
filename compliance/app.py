"""Puts the parts together; the only module that knows all of them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from apiflask import APIFlask
from flask import Flask
from jinja2 import StrictUndefined

from compliance.jobs.anchors import looking_after_anchors
from compliance.jobs.backups import looking_after_backups
from compliance.jobs.inbox import Inbox, looking_into_inbox
from compliance.jobs.queue import define_task, open_queue, sweep
from compliance.jobs.tidying import tidying_up
from compliance.jobs.worker import run_worker
from compliance.operations.anchoring.extending import extend_reports
from compliance.operations.anchoring.plan import plan_anchors
from compliance.operations.anchoring.rounds import anchor_due
from compliance.operations.founding import open_keyring
from compliance.operations.reporting.picking_up import pick_up_files
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.scheduling import back_up_if_due, plan_backups
from compliance.settings import Settings
from compliance.store.base import db
from compliance.store.revisions import require_known_revision
from compliance.store.schema import upgrade
from compliance.store.session import Database, engine_options, prepare_engine
from compliance.web.api.registering import register_api
from compliance.web.auth import register_auth
from compliance.web.context import EXTENSION, Services
from compliance.web.desk.registering import register_desk
from compliance.web.erasure.pages import register_erasure
from compliance.web.errors import register_errors
from compliance.web.first_run.registering import register_first_run
from compliance.web.health import register_health
from compliance.web.house.registering import register_house
from compliance.web.identity import register_identity
from compliance.web.inspection.accesses import register_accesses
from compliance.web.inspection.challenge import register_challenge
from compliance.web.inspection.noting import register_noting
from compliance.web.proxies import register_proxies
from compliance.web.recalls.registering import register_recalls
from compliance.web.security import register_security
from compliance.web.sterilization.registering import register_sterilization
from compliance.web.sterilizers.registering import register_sterilizers
from compliance.web.tablet.registering import register_tablet
from compliance.web.verifying.pages import register_verify
from compliance.web.why import register_why

QUEUE: Final = "aseptrail-queue"
"""Under this name the queue of report jobs lies in ``app.extensions``."""

PACKAGE: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
"""Templates, static files and migrations lie in the wheel's package or beside it in a checkout."""


def utc_now() -> datetime:
    """The clock of a running installation, to the millisecond as records keep it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def settings_from_environment(*, demo: bool = False) -> Settings:
    return Settings.from_environ(os.environ, demo=demo)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Flask:
    """Build the application for one installation; opens no connection and writes no table."""
    app = APIFlask(
        "compliance",
        title="Aseptrail",
        version="1",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        spec_path=None,
        docs_path=None,
    )
    app.config.from_pyfile(str(ROOT / "config.py"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions[QUEUE] = open_queue(settings.jobs_url)
    app.extensions[EXTENSION] = _services(app, settings, clock)
    # Security and identity come first: what they ask of a request holds for every page after.
    for register in (
        register_proxies,
        register_health,
        register_security,
        register_why,
        register_first_run,
        register_identity,
        register_noting,
        register_errors,
        register_auth,
        register_desk,
        register_erasure,
        register_challenge,
        register_accesses,
        register_house,
        register_sterilizers,
        register_verify,
        register_tablet,
        register_sterilization,
        register_recalls,
        register_api,
    ):
        register(app)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It warns at every seal that it fetches nothing, which is what we want of it.
    logging.getLogger("pyhanko").setLevel(logging.ERROR)
    return app


def _services(app: APIFlask, settings: Settings, clock: Callable[[], datetime]) -> Services:
    """What every route uses, put together once."""
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        database = Database(
            db.engine,
            lock_file=settings.data_dir / "writer.lock" if settings.uses_sqlite else None,
        )
    keyring = open_keyring(settings.data_dir)
    workshop = Workshop(
        database=database,
        keyring=keyring,
        keys_folder=settings.data_dir / "keys",
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=settings.data_dir / "reports",
        anchors=plan_anchors(settings, settings.data_dir / "keys", clock),
    )
    return Services(
        database=database,
        clock=clock,
        settings=settings,
        keys_folder=workshop.keys_folder,
        keyring=keyring,
        workshop=workshop,
        start_report=define_task(app.extensions[QUEUE], workshop, clock),
        root=ROOT,
    )


def work(app: Flask) -> None:
    """Make reports until told to stop: first what a former worker left, then what comes.

    Scheduled backups are made beside them, and those outside are asked for their word.
    """
    services: Services = app.extensions[EXTENSION]
    sweep(services.workshop, services.start_report, now=services.clock())
    pick_up_files(services.workshop, now=services.clock())
    with (
        looking_after_backups(backup_round(services)),
        looking_after_anchors(_anchors(services)),
        looking_into_inbox(Inbox(services.database, services.settings.inbox, services.clock)),
        tidying_up(services.database, services.clock),
    ):
        run_worker(app.extensions[QUEUE])


def _anchors(services: Services) -> Callable[[], object] | None:
    """What asks everybody outside who is due; nothing where the settings name nobody."""
    if not services.workshop.anchors.asks_anybody:
        return None

    def look() -> object:
        now = services.clock()
        return anchor_due(services.workshop, now=now), extend_reports(services.workshop, now=now)

    return look


def backup_round(services: Services) -> Callable[[], object] | None:
    """What makes a backup if one is due; nothing where the settings want none."""
    plan = plan_backups(services.settings)
    if plan is None:
        return None

    def look() -> object:
        return back_up_if_due(
            services.workshop,
            plan,
            data_dir=services.settings.data_dir,
            migrations=ROOT / "migrations",
            now=services.clock(),
        )

    return look


def migrate(app: Flask) -> None:
    """Bring the database to the newest revision; called at every start.

    Raises:
        DatabaseIsNewer: a later version of this software changed it; nothing is touched.
    """
    services: Services = app.extensions[EXTENSION]
    require_known_revision(services.database, ROOT / "migrations")
    upgrade(services.database, ROOT / "migrations")
