"""How a call of the API is declared: who may make it, what it takes and what it answers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint
from flask import current_app, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.routing import BaseConverter

from compliance.domain.access import Action, Actor
from compliance.errors import ComplianceError
from compliance.operations.people.tokens import Scope
from compliance.web.api.bodies import load_body, load_query, read_body
from compliance.web.api.fields import Asked
from compliance.web.context import current_actor
from compliance.web.identity import API_PREFIX

blueprint = APIBlueprint("api", __name__, url_prefix=API_PREFIX)

View = TypeVar("View", bound=Callable[..., Any])

_CALL: Final = "aseptrail_call"


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
    """The schema of the answer."""

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

    media_type: str = "application/json"
    tag: str = ""
    example: Mapping[str, Any] | None = None
    refusals: tuple[int, ...] = ()
    """Statuses beyond those that follow from the rest."""

    extra: Mapping[str, Any] = field(default_factory=dict)


def serve(method: str, path: str, call: Call) -> Callable[[View], View]:
    """Serve a view under the API.

    The view gets the parts of the path, ``body`` if the call takes one and ``query``
    if it has parameters; both are checked. Who may not make the call is told so
    before anything that was sent is looked at.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(**parts: Any) -> ResponseReturnValue:
            # What APIFlask read for its description is dropped: it would accept more
            # than is written there, such as a field that is named twice.
            parts.pop("json_data", None)
            parts.pop("query_data", None)
            parts.pop("files_data", None)
            arguments = load_query(call.query() if call.query else None, request.args)
            if call.query is not None:
                parts["query"] = arguments
            body = _load_body(call)
            if call.takes is not None and not call.multipart:
                parts["body"] = body
            answer: ResponseReturnValue = view(**parts)
            return answer

        setattr(checked, _CALL, call)
        described = blueprint.doc(tags=[call.tag] if call.tag else None)(checked)
        described = blueprint.output(call.gives, call.status, content_type=call.media_type)(
            described
        )
        if call.query is not None:
            described = blueprint.input(call.query, location="query", validation=False)(described)
        if call.takes is not None:
            described = blueprint.input(
                call.takes,
                location="files" if call.multipart else "json",
                validation=False,
                example=call.example,
            )(described)
        # Two slashes are no part of any address here; a redirect would only puzzle programs.
        blueprint.route(path, methods=[method], merge_slashes=False)(described)
        return view

    return decorate


def _load_body(call: Call) -> Mapping[str, Any]:
    if call.multipart or request.method in {"GET", "HEAD"}:
        return {}
    return load_body((call.takes or NothingIn)(), read_body())


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


@blueprint.before_request
def refuse_strangers() -> None:
    """Ask for token, scope and role before the request is read."""
    call = find_call(request.endpoint or "")
    if call.needs is not None:
        calling_actor().require(call.needs)
