"""What a practitioner does with their fingers, through the page alone."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

SCAN = "(01)09506000134352(17)280131(10)L1"


@dataclass(frozen=True, slots=True)
class Practice:
    """One session on one tablet."""

    page: Page

    def open(self, client: str, protocol: str, device: str) -> None:
        """Choose client, protocol and device, and open the session."""
        self.page.goto("/sessions/new")
        self.page.get_by_label("Type or scan the client's reference").fill(client)
        self.page.get_by_label(protocol, exact=True).check()
        self.page.get_by_label(device).first.check()
        self.page.get_by_role("button", name="Open session").click()
        self.page.wait_for_url("**/sessions/*-*")

    def row(self, item: str) -> Locator:
        """The row of an item, on a page that has come to rest.

        A page that is still loading may scroll to its row between press and release.
        """
        self.page.wait_for_load_state()
        return self.page.locator(f"#item-{item}")

    def press(self, item: str, button: str) -> None:
        """Press one button of a row and wait until the row says who did it."""
        self.row(item).get_by_role("button", name=button, exact=True).click()
        expect(self.row(item).locator(".item-meta")).to_be_visible()

    def measure(self, item: str, value: str) -> None:
        self.row(item).locator("input[name=result]").fill(value)
        self.row(item).get_by_role("button", name="Save").click()
        expect(self.row(item)).to_have_attribute("data-status", "done")

    def sign_consent(self) -> None:
        """The client signs with a finger."""
        self.page.get_by_role("link", name="Read and sign").click()
        # Ink that is put down before the script is there would be lost.
        canvas = self.page.locator("canvas:not([aria-busy])")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        if box is None:
            raise AssertionError("no field to sign in")
        mouse = self.page.mouse
        mouse.move(box["x"] + 60, box["y"] + 110)
        mouse.down()
        for step in range(1, 12):
            mouse.move(box["x"] + 60 + 30 * step, box["y"] + (60 if step % 2 else 130), steps=3)
        mouse.up()
        expect(self.page.locator("#ink")).not_to_have_value("")
        self.page.get_by_role("button", name="I have read this and agree").click()
        expect(self.row("consent_signed")).to_have_attribute("data-status", "done")

    def scan(self, item: str, part: str, text: str) -> None:
        """Scan into the field of one part: the scanner types and presses Enter."""
        form = self.row(item).locator(f"form.scan:has(input[name=component][value={part}])").first
        field = form.locator("[data-scan]")
        field.fill(text)
        field.press("Enter")
        expect(self.row(item).locator(f".proof[data-component={part}]")).to_be_visible()

    def disinfect(self, item: str, part: str, lot: str) -> None:
        form = self.row(item).locator(f"form.scan:has(input[name=component][value={part}])").first
        form.get_by_label("Lot").fill(lot)
        if part != "skin":
            form.get_by_label("A fresh barrier sheath is on").check()
        form.get_by_role("button", name="Save").click()
        expect(self.row(item).locator(f".proof[data-component={part}]")).to_be_visible()

    def product(self, item: str, name: str, lot: str) -> None:
        form = self.row(item).locator("form.scan").first
        form.get_by_label("Product").fill(name)
        form.get_by_label("Lot").fill(lot)
        form.get_by_role("button", name="Save").click()
        expect(self.row(item)).to_have_attribute("data-status", "done")

    def evidence(self, item: str, part: str, button: str) -> None:
        """One big button: thrown away, or sent back."""
        form = self.row(item).locator(f"form.scan:has(input[name=component][value={part}])").first
        container = form.get_by_label("Sharps container")
        if container.count():
            container.fill("Sharps 1")
        form.get_by_role("button", name=button).click()
        expect(self.row(item).locator(f".proof[data-component={part}]")).to_be_visible()

    def left(self) -> int:
        """How many things the gate bar says are left."""
        text = self.page.locator("#gate .gate-text").inner_text()
        number = text.split(" ", 1)[0]
        return int(number) if "left before" in text else 0

    def step(self, button: str) -> None:
        self.page.locator("#gate").get_by_role("button", name=button).click()
        expect(self.page.locator("#session")).to_be_visible()

    def close(self, password: str) -> None:
        self.page.locator("#gate").get_by_role("link", name="Close session").click()
        self.page.get_by_label("Your password").fill(password)
        self.page.get_by_role("button", name="Sign and close").click()
        self.page.wait_for_url("**/closed")


COMMON_BEFORE = (
    ("consultation_done", "Yes"),
    ("contraindications_screened", "None of these"),
    ("steel_allergy", "No"),
    ("body_site", "Face"),
    ("gloves_worn", "Yes"),
    ("mask_worn", "Yes"),
    ("skin_disinfected_before", "Yes"),
)


def device_before(practice: Practice, device: str) -> None:
    """The proof for each part of one of the three devices of the house."""
    item = "device_sterilized_before"
    if device == "Roller 1":
        practice.scan(item, "roller", "P-1")
    elif device == "Pen 1":
        practice.disinfect(item, "handpiece", "D77")
        practice.scan(item, "cartridge", SCAN)
    else:
        practice.scan(item, "tip", SCAN)


def device_after(practice: Practice, device: str) -> None:
    item = "device_sterilized_after"
    if device == "Roller 1":
        practice.evidence(item, "roller", "Sent back")
    elif device == "Pen 1":
        practice.disinfect(item, "handpiece", "D77")
        practice.evidence(item, "cartridge", "Discarded")
    else:
        practice.evidence(item, "tip", "Discarded")
