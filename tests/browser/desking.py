"""A desk to look at: a clinic with five days behind it, at a fixed time, behind a live server."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from browser.conftest import Site, sign_in
from playwright.sync_api import Page
from web.desk.visiting import Filled, fill, let_sign_in
from werkzeug.serving import make_server

from compliance.app import create_app
from compliance.domain.access import Role
from compliance.operations.people.passwords import PasswordHash
from compliance.settings import DATABASE_FILE, Settings
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import build_house, closed_session

WIDE: Final = (1440, 900)
NARROW: Final = (768, 1024)
SIZES: Final = (WIDE, NARROW)
THEMES: Final = ("light", "dark")
_AXE: Final = Path(__file__).resolve().parent / "vendor" / "axe.min.js"
_GRAVE: Final = frozenset({"serious", "critical"})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(
    sqlite_template: Path,
    tmp_path: Path,
    browser_secrets: tuple[PasswordHash, PasswordHash],
    clock: Clock,
) -> Iterator[Site]:
    """In place of the live clock's site: what is on the pages must not depend on the day."""
    data = tmp_path / "data"
    settings = replace(
        Settings.from_environ({"COMPLIANCE_DATA_DIR": str(data)}),
        jobs_url="inline",
        idle_lock_seconds=86_400,
    )
    shutil.copyfile(sqlite_template, data / DATABASE_FILE)
    app = create_app(settings, clock=clock)
    app.config["RATELIMIT_ENABLED"] = False
    services = app.extensions[EXTENSION]
    clock.tick(days=-40)
    house = build_house(services.database, data, now=clock.now)
    let_sign_in(house, browser_secrets[0])
    clock.tick(days=40)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(url=f"http://127.0.0.1:{server.server_port}", house=house, app=app)
    server.shutdown()
    thread.join()
    server.server_close()
    services.database.dispose()


@pytest.fixture
def filled(site: Site, clock: Clock) -> Filled:
    made = fill(site.house, clock)
    for number in range(4):
        clock.tick(minutes=-10)
        closed_session(site.house, clock.now, client=f"K-{2041 + number}")
    clock.tick(minutes=40)
    return made


@pytest.fixture
def manager(open_context: Any) -> Page:
    """The manager's computer."""
    return sign_in(open_context(size=WIDE).new_page(), Role.MANAGER)


def find_grave_faults(page: Page) -> list[str]:
    """What axe calls serious or critical on this page, with where it is."""
    page.evaluate(_AXE.read_text(encoding="utf-8") + "\n;undefined;")
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']}"
        for each in found["violations"]
        if each["impact"] in _GRAVE
        for node in each["nodes"]
    ]


def sticks_out(page: Page) -> bool:
    """Whether the page has to be scrolled sideways."""
    answer: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return answer
