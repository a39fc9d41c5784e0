"""What a browser does, for tests of the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from unit.people.cases import NOW, PASSWORD


@dataclass
class Clock:
    """A clock that moves when a test says so."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


MakeApp = Callable[..., Flask]


def token_in(response: TestResponse) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', response.text)
    if found is None:
        raise AssertionError(f"no CSRF token in this page: {response.text[:400]}")
    return found[1]


def send(client: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Open a page and send a form from it, as a browser does."""
    token = token_in(client.get(page))
    return client.post(path, data={"csrf_token": token, **fields})


def come_in(
    client: FlaskClient, username: str, password: str = PASSWORD, target: str = ""
) -> TestResponse:
    return send(client, "/login", "/login", username=username, password=password, next=target)
