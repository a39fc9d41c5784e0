"""People at the desk's pages: a clinic with every kind of session, and browsers to look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.domain.access import Actor
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.treatments.amending import (
    AmendSession,
    RecordIncident,
    amend_session,
    record_incident,
)
from compliance.operations.treatments.closing import AbortSession, abort_session
from compliance.store.people import update_password
from givens import Clock
from harbour import House, answer, answer_before, closed_session, open_one, released_pack, step

PASSWORD = "violet tram harbour"
ROLES = ("practitioner", "operator", "manager", "inspector")


def let_sign_in(house: House, password_hash: PasswordHash) -> None:
    """Give everybody of the house the same password."""
    with house.database.writing() as tx:
        for role in ROLES:
            update_password(tx, getattr(house, role).user_id, password_hash)


def token_in(response: TestResponse) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', response.text)
    assert found, response.text[:300]
    return found[1]


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser, signed in or not."""

    client: FlaskClient

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        # Buffered, so that a file that was sent is closed again.
        return self.client.get(path, buffered=True, **kwargs)

    def read(self, path: str) -> str:
        """The text of a page that must be there."""
        response = self.client.get(path)
        assert response.status_code == 200, (response.status_code, response.text[:600])
        return response.text

    def post(self, path: str, *, page: str, **fields: Any) -> TestResponse:
        """Open a page and send a form from it, as a browser does."""
        token = token_in(self.client.get(page))
        return self.client.post(path, data={"csrf_token": token, **fields})


def browse(app: Flask, username: str | None = None) -> Browser:
    """A new browser; with a username it is signed in."""
    browser = Browser(app.test_client())
    if username is not None:
        answered = browser.post("/login", page="/login", username=username, password=PASSWORD)
        assert answered.status_code == 303, answered.text
    return browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Sessions of every kind, by what is special about them."""

    closed: str
    amended: str
    aborted: str
    waiting: str
    draft: str
    blocked: str
    incident: str


def fill(house: House, clock: Clock) -> Filled:
    """Five days of work before the clock's present time; the clock ends where it began."""
    present = clock.now
    clock.now = present - timedelta(days=5)
    released_pack(house, "P-1", "ROLLER-1", clock.now)
    waiting = closed_session(house, clock.now, device="ROLLER-1", client="C-1004")
    clock.now = present - timedelta(days=3)
    amended = closed_session(house, clock.now, device="PEN-1", client="C-1002")
    amend(
        house,
        amended,
        "body_site",
        "neck",
        clock.tick(hours=1),
        reason="The wrong site was tapped.",
    )
    draft = open_one(house, clock.now, client="C-1005")
    aborted = open_one(house, clock.tick(hours=1), client="C-1003")
    abort(house, aborted, clock.now)
    clock.now = present - timedelta(hours=3)
    blocked = open_one(house, clock.now, client="C-1006")
    answer(house, blocked, "gloves_worn", "no", clock.now)
    incident = open_one(house, clock.tick(minutes=5), client="C-1007")
    answer_before(house, incident, clock.now)
    step(house, "start", incident, clock.now)
    escalate(house, incident, clock.now)
    clock.now = present - timedelta(hours=1)
    closed = closed_session(house, clock.now, client="=C-1001")
    clock.now = present
    return Filled(
        closed=closed,
        amended=amended,
        aborted=aborted,
        waiting=waiting,
        draft=draft,
        blocked=blocked,
        incident=incident,
    )


def amend(
    house: House, session_id: str, item: str, result: Any, now: datetime, *, reason: str
) -> None:
    command = AmendSession(session_id=session_id, item=item, result=result, reason=reason)
    signing: Actor = house.token_actor(house.practitioner)
    with house.database.writing() as tx:
        amend_session(tx, command, actor=signing, now=now, keyring=house.keyring)


def abort(house: House, session_id: str, now: datetime) -> None:
    command = AbortSession(
        session_id=session_id,
        what="The client felt faint.",
        why="No breakfast.",
        corrective_action="Ask about food before the start.",
        grant=None,
    )
    with house.database.writing() as tx:
        abort_session(
            tx, command, actor=house.token_actor(house.practitioner), now=now, keyring=house.keyring
        )


def escalate(house: House, session_id: str, now: datetime) -> None:
    command = RecordIncident(
        session_id=session_id,
        grade="moderate",
        signs=("bruising",),
        description="Bruise on the cheek.",
    )
    with house.database.writing() as tx:
        record_incident(tx, command, actor=house.practitioner, now=now, keyring=house.keyring)
