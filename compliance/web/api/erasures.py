"""Erasing a client's personal data, on the word of two persons."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.erasure.asking import (
    ErasureRow,
    RequestColleagueErasure,
    RequestErasure,
    confirm_erasure,
    find_erasure,
    list_erasures,
    request_colleague_erasure,
    request_erasure,
    withdraw_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.store.session import Tx
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.erasures import (
    ColleagueErasureIn,
    ErasureIn,
    ErasureListOut,
    ErasureOut,
)
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Erasures"


@serve("GET", "/erasures", Call(needs=Action.CONFIRM_ERASURE, gives=ErasureListOut, tag=TAG))
def get_erasures() -> Reply:
    """List erasures asked for and done, newest first; at most 200"""

    def work(tx: Tx, asking: Asking) -> Answer:
        rows = list_erasures(tx, actor=asking.actor)
        return Answer(body={"items": [_erasure(row) for row in rows], "next_cursor": None})

    return read(work)


@serve(
    "POST",
    "/erasures",
    Call(
        needs=Action.REQUEST_ERASURE,
        takes=ErasureIn,
        gives=ErasureOut,
        status=201,
        tag=TAG,
        refusals=(404, 409),
        example={"client_ref": "C-1002", "basis": "gdpr_17_1_b"},
    ),
)
def post_erasure(body: dict[str, Any]) -> Reply:
    """Ask for a client's erasure; somebody else has to confirm it"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RequestErasure(client_ref=body["client_ref"], basis=body["basis"])
        row = request_erasure(
            tx, command, actor=asking.actor, now=asking.now, keyring=services().keyring
        )
        return Answer(body=_erasure(row))

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "POST",
    "/erasures/colleagues",
    Call(
        needs=Action.REQUEST_ERASURE,
        takes=ColleagueErasureIn,
        gives=ErasureOut,
        status=201,
        tag=TAG,
        refusals=(404, 409),
        example={"user": "01a15efe-43c2-7cc7-aa8b-455a607e8889", "basis": "gdpr_17_1_a"},
    ),
)
def post_colleague_erasure(body: dict[str, Any]) -> Reply:
    """Ask for the erasure of a former colleague, whose account is switched off"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RequestColleagueErasure(user_id=body["user"], basis=body["basis"])
        row = request_colleague_erasure(tx, command, actor=asking.actor, now=asking.now)
        return Answer(body=_erasure(row))

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "GET",
    "/erasures/<uuid:erasure_id>",
    Call(needs=Action.CONFIRM_ERASURE, gives=ErasureOut, tag=TAG),
)
def get_erasure(erasure_id: Any) -> Reply:
    """Read one request"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_erasure(find_erasure(tx, str(erasure_id), actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/erasures/<uuid:erasure_id>/confirm",
    Call(needs=Action.CONFIRM_ERASURE, gives=ErasureOut, signs=True, tag=TAG),
)
def post_erasure_confirm(erasure_id: Any) -> Reply:
    """Sign the erasure as a second person; it cannot be undone"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = confirm_erasure(tx, str(erasure_id), grant=None, actor=asking.actor, now=asking.now)
        return Answer(body=_erasure(row))

    reply = write(work)
    # The entry is durable from here on; what a crash leaves undone the next start does.
    complete_erasures(services().workshop, now=services().clock())
    return reply


@serve(
    "POST",
    "/erasures/<uuid:erasure_id>/withdraw",
    Call(needs=Action.REQUEST_ERASURE, gives=ErasureOut, tag=TAG, refusals=(409,)),
)
def post_erasure_withdraw(erasure_id: Any) -> Reply:
    """Take a request back"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = withdraw_erasure(tx, str(erasure_id), actor=asking.actor, now=asking.now)
        return Answer(body=_erasure(row))

    return write(work)


def _erasure(row: ErasureRow) -> dict[str, Any]:
    return {
        "id": row.erasure_id,
        "subject": row.subject_id,
        "what": row.what,
        "basis": row.basis,
        "state": row.state,
        "requested_by": row.requested_by,
        "requested_at": format_time(row.requested_at),
        "requested_index": row.requested_index,
        "ended_by": row.ended_by,
        "ended_at": show_moment(row.ended_at),
        "ended_index": row.ended_index,
        "completed_at": show_moment(row.completed_at),
    }
