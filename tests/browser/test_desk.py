"""The manager's and the inspector's desk in a real browser."""

from __future__ import annotations

import pytest
from browser import desking
from browser.conftest import OpenContext, Picture, Site, sign_in
from browser.desking import SIZES, THEMES, WIDE, find_grave_faults, sticks_out
from playwright.sync_api import Page, expect
from web.desk.visiting import PASSWORD, Filled

from compliance.domain.access import Role
from compliance.store.reports import update_report
from compliance.store.things import find_device

pytestmark = pytest.mark.browser

clock = desking.clock
site = desking.site
filled = desking.filled
manager = desking.manager


def pen_of(site: Site) -> str:
    with site.house.database.reading() as tx:
        pen = find_device(tx, site.house.clinic_id, "PEN-1")
    assert pen is not None
    return pen.device_id


def make_report(page: Page) -> None:
    """Preview November and make its report, by clicks."""
    page.goto("/reports?from=2026-11-01&to=2026-11-20")
    page.get_by_role("button", name="Make and sign this report").click()
    page.wait_for_url("**/reports/*-*")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=("wide", "narrow"))
def test_every_page_of_the_desk_is_sound_in_both_themes(
    open_context: OpenContext,
    site: Site,
    filled: Filled,
    picture: Picture,
    size: tuple[int, int],
    theme: str,
) -> None:
    page = sign_in(open_context(size=size, color_scheme=theme).new_page(), Role.MANAGER)
    make_report(page)
    pages = {
        "manager-report": page.url,
        "manager-day": "/manager",
        "manager-sessions": "/manager/sessions",
        "manager-session": f"/manager/sessions/{filled.amended}",
        "manager-amend": f"/manager/sessions/{filled.closed}/amend?item=device_sterilized_before",
        "manager-stale": "/manager/stale",
        "manager-device": f"/manager/sessions/{filled.closed}/device?device={pen_of(site)}",
        "manager-reports": "/reports?from=2026-11-01&to=2026-11-20",
        "inspector-desk": "/inspector",
        "inspector-session": f"/inspector/sessions/{filled.amended}",
    }
    for name, address in pages.items():
        page.goto(address)

        assert find_grave_faults(page) == [], name
        assert not sticks_out(page), name
        if theme == "light" or size == WIDE:
            picture(page, f"{name}-{size[0]}-{theme}")


def test_a_manager_works_a_reason_off(manager: Page, filled: Filled) -> None:
    """From the answer on top to the session that stands against it, by one click."""
    manager.goto("/manager")

    manager.locator(".todo").get_by_role("link", name="Open it").first.click()

    expect(manager.get_by_role("heading", level=1)).to_have_text("Open session")
    expect(manager.get_by_text("Left to do")).to_be_visible()


def test_filters_live_in_the_address_and_come_back(manager: Page, filled: Filled) -> None:
    manager.goto("/manager/sessions")
    manager.get_by_label("State").select_option("aborted")
    manager.get_by_role("button", name="Show").click()
    expect(manager.get_by_text("1 session", exact=True)).to_be_visible()

    manager.get_by_role("link", name="C-1003").click()
    manager.go_back()

    assert "state=aborted" in manager.url
    expect(manager.get_by_label("State")).to_have_value("aborted")


def test_the_csv_is_a_download(manager: Page, filled: Filled) -> None:
    manager.goto("/manager/sessions?state=open")

    with manager.expect_download() as caught:
        manager.get_by_role("link", name="Save as CSV").click()

    assert caught.value.suggested_filename == "sessions-harbour-2026-11-20.csv"


def test_the_head_of_a_long_list_stays_in_sight(manager: Page, filled: Filled) -> None:
    manager.set_viewport_size({"width": 1440, "height": 420})
    manager.goto("/manager/sessions")

    manager.mouse.wheel(0, 900)

    head = manager.locator("thead th").first
    expect(head).to_be_in_viewport()


