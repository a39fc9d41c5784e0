"""When the network drops: nothing is lost, nothing is entered twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from browser.conftest import Site, now_to_the_millisecond
from browser.practising import Practice
from playwright.sync_api import Page, Route, expect

from compliance.ledger.entry import parse_time
from compliance.operations.treatments.reading import read_history
from harbour import open_one

pytestmark = pytest.mark.browser


def answers(site: Site, session_id: str, item: str) -> int:
    """How many entries of the log answer this item."""
    with site.house.database.reading() as tx:
        lines = read_history(tx, session_id, actor=site.house.manager)
    return sum(line.kind == "session.answered" and line.data["item"] == item for line in lines)


def test_an_answer_given_offline_is_kept_and_sent_when_the_network_is_back(
    site: Site, tablet: Page
) -> None:
    session_id = open_one(site.house, now_to_the_millisecond())
    tablet.goto(f"/sessions/{session_id}")
    practice = Practice(tablet)
    key = practice.row("gloves_worn").locator("[name=idempotency_key]").first.input_value()
    sent: list[str] = []
    tablet.on("request", lambda request: sent.append(request.post_data or ""))

    tablet.context.set_offline(True)
    practice.row("gloves_worn").get_by_role("button", name="Yes").click()
    expect(tablet.get_by_text("Not saved yet")).to_be_visible()
    assert answers(site, session_id, "gloves_worn") == 0

    tablet.context.set_offline(False)
    expect(practice.row("gloves_worn")).to_have_attribute("data-status", "done")
    assert any(key in data for data in sent)
    assert answers(site, session_id, "gloves_worn") == 1


PRESSED_EARLIER = """() => {
  const queue = JSON.parse(sessionStorage.getItem("aseptrail-unsent"));
  queue.forEach((entry) => { entry.at -= 20 * 60 * 1000; });
  sessionStorage.setItem("aseptrail-unsent", JSON.stringify(queue));
}"""


def test_what_waited_for_the_network_was_done_when_it_was_pressed(site: Site, tablet: Page) -> None:
    opened = now_to_the_millisecond() - timedelta(hours=1)
    session_id = open_one(site.house, opened)
    tablet.goto(f"/sessions/{session_id}")
    practice = Practice(tablet)

    tablet.context.set_offline(True)
    practice.row("gloves_worn").get_by_role("button", name="Yes").click()
    expect(tablet.get_by_text("Not saved yet")).to_be_visible()
    tablet.evaluate(PRESSED_EARLIER)
    tablet.context.set_offline(False)
    expect(practice.row("gloves_worn")).to_have_attribute("data-status", "done")

    with site.house.database.reading() as tx:
        lines = read_history(tx, session_id, actor=site.house.manager)
    (line,) = [each for each in lines if each.kind == "session.answered"]
    waited = parse_time(line.at) - parse_time(line.data["performed_at"])
    assert timedelta(minutes=20) <= waited < timedelta(minutes=22)
    assert line.data["late"] is True


def test_an_answer_whose_receipt_was_lost_is_sent_again_and_entered_once(
    site: Site, tablet: Page
) -> None:
    session_id = open_one(site.house, now_to_the_millisecond())
    tablet.goto(f"/sessions/{session_id}")
    practice = Practice(tablet)
    lost: list[str] = []

    def lose_the_first_receipt(route: Route) -> None:
        if lost:
            route.continue_()
            return
        # The server takes the answer; the tablet never hears of it.
        route.fetch()
        lost.append(route.request.post_data or "")
        route.abort("connectionreset")

    tablet.route("**/items/mask_worn", lose_the_first_receipt)
    practice.row("mask_worn").get_by_role("button", name="Yes").click()
    expect(practice.row("mask_worn")).to_have_attribute("data-status", "done")

    assert len(lost) == 1
    assert answers(site, session_id, "mask_worn") == 1


def test_offline_a_form_with_a_password_is_not_kept(site: Site, tablet: Page) -> None:
    session_id = open_one(site.house, now_to_the_millisecond())
    tablet.goto(f"/sessions/{session_id}/abort")
    for label in ("What happened", "Why", "What is done about it"):
        tablet.get_by_label(label, exact=True).fill("A reason")
    tablet.get_by_label("Your password").fill("violet tram harbour")

    tablet.context.set_offline(True)
    tablet.get_by_role("button", name="Sign and abort").click()

    expect(tablet.get_by_text("No network. Press again when it is back")).to_be_visible()
    assert tablet.evaluate("sessionStorage.getItem('aseptrail-unsent')") is None


def test_the_switch_for_earlier_times_stays_open_from_row_to_row(site: Site, tablet: Page) -> None:
    session_id = open_one(site.house, now_to_the_millisecond())
    tablet.goto(f"/sessions/{session_id}")
    practice = Practice(tablet)
    time = practice.row("mask_worn").get_by_label("Done at, if not now")
    expect(time).to_be_hidden()

    tablet.get_by_text("Something was done earlier than now?").click()
    practice.press("gloves_worn", "Yes")

    expect(time).to_be_visible()
