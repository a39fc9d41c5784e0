"""Every screen of the tablet can be used by everybody: axe-core finds nothing serious, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from browser.conftest import OpenContext, Picture, Site, now_to_the_millisecond, sign_in
from playwright.sync_api import Page

from compliance.domain.access import Role
from harbour import (
    answer,
    answer_before,
    answer_rest,
    closed_session,
    open_one,
    released_pack,
    step,
)

pytestmark = pytest.mark.browser

AXE: Final = Path(__file__).resolve().parent / "vendor" / "axe.min.js"
SERIOUS: Final = frozenset({"serious", "critical"})


@dataclass(frozen=True, slots=True)
class Screens:
    """The addresses of every screen, each with something on it."""

    practitioner: tuple[tuple[str, str], ...]
    operator: tuple[tuple[str, str], ...]


@pytest.fixture
def screens(site: Site) -> Screens:
    """A clinic in the middle of its day."""
    house, now = site.house, now_to_the_millisecond()
    released_pack(house, "P-1", "ROLLER-1", now - timedelta(days=3))
    closed = closed_session(house, now - timedelta(days=2), client="C-1987")
    waiting = closed_session(house, now - timedelta(hours=5), client="C-2004", device="ROLLER-1")
    fresh = open_one(house, now - timedelta(minutes=20), device="PEN-1", client="C-2041")
    running = open_one(house, now - timedelta(minutes=50), client="C-2050")
    answer_before(house, running, now - timedelta(minutes=45))
    found = open_one(house, now - timedelta(minutes=9), client="C-2077", template="needle_roller")
    screened = [{"component": "client", "kind": "contraindication", "ref": "herpes"}]
    answer(house, found, "contraindications_screened", "present", now, evidence=screened)
    answer(house, found, "gloves_worn", "no", now)
    done = open_one(house, now - timedelta(hours=2), client="C-2033")
    answer_before(house, done, now - timedelta(hours=2))
    answer_rest(house, done, now - timedelta(hours=1))
    step(house, "start", running, now - timedelta(minutes=40))
    return Screens(
        practitioner=(
            ("home", "/tablet"),
            ("new", "/sessions/new"),
            ("before", f"/sessions/{fresh}"),
            ("during", f"/sessions/{running}"),
            ("after", f"/sessions/{done}"),
            ("found", f"/sessions/{found}"),
            ("consent", f"/sessions/{fresh}/consent"),
            ("close", f"/sessions/{done}/close"),
            ("not-yet", f"/sessions/{running}/close"),
            ("closed", f"/sessions/{closed}/closed"),
            ("waiting", f"/sessions/{waiting}/closed"),
            ("record", f"/sessions/{closed}"),
            ("history", f"/sessions/{closed}/history"),
            ("amend", f"/sessions/{closed}/amend/device_sterilized_before"),
            ("incident", f"/sessions/{closed}/incident"),
            ("follow-up", f"/sessions/{closed}/follow-up"),
            ("abort", f"/sessions/{fresh}/abort"),
            ("override", f"/sessions/{found}/override"),
            ("client", f"/sessions/{fresh}/client"),
        ),
        operator=(("sterilization", "/sterilization"),),
    )


def serious_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] in SERIOUS
    ]


def looked_at(page: Page, screens: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Open each screen and yield its name."""
    for name, path in screens:
        answered = page.goto(path)
        if answered is None or answered.status != 200:
            raise AssertionError(f"{path} was not shown")
        yield name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_screen_has_a_serious_barrier(
    open_context: OpenContext, screens: Screens, theme: Literal["light", "dark"]
) -> None:
    found = {}
    for role, paths in (
        (Role.PRACTITIONER, screens.practitioner),
        (Role.OPERATOR, screens.operator),
    ):
        page = sign_in(open_context(bypass_csp=True, color_scheme=theme).new_page(), role)
        for name in looked_at(page, paths):
            violations = serious_violations(page)
            if violations:
                found[name] = violations

    assert found == {}


PICTURED: Final = {
    "home": "tablet-home",
    "new": "tablet-new-session",
    "before": "tablet-before",
    "after": "tablet-after",
    "close": "tablet-close",
    "closed": "tablet-closed",
    "record": "tablet-record",
}


def test_every_target_is_large_enough_for_a_glove(
    open_context: OpenContext, screens: Screens, picture: Picture
) -> None:
    """48 px at least. A card's link is as large as its card, though its words are not."""
    page = sign_in(open_context().new_page(), Role.PRACTITIONER)
    small = {}
    for name in looked_at(page, screens.practitioner):
        if name in PICTURED:
            picture(page, PICTURED[name])
        found = page.evaluate(
            """() => [...document.querySelectorAll('main button, main a:not(.card-link), main summary, main select, main input:not([type=hidden]):not([type=radio]):not([type=checkbox])')]
              .filter((each) => each.checkVisibility({ visibilityProperty: true }))
              .map((each) => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
              .filter(([, box]) => box.height && box.height < 47.5)
              .map(([html, box]) => `${html} ${box.height}`)"""
        )
        if found:
            small[name] = found

    assert small == {}


def test_pictures_of_what_needs_a_second_look(
    open_context: OpenContext, screens: Screens, picture: Picture
) -> None:
    """The gate's list leads to the row; the same screens hold in the dark and upright."""
    paths = dict(screens.practitioner)
    page = sign_in(open_context().new_page(), Role.PRACTITIONER)
    page.goto(paths["before"])
    page.locator("#gate summary").click()
    picture(page, "tablet-gate")
    page.locator("#gate").get_by_role("link", name="Gloves worn").click()
    assert page.evaluate("document.activeElement.closest('[data-item]').id") == "item-gloves_worn"
    page.goto(paths["found"])
    picture(page, "tablet-blocked")
    dark = sign_in(
        open_context(size=(768, 1024), color_scheme="dark").new_page(), Role.PRACTITIONER
    )
    dark.goto(paths["after"])
    picture(dark, "tablet-after-dark-portrait")
