"""The home screen and the opening of sessions."""

from __future__ import annotations

from web.tablet.browsing import Clock, Tablet, accepted, words_of

from compliance.domain.access import Role
from harbour import House, closed_session, released_pack


def test_home_says_what_is_missing_in_words(tablet: Tablet) -> None:
    tablet.open("C-2041")

    text = words_of(tablet.get("/tablet"))

    assert "C-2041" in text
    assert "10 things left before you can start" in text


def test_an_empty_home_says_what_to_do(tablet: Tablet) -> None:
    assert "No session is open" in words_of(tablet.get("/tablet"))


def test_home_shows_what_waits_and_whom_to_ask(tablet: Tablet, house: House, clock: Clock) -> None:
    released_pack(house, "P-1", "ROLLER-1", clock.now)
    closed_session(house, clock.now, device="ROLLER-1", client="C-77")
    clock.tick(days=1)
    tablet.sign_in(Role.PRACTITIONER)

    text = words_of(tablet.get("/tablet"))

    assert "Signed, waiting for sterilization C-77 Roller 1 Since 1 day" in text
    assert "Ask how they are C-77 Follow-up Tomorrow" in text


def test_a_recorded_follow_up_is_asked_for_no_longer(
    tablet: Tablet, house: House, clock: Clock
) -> None:
    session_id = closed_session(house, clock.now)
    clock.tick(days=3)
    tablet.sign_in(Role.PRACTITIONER)
    assert "Was due 22 Nov 2026" in words_of(tablet.get("/tablet"))
    page = f"/sessions/{session_id}/follow-up"

    accepted(tablet.send(page, page, outcome="well"))

    assert "Ask how they are" not in words_of(tablet.get("/tablet"))


def test_a_colleague_sees_the_session_under_colleagues(
    tablet: Tablet, house: House, clock: Clock
) -> None:
    tablet.open("C-2041")
    manager = Tablet(tablet.client.application.test_client(), house, clock).sign_in(Role.MANAGER)

    text = words_of(manager.get("/tablet"))

    assert "Open at colleagues C-2041" in text


def test_opening_twice_with_the_same_key_opens_one_session(tablet: Tablet) -> None:
    fields = {
        **tablet.form("/sessions/new", "/sessions/new"),
        "client_ref": "C-1",
        "device_code": "TIP-1",
    }

    first = tablet.post("/sessions/new", fields)
    second = tablet.post("/sessions/new", fields)

    assert first.headers["Location"] == second.headers["Location"]


def test_nobody_is_chosen_for_you(tablet: Tablet) -> None:
    tablet.open("C-1")

    fields = tablet.form("/sessions/new", "/sessions/new")

    assert "client" not in fields
    assert fields["template"] == "cosmetic_medical_microneedling"
    assert fields["device"]


def test_a_missing_client_and_two_clients_are_refused(tablet: Tablet) -> None:
    tablet.open("C-1")

    none = tablet.send("/sessions/new", "/sessions/new")
    two = tablet.send("/sessions/new", "/sessions/new", client="C-1", client_ref="C-2")

    assert none.status_code == two.status_code == 422
    assert "The client's reference is missing." in words_of(none)
    assert "is not C-1, which is chosen above" in words_of(two)


def test_an_unknown_device_is_refused_and_what_was_typed_stays(tablet: Tablet) -> None:
    answer = tablet.send(
        "/sessions/new", "/sessions/new", client_ref="C-9", device_code="NOT-THERE"
    )

    assert answer.status_code == 422
    assert 'value="C-9"' in answer.text


def test_warnings_come_as_a_piece_of_the_page(tablet: Tablet, house: House, clock: Clock) -> None:
    closed_session(house, clock.now, client="C-5")
    clock.tick(days=9)
    tablet.sign_in(Role.PRACTITIONER)

    piece = tablet.get(
        "/sessions/new/warnings?client=C-5&client_ref=&template=cosmetic_medical_microneedling"
    )

    assert "The last treatment was 9 days ago; this protocol keeps 42 days." in words_of(piece)
    assert 'value="interval"' in piece.text


def test_without_scripts_warnings_are_shown_before_the_session_opens(
    tablet: Tablet, house: House, clock: Clock
) -> None:
    closed_session(house, clock.now, client="C-5")
    clock.tick(days=9)
    tablet.sign_in(Role.PRACTITIONER)
    page = tablet.send("/sessions/new", "/sessions/new", client_ref="C-5", device_code="TIP-1")
    assert page.status_code == 200
    assert "Open anyway" in words_of(page)

    fields = tablet.form("/sessions/new", "/sessions/new")
    fields |= {"client_ref": "C-5", "device_code": "TIP-1", "seen": "interval"}
    opened = tablet.post("/sessions/new", fields)

    accepted(opened)
    text = words_of(tablet.get(opened.headers["Location"]))
    assert "The last treatment was 9 days ago" in text
