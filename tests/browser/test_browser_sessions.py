"""A practitioner records a whole session of each seed protocol, by clicks alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from browser.conftest import (
    PASSWORD,
    PORTRAIT,
    OpenContext,
    Picture,
    Site,
    now_to_the_millisecond,
    sign_in,
)
from browser.practising import COMMON_BEFORE, Practice, device_after, device_before
from playwright.sync_api import Page, expect

from compliance.domain.access import Role
from harbour import released_pack

pytestmark = pytest.mark.browser

Do = Callable[[Practice], None]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What one protocol asks besides what all of them ask."""

    name: str
    device: str
    material: str
    before: tuple[Do, ...]
    during: tuple[Do, ...]
    after: tuple[Do, ...]
    ends: str = "Closed"


def press(item: str, button: str) -> Do:
    return lambda practice: practice.press(item, button)


def measure(item: str, value: str) -> Do:
    return lambda practice: practice.measure(item, value)


def product(item: str, name: str, lot: str) -> Do:
    return lambda practice: practice.product(item, name, lot)


PROTOCOLS = (
    Protocol(
        "Needle roller",
        "Roller 1",
        "Titanium",
        (press("pain_relief", "None"),),
        (
            measure("depth", "0.3"),
            measure("duration", "12"),
            press("serum_applied", "None"),
            press("unbearable_pain", "No"),
        ),
        (),
        "Signed. It waits for sterilization",
    ),
    Protocol(
        "Roller or pen, by an expert",
        "Pen 1",
        "Surgical steel",
        (press("indication", "Acne scars"), measure("course_number", "2")),
        (measure("depth", "1.5"), press("serum_applied", "None")),
        (),
    ),
    Protocol(
        "Pen with topical anaesthetic",
        "Pen 1",
        "Surgical steel",
        (
            press("anaesthetic", "Applied"),
            product("anaesthetic_lot", "Numbing cream", "N5"),
            measure("anaesthetic_minutes", "60"),
        ),
        (
            measure("depth", "0,8"),
            measure("duration", "30"),
            press("serum_applied", "Applied"),
            product("serum_lot", "Hyaluron", "H3"),
        ),
        (product("calming_balm", "Calm balm", "B2"),),
    ),
    Protocol(
        "Dermatology clinic device",
        "Tip 1",
        "Titanium",
        (press("qualified_specialist", "Yes"), press("anaesthetic", "None")),
        (measure("depth", "2.5"), press("serum_applied", "None")),
        (),
    ),
    Protocol(
        "Cosmetic or medical microneedling",
        "Tip 1",
        "Titanium",
        (),
        (measure("depth", "0.5"), press("serum_applied", "None")),
        (product("aftercare_product", "Balm", "B9"),),
    ),
)


def record(practice: Practice, protocol: Protocol, *, client: str) -> None:
    """Open, answer everything in turn, and close; what is left falls with every answer."""
    practice.open(client, protocol.name, protocol.device)
    left = [practice.left()]
    assert left[0] >= 10
    for do in (
        lambda practice: practice.sign_consent(),
        *(press(item, button) for item, button in COMMON_BEFORE),
        *protocol.before,
        lambda practice: device_before(practice, protocol.device),
        press("needle_material", protocol.material),
    ):
        do(practice)
        left.append(practice.left())
    assert left[-1] == 0
    assert left[-2] == 1
    practice.step("Start treatment")
    for do in protocol.during:
        do(practice)
    practice.step("Finish treatment")
    refuse_closing(practice)
    left = [practice.left()]
    for do in (
        press("skin_disinfected_after", "Yes"),
        *protocol.after,
        lambda practice: device_after(practice, protocol.device),
        press("reaction", "As expected"),
        press("aftercare_given", "Yes"),
    ):
        do(practice)
        left.append(practice.left())
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == len(left)
    assert left[-1] == 0
    practice.close(PASSWORD)
    expect(practice.page.get_by_role("heading", level=1)).to_have_text(protocol.ends)


def refuse_closing(practice: Practice) -> None:
    """Closing too soon shows the list of everything that is missing, and no password field."""
    page = practice.page
    session = page.url.partition("?")[0].partition("#")[0]
    counted = practice.left()
    page.goto(f"{session}/close")
    expect(page.locator(".gate-page .gate-list li")).to_have_count(counted)
    expect(page.get_by_label("Your password")).to_have_count(0)
    page.get_by_role("link", name="Back to the session").click()
    expect(page.locator("#gate")).to_be_visible()


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.name.replace(" ", "-"))
def test_a_whole_session_of_each_protocol_by_clicks(
    site: Site, tablet: Page, protocol: Protocol
) -> None:
    released_pack(site.house, "P-1", "ROLLER-1", now_to_the_millisecond())

    record(Practice(tablet), protocol, client="C-2041")


def test_a_session_upright(site: Site, open_context: OpenContext, picture: Picture) -> None:
    page = sign_in(open_context(size=PORTRAIT).new_page(), Role.PRACTITIONER)

    record(Practice(page), PROTOCOLS[-1], client="C-2042")

    picture(page, "tablet-closed-portrait")
