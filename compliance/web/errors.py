"""The one map from refusals to HTTP, and the two shapes of an error: page and problem."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from compliance.domain.gate import Blocked
from compliance.errors import (
    ComplianceError,
    Conflict,
    NotFound,
    NotPermitted,
    Refused,
    SignatureRequired,
)
from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import EntryTooLarge
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.store.session import StorageRefused, TransactionLost
from compliance.web.context import (
    ClinicRequired,
    Page,
    ScreenLocked,
    SignInRequired,
    page_values,
    plain_page,
)
from compliance.web.identity import is_api_request

STATUS: Final[Mapping[type[ComplianceError], HTTPStatus]] = MappingProxyType(
    {
        NotPermitted: HTTPStatus.FORBIDDEN,
        NotFound: HTTPStatus.NOT_FOUND,
        Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
        # Text that no record can keep, such as a lone surrogate, is the sender's to mend.
        NotCanonical: HTTPStatus.UNPROCESSABLE_ENTITY,
        EntryTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Conflict: HTTPStatus.CONFLICT,
        SignatureRequired: HTTPStatus.CONFLICT,
        StorageRefused: HTTPStatus.CONFLICT,
        TransactionLost: HTTPStatus.SERVICE_UNAVAILABLE,
        SignInRequired: HTTPStatus.UNAUTHORIZED,
        WrongSecret: HTTPStatus.FORBIDDEN,
        TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
        ComplianceError: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)

_DOORS: Final[Mapping[type[SignInRequired], str]] = MappingProxyType(
    {ScreenLocked: "/lock", ClinicRequired: "/clinic", SignInRequired: "/login"}
)
"""Where a browser goes that has to show first who it is."""

_WORDS: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        400: ("That could not be read", "Go back and try again."),
        403: ("Not for your role", "Ask somebody whose role includes it, or sign in as them."),
        404: ("Nothing is here", "It may belong to another clinic, or the address has a slip."),
        405: ("That cannot be done here", "Go back and use the buttons of the page."),
        409: ("That does not fit what is recorded", "Go back, look again and decide."),
        413: ("That is too large", "Choose a smaller file."),
        422: ("A value cannot be accepted", "Go back and correct it."),
        429: ("Too many attempts", "Wait a minute, then try again."),
        500: (
            "Something went wrong on our side",
            "What was confirmed as saved is kept. Try again; if it happens again, tell whoever runs the server.",
        ),
    }
)
"""Heading and way out of the error page."""


def register_errors(app: Flask) -> None:
    """Answer refusals, HTTP errors and faults; details of a fault go to the log only."""
    app.register_error_handler(ComplianceError, show_refusal)
    app.register_error_handler(SignInRequired, show_door)
    app.register_error_handler(CSRFError, show_stale_page)
    app.register_error_handler(HTTPException, show_http_error)


def show_refusal(error: ComplianceError) -> ResponseReturnValue:
    """Answer with the nearest mapped status; log only what staff must act on."""
    status = next(STATUS[each] for each in type(error).__mro__ if each in STATUS)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(error, StorageRefused):
        current_app.logger.error("refused: %s", error.code, exc_info=error)
        # Whatever the fault says about our insides is for the log.
        return _answer(status, code=error.code, detail="", extra={})
    return _answer(status, code=error.code, detail=str(error), extra=_facts(error))


def show_refusal_as(status: HTTPStatus, error: ComplianceError) -> ResponseReturnValue:
    """Answer with another status than the map's, for a caller with a convention of its own."""
    return _answer(status, code=error.code, detail=str(error), extra=_facts(error))


def show_door(error: SignInRequired) -> ResponseReturnValue:
    """Send a browser to the sign-in and back afterwards; tell a program that it must sign in."""
    if is_api_request(request.path):
        response = _problem(HTTPStatus.UNAUTHORIZED, error.code, "send a valid bearer token", {})
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    door = next(_DOORS[each] for each in type(error).__mro__ if each in _DOORS)
    target = f"{door}?{urlencode({'next': _return_path()})}"
    if _is_navigation():
        return redirect(target, HTTPStatus.SEE_OTHER)
    # A script that sends an answer in the background must see that it was not taken.
    # Following a redirect to a page that loads well would look like success.
    response = current_app.make_response((str(error), HTTPStatus.UNAUTHORIZED))
    response.mimetype = "text/plain"
    response.headers["HX-Redirect"] = target
    return response


def _is_navigation() -> bool:
    if "HX-Request" in request.headers:
        return False
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _return_path() -> str:
    """The page to come back to: for a form's target the nearest page above it."""
    if "HX-Current-URL" in request.headers:
        current = urlsplit(request.headers["HX-Current-URL"])
        return f"{current.path}?{current.query}" if current.query else current.path
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    adapter = current_app.url_map.bind("")
    path = request.path
    while path not in {"", "/"}:
        if adapter.test(path, method="GET"):
            return path
        path = path.rpartition("/")[0]
    return "/"


def show_stale_page(_error: CSRFError) -> ResponseReturnValue:
    """The form's token is missing, or is from before somebody signed in at this browser."""
    return _page(
        HTTPStatus.BAD_REQUEST,
        code="page_open_too_long",
        heading="This page was open too long",
        detail="Go back, reload the page and send it again. Nothing was lost: what had been saved before is kept.",
        page=page_values("This page was open too long"),
    )


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer errors of routing, of limits and of faults in the same two shapes."""
    if isinstance(error, RequestRedirect) or error.code is None:
        return error
    status = HTTPStatus(error.code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # A library's stock sentence says less than our own page for that status.
    stock = fault or error.description == type(error).description
    detail = "" if stock else error.description or ""
    response = _answer(status, code=code, detail=detail, extra={})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _facts(error: ComplianceError) -> Mapping[str, object]:
    """What a program needs besides the sentence: an error may carry a mapping ``extra``."""
    facts: dict[str, object] = {}
    if isinstance(error, Refused):
        facts = {"field": error.field, "problem": error.problem, "allowed": error.allowed}
    if isinstance(error, Blocked):
        facts = {"blockers": [blocker.to_json() for blocker in error.blockers]}
    extra = getattr(error, "extra", None)
    return {**facts, **extra} if isinstance(extra, Mapping) else facts


def _answer(status: HTTPStatus, *, code: str, detail: str, extra: Mapping[str, object]) -> Response:
    if is_api_request(request.path):
        return _problem(status, code, detail, extra)
    heading, way_out = _WORDS.get(status, (status.phrase, "Go back and try again."))
    sentence = f"{detail[:1].upper()}{detail[1:].rstrip('.')}. {way_out}" if detail else way_out
    # When the database is what fails, the frame of the page must not ask it again.
    make = plain_page if status >= HTTPStatus.INTERNAL_SERVER_ERROR else page_values
    return _page(status, code=code, heading=heading, detail=sentence, page=make(heading))


def _page(status: HTTPStatus, *, code: str, heading: str, detail: str, page: Page) -> Response:
    text = render_template("error.html", page=page, code=code, heading=heading, detail=detail)
    return current_app.make_response((text, status))


def _problem(status: HTTPStatus, code: str, detail: str, extra: Mapping[str, object]) -> Response:
    """An answer in the form of RFC 9457."""
    response = jsonify(
        {
            **extra,
            "type": f"urn:aseptrail:problem:{code}",
            "title": status.phrase,
            "status": status.value,
            "code": code,
            "detail": detail or status.phrase,
            "instance": request.path,
        }
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response
