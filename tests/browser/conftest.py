"""A live server over a clinic of its own, a headless Chromium, and pictures when they are asked for."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from sqlalchemy import update
from werkzeug.serving import make_server

from compliance.app import create_app
from compliance.domain.access import Role
from compliance.operations.people.passwords import PasswordHash, hash_password, hash_pin
from compliance.settings import DATABASE_FILE, Settings
from compliance.store.models.people import UserAccount
from compliance.web.context import EXTENSION
from harbour import House, build_house

PASSWORD: Final = "violet tram harbour"
PIN: Final = "246810"
CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PICTURES: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WAIT: Final = 30_000
"""Milliseconds until a thing that should be there counts as missing: room for a busy machine."""

LANDSCAPE: Final = (1024, 768)
PORTRAIT: Final = (768, 1024)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        action="store_true",
        default=False,
        help="write the pictures of docs/pictures again",
    )


def now_to_the_millisecond() -> datetime:
    """The browser lives in real time, so its server does too."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running server and the clinic behind it."""

    url: str
    house: House
    app: Flask


@pytest.fixture(scope="session")
def browser_secrets() -> tuple[PasswordHash, PasswordHash]:
    return hash_password(PASSWORD, username="somebody"), hash_pin(PIN)


@pytest.fixture
def site(
    sqlite_template: Path, tmp_path: Path, browser_secrets: tuple[PasswordHash, PasswordHash]
) -> Iterator[Site]:
    data = tmp_path / "data"
    settings = Settings.from_environ({"COMPLIANCE_DATA_DIR": str(data)})
    shutil.copyfile(sqlite_template, data / DATABASE_FILE)
    app = create_app(replace(settings, idle_lock_seconds=3600), clock=now_to_the_millisecond)
    app.config["RATELIMIT_ENABLED"] = False
    services = app.extensions[EXTENSION]
    house = build_house(services.database, data, now=now_to_the_millisecond())
    password, pin = browser_secrets
    with services.database.writing() as tx:
        tx.execute(update(UserAccount).values(password_hash=password, pin_hash=pin))
    # One line for each style sheet would bury the reason of a failure.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(url=f"http://127.0.0.1:{server.server_port}", house=house, app=app)
    server.shutdown()
    thread.join()
    server.server_close()
    services.database.dispose()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=WAIT)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    yield browser
    browser.close()


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def open_context(chromium: Browser, site: Site) -> Iterator[OpenContext]:
    """Open a browser of its own, with its own cookies; keyword arguments go to Playwright."""
    opened: list[BrowserContext] = []

    def open_one(*, size: tuple[int, int] = LANDSCAPE, **more: object) -> BrowserContext:
        context = chromium.new_context(
            base_url=site.url,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            **more,  # type: ignore[arg-type]  # whatever Playwright takes
        )
        context.set_default_timeout(WAIT)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


def sign_in(page: Page, role: Role) -> Page:
    """Sign in by the form, as a person does."""
    page.goto("/login")
    page.get_by_label("Username").fill(f"harbour-{role.value}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.fixture
def tablet(open_context: OpenContext) -> Page:
    """The practitioner's tablet, landscape."""
    return sign_in(open_context().new_page(), Role.PRACTITIONER)


Picture = Callable[[Page, str], None]


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Keep a picture of what is on the screen, when pictures were asked for."""

    def keep(page: Page, name: str) -> None:
        if request.config.getoption("--screenshots"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            shot = Image.open(BytesIO(page.screenshot()))
            # A screen of ours has few colours, so that a palette is a third of the size.
            shot.convert("RGB").quantize(
                256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
            ).save(PICTURES / f"{name}.png", optimize=True)

    return keep
