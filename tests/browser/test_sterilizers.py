"""The manager's desk of sterilizers in a real browser."""

from __future__ import annotations

import pytest
from browser import desking
from browser.conftest import OpenContext, Picture, Site, sign_in
from browser.desking import NARROW, WIDE, find_grave_faults, sticks_out
from playwright.sync_api import Page, expect
from web.sterilizers.room import TEXT_LOG, Room, bind, dac_log, furnish

from compliance.domain.access import Role
from givens import Clock

pytestmark = pytest.mark.browser

clock = desking.clock
site = desking.site
manager = desking.manager


@pytest.fixture
def room(site: Site, clock: Clock) -> Room:
    bind(site.house, "US-GA-511-3-8", "US-CDC-dental", "UK-HTM-01-05", now=clock.now)
    return furnish(site.house, clock)


def keep_wide(picture: Picture, page: Page, name: str) -> None:
    picture(page, f"{name}-{WIDE[0]}-light")


@pytest.mark.parametrize(
    ("size", "theme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")], ids=str
)
def test_every_page_is_sound_in_both_themes(
    open_context: OpenContext,
    site: Site,
    room: Room,
    picture: Picture,
    size: tuple[int, int],
    theme: str,
) -> None:
    page = sign_in(open_context(size=size, color_scheme=theme).new_page(), Role.MANAGER)
    pages = {
        "manager-sterilizers": "/manager/sterilizers",
        "manager-sterilizer": "/manager/sterilizers/A1",
        "manager-sterilizer-new": "/manager/sterilizers/new",
        "manager-cycles": "/manager/cycles",
        "manager-cycle": f"/manager/cycles/{room.copied}",
        "manager-cycle-failed": f"/manager/cycles/{room.failed}",
        "manager-imports": "/manager/imports",
        "manager-import": f"/manager/imports/{room.copied_file.sha256}",
        "manager-rules": "/manager/rules",
    }
    for name, address in pages.items():
        page.goto(address)

        if (size, theme) == (WIDE, "light") or name in ("manager-cycle", "manager-sterilizers"):
            assert find_grave_faults(page) == [], name
        assert not sticks_out(page), name
        picture(page, f"{name}-{size[0]}-{theme}")


def test_the_curve_is_drawn_and_follows_the_theme(
    manager: Page, room: Room, picture: Picture
) -> None:
    complaints: list[str] = []
    manager.on(
        "console", lambda each: complaints.append(each.text) if each.type == "error" else None
    )
    manager.on("pageerror", lambda each: complaints.append(str(each)))
    manager.goto(f"/manager/cycles/{room.good}")

    expect(manager.locator("[data-curve] canvas")).to_be_visible()
    manager.locator(".curve").scroll_into_view_if_needed()
    keep_wide(picture, manager, "manager-curve")
    before = manager.locator("[data-curve] canvas").evaluate("each => each.toDataURL()")
    manager.get_by_role("button", name="Switch between light and dark").click()
    manager.wait_for_function(
        "former => document.querySelector('[data-curve] canvas')?.toDataURL() !== former",
        arg=before,
    )
    manager.get_by_text("The readings as a table").click()

    expect(manager.get_by_role("region", name="Readings").get_by_role("row")).to_have_count(8)
    assert complaints == []


def test_a_mapping_is_set_up_beside_its_sample_and_reads_the_file(
    manager: Page, room: Room, picture: Picture
) -> None:
    manager.goto("/manager/sterilizers/A1/mapping")
    sample = {"name": "nova.txt", "mimeType": "text/plain", "buffer": TEXT_LOG.encode()}
    manager.get_by_label("Sample file").set_input_files(sample)  # type: ignore[arg-type]
    manager.get_by_role("button", name="Show its lines").click()
    for label, words in (
        ("A cycle begins with the words", "*** CYCLE"),
        ("Its last line begins with", "*** END"),
        ("Words by which the machine", "ALARM"),
        ("Cycle number", "Cycle no"),
        ("Date", "Date"),
        ("Time of the start", "Start"),
        ("Time of the end", "*** END"),
        ("Program", "Program"),
        ("Lowest temperature reached", "T min"),
        ("Hold reached", "Plateau"),
    ):
        manager.get_by_label(label, exact=label == "Date").fill(words)
    preview = manager.locator("#found")
    expect(preview.get_by_text("2 cycles")).to_be_visible()
    expect(preview.get_by_text("20 Nov 2026, 08:15:00")).to_be_visible()
    manager.get_by_role("heading", level=1).scroll_into_view_if_needed()
    keep_wide(picture, manager, "manager-mapping")
    manager.get_by_role("button", name="Save the mapping").click()
    manager.wait_for_url("**/manager/imports?sterilizer=A1")
    manager.get_by_label("Log file").set_input_files(sample)  # type: ignore[arg-type]
    manager.get_by_role("button", name="Bring it in").click()

    expect(manager.get_by_text("Mapping of this sterilizer, version 1")).to_be_visible()
    expect(manager.get_by_role("link", name="Cycle 0043, failed")).to_be_visible()


def test_a_flag_is_decided_by_name_and_a_sterilizer_suspended(manager: Page, room: Room) -> None:
    manager.goto(f"/manager/cycles/{room.copied}")
    flag = manager.locator("#flag-identical_curve")
    flag.get_by_text("Decide", exact=True).click()
    flag.get_by_label("This load is not used").check()
    flag.get_by_label("Reason").fill("The two logs agree in every reading.")
    flag.get_by_role("button", name="Enter the decision").click()

    expect(flag.get_by_text("The two logs agree in every reading.")).to_be_visible()

    manager.goto("/manager/sterilizers/A1")
    manager.get_by_text("Change where it stands").click()
    manager.get_by_label("Suspend it", exact=True).check()
    manager.get_by_label("Reason").fill("A log of it was copied.")
    manager.get_by_role("button", name="Enter it").click()
    expect(manager.get_by_text("A1 is now: suspended.")).to_be_visible()


def test_a_log_is_brought_in_and_accounted_for(manager: Page, room: Room, clock: Clock) -> None:
    manager.goto("/manager/imports")
    content = b"stray line\r\n" + dac_log(number="13", started=clock.now)
    log = {"name": "log.txt", "mimeType": "text/plain", "buffer": content}
    manager.get_by_label("Log file").set_input_files(log)  # type: ignore[arg-type]
    manager.locator("#sterilizer").select_option("A1")
    manager.get_by_role("button", name="Bring it in").click()

    expect(manager.get_by_role("heading", level=1)).to_have_text("log.txt")
    expect(manager.get_by_text("together they are the whole file")).to_be_visible()
    with manager.expect_download() as caught:
        manager.get_by_role("link", name="Download as it arrived").click()
    assert caught.value.path().read_bytes() == content