def test_an_amendment_is_made_by_hand(manager: Page, filled: Filled) -> None:
    manager.goto(f"/manager/sessions/{filled.closed}")
    manager.get_by_role("link", name="Amend: Body site").click()
    manager.get_by_label("Neck").check()
    manager.get_by_label("Why the record is corrected").fill("The wrong site was tapped.")
    manager.get_by_label("Your password").fill(PASSWORD)
    manager.get_by_role("button", name="Sign the correction").click()

    expect(manager.get_by_text("The record is amended.")).to_be_visible()
    row = manager.get_by_role("article", name="Body site")
    expect(row.locator("del").first).to_have_text("Face")


def test_progress_moves_without_a_reload_until_the_file_is_there(
    manager: Page, site: Site, filled: Filled
) -> None:
    make_report(manager)
    report_id = manager.url.rsplit("/", 1)[1]
    database, clinic = site.house.database, site.house.clinic_id
    with database.writing() as tx:
        update_report(tx, clinic, report_id, {"state": "running", "done": 3, "total": 9})
    manager.reload()
    expect(manager.get_by_text("3 of 9").first).to_be_visible()

    with database.writing() as tx:
        update_report(tx, clinic, report_id, {"state": "running", "done": 7, "total": 9})
    expect(manager.get_by_text("7 of 9").first).to_be_visible()
    with database.writing() as tx:
        update_report(tx, clinic, report_id, {"state": "done"})

    expect(manager.get_by_role("link", name="Download PDF")).to_be_visible()
    with manager.expect_download() as caught:
        manager.get_by_role("link", name="Download PDF").click()
    assert caught.value.suggested_filename.startswith("harbour-audit-2026-11-01-2026-11-20")


def test_without_scripts_the_report_page_has_a_way_to_look_again(
    open_context: OpenContext, site: Site, filled: Filled
) -> None:
    page = sign_in(open_context(size=WIDE, java_script_enabled=False).new_page(), Role.MANAGER)
    make_report(page)
    report_id = page.url.rsplit("/", 1)[1]
    with site.house.database.writing() as tx:
        update_report(tx, site.house.clinic_id, report_id, {"state": "running"})
    page.reload()
    with site.house.database.writing() as tx:
        update_report(tx, site.house.clinic_id, report_id, {"state": "done"})

    page.get_by_role("link", name="Look again").click()

    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()


def test_an_inspector_finds_the_way_to_records_and_reports(
    open_context: OpenContext, filled: Filled
) -> None:
    page = sign_in(open_context(size=WIDE).new_page(), Role.INSPECTOR)
    page.goto("/inspector")

    page.get_by_role("link", name="C-1002").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_role("link", name="Amend")).to_have_count(0)
    page.goto("/inspector")
    page.get_by_role("link", name="Reports").first.click()

    expect(page.get_by_role("heading", name="Reports to take away")).to_be_visible()


def test_the_keyboard_leads_about_the_desk_but_not_while_somebody_types(
    manager: Page, filled: Filled
) -> None:
    manager.goto("/manager")

    manager.keyboard.press("?")
    expect(manager.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    manager.keyboard.press("Escape")
    manager.keyboard.press("g")
    manager.keyboard.press("s")
    manager.wait_for_url("**/manager/sessions")
    manager.keyboard.press("/")
    manager.keyboard.press("g")
    manager.keyboard.press("d")
    expect(manager.get_by_role("heading", level=1)).to_have_text("Sessions")
    manager.locator("h1").click()
    manager.evaluate("document.activeElement.blur()")
    manager.keyboard.press("g")
    manager.keyboard.press("r")
    manager.wait_for_url("**/reports")


def test_each_page_says_why_it_exists_when_asked(manager: Page, filled: Filled) -> None:
    manager.goto("/manager/stale")

    manager.get_by_text("Why this page?").click()

    expect(manager.get_by_text("A session that nobody ends")).to_be_visible()
