"""A recall in a real browser: readable at both widths and in both themes, worked off by tapping."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browser.conftest import Picture, Site, sign_in
from browser.desking import (
    NARROW,
    SIZES,
    THEMES,
    WIDE,
    clock,
    find_grave_faults,
    site,
    sticks_out,
)
from web.recalls.conftest import fail_a_week

from compliance.domain.access import Role
from givens import Clock

__all__ = ["clock", "site"]
pytestmark = pytest.mark.browser


def test_a_recall_is_readable_and_worked_off_by_tapping(
    site: Site, clock: Clock, open_context: Any, picture: Picture
) -> None:
    recall = fail_a_week(site.house, clock)
    pages = {
        "manager-recalls": "/recalls",
        "manager-recall": f"/recalls/{recall}",
        "manager-search": "/search?q=ROLLER-1",
    }
    for theme in THEMES:
        for size in SIZES:
            page = sign_in(open_context(size=size, color_scheme=theme).new_page(), Role.MANAGER)
            for name, address in pages.items():
                page.goto(address)
                picture(page, f"{name}-{size[0]}-{theme}")
                assert not sticks_out(page), (name, size)
                if size == WIDE:
                    assert find_grave_faults(page) == []

    page.goto(pages["manager-recall"])
    page.get_by_role("button", name=re.compile("^Reached ?: C-1$")).click()
    page.get_by_text("The call is noted: reached.").wait_for()
    # The page goes to what was noted when it is whole, and takes the focus along.
    page.wait_for_load_state()
    page.get_by_label("Scan each pack").fill("P-4")
    page.get_by_label("Scan each pack").press("Enter")
    page.get_by_text("Pack P-4: pulled.").wait_for()


def test_signed_lists_are_found_on_the_recalls_page_and_among_the_reports(
    site: Site, clock: Clock, open_context: Any
) -> None:
    recall = fail_a_week(site.house, clock)
    for size, theme in ((WIDE, "light"), (NARROW, "dark")):
        page = sign_in(open_context(size=size, color_scheme=theme).new_page(), Role.MANAGER)
        page.goto(f"/recalls/{recall}")
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="Make and sign the PDF").click()
        for address in (f"/recalls/{recall}", "/reports"):
            page.goto(address)
            assert not sticks_out(page), (address, size)
            assert find_grave_faults(page) == []
        with page.expect_download() as fetched:
            page.get_by_role("link", name="Recall of sterilizer A1").click()
        # The second press was given the file of the first.
        assert page.get_by_role("link", name="Recall of sterilizer A1").count() == 1
        assert fetched.value.path().read_bytes() == handed_out.value.path().read_bytes()
