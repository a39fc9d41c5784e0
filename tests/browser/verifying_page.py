"""The verifier in one file, opened from a disk with the network off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser, Page

from compliance.report.verifier_page import build_page, installed_sources

Made = TypeVar("Made")


@contextmanager
def opened_verifier(chromium: Browser, folder: Path) -> Iterator[Page]:
    """Open it once for many tests; afterwards the browser must not have complained of anything."""
    file = folder / "verify.html"
    file.write_text(build_page(installed_sources(), software="Aseptrail 0"), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1024, "height": 768})
    context.set_offline(True)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    context.close()
    assert complaints == []


def away_from_the_browser(work: Callable[[], Made]) -> Made:
    """Seal and judge in another thread: the browser keeps an event loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        return elsewhere.submit(work).result()
