"""How a call of the API is declared: who may make it, what it takes and what it answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint, Schema
from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from compliance.domain.access import Action, Actor
from compliance.errors import ComplianceError, VersionMismatch
from compliance.operations.people.tokens import Scope
from compliance.web.api.bodies import (
    MAX_BODY_BYTES,
    UnreadableBody,
    load_body,
    load_query,
    read_body,
)
from compliance.web.api.fields import Asked
from compliance.web.api.refusals import (
    document_refusals,
    refuse_other_version,
    refuse_unreadable,
)
from compliance.web.api.schemas.headers import answered_headers, asked_headers
from compliance.web.context import current_actor
from compliance.web.identity import API_PREFIX

blueprint = APIBlueprint("api", __name__, url_prefix=API_PREFIX)
blueprint.register_error_handler(UnreadableBody, refuse_unreadable)
blueprint.register_error_handler(VersionMismatch, refuse_other_version)

View = TypeVar("View", bound=Callable[..., Any])

SECURITY: Final = "bearer"
_CALL: Final = "aseptrail_call"
_BODY: Final = "aseptrail_body"


class UndeclaredCall(ComplianceError):
    """An address of the API without a declaration; a fault of ours, found at the start."""

    code = "undeclared_call"


class CodeConverter(BaseConverter):
    """An id or the code on a label."""

    regex = "[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


class ItemConverter(BaseConverter):
    """What may be the code of an item; which one it is, the checklist says."""

    regex = "[A-Za-z0-9_.-]{1,60}"


class TemplateConverter(BaseConverter):
    """``ID`` or ``ID@VERSION``."""

    regex = "[a-z][a-z0-9_]{1,58}(?:@[1-9][0-9]{0,5})?"


class NothingIn(Asked):
    """A body without fields: an empty one, or ``{}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The declaration of one call."""

    needs: Action | None
    """What the role of the token's person must include; None: no account is asked for."""

    gives: type[Schema] | Mapping[str, Any]
    """The shape of the answer; where it is JSON of ours, only what the schema names is sent."""

    status: int = 200
    takes: type[Schema] | None = None
    query: type[Schema] | None = None
    scope: Scope | None = None
    """The scope a token needs; None: ``read`` for GET and ``write`` otherwise."""

    signs: bool = False
    """Whether the act is signed, which takes the scope ``sign`` besides."""

    guarded: bool = False
    """Whether ``If-Match`` with the session's version is looked at."""

    multipart: bool = False
    """The body is a form with a file, which the view reads itself."""

    most_bytes: int = MAX_BODY_BYTES
    """Of the body; inclusive."""

    media_type: str = "application/json"
    tag: str = ""
    example: Mapping[str, Any] | None = None
    refusals: tuple[int, ...] = ()
    """Statuses beyond those that follow from the rest."""

    def scopes(self, method: str) -> tuple[str, ...]:
        """Every scope a token needs."""
        plain = self.scope or (Scope.READ if method == "GET" else Scope.WRITE)
        return (plain.value, Scope.SIGN.value) if self.signs else (plain.value,)


def serve(method: str, path: str, call: Call) -> Callable[[View], View]:
    """Serve a view under the API.

    The view gets the parts of the path, ``body`` if the call takes one and ``query``
    if it has parameters; both are checked. Who may not make the call is told so
    before anything that was sent is looked at.
    """

    def decorate(view: View) -> View:
        described = _describe(method, path, call, _checked(view, call))
        # Two slashes are no part of any address here; a redirect would only puzzle programs.
        blueprint.route(path, methods=[method], merge_slashes=False)(described)
        return view

    return decorate


@functools.cache
def _made(schema: type[Schema]) -> Schema:
    """One instance of a schema for all calls: making it copies every field, and using it keeps nothing."""
    return schema()


def _checked(view: Callable[..., Any], call: Call) -> Callable[..., ResponseReturnValue]:
    @functools.wraps(view)
    def checked(**parts: Any) -> ResponseReturnValue:
        # What APIFlask read for its description is dropped: it would accept more
        # than is written there, such as a field that is named twice.
        for name in ("json_data", "query_data", "files_data", "headers_data"):
            parts.pop(name, None)
        query = load_query(_made(call.query) if call.query else None, request.args)
        if call.query is not None:
            parts["query"] = query
        if not call.multipart:
            body = load_body(_made(call.takes or NothingIn), sent_body())
            if call.takes is not None:
                parts["body"] = body
        return _shown(call, view(**parts))

    setattr(checked, _CALL, call)
    return checked


def _shown(call: Call, answer: Any) -> ResponseReturnValue:
    """Let out what the schema names and nothing else; a file goes out as it is."""
    if isinstance(answer, Response) or isinstance(call.gives, Mapping):
        shown: ResponseReturnValue = answer
        return shown
    body, status, headers = answer if isinstance(answer, tuple) else (answer, call.status, {})
    return _made(call.gives).dump(body), status, headers


def _describe(method: str, path: str, call: Call, view: Callable[..., Any]) -> Any:
    """Let APIFlask know the call, so that its description is made from the code that runs."""
    extensions: dict[str, Any] = {}
    if call.needs is not None:
        extensions = {"x-needs": call.needs.value, "x-scopes": list(call.scopes(method))}
    done: dict[str, Any] = {
        "description": "Done.",
        "content": {call.media_type: {"schema": call.gives}},
    }
    headers = answered_headers(method, guarded=call.guarded)
    if headers is not None:
        done["headers"] = headers
    described = blueprint.doc(
        tags=[call.tag],
        operation_id=view.__name__,
        security=None if call.needs is None else SECURITY,
        responses={call.status: done, **document_refusals(method, path, call)},
        extensions=extensions,
    )(view)
    for schema, location in (
        (call.query, "query"),
        (None if call.needs is None else asked_headers(method, guarded=call.guarded), "headers"),
        (call.takes, "files" if call.multipart else "json"),
    ):
        if schema is not None:
            example = call.example if location == "json" else None
            described = blueprint.input(
                schema, location=location, validation=False, example=example
            )(described)
    return described


def find_call(endpoint: str) -> Call:
    """The declaration behind an endpoint.

    Raises:
        UndeclaredCall: the view was not added with `serve`.
    """
    call = getattr(current_app.view_functions[endpoint], _CALL, None)
    if not isinstance(call, Call):
        raise UndeclaredCall(f"{endpoint} is not declared")
    return call


def calling_actor() -> Actor:
    """Whoever makes this call; raises as `current_actor` does."""
    return current_actor(scope=find_call(request.endpoint or "").scope)


def keep_body(body: dict[str, Any]) -> None:
    """Say what stands for a form with a file when retries are compared."""
    setattr(g, _BODY, body)


def sent_body() -> dict[str, Any]:
    """The JSON object that was sent, with its text in the form that records keep."""
    body: dict[str, Any] = g.get(_BODY, {})
    return body


@blueprint.before_request
def check_request() -> None:
    """Ask for token, scope and role, and only then read the request."""
    call = find_call(request.endpoint or "")
    if call.needs is not None:
        calling_actor().require(call.needs)
    request.max_content_length = call.most_bytes
    if not call.multipart and request.method not in {"GET", "HEAD"}:
        setattr(g, _BODY, read_body())
