"""Notes every read of an inspector before the answer leaves, whatever page or call it was."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, request

from compliance.domain.access import Actor, Role
from compliance.operations.inspector_accesses import Reading, note_access
from compliance.web.context import Identity, current_identity, services
from compliance.web.identity import BACKGROUND_HEADER, is_api_request
from compliance.web.inspection.reads import ENDPOINTS, is_open

_READING: Final = frozenset({"GET", "HEAD"})
_PLACE: Final = frozenset({"cursor", "limit"})
"""Where in a list one stands; it says nothing about what was looked for."""

_SHOWN: Final = frozenset({"kind", "format", "state"})
"""Filters whose value is one of our own words and not something that was typed."""

_NAME: Final = re.compile(r"[a-z_]{1,20}")


def register_noting(app: Flask) -> None:
    """After `register_identity`, so that the headers of security are on its refusals too."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    """Note the read; where that fails the answer is an error and nothing was read."""
    if request.method not in _READING or not _was_shown(response):
        return response
    endpoint = request.endpoint
    if endpoint is None or is_open(endpoint):
        return response
    identity = current_identity()
    actor = None if identity is None else _actor_of(identity)
    if identity is None or actor is None or Role.INSPECTOR not in actor.roles:
        return response
    reading = Reading(
        way=_way(response),
        what=ENDPOINTS.get(endpoint, endpoint),
        thing=", ".join(str(part) for part in (request.view_args or {}).values()),
        asked=_asked(),
        token_id=None if identity.bearer is None else identity.bearer.token_id,
        polled=BACKGROUND_HEADER in request.headers or "HX-Request" in request.headers,
    )
    try:
        with services().database.writing() as tx:
            note_access(tx, reading, actor=actor, now=services().clock())
    except BaseException:
        # Raised from here it becomes a fault's page; the file that was about to go is closed.
        response.close()
        raise
    return response


def _was_shown(response: Response) -> bool:
    status = response.status_code
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or (
        status == HTTPStatus.NOT_MODIFIED
    )


def _actor_of(identity: Identity) -> Actor | None:
    if identity.bearer is not None:
        return identity.bearer.actor
    return None if identity.signed_in is None else identity.signed_in.actor


def _way(response: Response) -> str:
    if is_api_request(request.path):
        return "api"
    return "file" if "Content-Disposition" in response.headers else "page"


def _asked() -> str:
    """The names of the filters, and of no value that was typed: it may be a client's."""
    asked = []
    for name in sorted(request.args):
        value = request.args[name].strip()
        if value and name not in _PLACE and _NAME.fullmatch(name):
            told = name in _SHOWN and _NAME.fullmatch(value)
            asked.append(f"{name}={value}" if told else name)
    return ",".join(asked[:10])
