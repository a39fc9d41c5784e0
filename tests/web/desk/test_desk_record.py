"""One session at the desk: the record, its history, and correcting it."""

from __future__ import annotations

import re

import pytest
from web.desk.visiting import PASSWORD, Browser, Filled

from compliance.operations.treatments.reading import read_history
from harbour import House

RESULT_RADIO = re.compile(r'name="result" value="([^"]+)" required( checked)?')


def test_a_record_shows_items_evidence_who_and_when(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.amended}")

    assert "Handpiece: Surface wipe, lot D77, 300 s contact" in page
    assert "Cartridge: lot L1, expires 31 Jan 2028" in page
    assert "Practitioner Ó Murchú" in page
    assert "by token, not re-authenticated" in page


def test_an_amendment_stands_beside_the_old_value(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.amended}")

    assert "<ins>Neck</ins> <del>Face</del>" in page
    assert "The wrong site was tapped." in page


def test_the_history_tells_every_entry(house: House, filled: Filled, manager: Browser) -> None:
    with house.database.reading() as tx:
        entries = len(read_history(tx, filled.amended, actor=house.manager))

    page = manager.read(f"/manager/sessions/{filled.amended}")

    assert page.count('class="told"') == entries
    assert "Treatment started" in page
    assert "Closed and signed" in page


def test_an_aborted_session_shows_its_deviation(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.aborted}")

    assert "What happened: The client felt faint." in page
    assert "Corrective action: Ask about food before the start." in page


def test_an_incident_is_part_of_the_history(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.incident}")

    assert "Adverse event, moderate, escalated to a doctor" in page
    assert "Bruise on the cheek." in page


def test_an_open_session_says_what_is_left_and_offers_no_amendment(
    filled: Filled, manager: Browser
) -> None:
    page = manager.read(f"/manager/sessions/{filled.blocked}")

    assert "Left to do" in page
    assert "/amend?" not in page


def test_a_waiting_session_names_the_part_it_waits_for(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.waiting}")

    assert "Roller was sent back on 15 Nov 2026" in page


def test_a_session_that_is_not_there_is_not_found(house: House, manager: Browser) -> None:
    assert manager.get("/manager/sessions/019aa000-0000-7000-8000-000000000000").status_code == 404


def test_the_form_starts_with_what_is_recorded(filled: Filled, manager: Browser) -> None:
    page = manager.read(f"/manager/sessions/{filled.amended}/amend?item=body_site")

    assert ("neck", " checked") in RESULT_RADIO.findall(page)
    assert "I correct this closed record for the reason given." in page


def amend(browser: Browser, session_id: str, item: str, **fields: str) -> tuple[int, str]:
    path = f"/manager/sessions/{session_id}/amend?item={item}"
    page = browser.read(path)
    hidden = {
        name: re.findall(rf'name="{name}" type="hidden" value="([^"]*)"', page)[0]
        for name in ("version", "idempotency_key")
    }
    fields = {"reason": "It was the other one.", "password": PASSWORD, **hidden, **fields}
    response = browser.post(path, page=path, **fields)
    return response.status_code, response.text


def test_an_amendment_is_signed_and_shown(filled: Filled, manager: Browser) -> None:
    status, _ = amend(manager, filled.closed, "body_site", result="neck")

    page = manager.read(f"/manager/sessions/{filled.closed}")
    assert status == 303
    assert "<ins>Neck</ins> <del>Face</del>" in page
    assert "Manager Ó Murchú, 20 Nov 2026, 12:00, by password" in page


def test_a_measurement_is_amended_with_its_unit(filled: Filled, manager: Browser) -> None:
    status, _ = amend(manager, filled.closed, "depth", result="1,5")

    assert status == 303
    assert "<ins>1.5 mm</ins> <del>0.5 mm</del>" in manager.read(
        f"/manager/sessions/{filled.closed}"
    )


def test_a_measurement_beyond_its_limits_is_refused_in_words(
    filled: Filled, manager: Browser
) -> None:
    status, text = amend(manager, filled.closed, "depth", result="9")

    assert status == 422
    assert "outside the limits" in text
    assert 'value="9"' in text


def test_evidence_can_be_corrected_piece_by_piece(filled: Filled, manager: Browser) -> None:
    status, text = amend(
        manager,
        filled.closed,
        "device_sterilized_before",
        **{"result": "yes", "tip-lot": "L2", "tip-expires_on": "2028-01-31"},
    )

    page = manager.read(f"/manager/sessions/{filled.closed}")
    assert status == 303, text
    assert "Tip: lot L2, expires 31 Jan 2028" in page
    assert "<del>Tip: lot L1, expires 31 Jan 2028</del>" in page


def test_leaving_the_evidence_as_it_is_keeps_it(filled: Filled, manager: Browser) -> None:
    """Every field of the form is sent as the form shows it, whatever the kind of evidence."""
    path = f"/manager/sessions/{filled.amended}/amend?item=device_sterilized_before"
    page = manager.read(path).replace("&#34;", '"')
    sent: dict[str, str] = dict(
        re.findall(r'<input class="input"[^>]* name="([a-z]+-[a-z_]+)"[^>]* value="([^"]*)"', page)
    )
    assert {"handpiece-lot", "cartridge-lot"} <= sent.keys()
    sent["handpiece-product"] = re.findall(r'<option value="([^"]+)" selected', page)[0]
    sent["handpiece-barrier"] = "yes"

    status, text = amend(manager, filled.amended, "device_sterilized_before", result="yes", **sent)

    assert status == 303, text
    shown = manager.read(f"/manager/sessions/{filled.amended}")
    assert "Before: <del>" not in shown


@pytest.mark.parametrize("item", ["mask_worn", "depth", "body_site", "device_sterilized_before"])
def test_desk_and_tablet_correct_by_the_same_form(
    filled: Filled, manager: Browser, item: str
) -> None:
    desk = manager.read(f"/manager/sessions/{filled.amended}/amend?item={item}")
    tablet = manager.read(f"/sessions/{filled.amended}/amend/{item}")

    asked = [
        re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page)
        for page in (desk, tablet)
    ]
    assert {"reason", "password", "version", "result"} <= set(asked[0])
    assert asked[0] == asked[1]


def test_a_wrong_password_signs_nothing(filled: Filled, manager: Browser) -> None:
    status, text = amend(manager, filled.closed, "body_site", result="neck", password="wrong")

    assert status == 422
    assert "This password is not right." in text
    assert "Neck" not in manager.read(f"/manager/sessions/{filled.closed}")


def test_an_amendment_needs_a_reason(filled: Filled, manager: Browser) -> None:
    status, text = amend(manager, filled.closed, "body_site", result="neck", reason="")

    assert status == 422
    assert "Say why the record is corrected." in text


def test_an_unknown_item_is_not_found(filled: Filled, manager: Browser) -> None:
    path = f"/manager/sessions/{filled.closed}/amend?item=shoes_worn"

    assert manager.get(path).status_code == 404


def test_an_open_session_is_not_amended(filled: Filled, manager: Browser) -> None:
    path = f"/manager/sessions/{filled.draft}/amend?item=gloves_worn"

    led = manager.get(path)
    assert (led.status_code, led.location) == (303, f"/manager/sessions/{filled.draft}")
