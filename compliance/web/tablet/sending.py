"""Doing what a tablet sends once, however often it sends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from flask import request

from compliance.domain.access import Actor
from compliance.errors import Refused
from compliance.operations.identifiers import new_id
from compliance.operations.once import Keyed, RequestKey, answer_once
from compliance.store.session import Tx

LONGEST_KEY: Final = 200
_NOT_THE_REQUEST: Final = frozenset({"csrf_token", "idempotency_key", "password", "waited"})
"""A retry may carry another token, and waits longer; no trace of a password is kept, not even
in a hash."""


def fresh_key(now: datetime) -> str:
    """A key for the forms of one page; each form adds what it is about."""
    return new_id(now)


def sent_body() -> dict[str, list[str]]:
    """The form as it counts for the question whether two requests are the same."""
    return {
        name: request.form.getlist(name) for name in request.form if name not in _NOT_THE_REQUEST
    }


def once(tx: Tx, actor: Actor, produce: Callable[[], Any], *, now: datetime) -> Any:
    """Return what ``produce`` answers, or what it answered when this form was sent before.

    Raises:
        IdempotencyMismatch: the form was sent before with other values.
    """
    key = request.form.get("idempotency_key", "")
    if len(key) > LONGEST_KEY:
        raise Refused("idempotency_key", key, "is too long", allowed="up to 200 characters")
    keyed = None
    if key:
        wanted = RequestKey(
            clinic_id=actor.clinic_id,
            principal=actor.user_id,
            route=f"{request.method} {request.path}",
            key=key,
        )
        keyed = Keyed(request=wanted, body=sent_body())
    answer, _ = answer_once(tx, keyed, produce, now=now)
    return answer
