"""Sessions on the tablet without scripts: rows, gate, repeats, signature, and what is read after."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update
from web.tablet.browsing import INK_URL, PASSWORD, Clock, Tablet, accepted, forms_of, words_of

from compliance.domain.access import Role
from compliance.operations.treatments.reading import SessionRecord, read_history, read_session
from compliance.store.models.people import Clinic
from harbour import House


def read(tablet: Tablet, session_id: str) -> SessionRecord:
    house = tablet.house
    with house.database.reading() as tx:
        return read_session(
            tx,
            session_id,
            actor=house.manager,
            now=tablet.clock.now,
            keyring=house.keyring,
        )


def kinds(tablet: Tablet, session_id: str) -> list[str]:
    with tablet.house.database.reading() as tx:
        return [line.kind for line in read_history(tx, session_id, actor=tablet.house.manager)]


def test_a_whole_session_works_without_scripts(tablet: Tablet) -> None:
    session_id = tablet.closed_session()

    page = tablet.get(f"/sessions/{session_id}/closed")

    assert page.status_code == 200
    assert "Next client" in words_of(page)
    entry = read(tablet, session_id).row.closed_index
    assert f"entry {entry} in the log of Harbour Skin Clinic" in words_of(page)


def test_the_gate_bar_counts_down_with_every_answer(tablet: Tablet) -> None:
    session_id = tablet.open()
    page = f"/sessions/{session_id}"
    assert "10 things left before you can start" in words_of(tablet.get(page))

    tablet.answer(session_id, "gloves_worn", result="yes")

    text = words_of(tablet.get(page))
    assert "9 things left before you can start" in text
    assert "Practitioner Ó Murchú" in text


def test_a_german_checklist_on_an_english_screen_says_which_words_are_german(
    tablet: Tablet,
) -> None:
    session_id = tablet.open()
    english = tablet.get(f"/sessions/{session_id}").text
    with tablet.house.database.writing() as tx:
        tx.execute(update(Clinic).values(language="de"))

    german = tablet.get(f"/sessions/{session_id}").text

    assert 'lang="de"' not in english
    assert '<html lang="en">' in german
    assert re.search(r'id="item-gloves_worn-label" lang="de">\s*Handschuhe', german)


def test_a_script_gets_only_the_element_it_swaps(tablet: Tablet) -> None:
    session_id = tablet.open()
    action = f"/sessions/{session_id}/items/gloves_worn"
    fields = tablet.form(f"/sessions/{session_id}", action)

    answer = tablet.client.post(
        action, data={**fields, "result": "yes"}, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="session" id="session">')
    assert "<html" not in answer.text


def test_an_answer_sent_twice_is_entered_once(tablet: Tablet) -> None:
    session_id = tablet.open()
    action = f"/sessions/{session_id}/items/gloves_worn"
    fields = {**tablet.form(f"/sessions/{session_id}", action), "result": "yes"}

    accepted(tablet.post(action, fields))
    accepted(tablet.post(action, fields))

    assert kinds(tablet, session_id).count("session.answered") == 1


def test_the_same_form_with_another_answer_is_explained_and_not_entered(tablet: Tablet) -> None:
    session_id = tablet.open()
    action = f"/sessions/{session_id}/items/gloves_worn"
    fields = tablet.form(f"/sessions/{session_id}", action)
    accepted(tablet.post(action, {**fields, "result": "yes"}))

    again = tablet.post(action, {**fields, "result": "no"})

    assert again.status_code == 409
    assert "This form was sent before with another answer" in words_of(again)
    assert read(tablet, session_id).loaded.answers["gloves_worn"].result == "yes"


def test_a_no_blocks_and_says_what_to_do(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer(session_id, "gloves_worn", result="no")

    text = words_of(tablet.get(f"/sessions/{session_id}"))

    assert "“Gloves worn” was answered no." in text
    assert "Do it and answer again, or abort the session with a deviation." in text


def test_an_answer_can_be_taken_back_for_ten_seconds(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer(session_id, "gloves_worn", result="yes")
    tablet.clock.tick(seconds=9)

    accepted(
        tablet.send(f"/sessions/{session_id}", f"/sessions/{session_id}/items/gloves_worn/undo")
    )

    assert "gloves_worn" not in read(tablet, session_id).loaded.answers


def test_after_the_seconds_the_server_refuses_and_offers_no_undo(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer(session_id, "gloves_worn", result="yes")
    action = f"/sessions/{session_id}/items/gloves_worn/undo"
    fields = tablet.form(f"/sessions/{session_id}", action)
    tablet.clock.tick(seconds=30)

    late = tablet.post(action, fields)

    assert late.status_code == 409
    assert "answer again instead" in words_of(late)
    assert action not in tablet.get(f"/sessions/{session_id}").text
    assert read(tablet, session_id).loaded.answers["gloves_worn"].result == "yes"


def test_evidence_of_one_part_keeps_the_other_part(tablet: Tablet) -> None:
    session_id = tablet.open(device="PEN-1")
    item = "device_sterilized_before"
    accepted(
        tablet.answer(
            session_id, item, component="handpiece", kind="disinfection", lot="D7", barrier="yes"
        )
    )

    accepted(
        tablet.answer(session_id, item, component="cartridge", kind="lot", ref="(17)280131(10)L9")
    )

    pieces = read(tablet, session_id).loaded.answers[item].evidence
    assert [(piece["component"], piece["kind"]) for piece in pieces] == [
        ("handpiece", "disinfection"),
        ("cartridge", "lot"),
    ]
    assert pieces[0]["ref"]["contact_seconds"] == 300
    assert pieces[0]["ref"]["barrier"] is True


def test_a_scan_that_is_no_code_keeps_what_was_scanned_and_says_why(tablet: Tablet) -> None:
    session_id = tablet.open()

    answer = tablet.answer(
        session_id, "device_sterilized_before", component="tip", kind="lot", ref="hello there"
    )

    assert answer.status_code == 422
    assert "is not a GS1 element string" in words_of(answer)
    assert 'value="hello there"' in answer.text


def test_an_expired_lot_is_refused_with_the_way_out(tablet: Tablet) -> None:
    session_id = tablet.open()
    page, action = (
        f"/sessions/{session_id}",
        f"/sessions/{session_id}/items/device_sterilized_before",
    )
    fields = tablet.form(page, action, lot="")

    answer = tablet.post(action, {**fields, "lot": "OLD", "expires_on": "2026-01-31"})

    assert answer.status_code == 422
    assert "Lot OLD expired on 2026-01-31. Take an unexpired one and scan it." in words_of(answer)
    assert 'value="OLD"' in answer.text


def test_another_disinfectant_takes_its_own_contact_time_without_a_script(
    tablet: Tablet, house: House
) -> None:
    session_id = tablet.open(device="PEN-1")
    page, item = f"/sessions/{session_id}", "device_sterilized_before"
    fields = tablet.form(page, f"{page}/items/{item}", kind="disinfection")
    assert fields["contact_seconds"] == "300"

    answer = tablet.post(
        f"{page}/items/{item}",
        {**fields, "lot": "D1", "barrier": "yes", "suggested_for": "another-product"},
    )

    accepted(answer)
    ref = read(tablet, session_id).loaded.answers[item].evidence[0]["ref"]
    assert ref["contact_seconds"] == ref["required_seconds"] == 300


def test_none_of_these_with_a_tick_is_refused(tablet: Tablet) -> None:
    session_id = tablet.open()

    answer = tablet.answer(
        session_id, "contraindications_screened", result="none", contraindication=["herpes"]
    )

    assert answer.status_code == 422
    assert "says none, and something is ticked" in words_of(answer)


def test_a_finding_blocks_until_somebody_entitled_decides(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer(
        session_id,
        "contraindications_screened",
        result="present",
        contraindication=["herpes", "eczema"],
    )
    page = f"/sessions/{session_id}"
    assert "The screening found: herpes, eczema." in words_of(tablet.get(page))

    override = f"{page}/override"
    accepted(tablet.send(override, override, reason="Dermatologist agreed in writing."))

    text = words_of(tablet.get(page))
    assert "Dermatologist agreed in writing." in text
    assert "The screening found" not in text


def test_somebody_not_entitled_cannot_override(tablet: Tablet, house: House, clock: Clock) -> None:
    session_id = tablet.open()
    manager = Tablet(tablet.client.application.test_client(), house, clock).sign_in(Role.MANAGER)

    page = manager.get(f"/sessions/{session_id}/override")

    assert "Only a practitioner entitled to decide" in words_of(page)


def test_a_depth_with_a_comma_is_understood_and_three_and_a_half_is_refused(
    tablet: Tablet,
) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.step(session_id, "start")

    refused = tablet.answer(session_id, "depth", "during", result="3.5")
    accepted(tablet.answer(session_id, "depth", "during", result="0,5"))

    assert refused.status_code == 422
    assert 'value="3.5"' in refused.text
    assert read(tablet, session_id).loaded.answers["depth"].result == {"value": "0.5", "unit": "mm"}


def test_something_done_earlier_keeps_both_times_and_is_marked_late(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.clock.tick(minutes=40)

    accepted(tablet.answer(session_id, "gloves_worn", result="yes", performed_at="12:05"))

    answer = read(tablet, session_id).loaded.answers["gloves_worn"]
    assert answer.late
    assert "done 20 Nov 2026, 12:05, entered 20 Nov 2026, 12:40" in words_of(
        tablet.get(f"/sessions/{session_id}")
    )


def test_a_time_that_has_not_come_is_refused(tablet: Tablet) -> None:
    session_id = tablet.open()

    answer = tablet.answer(session_id, "gloves_worn", result="yes", performed_at="18:00")

    assert answer.status_code == 422
    assert "The time given lies in the future." in words_of(answer)


def test_starting_too_soon_is_refused_on_the_same_page(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    start = tablet.form(f"/sessions/{session_id}", f"/sessions/{session_id}/start")
    tablet.answer(session_id, "gloves_worn", result="no")

    answer = tablet.post(f"/sessions/{session_id}/start", start)

    assert answer.status_code == 409
    assert "1 thing left before you can start" in words_of(answer)


def test_starting_twice_starts_once(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    start = tablet.form(f"/sessions/{session_id}", f"/sessions/{session_id}/start")

    accepted(tablet.post(f"/sessions/{session_id}/start", start))
    accepted(tablet.post(f"/sessions/{session_id}/start", start))

    assert kinds(tablet, session_id).count("session.started") == 1


def test_closing_too_soon_lists_every_blocker_and_asks_for_no_password(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.step(session_id, "start")
    tablet.step(session_id, "finish")

    page = tablet.get(f"/sessions/{session_id}/close")

    assert page.text.count('class="gate-item"') == 7
    assert "Your password" not in words_of(page)


def test_a_wrong_password_signs_nothing_and_loses_nothing(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.treat(session_id)

    wrong = tablet.close(session_id, "not my password")

    assert wrong.status_code == 422
    assert "This password is not right. Nothing was signed" in words_of(wrong)
    assert "session.closed" not in kinds(tablet, session_id)
    accepted(tablet.close(session_id))


def test_too_many_wrong_passwords_say_until_when(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.treat(session_id)
    for _ in range(5):
        tablet.close(session_id, "not my password")

    answer = tablet.close(session_id)

    assert answer.status_code == 429
    assert "Try again after" in words_of(answer)


def test_closing_twice_with_the_same_key_closes_once(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.treat(session_id)
    page = f"/sessions/{session_id}/close"
    fields = {**tablet.form(page, page), "password": PASSWORD}

    accepted(tablet.post(page, fields))
    accepted(tablet.post(page, fields))

    assert kinds(tablet, session_id).count("session.closed") == 1


def test_what_changed_after_the_page_was_opened_is_not_signed(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.treat(session_id)
    page = f"/sessions/{session_id}/close"
    fields = {**tablet.form(page, page), "password": PASSWORD}
    tablet.answer(session_id, "reaction", "after", result="none")

    answer = tablet.post(page, fields)

    assert answer.status_code == 409
    assert "The session changed after this page was opened" in words_of(answer)
    assert "session.closed" not in kinds(tablet, session_id)


def test_a_closed_session_is_read_only_and_says_so(tablet: Tablet) -> None:
    session_id = tablet.closed_session()

    page = tablet.get(f"/sessions/{session_id}")

    assert "This record is closed. Nothing in it is edited" in words_of(page)
    assert [form["action"] for form in forms_of(page.text) if "/items/" in form["action"]] == []


def test_an_answer_that_arrives_after_closing_is_refused(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer_before(session_id)
    tablet.treat(session_id)
    action = f"/sessions/{session_id}/items/reaction"
    fields = tablet.form(f"/sessions/{session_id}?phase=after", action)
    accepted(tablet.close(session_id))

    late = tablet.client.post(
        action, data={**fields, "result": "none"}, headers={"HX-Request": "true"}
    )

    assert late.status_code == 409
    assert 'id="session"' in late.text
    assert "only amendments can be added" in words_of(late)


def test_consent_needs_ink(tablet: Tablet) -> None:
    session_id = tablet.open()
    page = f"/sessions/{session_id}/consent"

    empty = tablet.send(page, page)
    broken = tablet.send(page, page, ink="data:image/png;base64,AAAA")

    assert empty.status_code == broken.status_code == 422
    assert "paper cannot be recorded here" in words_of(tablet.get(page))
    accepted(tablet.send(page, page, ink=INK_URL))
    picture = tablet.get(f"/sessions/{session_id}/consent.png")
    assert picture.mimetype == "image/png"


def test_a_colleague_takes_over_with_a_reason(tablet: Tablet, house: House, clock: Clock) -> None:
    session_id = tablet.open()
    manager = Tablet(tablet.client.application.test_client(), house, clock).sign_in(Role.MANAGER)
    page = f"/sessions/{session_id}/take-over"
    assert "belongs to Practitioner" in words_of(manager.get(f"/sessions/{session_id}"))

    refused = manager.send(page, page, reason="")
    accepted(manager.send(page, page, reason="Shift change"))

    assert refused.status_code == 422
    assert read(tablet, session_id).row.practitioner_id == house.manager.user_id


def test_the_client_is_corrected_before_closing_only(tablet: Tablet) -> None:
    session_id = tablet.open("C-1OO1")
    page = f"/sessions/{session_id}/client"

    accepted(tablet.send(page, page, client_ref="C-1001"))

    assert read(tablet, session_id).client_ref == "C-1001"
    closed = tablet.closed_session("C-7")
    assert tablet.get(f"/sessions/{closed}/client").status_code == 303


def test_a_session_is_aborted_with_its_deviation_and_a_password(tablet: Tablet) -> None:
    session_id = tablet.open()
    page = f"/sessions/{session_id}/abort"
    told = {"what": "Client felt faint", "why": "No breakfast", "corrective_action": "Rest, water"}

    missing = tablet.send(page, page, **{**told, "why": ""}, password=PASSWORD)
    wrong = tablet.send(page, page, **told, password="wrong password")
    accepted(tablet.send(page, page, **told, password=PASSWORD))

    assert missing.status_code == wrong.status_code == 422
    assert "Client felt faint" in missing.text
    assert "ended without completing it" in words_of(tablet.get(f"/sessions/{session_id}"))


def test_an_adverse_event_and_a_follow_up_stand_with_the_record(tablet: Tablet) -> None:
    session_id = tablet.closed_session()
    incident, follow_up = f"/sessions/{session_id}/incident", f"/sessions/{session_id}/follow-up"

    fields = {
        **tablet.form(incident, incident),
        "grade": "moderate",
        "signs": ["bruising"],
        "description": "Bruise on the cheek",
    }
    accepted(tablet.post(incident, fields))
    accepted(tablet.post(incident, fields))
    accepted(tablet.send(follow_up, follow_up, outcome="well"))

    text = words_of(tablet.get(f"/sessions/{session_id}"))
    assert text.count("Bruise on the cheek") == 1
    assert "needs a doctor" in text
    assert "Follow-up: The client is well" in text


def test_an_amendment_stands_beside_the_old_value(tablet: Tablet) -> None:
    session_id = tablet.closed_session()
    page = f"/sessions/{session_id}/amend/body_site"

    wrong = tablet.send(page, page, result="neck", reason="Slip", password="wrong password")
    accepted(
        tablet.send(page, page, result="neck", reason="Pressed the wrong one", password=PASSWORD)
    )

    assert wrong.status_code == 422
    text = tablet.get(f"/sessions/{session_id}").text
    assert "<del>Face</del>" in text
    assert re.search(r"<strong>Neck</strong>", text)
    assert "Pressed the wrong one" in text


def test_a_wrong_lot_is_amended_and_the_other_evidence_stays(tablet: Tablet) -> None:
    session_id = tablet.closed_session()
    page = f"/sessions/{session_id}/amend/device_sterilized_before"
    change = {"tip-change": "yes", "tip-lot": "L2", "tip-expires_on": "2028-01-31"}

    accepted(
        tablet.send(page, page, result="yes", reason="Misread the lot", password=PASSWORD, **change)
    )

    amended = read(tablet, session_id).amendments[0].data
    assert amended["evidence_old"][0]["ref"]["lot"] == "L1"
    assert amended["evidence_new"][0]["ref"]["lot"] == "L2"


def test_an_amendment_sent_twice_is_entered_once(tablet: Tablet) -> None:
    session_id = tablet.closed_session()
    page = f"/sessions/{session_id}/amend/body_site"
    fields = {**tablet.form(page, page), "result": "neck", "reason": "Slip", "password": PASSWORD}

    accepted(tablet.post(page, fields))
    accepted(tablet.post(page, fields))

    assert len(read(tablet, session_id).amendments) == 1


def test_the_history_tells_old_and_new(tablet: Tablet) -> None:
    session_id = tablet.open()
    tablet.answer(session_id, "gloves_worn", result="no")
    tablet.answer(session_id, "gloves_worn", result="yes")

    text = words_of(tablet.get(f"/sessions/{session_id}/history"))

    assert "Gloves worn: No → Yes" in text
    assert "signed in by password" in text


@pytest.mark.parametrize("role", [Role.INSPECTOR])
def test_an_inspector_reads_and_changes_nothing(
    tablet: Tablet, house: House, clock: Clock, role: Role
) -> None:
    session_id = tablet.open()
    inspector = Tablet(tablet.client.application.test_client(), house, clock).sign_in(role)

    page = inspector.get(f"/sessions/{session_id}")

    assert page.status_code == 200
    assert [form for form in forms_of(page.text) if "/sessions/" in form["action"]] == []
    assert inspector.get("/tablet").status_code == 403
    assert inspector.get(f"/sessions/{session_id}/close").status_code == 403


def test_a_session_of_another_clinic_is_not_found(tablet: Tablet) -> None:
    unknown = "01a1fc10-35c5-720d-9e7b-85433de77cff"

    assert tablet.get(f"/sessions/{unknown}").status_code == 404
    assert tablet.get(f"/sessions/{unknown}/close").status_code == 404
