"""Setting right at the desk: what was left open, a wrong device, and what is handed out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from web.desk.visiting import PASSWORD, Browser, Filled, browse, token_in

from compliance.domain.evidence import component_from_json
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.inventory.devices import AddDevice, add_device
from compliance.operations.treatments.reading import read_history
from compliance.store.things import find_device
from compliance.web.context import EXTENSION
from compliance.web.desk import setting_right
from givens import Clock
from harbour import House, open_one


def hidden_of(page: str) -> dict[str, str]:
    """What the form of an amendment carries unseen."""
    return {
        name: re.findall(rf'name="{name}" type="hidden" value="([^"]*)"', page)[0]
        for name in ("version", "idempotency_key")
    }


def device_of(house: House, code: str) -> str:
    with house.database.reading() as tx:
        found = find_device(tx, house.clinic_id, code)
    assert found is not None
    return found.device_id


def test_what_was_left_open_is_listed_with_its_age_and_what_is_missing(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read("/manager/stale")

    assert "C-1005" in page
    said = re.findall(r"Open for [^·]*", page)
    assert said == ["Open for two days "], said
    assert f'href="/sessions/{filled.draft}/take-over"' in page
    assert f'href="/sessions/{filled.draft}/abort"' in page
    assert "“Contraindication screening” has no answer yet." in page
    assert "and seven things more" in page
    assert "C-1006" not in page  # opened today


def test_the_managers_day_leads_to_what_was_left_open(
    house: House, filled: Filled, visit: Callable[[str], Browser], clock: Clock
) -> None:
    clock.tick(days=2)
    open_one(house, clock.now, client="C-1009")

    assert 'href="/manager/stale"' in visit("manager").read("/manager")


def test_everything_left_open_is_found_page_by_page_oldest_first(
    house: House, filled: Filled, manager: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setting_right, "PAGE", 2)
    for number in range(3):
        open_one(house, clock.now - timedelta(days=5 - number), client=f"C-70{number}")

    first = manager.read("/manager/stale")
    following = re.search(r'href="(/manager/stale\?cursor=[^"]+)"', first)
    assert following is not None
    second = manager.read(following[1])

    assert [re.findall(r"C-[0-9]{3,4}(?=</a>)", page) for page in (first, second)] == [
        ["C-700", "C-701"],
        ["C-702", "C-1005"],
    ]
    assert 'href="/manager/stale"' in second
    assert manager.get("/manager/stale?cursor=x").status_code == 422


def test_nothing_left_open_says_so(house: House, manager: Browser) -> None:
    assert "Nothing was left open" in manager.read("/manager/stale")


def test_taking_over_and_aborting_from_the_list_work_for_a_manager(
    filled: Filled, manager: Browser
) -> None:
    assert "Take over the session" in manager.read(f"/sessions/{filled.draft}/take-over")
    assert manager.get(f"/sessions/{filled.draft}/abort").status_code == 200


def test_a_practitioner_has_no_list_of_everybodys_sessions(
    visit: Callable[[str], Browser],
) -> None:
    assert visit("practitioner").get("/manager/stale").status_code == 403


def test_the_device_of_an_open_session_is_corrected(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.blocked}/device"

    answered = manager.post(page, page=page, device=device_of(house, "PEN-1"))

    assert answered.status_code == 303
    shown = manager.read(f"/manager/sessions/{filled.blocked}")
    assert "The device was corrected before closing" in shown
    assert "Pen 1" in shown


def test_a_practitioner_corrects_the_device_from_the_tablet_and_goes_on_there(
    house: House, filled: Filled, app: Flask
) -> None:
    practitioner = browse(app, "harbour-practitioner")
    page = f"/manager/sessions/{filled.blocked}/device"
    assert f'href="{page}"' in practitioner.read(f"/sessions/{filled.blocked}")

    answered = practitioner.post(page, page=page, device=device_of(house, "PEN-1"))

    assert answered.location == f"/sessions/{filled.blocked}"
    assert "The device is corrected." in practitioner.read(answered.location)


def test_choosing_the_same_device_is_refused_in_words(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.blocked}/device"

    answered = manager.post(page, page=page, device=device_of(house, "TIP-1"))

    assert answered.status_code == 422
    assert "is the device recorded now" in answered.text


def test_a_wrong_device_found_after_closing_is_amended_with_its_evidence(
    house: House, filled: Filled, manager: Browser
) -> None:
    pen = device_of(house, "PEN-1")
    page = f"/manager/sessions/{filled.closed}/device?device={pen}"
    assert "Evidence: Cartridge" in manager.read(page)

    answered = manager.post(
        page,
        page=page,
        **{
            "before-cartridge-lot": "L9",
            "before-cartridge-expires_on": "2028-01-31",
            "before-handpiece-product": "SURF-300",
            "before-handpiece-contact_seconds": "300",
            "before-handpiece-lot": "D1",
            "before-handpiece-barrier": "yes",
            "after-cartridge-container": "Sharps 1",
            "after-handpiece-product": "SURF-300",
            "after-handpiece-contact_seconds": "300",
            "after-handpiece-lot": "D1",
            "after-handpiece-barrier": "yes",
            "reason": "The pen lay on the tray",
            "password": PASSWORD,
        },
    )

    assert answered.status_code == 303, answered.text
    shown = manager.read(f"/manager/sessions/{filled.closed}")
    assert "<del>Tip 1</del>" in shown
    assert "<ins>Pen 1</ins>" in shown
    assert "lot L9" in shown
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_wrong_password_amends_nothing_and_keeps_what_was_typed(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.closed}/device?device={device_of(house, 'PEN-1')}"

    answered = manager.post(
        page,
        page=page,
        **{"before-cartridge-lot": "L9-typed", "reason": "The pen it was", "password": "no"},
    )

    assert answered.status_code == 422
    assert "This password is not right." in answered.text
    assert "L9-typed" in answered.text
    with house.database.reading() as tx:
        assert read_history(tx, filled.closed, actor=house.manager)[-1].kind == "session.closed"


def test_a_session_is_handed_out_as_a_file_that_verify_accepts(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.closed}"

    sent = manager.post(f"{page}/file", page=page, purpose="inspection")

    assert (sent.status_code, sent.mimetype) == (200, "application/pdf")
    verdict = manager.client.post(
        "/verify",
        data={
            "csrf_token": _token(manager),
            "file": (io.BytesIO(sent.data), "session.pdf"),
        },
    )
    assert 'data-outcome="accepted"' in verdict.text
    assert "one session, with every entry the clinic quotes about it" in verdict.text
    assert "The entries quoted, in the order of the log" in verdict.text
    assert "Signed file of this session made for inspection" in manager.read(page)


def test_a_second_press_hands_out_the_same_file_until_there_is_more_to_say(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.closed}"

    def press(purpose: str = "inspection") -> bytes:
        sent = manager.post(f"{page}/file", page=page, purpose=purpose)
        assert sent.status_code == 200, sent.text
        data: bytes = sent.data
        return data

    def exported() -> int:
        with house.database.reading() as tx:
            lines = read_history(tx, filled.closed, actor=house.manager)
        return sum(line.kind == "report.exported" for line in lines)

    first = press()
    assert press() == first
    assert exported() == 1
    copy = press("client_copy")
    assert copy not in (first, b"")
    assert (press(), press("client_copy"), exported()) == (first, copy, 2)

    amending = f"{page}/amend?item=mask_worn"
    amended = manager.post(
        amending,
        page=amending,
        result="no",
        reason="The mask lay beside the couch",
        password=PASSWORD,
        **hidden_of(manager.read(amending)),
    )
    assert amended.status_code == 303, amended.text
    newer = press()
    assert newer != first
    assert (press(), exported()) == (newer, 3)


def test_a_file_that_was_lost_is_made_again(
    house: House, filled: Filled, manager: Browser, app: Flask
) -> None:
    page = f"/manager/sessions/{filled.closed}"
    first = manager.post(f"{page}/file", page=page, purpose="inspection").data
    folder: Path = app.extensions[EXTENSION].workshop.reports_folder
    (kept,) = folder.rglob("session-*.pdf")
    assert kept.read_bytes() == first
    kept.unlink()

    again = manager.post(f"{page}/file", page=page, purpose="inspection")

    assert (again.status_code, again.data[:5]) == (200, b"%PDF-")
    assert again.data != first
    # It is kept as the first one was.
    assert manager.post(f"{page}/file", page=page, purpose="inspection").data == again.data
    (kept,) = folder.rglob("session-*.pdf")
    assert kept.read_bytes() == again.data


def test_a_practitioner_hands_out_the_clients_copy_from_the_tablet(
    filled: Filled, app: Flask
) -> None:
    practitioner = browse(app, "harbour-practitioner")
    page = f"/sessions/{filled.closed}/closed"
    assert f'action="/manager/sessions/{filled.closed}/file"' in practitioner.read(page)

    copy = practitioner.post(
        f"/manager/sessions/{filled.closed}/file", page=page, purpose="client_copy"
    )
    refused = practitioner.post(
        f"/manager/sessions/{filled.closed}/file", page=page, purpose="inspection"
    )

    assert (copy.status_code, refused.status_code) == (200, 403)


def test_an_open_session_is_not_handed_out(filled: Filled, manager: Browser) -> None:
    page = f"/manager/sessions/{filled.draft}"

    assert "Hand out" not in manager.read(page)
    assert manager.post(f"{page}/file", page=page, purpose="inspection").status_code == 409


def _token(browser: Browser) -> str:
    return token_in(browser.client.get("/verify"))


def test_what_fits_of_the_former_device_is_filled_in_and_what_was_opened_once_is_not(
    house: House, filled: Filled, manager: Browser, clock: Clock
) -> None:
    with house.database.writing() as tx:
        like = find_device(tx, house.clinic_id, "TIP-1")
        assert like is not None
        command = AddDevice(
            code="TIP-2",
            label="Tip 2",
            components=tuple(component_from_json(dict(each)) for each in like.components),
        )
        other = add_device(tx, command, actor=house.manager, now=clock.now)

    page = manager.read(f"/manager/sessions/{filled.closed}/device?device={other.device_id}")

    assert re.search(r'name="after-tip-container" value="Sharps 1"', page)
    assert re.search(r'name="before-tip-lot" value=""', page)


def test_an_amendment_that_is_pressed_twice_is_entered_once(
    house: House, filled: Filled, manager: Browser
) -> None:
    page = f"/manager/sessions/{filled.closed}/amend?item=body_site"
    typed = {
        "result": "neck",
        "reason": "It was the neck",
        "password": PASSWORD,
        **hidden_of(manager.read(page)),
    }

    first = manager.post(page, page=page, **typed)
    again = manager.post(page, page=page, **typed)

    assert (first.status_code, again.status_code) == (303, 303)
    with house.database.reading() as tx:
        kinds = [line.kind for line in read_history(tx, filled.closed, actor=house.manager)]
    assert kinds.count("session.amended") == 1
