"""People's pages: invited by a link that is shown once, changed, switched off, signed out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from web.desk.visiting import PASSWORD, Browser, browse

from compliance.web.security import CONTENT_POLICY
from givens import Clock
from harbour import House

PEOPLE = "/manager/people"


def invite(manager: Browser, **fields: object) -> str:
    """Invite somebody and return the path of the link."""
    wanted = {"username": "anna", "display_name": "", "roles": "practitioner", **fields}
    answer = manager.post(f"{PEOPLE}/invite", page=f"{PEOPLE}/invite", **wanted)
    assert answer.status_code == 200, answer.text
    found = re.search(r"http://localhost(/invitation/[\w-]{40,})", answer.text)
    assert found
    return found[1]


def test_an_invited_person_sets_everything_up_and_works(app: Flask, manager: Browser) -> None:
    link = invite(manager)
    guest = browse(app)
    page = guest.read(link)
    assert "Harbour Skin Clinic" in page
    assert "You need one." in page

    answer = guest.post(
        link, page=link, display_name="Anna Ó", password=PASSWORD, again=PASSWORD, pin="246810"
    )

    assert answer.status_code == 303
    assert browse(app, "anna").get("/tablet").status_code == 200
    assert "Anna Ó" in manager.read(PEOPLE)


def test_the_link_is_shown_once_with_a_picture_and_never_again(manager: Browser) -> None:
    link = invite(manager)

    assert link not in manager.read(PEOPLE)
    assert "One-time links that nobody used yet" in manager.read(PEOPLE)


def test_a_used_link_says_so_kindly(app: Flask, manager: Browser) -> None:
    link = invite(manager, display_name="Anna")
    guest = browse(app)
    guest.post(link, page=link, password=PASSWORD, again=PASSWORD, pin="246810")

    answer = guest.get(link)

    assert answer.status_code == 404
    assert "This link opens nothing" in answer.text
    assert "no-referrer" in answer.headers["Referrer-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_bad_password_is_explained_and_nothing_typed_comes_back(
    app: Flask, manager: Browser
) -> None:
    link = invite(manager, display_name="Anna")

    answer = browse(app).post(link, page=link, password="short", again="short", pin="246810")

    assert answer.status_code == 422
    assert "10 to 200 characters" in answer.text
    assert 'value="short"' not in answer.text


def test_guessing_links_is_slowed_down(app: Flask, house: House) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    guest = browse(app)

    codes = {guest.get(f"/invitation/{number:043d}").status_code for number in range(61)}

    assert codes == {404, 429}


def test_a_taken_back_link_opens_nothing(app: Flask, manager: Browser) -> None:
    link = invite(manager)
    action = re.search(rf"{PEOPLE}/invitations/[\w-]+/revoke", manager.read(PEOPLE))
    assert action

    manager.post(action[0], page=PEOPLE)

    assert browse(app).get(link).status_code == 404


def test_an_inspector_needs_a_last_day_and_the_page_says_so_beside_it(manager: Browser) -> None:
    answer = manager.post(
        f"{PEOPLE}/invite", page=f"{PEOPLE}/invite", username="ivo", roles="inspector"
    )

    assert answer.status_code == 422
    assert "a day within a year" in answer.text
    assert 'id="last_day-error"' in answer.text


def test_whoever_is_switched_off_can_do_nothing_from_that_moment(
    house: House, manager: Browser, visit: Callable[[str], Browser]
) -> None:
    practitioner = visit("practitioner")
    page = f"{PEOPLE}/{house.practitioner.user_id}"
    assert practitioner.get("/tablet").status_code == 200

    manager.post(f"{page}/disable", page=page)

    assert practitioner.get("/tablet").status_code == 303
    assert "Switched off" in manager.read(page)
    manager.post(f"{page}/enable", page=page)
    assert "Works here" in manager.read(page)


def test_a_new_password_comes_by_link_and_ends_what_was_open(
    app: Flask, house: House, manager: Browser, visit: Callable[[str], Browser]
) -> None:
    practitioner = visit("practitioner")
    page = f"{PEOPLE}/{house.practitioner.user_id}"
    answer = manager.post(f"{page}/reset", page=page)
    found = re.search(r"http://localhost(/invitation/[\w-]+)", answer.text)
    assert found

    fresh = "three quiet lanterns"
    browse(app).post(found[1], page=found[1], password=fresh, again=fresh)

    assert practitioner.get("/tablet").status_code == 303
    came = browse(app).post(
        "/login", page="/login", username="harbour-practitioner", password=fresh
    )
    assert came.status_code == 303


def test_the_page_of_a_person_shows_history_and_signs_a_browser_out(
    house: House, manager: Browser, visit: Callable[[str], Browser]
) -> None:
    practitioner = visit("practitioner")
    page = f"{PEOPLE}/{house.practitioner.user_id}"
    text = manager.read(page)
    assert "Came in" in text
    action = re.search(rf"{page}/logins/[0-9a-f]+/revoke", text)
    assert action

    manager.post(action[0], page=page)

    assert practitioner.get("/tablet").status_code == 303


def test_roles_are_set_and_refusals_stand_beside_the_field(house: House, manager: Browser) -> None:
    page = f"{PEOPLE}/{house.operator.user_id}"
    done = manager.post(
        f"{page}/roles",
        page=page,
        **{"r-roles": ["operator", "practitioner"], "r-entitled_override": "y"},
    )
    assert done.status_code == 303
    assert "Practitioner" in manager.read(page)

    own = f"{PEOPLE}/{house.manager.user_id}"
    refused = manager.post(f"{own}/roles", page=own, **{"r-roles": "practitioner"})
    assert refused.status_code == 422
    assert "ask another manager" in refused.text


def test_a_scan_comes_back_as_a_file_to_save_and_nothing_else(
    house: House, manager: Browser
) -> None:
    page = f"{PEOPLE}/{house.practitioner.user_id}"
    content = b"%PDF-1.7 <script>alert(1)</script>"
    fields = {
        "q-kind": "licence",
        "q-title": "Needling",
        "q-number": "SB-1",
        "q-valid_from": "2026-01-01",
        "q-depth_limit_mm": "0,5",
        "q-scan": (io.BytesIO(content), "../../evil.html"),
    }
    assert manager.post(f"{page}/qualifications", page=page, **fields).status_code == 303
    text = manager.read(page)
    assert "0.5 mm" in text
    scan = re.search(rf"{page}/qualifications/[\w-]+/scan", text)
    assert scan

    answer = manager.get(scan[0])

    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "evil" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_scan_that_only_calls_itself_a_pdf_is_refused(house: House, manager: Browser) -> None:
    page = f"{PEOPLE}/{house.practitioner.user_id}"
    answer = manager.post(
        f"{page}/qualifications",
        page=page,
        **{
            "q-kind": "licence",
            "q-title": "Needling",
            "q-valid_from": "2026-01-01",
            "q-scan": (io.BytesIO(b"<html>"), "licence.pdf", "application/pdf"),
        },
    )

    assert answer.status_code == 422
    assert "PDF, PNG, JPEG" in answer.text


def test_a_token_is_shown_once_works_and_is_taken_back(
    app: Flask, manager: Browser, clock: Clock
) -> None:
    made = manager.post(
        "/manager/tokens",
        page="/manager/tokens",
        label="Book",
        scopes=["read"],
        last_day=clock.now.date().isoformat(),
    )
    secret = re.search(r"ast_[\w-]+", made.text)
    assert secret
    header = {"Authorization": f"Bearer {secret[0]}"}
    program = app.test_client()
    assert program.get("/api/v1/devices", headers=header).status_code == 200
    listed = manager.read("/manager/tokens")
    assert secret[0] not in listed
    assert "Book" in listed
    action = re.search(r"/manager/tokens/[\w-]+/revoke", listed)
    assert action

    manager.post(action[0], page="/manager/tokens")

    assert program.get("/api/v1/devices", headers=header).status_code == 401


@pytest.mark.parametrize("role", ["practitioner", "operator", "inspector"])
@pytest.mark.parametrize(
    "path",
    [
        PEOPLE,
        f"{PEOPLE}/invite",
        "/manager/tokens",
        "/manager/things",
        "/manager/things/devices",
        "/manager/things/devices?format=csv",
        "/manager/things/lots/new",
        "/manager/things/products/import",
        "/manager/things/devices/labels.pdf",
        "/manager/templates",
        "/manager/templates/needle_roller/1",
        "/manager/templates/needle_roller/compare",
    ],
)
def test_only_a_manager_sees_the_house(
    visit: Callable[[str], Browser], role: str, path: str
) -> None:
    assert visit(role).get(path).status_code == 403


def test_every_page_keeps_the_strict_policy(manager: Browser) -> None:
    for path in (PEOPLE, "/manager/things", "/manager/templates"):
        answer = manager.get(path)
        assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
        assert "style=" not in answer.text
        assert "<script>" not in answer.text
