from __future__ import annotations

import base64
import re
import zlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web.auth.browsing import Clock, MakeApp, come_in, send, token_in

from compliance.domain.access import Actor, Role
from compliance.operations.people.accounts import ChangeRoles, change_roles, disable_person
from compliance.operations.people.tokens import CreateToken, create_token
from compliance.store.session import Database
from compliance.web.auth import local_path
from unit.people.cases import NOW, PASSWORD, PIN, AddClinic, AddPerson

COOKIE = "aseptrail"


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    if found is None:
        raise AssertionError("this browser holds no cookie")
    return found.value


def opened(client: FlaskClient) -> str:
    """The cookie's content as anybody can read it."""
    payload = cookie(client).lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(payload + "==")
    return (zlib.decompress(raw) if cookie(client).startswith(".") else raw).decode()


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.PRACTITIONER, "/tablet"),
        (Role.OPERATOR, "/sterilization"),
        (Role.MANAGER, "/manager"),
        (Role.INSPECTOR, "/inspector"),
    ],
)
def test_everybody_comes_in_and_finds_their_desk(
    client: FlaskClient, operator: Actor, add_person: AddPerson, role: Role, home: str
) -> None:
    add_person(operator, "mira", role)
    response = come_in(client, "mira")
    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/").location == home


def test_the_administrator_starts_with_the_people(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "root", admin=True)
    come_in(client, "root")
    assert client.get("/").location == "/manager/people"


def without_token(page: str) -> str:
    """The page without the tokens against forged requests, which carry the second they were made."""
    return re.sub(r'(?<=content=")[\w.-]{60,}(?=")|(?<=value=")[\w.-]{60,}(?=")', "TOKEN", page)


