"""Opening a session, answering its items, and the steps that the gate decides."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import request

from compliance.domain.access import Action
from compliance.errors import ComplianceError
from compliance.operations.treatments.answering import AnswerItem, answer_item, undo_answer
from compliance.operations.treatments.closing import (
    AbortSession,
    CloseSession,
    abort_session,
    close_session,
    finish_session,
    start_session,
)
from compliance.operations.treatments.loading import find_row
from compliance.operations.treatments.opening import OpenSession, open_session
from compliance.store.session import Tx
from compliance.web.api.routing import Call, calling_actor, serve
from compliance.web.api.schemas.session_requests import AbortIn, AnswerIn, SessionIn
from compliance.web.api.schemas.sessions import OpenedOut
from compliance.web.api.schemas.shapes import OutcomeOut
from compliance.web.api.writing import Answer, Asking, Reply, outcome_answer, sent_key, write
from compliance.web.context import services
from compliance.web.late_answers import keep_refused

TAG: Final = "Sessions"
RECORDING: Final = Call(needs=Action.RECORD_SESSION, gives=OutcomeOut, guarded=True, tag=TAG)


@serve(
    "POST",
    "/sessions",
    Call(
        needs=Action.RECORD_SESSION,
        takes=SessionIn,
        gives=OpenedOut,
        status=201,
        tag=TAG,
        refusals=(404,),
        example={
            "client_ref": "C-1001",
            "template": "cosmetic_medical_microneedling",
            "device_id": "PEN-1",
        },
    ),
)
def post_session(body: dict[str, Any]) -> Reply:
    """Open a session

    It is a draft until its start. The warnings never block.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = open_session(
            tx,
            OpenSession(
                client_ref=body["client_ref"],
                template=body["template"],
                device=body["device_id"],
                session_id=body.get("id"),
            ),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        row = find_row(tx, outcome.session_id, actor=asking.actor)
        answer = outcome_answer(outcome, warnings=[dict(each) for each in row.warnings])
        answer.headers["Location"] = f"{request.path}/{outcome.session_id}"
        return answer

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "PUT",
    "/sessions/<uuid:session_id>/items/<item:code>",
    Call(
        needs=Action.RECORD_SESSION,
        takes=AnswerIn,
        gives=OutcomeOut,
        guarded=True,
        tag=TAG,
        example={
            "result": "yes",
            "evidence": [
                {
                    "component": "cartridge",
                    "kind": "lot",
                    "ref": {"lot": "L1", "expires_on": "2028-01-31"},
                }
            ],
        },
    ),
)
def put_item(session_id: UUID, code: str, body: dict[str, Any]) -> Reply:
    """Answer an item

    The former answer stays in the log. What is entered late keeps both times. A late answer
    that names something recalled is refused, and its session is on the recall's list.
    """
    command = AnswerItem(
        session_id=str(session_id),
        item=code,
        result=body["result"],
        evidence=body.get("evidence"),
        performed_at=body.get("performed_at"),
        reason=body.get("reason"),
    )

    def work(tx: Tx, asking: Asking) -> Answer:
        keyring = services().keyring
        outcome = answer_item(tx, command, actor=asking.actor, now=asking.now, keyring=keyring)
        return outcome_answer(outcome)

    try:
        return write(work, session_id=str(session_id))
    except ComplianceError as error:
        keep_refused(command, error, actor=calling_actor(), now=services().clock())
        raise


@serve("DELETE", "/sessions/<uuid:session_id>/items/<item:code>", RECORDING)
def delete_item(session_id: UUID, code: str) -> Reply:
    """Take an answer back

    Only the person who gave it may; the log keeps both.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = undo_answer(tx, str(session_id), code, actor=asking.actor, now=asking.now)
        return outcome_answer(outcome)

    return write(work, session_id=str(session_id))


@serve("POST", "/sessions/<uuid:session_id>/start", RECORDING)
def post_start(session_id: UUID) -> Reply:
    """Start the treatment

    409 with code `blocked` names everything that is in the way, all at once.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        return outcome_answer(
            start_session(tx, str(session_id), actor=asking.actor, now=asking.now)
        )

    return write(work, session_id=str(session_id))


@serve("POST", "/sessions/<uuid:session_id>/finish", RECORDING)
def post_finish(session_id: UUID) -> Reply:
    """End the treatment

    The items of the phase `after` can be answered from now on.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        return outcome_answer(
            finish_session(tx, str(session_id), actor=asking.actor, now=asking.now)
        )

    return write(work, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/close",
    Call(needs=Action.SIGN_SESSION, gives=OutcomeOut, guarded=True, signs=True, tag=TAG),
)
def post_close(session_id: UUID) -> Reply:
    """Sign and close a session

    The state is `awaiting_reprocessing` when nothing but the release of the device's
    next cycle is missing; that release closes the session. Send an idempotency key:
    a retry then gets the same record, whatever happened to the first answer.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = CloseSession(session_id=str(session_id), grant=None, idempotency_key=sent_key())
        return outcome_answer(close_session(tx, command, actor=asking.actor, now=asking.now))

    return write(work, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/abort",
    Call(
        needs=Action.SIGN_SESSION,
        takes=AbortIn,
        gives=OutcomeOut,
        guarded=True,
        signs=True,
        tag=TAG,
        example={
            "what": "The cartridge broke.",
            "why": "It was dropped.",
            "corrective_action": "The client was cleaned and informed.",
        },
    ),
)
def post_abort(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Sign and end a session without completing it

    It is kept and shown in every report, with what happened, why, and what was done.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = abort_session(
            tx,
            AbortSession(session_id=str(session_id), grant=None, **body),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, session_id=str(session_id))
