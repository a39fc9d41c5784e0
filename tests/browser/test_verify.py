"""Checking a report in a real browser, by choosing a file and by dropping it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from browser import desking
from browser.conftest import OpenContext, Picture, sign_in
from browser.desking import SIZES, THEMES, WIDE, find_grave_faults, sticks_out
from playwright.sync_api import Page, expect
from web.desk.visiting import Filled

from compliance.domain.access import Role

pytestmark = pytest.mark.browser

clock = desking.clock
site = desking.site
filled = desking.filled
manager = desking.manager


@pytest.fixture
def report(manager: Page, filled: Filled, tmp_path: Path) -> Path:
    """The report of November as a manager downloads it."""
    manager.goto("/reports?from=2026-11-01&to=2026-11-20")
    manager.get_by_role("button", name="Make and sign this report").click()
    with manager.expect_download() as caught:
        manager.get_by_role("link", name="Download PDF").click()
    path = tmp_path / "audit.pdf"
    caught.value.save_as(path)
    return path


def check(page: Page, path: Path) -> None:
    page.goto("/verify")
    page.get_by_label("Drop the PDF here, or choose it").set_input_files(path)
    page.get_by_role("button", name="Check the report").click()
    expect(page.locator("#verdict")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=("wide", "narrow"))
def test_the_checking_pages_are_sound_in_both_themes(
    open_context: OpenContext,
    report: Path,
    tmp_path: Path,
    picture: Picture,
    size: tuple[int, int],
    theme: str,
) -> None:
    page = open_context(size=size, color_scheme=theme).new_page()
    changed = tmp_path / "changed.pdf"
    content = bytearray(report.read_bytes())
    content[len(content) // 3] ^= 1
    changed.write_bytes(content)
    for name, path in (("form", None), ("root", None), ("accepted", report), ("rejected", changed)):
        if path is None:
            page.goto("/verify" if name == "form" else "/root")
        else:
            check(page, path)

        assert find_grave_faults(page) == [], name
        assert not sticks_out(page), name
        if theme == "light" or size == WIDE:
            picture(page, f"verify-{name}-{size[0]}-{theme}")


def test_a_stranger_checks_a_report_without_scripts(
    open_context: OpenContext, report: Path
) -> None:
    page = open_context(size=WIDE, java_script_enabled=False).new_page()

    check(page, report)

    expect(page.locator(".verdict-word")).to_have_text("Accepted")
    expect(page.get_by_role("heading", name="Record 62")).to_be_visible()


def test_a_file_can_be_dropped_anywhere_on_the_panel(
    open_context: OpenContext, report: Path
) -> None:
    page = open_context(size=WIDE).new_page()
    page.goto("/verify")
    packed = base64.b64encode(report.read_bytes()).decode()
    dropped = page.evaluate_handle(
        """(packed) => {
          const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "audit.pdf", { type: "application/pdf" }));
          return data;
        }""",
        packed,
    )

    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    page.get_by_role("button", name="Check the report").click()

    expect(page.locator(".verdict-word")).to_have_text("Accepted", timeout=30_000)


def test_whoever_is_signed_in_keeps_their_place(open_context: OpenContext, report: Path) -> None:
    page = sign_in(open_context(size=WIDE).new_page(), Role.INSPECTOR)

    check(page, report)

    expect(page.get_by_role("link", name="Inspector", exact=True)).to_be_visible()
