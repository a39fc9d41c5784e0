"""One transaction per call: answers that are kept for retries, and versions that must match."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import request

from compliance.domain.access import Actor
from compliance.errors import Refused, VersionMismatch
from compliance.operations.once import Keyed, RequestKey, answer_once
from compliance.operations.treatments.loading import Outcome, find_row
from compliance.store.session import Tx
from compliance.web.api.routing import calling_actor, sent_body
from compliance.web.context import services

_KEY: Final = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")
REPLAYED: Final = "Idempotent-Replayed"

Reply = tuple[Any, int, dict[str, str]]
"""Body, status and headers, as Flask takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and when."""

    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call answers: plain JSON, and the headers that belong to it."""

    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


Work = Callable[[Tx, Asking], Answer]


def read(work: Work) -> Reply:
    """Answer from one consistent snapshot."""
    asking = Asking(actor=calling_actor(), now=services().clock())
    with services().database.reading() as tx:
        answer = work(tx, asking)
    return answer.body, HTTPStatus.OK, answer.headers


def write(
    work: Work, *, status: HTTPStatus = HTTPStatus.OK, session_id: str | None = None
) -> Reply:
    """Do it in one transaction, or return what the same request was answered before.

    Args:
        work: changes something and says what to answer; a refusal undoes all of it.
        status: of the answer.
        session_id: the session whose version ``If-Match`` must name, if it is sent.

    Raises:
        IdempotencyMismatch: the key came before with another body.
        VersionMismatch: ``If-Match`` names another version.
    """
    asking = Asking(actor=calling_actor(), now=services().clock())
    keyed = keyed_request(asking.actor)
    with services().database.writing() as tx:

        def produce() -> dict[str, Any]:
            if session_id is not None:
                _check_version(tx, session_id, actor=asking.actor)
            answer = work(tx, asking)
            return {"body": answer.body, "headers": answer.headers}

        kept, replayed = answer_once(tx, keyed, produce, now=asking.now)
    headers = dict(kept["headers"])
    if replayed:
        headers[REPLAYED] = "true"
    return kept["body"], status, headers


def sent_key() -> str | None:
    """The request's idempotency key; raises ``Refused`` for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise Refused("Idempotency-Key", key, "is no key", allowed="1 to 200 printable ASCII")
    return key


def keyed_request(actor: Actor) -> Keyed | None:
    """The request with its idempotency key, if it came with one."""
    key = sent_key() if request.method != "DELETE" else None
    if key is None:
        return None
    plain = json.dumps(sent_body(), sort_keys=True, separators=(",", ":"))
    return Keyed(
        request=RequestKey(
            clinic_id=actor.clinic_id,
            # The person and not the token: a retry may come with a renewed one.
            principal=actor.user_id,
            route=f"{request.method} {request.path}",
            key=key,
        ),
        body=hashlib.sha256(plain.encode()).hexdigest(),
    )


def _check_version(tx: Tx, session_id: str, *, actor: Actor) -> None:
    if "If-Match" not in request.headers:
        return
    version = find_row(tx, session_id, actor=actor).version
    if not request.if_match.contains(str(version)):
        raise VersionMismatch(f"the session changed meanwhile: it is version {version} now")


def etag(version: int) -> dict[str, str]:
    """The header that names a session's version, for ``If-Match``."""
    return {"ETag": f'"{version}"'}


def outcome_answer(outcome: Outcome, **more: Any) -> Answer:
    """What an accepted step of a session left behind."""
    body = {
        "id": outcome.session_id,
        "state": outcome.state.value,
        "version": outcome.version,
        "index": outcome.index,
        **more,
    }
    return Answer(body=body, headers=etag(outcome.version))