def test_a_refused_sign_in_says_the_same_for_any_name(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    pages = []
    for name in ("mira", "nobody"):
        response = come_in(client, name, "wrong password")
        assert response.status_code == 422
        pages.append(without_token(response.text).replace(name, "NAME"))
        assert client.get("/probe").status_code == 303
    assert pages[0] == pages[1]
    assert "wrong password" not in pages[0]


def test_an_empty_sign_in_names_both_fields(client: FlaskClient) -> None:
    response = come_in(client, "", "")
    assert response.status_code == 422
    assert "Give your username." in response.text
    assert "Give your password." in response.text


def test_somebody_switched_off_is_told_so(
    client: FlaskClient, database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    assert client.get("/probe").status_code == 200
    with database.writing() as tx:
        disable_person(tx, user_id, actor=operator, now=NOW)
    assert client.get("/probe").location == "/login?next=%2Fprobe"
    response = come_in(client, "mira")
    assert response.status_code == 403
    assert "switched off" in response.text


def test_an_inspector_whose_visit_ended_is_out_of_the_open_browser(
    client: FlaskClient, clock: Clock, operator: Actor, add_person: AddPerson
) -> None:
    clock.forward(minutes=1)
    add_person(operator, "ivo", Role.INSPECTOR, valid_to=clock.now)
    clock.forward(minutes=-1)
    come_in(client, "ivo")
    assert client.get("/probe").status_code == 200
    clock.forward(minutes=1)
    assert client.get("/probe").status_code == 303


def test_the_cookie_carries_a_login_token_and_nothing_about_the_person(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    text = opened(client)
    assert user_id not in text
    assert "mira" not in text.lower()


def test_nothing_from_before_the_sign_in_survives_it(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    with client.session_transaction() as planted:
        planted["_user_id"] = "planted"
        planted["planted"] = "yes"
    planted_token = token_in(client.get("/login"))
    come_in(client, "mira")
    client.get("/probe")
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept["_user_id"] != "planted"
    assert client.post("/logout", data={"csrf_token": planted_token}).status_code == 400


def test_signing_out_ends_the_token_not_only_the_cookie(
    client: FlaskClient, app: Flask, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    stolen = cookie(client)
    assert send(client, "/account", "/logout").location == "/login"
    assert client.get("/probe").status_code == 303
    thief = app.test_client()
    thief.set_cookie(COOKIE, stolen)
    assert thief.get("/probe").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        " /tablet",
        "javascript:alert(1)",
        "tablet",
        "/lock",
        "/login?next=/login",
        "/" + "a" * 500,
        "",
        None,
    ],
)
def test_only_pages_of_this_server_are_returned_to(target: str | None) -> None:
    assert local_path(target) is None


def test_the_way_back_is_kept_and_a_foreign_one_is_dropped(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    door = client.get("/probe?a=1&b=2").location
    assert door == "/login?next=%2Fprobe%3Fa%3D1%26b%3D2"
    page = client.get(door)
    assert 'value="/probe?a=1&amp;b=2"' in page.text
    assert come_in(client, "mira", target="/probe?a=1&b=2").location == "/probe?a=1&b=2"
    assert client.get("/login?next=/probe").location == "/probe"
    send(client, "/account", "/logout")
    assert come_in(client, "mira", target="https://evil.example/").location == "/"


def test_after_a_form_the_way_back_is_the_page_above_it(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    token = token_in(client.get("/login"))
    response = client.post("/probe/answers/gloves", data={"csrf_token": token})
    assert (response.status_code, response.location) == (303, "/login?next=%2Fprobe")


@pytest.mark.parametrize(
    "headers",
    [{"HX-Request": "true", "HX-Current-URL": "http://x/probe?a=1"}, {"Sec-Fetch-Mode": "cors"}],
)
def test_a_script_sees_that_its_answer_was_not_taken(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    token = token_in(client.get("/login"))
    response = client.post("/probe", data={"csrf_token": token}, headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"].startswith("/login?next=%2Fprobe")


def test_an_idle_screen_locks_and_the_pin_opens_it(
    client: FlaskClient, clock: Clock, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    come_in(client, "mira")
    before = opened(client)
    clock.forward(seconds=290)
    assert client.get("/probe").status_code == 200
    clock.forward(seconds=301)
    assert client.get("/probe").location == "/lock?next=%2Fprobe"
    assert client.get("/account").location == "/lock?next=%2Faccount"
    response = send(client, "/lock?next=/probe", "/lock", username="mira", pin=PIN, next="/probe")
    assert response.location == "/probe"
    answer = client.get("/probe").json
    assert answer is not None
    assert answer["auth"] == "pin"
    assert opened(client) != before


def test_polling_does_not_keep_a_screen_unlocked(
    client: FlaskClient, clock: Clock, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    for _ in range(5):
        clock.forward(seconds=60)
        assert client.get("/probe", headers={"Aseptrail-Background": "1"}).status_code == 200
    clock.forward(seconds=1)
    assert client.get("/probe").status_code == 303


def test_asking_for_the_lock_locks(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    come_in(client, "mira")
    assert client.get("/lock").status_code == 200
    assert client.get("/probe").location == "/lock?next=%2Fprobe"
    assert client.get("/login").status_code == 200


def test_a_colleague_takes_over_at_their_own_desk(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    otto = add_person(operator, "otto", Role.OPERATOR, pin=True)
    come_in(client, "mira")
    page = client.get("/lock?next=/probe")
    assert "Otto" in page.text
    assert 'inputmode="numeric"' in page.text
    response = send(client, "/lock", "/lock", username="otto", pin=PIN, next="/probe")
    assert response.location == "/"
    answer = client.get("/probe").json
    assert answer is not None
    assert answer["user"] == otto


def test_wrong_pins_end_in_a_wait_with_a_time(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    come_in(client, "mira")
    for _ in range(4):
        response = send(client, "/lock", "/lock", username="mira", pin="975310")
        assert response.status_code == 422
        assert "This PIN is not right." in response.text
    response = send(client, "/lock", "/lock", username="mira", pin="975310")
    assert response.status_code == 429
    assert "20 Nov 2026, 09:15" in response.text
    assert send(client, "/lock", "/lock", username="x", pin=PIN).status_code == 422


def test_a_locked_screen_opens_with_a_password_too(
    client: FlaskClient, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "boss", Role.MANAGER)
    come_in(client, "boss")
    client.get("/lock")
    assert 'value="boss"' in client.get("/login").text
    assert come_in(client, "boss").status_code == 303
    assert client.get("/probe").status_code == 200


def test_signed_out_nobody_sees_the_lock_or_the_account(client: FlaskClient) -> None:
    for path in ("/lock", "/account", "/clinic", "/"):
        assert client.get(path).location.startswith("/login")


def test_a_person_of_two_clinics_chooses_first(
    client: FlaskClient,
    database: Database,
    operator: Actor,
    add_clinic: AddClinic,
    add_person: AddPerson,
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    south, west = add_clinic("south"), add_clinic("west")
    with database.writing() as tx:
        command = ChangeRoles(user_id=user_id, roles=frozenset({Role.OPERATOR}))
        change_roles(tx, command, actor=south, now=NOW)
    come_in(client, "mira")
    assert client.get("/probe").location == "/clinic?next=%2Fprobe"
    page = client.get("/clinic?next=/probe")
    assert "South" in page.text
    assert "West" not in page.text
    assert send(client, "/clinic", "/clinic", clinic_id=west.clinic_id).status_code == 404
    response = send(client, "/clinic", "/clinic", clinic_id=south.clinic_id, next="/probe")
    assert response.location == "/probe"
    assert client.get("/").location == "/sterilization"


def test_an_administrator_without_clinics_is_told_what_to_do(
    client: FlaskClient, app: Flask, operator: Actor, add_person: AddPerson, add_clinic: AddClinic
) -> None:
    add_clinic("south")
    add_person(operator, "root", admin=True)
    come_in(client, "root")
    assert client.get("/").location == "/clinic?next=%2F"
    assert client.get("/clinic").status_code == 200
    assert send(client, "/clinic", "/clinic").status_code == 422


def test_the_account_lists_browsers_and_signs_one_out(
    client: FlaskClient, app: Flask, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    other = app.test_client()
    come_in(other, "mira")
    come_in(client, "mira")
    page = client.get("/account").text
    found = page.split('action="/account/logins/')
    assert len(found) == 2
    login_id = found[1].split("/")[0]
    response = send(client, "/account", f"/account/logins/{login_id}/revoke")
    assert response.location == "/account"
    assert other.get("/probe").status_code == 303
    assert send(client, "/account", f"/account/logins/{login_id}/revoke").status_code == 404


def test_changing_the_password(client: FlaskClient, operator: Actor, add_person: AddPerson) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    path, new = "/account/password", "another long one"
    wrong = send(client, "/account", path, current="wrong", new=new, again=new)
    assert wrong.status_code == 422
    assert "This password is not right." in wrong.text
    weak = send(client, "/account", path, current=PASSWORD, new="short", again="short")
    assert "10 to 200 characters" in weak.text
    differing = send(client, "/account", path, current=PASSWORD, new=new, again="other")
    assert "differ" in differing.text
    done = send(client, "/account", path, current=PASSWORD, new=new, again=new)
    assert done.location == "/account"
    assert "Your password is changed" in client.get("/account").text
    send(client, "/account", "/logout")
    assert come_in(client, "mira", new).status_code == 303


def test_setting_a_pin(client: FlaskClient, operator: Actor, add_person: AddPerson) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")

    def choose(password: str, pin: str) -> str:
        fields = {"pin-password": password, "pin-pin": pin, "pin-again": pin}
        response = send(client, "/account", "/account/pin", **fields)
        return response.location or response.text

    assert "This password is not right." in choose("wrong", "864209")
    assert "too easy" in choose(PASSWORD, "123456")
    assert choose(PASSWORD, "864209") == "/account"
    assert send(client, "/lock", "/lock", username="mira", pin="864209").location == "/"


def bearer(database: Database, actor: Actor, user_id: str, *scopes: str) -> dict[str, str]:
    command = CreateToken(user_id=user_id, label="x", scopes=frozenset(scopes), expires_at=None)
    with database.writing() as tx:
        made = create_token(tx, command, actor=actor, now=NOW)
    return {"Authorization": f"Bearer {made.secret}"}


def test_the_api_takes_bearer_tokens_within_their_scopes(
    client: FlaskClient, database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    reading = bearer(database, operator, user_id, "read")
    full = bearer(database, operator, user_id, "read", "write", "sign")
    answer = client.get("/api/v1/probe", headers=reading)
    assert answer.json == {"user": user_id, "auth": "token", "may_sign": False}
    refused = client.post("/api/v1/probe", headers=reading)
    assert refused.status_code == 403
    assert refused.json is not None
    assert refused.json["code"] == "not_permitted"
    answer = client.post("/api/v1/probe", headers=full)
    assert answer.json == {"user": user_id, "auth": "token", "may_sign": True}


def test_the_api_takes_no_cookies_and_pages_take_no_tokens(
    client: FlaskClient, app: Flask, database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    come_in(client, "mira")
    for response in (client.get("/api/v1/probe"), client.post("/api/v1/probe")):
        assert response.status_code == 401
        assert response.mimetype == "application/problem+json"
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json is not None
        assert response.json["code"] == "sign_in_required"
    headers = bearer(database, operator, user_id, "read")
    assert app.test_client().get("/probe", headers=headers).status_code == 303
    wrong = {"Authorization": "Bearer ast_wrong"}
    assert app.test_client().get("/api/v1/probe", headers=wrong).status_code == 401


def test_the_demo_says_so_and_names_its_people(make_app: MakeApp) -> None:
    page = make_app(demo=True).test_client().get("/login").text
    assert "demo-manager" in page
    assert "Demo:" in page
    assert "demo-manager" not in make_app().test_client().get("/login").text
