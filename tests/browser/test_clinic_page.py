"""The clinic's page in a real browser: a slip in the name is set right, on a tablet and at a desk."""

from __future__ import annotations

import pytest
from browser import desking
from browser.conftest import LANDSCAPE, PORTRAIT, OpenContext, Picture, Site, sign_in
from browser.desking import THEMES, WIDE, find_grave_faults, sticks_out
from playwright.sync_api import expect

from compliance.domain.access import Role

pytestmark = pytest.mark.browser

PICTURE = "manager-clinic"

clock = desking.clock
site = desking.site


@pytest.mark.parametrize("theme", THEMES)
def test_a_name_is_set_right_and_every_size_shows_it_whole(
    open_context: OpenContext, site: Site, picture: Picture, theme: str
) -> None:
    page = sign_in(open_context(size=LANDSCAPE, color_scheme=theme).new_page(), Role.MANAGER)
    page.get_by_role("link", name="Clinic", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clinic")

    page.get_by_label("Name of the clinic").fill("Harbor Skin Clinic and Institute for Scars")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".brand-clinic")).to_have_text("Harbor Skin Clinic and Institute for Scars")
    for size in (LANDSCAPE, PORTRAIT, WIDE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        expect(page.get_by_text("The seal still bears the name")).to_be_visible()
        assert find_grave_faults(page) == [], size
        assert not sticks_out(page), size
        if size == WIDE and theme == "light":
            picture(page, f"{PICTURE}-{size[0]}-{theme}")
