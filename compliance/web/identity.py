"""Recognising who is asking: a browser by its cookie, a program by its bearer token.

The API takes bearer tokens only and pages take cookies only. So a page of another
site that makes a browser send its cookie can never reach the API, which therefore
needs no CSRF token.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Request, request, session
from flask_login import LoginManager, login_user, logout_user

from compliance.operations.people.sign_in import resume_login, touch_login
from compliance.operations.people.tokens import resume_token, touch_token
from compliance.web.context import Identity, current_identity, services

API_PREFIX: Final = "/api/v1"
_API_OPEN_TO_COOKIES: Final = frozenset({f"{API_PREFIX}/openapi.json"})
_BEARER: Final = "bearer "

BACKGROUND_HEADER: Final = "Aseptrail-Background"
"""A script that polls sends it, so that a page left open does not keep a tablet unlocked."""


def register_identity(app: Flask) -> None:
    """Let flask-login load people by login token or bearer token; call after the database exists."""
    manager = LoginManager()
    # Its own fingerprint of address and browser breaks behind changing networks and adds
    # nothing: the token is random, hashed in the database and can be revoked.
    manager.session_protection = None
    manager.user_loader(load_browser)
    manager.request_loader(load_bearer)
    manager.init_app(app, add_context_processor=False)
    app.before_request(_recognise)


def is_api_request(path: str) -> bool:
    return path == API_PREFIX or path.startswith(API_PREFIX + "/")


def load_browser(token: str) -> Identity | None:
    """Return who is signed in with the token of the cookie; never for the API."""
    if is_api_request(request.path) and request.path not in _API_OPEN_TO_COOKIES:
        return None
    with services().database.reading() as tx:
        signed_in = resume_login(
            tx,
            token,
            now=services().clock(),
            idle_lock_seconds=services().settings.idle_lock_seconds,
        )
    return None if signed_in is None else Identity(token=token, signed_in=signed_in)


def load_bearer(asking: Request) -> Identity | None:
    """Return who the bearer token stands for; only for the API."""
    header = asking.headers.get("Authorization", "")
    if not is_api_request(asking.path) or not header.lower().startswith(_BEARER):
        return None
    secret = header[len(_BEARER) :].strip()
    with services().database.reading() as tx:
        bearer = resume_token(tx, secret, now=services().clock())
    return None if bearer is None else Identity(token="", bearer=bearer)


def begin_browser_session(token: str) -> None:
    """Put a new login token into the cookie and forget everything the cookie held before.

    A cookie or CSRF token that somebody planted before the sign-in is worth nothing after it.
    """
    session.clear()
    login_user(Identity(token=token))


def end_browser_session() -> None:
    logout_user()
    session.clear()


def _recognise() -> None:
    # At once and not when first asked for: noting the activity is a write, and a
    # route that is already writing would wait for itself.
    if request.endpoint == "static":
        return
    identity = current_identity()
    if identity is None or BACKGROUND_HEADER in request.headers:
        return
    due = identity.signed_in is not None and identity.signed_in.touch_due
    if due:
        with services().database.writing() as tx:
            touch_login(tx, identity.token, now=services().clock())
    if identity.bearer is not None and identity.bearer.touch_due:
        with services().database.writing() as tx:
            touch_token(tx, identity.bearer, now=services().clock())
