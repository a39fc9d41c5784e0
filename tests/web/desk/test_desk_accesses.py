"""Every page, file and answer that an inspector is shown is noted, and both sides see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from web.api.calling import make_token
from web.desk.visiting import Browser, Filled, browse
from web.test_access_matrix import ACCESS, INSPECTOR, ROUTES

from compliance.operations.access_seals import enter_accesses
from compliance.operations.inspector_accesses import AccessRow, list_accesses
from compliance.store.session import Database, StorageRefused
from compliance.web.inspection.reads import ENDPOINTS, WHAT, is_open
from givens import Clock
from harbour import House

OWN = "/inspector/access"
ALL = "/manager/access"


def noted(house: House) -> list[AccessRow]:
    """Oldest first."""
    with house.database.reading() as tx:
        return list_accesses(tx, actor=house.manager, limit=200)[::-1]


def brief(house: House) -> list[tuple[str, str, str, str]]:
    return [(row.way, row.what, row.thing, row.asked) for row in noted(house)]


def test_what_an_inspector_opens_is_noted_with_the_thing(
    house: House, filled: Filled, inspector: Browser, clock: Clock
) -> None:
    inspector.read("/inspector?state=closed&client=C-1002&practitioner=")
    clock.tick(seconds=1)
    inspector.read(f"/inspector/sessions/{filled.closed}")
    clock.tick(seconds=1)
    assert inspector.get("/inspector?format=csv").status_code == 200
    clock.tick(seconds=1)
    inspector.read("/search?kind=client&ref=C-1002")

    assert brief(house) == [
        ("page", "sessions", "", "client,state=closed"),
        ("page", "session", filled.closed, ""),
        ("file", "sessions", "", "format=csv"),
        ("page", "search", "", "kind=client,ref"),
    ]


def test_what_was_refused_or_not_found_or_open_to_anybody_is_no_access(
    house: House, filled: Filled, inspector: Browser
) -> None:
    assert inspector.get("/manager").status_code == 403
    assert inspector.get(f"/inspector/sessions/{house.clinic_id}").status_code == 404
    for path in ("/account", "/verify", "/static/css/base.css", "/healthz"):
        assert inspector.get(path).status_code == 200
    assert inspector.get("/").status_code == 303

    assert brief(house) == []


def test_nobody_elses_reading_is_noted(house: House, filled: Filled, manager: Browser) -> None:
    manager.read("/inspector")
    manager.read(f"/inspector/sessions/{filled.closed}")

    assert brief(house) == []


def test_a_call_by_token_is_noted_and_listed_to_both(
    app: Flask, house: House, filled: Filled, clock: Clock
) -> None:
    tokens = {
        name: make_token(house, getattr(house, name), clock.now)
        for name in ("inspector", "manager", "practitioner")
    }
    client = app.test_client()

    def get(path: str, by: str) -> Any:
        clock.tick(seconds=1)
        return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {tokens[by]}"})

    assert get(f"/sessions/{filled.amended}", "inspector").status_code == 200
    own = get("/inspector-accesses", "inspector").json
    every = get("/inspector-accesses?limit=1", "manager").json
    rest = get(f"/inspector-accesses?limit=1&cursor={every['next_cursor']}", "manager").json

    (line,) = own["items"]
    assert (line["way"], line["what"], line["thing"]) == ("api", "session", filled.amended)
    assert line["inspector"]["id"] == house.inspector.user_id
    assert line["token"] == noted(house)[0].token_id
    assert line["token"] is not None
    assert [each["items"][0]["what"] for each in (every, rest)] == ["own_accesses", "session"]
    assert rest["next_cursor"] is None
    assert get("/inspector-accesses", "practitioner").status_code == 403


def test_both_sides_read_the_list(
    house: House, filled: Filled, inspector: Browser, manager: Browser, clock: Clock
) -> None:
    inspector.read(f"/inspector/sessions/{filled.closed}")
    inspector.read("/inspector?client=C-1002")

    seen, own = manager.read(ALL), inspector.read(OWN)
    for page in (seen, own):
        assert "The list of sessions" in page
        assert "by client" in page
        assert f"…\u2060{filled.closed[-8:]}" in page
        assert "C-1002" not in page
    for page in (seen, own):
        assert "A fingerprint of these lines goes into the log before every report" in page
    with house.database.writing() as tx:
        index = enter_accesses(tx, actor=house.manager, now=clock())
    assert f"Entry {index} of the log, made " in manager.read(ALL)
    assert f"Entry {index} of the log, made " in inspector.read(OWN)
    assert f'href="/manager/sessions/{filled.closed}"' in seen
    assert "/manager/sessions/" not in own
    assert inspector.get(ALL).status_code == 403
    assert manager.get(OWN).status_code == 403
    person = manager.read(f"/manager/people/{house.inspector.user_id}")
    assert f"{ALL}?inspector={house.inspector.user_id}" in person
    assert ALL not in manager.read(f"/manager/people/{house.practitioner.user_id}")
    assert ALL in manager.read("/manager/people")
    assert OWN in inspector.read("/inspector")


def test_the_manager_takes_the_whole_list_as_csv(
    house: House, filled: Filled, inspector: Browser, manager: Browser, clock: Clock
) -> None:
    for _ in range(52):
        clock.tick(seconds=1)
        inspector.read(f"/inspector/sessions/{filled.closed}")

    first = manager.read(ALL)
    rows = list(csv.reader(io.StringIO(manager.get(f"{ALL}?format=csv").text.lstrip("\ufeff"))))
    nobody = manager.read(f"{ALL}?inspector=somebody-else")

    assert 'rel="next"' in first
    assert len(rows) == 1 + 52
    assert (rows[0][-1], rows[1][-1], rows[-1][-1]) == ("Number", "52", "1")
    assert rows[1][2:6] == ["A session", filled.closed, "", "On a page"]
    assert "No inspector read anything here yet" in nobody


@contextmanager
def broken_table(database: Database) -> Iterator[None]:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inspector_access RENAME TO away")
    yield
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO inspector_access")


@pytest.mark.parametrize("path", ["/inspector", "/inspector?format=csv", "/recalls"])
def test_what_cannot_be_noted_is_not_shown(
    app: Flask, house: House, filled: Filled, inspector: Browser, manager: Browser, path: str
) -> None:
    with broken_table(house.database):
        refused = inspector.get(path)
        assert refused.status_code == 500
        assert "Something went wrong on our side" in refused.text
        assert "C-1002" not in refused.text
        # The failure of a note is the inspector's answer and nobody else's.
        assert manager.get(path).status_code == 200

    assert inspector.get(path).status_code == 200
    assert len(noted(house)) == 1


def test_a_file_that_cannot_be_noted_is_not_sent(
    app: Flask, house: House, filled: Filled, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(house, house.inspector, clock.now)

    def refuse(*_args: object, **_more: object) -> None:
        raise StorageRefused("full")

    monkeypatch.setattr("compliance.web.inspection.noting.note_access", refuse)
    answered = app.test_client().get(
        f"/api/v1/sessions/{filled.closed}", headers={"Authorization": f"Bearer {token}"}
    )

    assert answered.status_code == 500
    assert answered.mimetype == "application/problem+json"
    assert filled.closed not in (answered.get_json().get("detail") or "")


def test_every_address_that_an_inspector_reaches_has_words() -> None:
    reached = {
        rule.endpoint
        for rule, method in ROUTES
        if method == "GET"
        and not isinstance(ACCESS[rule.endpoint], str)
        and INSPECTOR in ACCESS[rule.endpoint]
        and not is_open(rule.endpoint)
    }

    assert reached == set(ENDPOINTS), "say in reads.py what these show an inspector"
    assert set(ENDPOINTS.values()) == set(WHAT)


def test_the_open_rooms_show_nothing_of_a_record() -> None:
    """What is left out is open to anybody or about the account itself."""
    left_out = {rule.endpoint for rule, _ in ROUTES if is_open(rule.endpoint)}
    guarded = {each for each in left_out if not isinstance(ACCESS[each], str)}

    assert {each.partition(".")[0] for each in guarded} == {"auth", "account"}


def test_a_stranger_with_the_address_sees_neither_list(app: Flask, house: House) -> None:
    for path in (OWN, ALL):
        assert browse(app).get(path).status_code == 303


def test_a_page_that_polls_is_noted_once(
    house: House, filled: Filled, inspector: Browser, clock: Clock, tmp_path: Path
) -> None:
    for _ in range(3):
        clock.tick(seconds=1)
        headers = {"HX-Request": "true", "Aseptrail-Background": "1"}
        assert inspector.get("/recalls", headers=headers).status_code == 200

    assert brief(house) == [("page", "recalls", "", "")]
