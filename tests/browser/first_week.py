"""What the people of a new clinic do in their first week, step by step, through pages alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from browser.conftest import LANDSCAPE
from browser.practising import COMMON_BEFORE, SCAN, Practice
from playwright.sync_api import BrowserContext, Page, expect

PASSWORD: Final = "seven grey lanterns"
PIN: Final = "753190"
WIDE: Final = (1440, 900)
CHECKLIST: Final = "Our pen, our way"

PRODUCTS: Final = """code,kind,name,contact_seconds,use
WIPE,disinfectant,Surface wipe,60,surface
SPRAY,disinfectant,Skin spray,,skin
GLOW,serum,Glow serum,,
BALM,lipstick,Balm,,
WIPE,disinfectant,Another wipe,30,surface
"""
LOTS: Final = """product,lot,expires_on,quantity
WIPE,D77,2031-01-28,40
"""

OpenContext = Callable[..., BrowserContext]
Look = Callable[[Page, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One server, browsers of their own for everybody, and somebody who looks at each screen."""

    open_context: OpenContext
    look: Look
    fit: Look
    """That nothing sticks out, however the tablet is held."""
    folder: Path

    def sign_in(self, username: str, size: tuple[int, int]) -> Page:
        page = self.open_context(size=size).new_page()
        page.goto("/login")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page


def found_clinic(week: Week) -> Path:
    """The first page of an empty installation; what an inspector will hold is kept."""
    page = week.open_context(size=WIDE).new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Begin your record")
    week.look(page, "first-run")
    page.get_by_label("Name of the clinic").fill("Harbour Skin")
    page.get_by_label("Time zone").select_option("Europe/Dublin")
    page.locator("#profile-UK-HTM-01-05").check()
    for part, name in (("admin", "Ida Storm"), ("manager", "Mary Byrne")):
        page.locator(f"#{part}-display_name").fill(name)
        page.locator(f"#{part}-username").fill(name.split()[0].lower())
        page.locator(f"#{part}-password").fill(PASSWORD)
        page.locator(f"#{part}-again").fill(PASSWORD)
    page.get_by_role("button", name="Found the clinic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fingerprint sheet")
    week.look(page, "fingerprint-sheet")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download ROOT.pem").click()
    root = week.folder / "ROOT.pem"
    started.value.save_as(root)
    return root


