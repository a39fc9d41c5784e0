"""Which refusals a call can answer, and how two of them differ from the pages."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Protocol

from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import ComplianceError
from compliance.web.api.schemas.shapes import ProblemOut
from compliance.web.errors import show_refusal_as

PROBLEM: Final = "application/problem+json"

_MEANINGS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "The body cannot be read as JSON.",
        401: "No bearer token, or one that is unknown, revoked or expired.",
        403: "The token's scopes or its person's role do not include this.",
        404: "No such thing in this clinic; another clinic's things are not found either.",
        409: "It contradicts what is recorded. `blocked` names every blocker at once.",
        412: "`If-Match` names another version than the current one.",
        413: "The body is too large.",
        415: "The body is of another media type.",
        422: "A field or parameter is refused; the problem names it and what is allowed.",
        429: "Too many requests; wait as long as `Retry-After` says.",
    }
)


class Declared(Protocol):
    """The part of a declaration that decides its refusals."""

    @property
    def needs(self) -> Action | None: ...
    @property
    def guarded(self) -> bool: ...
    @property
    def multipart(self) -> bool: ...
    @property
    def refusals(self) -> tuple[int, ...]: ...


def document_refusals(method: str, path: str, call: Declared) -> dict[int | str, Any]:
    """Every status a call may refuse with, for the description."""
    statuses = {422, *call.refusals}
    if call.needs is not None:
        statuses |= {401, 403}
    if "<" in path:
        statuses.add(404)
    if method != "GET":
        statuses |= {413, 415} if call.multipart else {400, 409, 413, 415}
    if call.guarded:
        statuses.add(412)
    content = {PROBLEM: {"schema": ProblemOut}}
    return {
        status: {"description": _MEANINGS[status], "content": dict(content)}
        for status in sorted(statuses)
    }


def refuse_unreadable(error: ComplianceError) -> ResponseReturnValue:
    return show_refusal_as(HTTPStatus.BAD_REQUEST, error)


def refuse_other_version(error: ComplianceError) -> ResponseReturnValue:
    """A page is shown what changed; a program asked for this with ``If-Match``."""
    return show_refusal_as(HTTPStatus.PRECONDITION_FAILED, error)
