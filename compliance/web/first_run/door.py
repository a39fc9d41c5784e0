"""Whether this is the first run, and who may make the first clinic."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar, Final, cast
from urllib.parse import urlsplit

from flask import current_app, redirect, request, session
from flask.typing import ResponseReturnValue

from compliance.operations.first_code import code_mark, holds_mark
from compliance.operations.founding import is_founded
from compliance.web.context import services
from compliance.web.health import PUBLIC_PATHS
from compliance.web.identity import is_api_request

FIRST_RUN: Final = "/first-run"
FIRST_CODE: Final = f"{FIRST_RUN}/code"

_OPEN: Final = frozenset(
    {
        *PUBLIC_PATHS,
        FIRST_RUN,
        FIRST_CODE,
        "/api/docs",
        "/tablet-trust",
        "/tablet-trust/qr.svg",
        "/tls-root.crt",
    }
)
"""Answered also while there is no clinic."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_NAMES: Final = _LOOPBACK | {"localhost"}
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
_MARK: Final = "first_run"


@dataclass(slots=True)
class FirstRun:
    """What one process remembers of the first run."""

    NAME: ClassVar[str] = "aseptrail-first-run"
    """Under this name it lies in ``app.extensions``."""

    over: bool = False
    """A clinic is never removed, so once there is one nobody needs to look again."""

    submission: str = ""
    """The form that founded; the same one sent twice gets the same answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while founding, so that a form sent twice at once waits for itself."""


def first_run() -> FirstRun:
    return cast("FirstRun", current_app.extensions[FirstRun.NAME])


def has_clinic() -> bool:
    """Whether the first run is over; asks the database only until it is."""
    state = first_run()
    if not state.over:
        with services().database.reading() as tx:
            state.over = is_founded(tx)
    return state.over


def keep_to_first_run() -> ResponseReturnValue | None:
    """Send every page to the first one while there is no clinic."""
    if request.endpoint == "static" or request.path in _OPEN or is_api_request(request.path):
        return None
    return None if has_clinic() else redirect(FIRST_RUN, HTTPStatus.SEE_OTHER)


def may_found() -> bool:
    """Whether this browser may make the first clinic: it is here, or it gave the code."""
    return _is_local() or holds_mark(services().settings.data_dir, session.get(_MARK, ""))


def remember_code() -> None:
    """Note in the browser's signed cookie that it gave the code."""
    session[_MARK] = code_mark(services().settings.data_dir)


def _is_local() -> bool:
    """Whether somebody at this machine asks.

    Behind a proxy on this machine everybody seems to come from here; what the proxy
    adds tells them apart. The name in the address is looked at as well: a web page from
    elsewhere can make its own name point at this machine and ask through its visitor.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    name = urlsplit(f"//{request.host}").hostname
    return request.remote_addr in _LOOPBACK and name in _LOOPBACK_NAMES