def invite_and_join(week: Week, manager: Page, username: str, name: str) -> Page:
    """The manager makes a link, the person opens it in a browser of their own; returns theirs."""
    manager.goto("/manager/people/invite")
    manager.get_by_label("Username").fill(username)
    manager.get_by_label("Name as it is printed").fill(name)
    manager.get_by_label("Practitioner", exact=True).check()
    week.look(manager, "manager-invite")
    manager.get_by_role("button", name="Make the link").click()
    address = manager.locator(".link-address").inner_text()
    page = week.open_context(size=LANDSCAPE).new_page()
    page.goto(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_label("PIN").fill(PIN)
    week.look(page, "join")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/login")
    # What is shown once is gone when somebody else gets hold of it.
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link opens nothing")
    return week.sign_in(username, LANDSCAPE)


def add_pen(week: Week, manager: Page, code: str, label: str) -> None:
    """A handpiece that is disinfected, with a cartridge that is sterile and thrown away."""
    manager.goto("/manager/things/devices/new")
    manager.get_by_label("Code on its label").fill(code)
    manager.get_by_label("Name", exact=True).fill(label)
    manager.locator("#part-0-name").fill("Handpiece")
    manager.locator("#part-1-name").fill("Cartridge")
    manager.locator("#part-1-material").select_option("surgical_steel")
    week.look(manager, "manager-new-device")
    manager.get_by_role("button", name="Add", exact=True).click()
    expect(manager.get_by_text(f"{label} is in the inventory.")).to_be_visible()
    week.look(manager, "manager-thing")


def import_things(week: Week, manager: Page) -> None:
    """A spreadsheet with three rows that cannot be taken, each named; then a lot."""
    offer(manager, "products", PRODUCTS)
    rows = manager.locator("section[aria-labelledby=bad] tbody tr")
    expect(rows).to_have_count(3)
    told = [row.split("\t")[:2] for row in rows.all_inner_texts()]
    assert told == [["3", "contact_seconds"], ["5", "kind"], ["6", "code"]]
    week.look(manager, "manager-spreadsheet")
    manager.get_by_role("button", name="Import 2 rows, leave out 3").click()
    expect(manager.get_by_role("link", name="Surface wipe")).to_be_visible()
    expect(manager.get_by_role("link", name="Another wipe")).to_have_count(0)
    week.look(manager, "manager-products")
    offer(manager, "lots", LOTS)
    manager.get_by_role("button", name="Import 1 row").click()
    expect(manager.get_by_role("link", name="D77")).to_be_visible()


def offer(manager: Page, family: str, content: str) -> None:
    """Show what a spreadsheet would do."""
    manager.goto(f"/manager/things/{family}/import")
    manager.locator("input[type=file]").set_input_files(
        {"name": f"{family}.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    manager.get_by_role("button", name="Show what it would do").click()
    expect(manager.get_by_text("Nothing is written yet.")).to_be_visible()


def publish_checklist(week: Week, manager: Page) -> None:
    """Copy a published checklist, add an item, publish it as a checklist of the clinic's own."""
    manager.goto("/manager/templates")
    week.look(manager, "manager-templates")
    manager.get_by_role("link", name="Dermatology clinic device").click()
    week.look(manager, "manager-template")
    manager.get_by_text("Make a checklist of its own").click()
    manager.get_by_label("Code of the new checklist").fill("our_pen")
    manager.get_by_role("button", name="Copy as a draft").click()
    manager.get_by_label("Title, English").fill(CHECKLIST)
    manager.get_by_label("Code, such as patch_test").fill("patch_test")
    manager.locator("[id='new.label']").fill("Patch test was fine")
    expect(manager.locator("#preview")).to_contain_text(CHECKLIST, timeout=20_000)
    manager.get_by_role("button", name="Add the item").click()
    expect(manager.locator("#item-patch_test")).to_be_visible()
    # A fixed item has no button that takes it out.
    expect(manager.get_by_role("button", name="Take out: Gloves worn")).to_have_count(0)
    week.look(manager, "manager-draft")
    manager.get_by_role("link", name="Publish …").click()
    week.look(manager, "manager-publish")
    manager.get_by_label("Your password").fill(PASSWORD)
    manager.get_by_role("button", name="Sign and publish").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text(CHECKLIST)


BEFORE: Final = (
    *COMMON_BEFORE,
    ("qualified_specialist", "Yes"),
    ("anaesthetic", "None"),
    ("patch_test", "Yes"),
)


def treat(week: Week, page: Page) -> str:
    """A whole session on the clinic's own checklist, closed by who did it; its address."""
    practice = Practice(page)
    page.goto("/tablet")
    week.look(page, "tablet-first-day")
    practice.open("C-1", CHECKLIST, "Pen one")
    address = page.url.split("#")[0].split("?")[0]
    practice.sign_consent()
    for item, button in BEFORE:
        practice.press(item, button)
    practice.disinfect("device_sterilized_before", "handpiece", "D77")
    practice.scan("device_sterilized_before", "cartridge", SCAN)
    practice.press("needle_material", "Surgical steel")
    practice.step("Start treatment")
    practice.measure("depth", "1.5")
    practice.press("serum_applied", "None")
    practice.step("Finish treatment")
    practice.press("skin_disinfected_after", "Yes")
    practice.disinfect("device_sterilized_after", "handpiece", "D77")
    practice.evidence("device_sterilized_after", "cartridge", "Discarded")
    practice.press("reaction", "As expected")
    practice.press("aftercare_given", "Yes")
    practice.close(PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Closed")
    return address


def hand_out_copy(week: Week, page: Page) -> Path:
    """The client's copy, from the last page of the session."""
    with page.expect_download() as started:
        page.get_by_role("button", name="The client’s copy as a signed PDF").click()
    copy = week.folder / "copy.pdf"
    started.value.save_as(copy)
    return copy


def take_over(week: Week, first: Page, second: Page) -> None:
    """A session that one opened goes on with a colleague; both names stay."""
    Practice(first).open("C-2", CHECKLIST, "Pen two")
    address = first.url.split("#")[0].split("?")[0]
    second.goto(f"{address}/take-over")
    second.get_by_label("Reason").fill("Ana was called to another room")
    week.look(second, "tablet-take-over")
    second.get_by_role("button", name="Take over").click()
    second.wait_for_url(address)
    Practice(second).press("gloves_worn", "Yes")
    second.goto(f"{address}/history")
    expect(second.locator("main")).to_contain_text("Ana was called to another room")
    expect(second.locator("main")).to_contain_text("Ana Kelly")
    week.look(second, "tablet-history")


def set_device_right(week: Week, manager: Page, session: str) -> None:
    """The pen that was recorded is not the one that was used: amended with its own evidence."""
    manager.goto(session.replace("/sessions/", "/manager/sessions/"))
    manager.get_by_role("link", name="A wrong device? Set it right").click()
    manager.get_by_label("The device that was really used").select_option("Pen two")
    manager.get_by_role("button", name="Go on to its evidence").click()
    for phase in ("before", "after"):
        manager.locator(f"#{phase}-handpiece-product").select_option("Surface wipe")
        manager.locator(f"#{phase}-handpiece-contact_seconds").fill("60")
        manager.locator(f"#{phase}-handpiece-lot").fill("D77")
        manager.locator(f"#{phase}-handpiece-barrier").check()
    manager.locator("#before-cartridge-lot").fill("L2")
    manager.locator("#before-cartridge-expires_on").fill("2031-01-28")
    manager.locator("#after-cartridge-container").fill("Sharps 1")
    manager.get_by_label("Why the record is corrected").fill("The other pen lay in the tray")
    week.look(manager, "manager-wrong-device")
    manager.get_by_label("Your password").fill(PASSWORD)
    manager.get_by_role("button", name="Sign the amendment").click()
    expect(manager.locator("main")).to_contain_text("Device amended:")
    expect(manager.locator("main ins", has_text="Pen two").first).to_be_visible()
    expect(manager.locator("main del", has_text="Pen one").first).to_be_visible()


def look_around(week: Week, manager: Page) -> None:
    """The pages of the house that no step has shown yet."""
    for name, path in (
        ("manager-people", "/manager/people"),
        ("manager-tokens", "/manager/tokens"),
        ("manager-things", "/manager/things"),
        ("tablet-trust", "/tablet-trust"),
        ("account", "/account"),
    ):
        manager.goto(path)
        week.look(manager, name)
    # Other tests make the pictures of these, at one size; here they have to fit every one.
    for path in ("/manager", "/manager/sessions", "/manager/rules", "/sterilization"):
        manager.goto(path)
        week.fit(manager, path)
    manager.goto("/manager/people")
    manager.get_by_role("link", name="Ana Kelly").click()
    week.look(manager, "manager-person")
