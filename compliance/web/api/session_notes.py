"""Beside the checklist: override, take-over, client, consent; and what follows the closing."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from compliance.domain.access import Action
from compliance.errors import Refused
from compliance.operations.treatments.amending import (
    AmendSession,
    RecordFollowUp,
    RecordIncident,
    amend_session,
    record_follow_up,
    record_incident,
)
from compliance.operations.treatments.notes import (
    SignConsent,
    override_item,
    sign_consent,
    take_over_session,
)
from compliance.operations.treatments.opening import correct_client
from compliance.store.session import Tx
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.session_requests import (
    AmendmentIn,
    ClientIn,
    ConsentIn,
    FollowUpIn,
    IncidentIn,
    OverrideIn,
    ReasonIn,
)
from compliance.web.api.schemas.shapes import EntryOut, OutcomeOut
from compliance.web.api.writing import Answer, Asking, Reply, outcome_answer, write
from compliance.web.context import services

NOTES: Final = "Beside the checklist"
AFTER: Final = "After closing"


@serve(
    "POST",
    "/sessions/<uuid:session_id>/overrides",
    Call(
        needs=Action.RECORD_SESSION,
        takes=OverrideIn,
        gives=OutcomeOut,
        status=201,
        guarded=True,
        tag=NOTES,
        example={"item": "contraindications_screened", "reason": "Healed eczema, elsewhere."},
    ),
)
def post_override(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Decide to treat in spite of a screened contraindication

    Only a practitioner entitled to decide this may.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = override_item(
            tx,
            str(session_id),
            (body["item"], body["reason"]),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, status=HTTPStatus.CREATED, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/take-over",
    Call(
        needs=Action.RECORD_SESSION,
        takes=ReasonIn,
        gives=OutcomeOut,
        guarded=True,
        tag=NOTES,
        example={"reason": "The shift ended."},
    ),
)
def post_take_over(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Go on with a colleague's session; both names stay in the record"""

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = take_over_session(
            tx,
            str(session_id),
            body["reason"],
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/client",
    Call(
        needs=Action.RECORD_SESSION,
        takes=ClientIn,
        gives=OutcomeOut,
        guarded=True,
        tag=NOTES,
        example={"client_ref": "C-1002"},
    ),
)
def post_client(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Set right a wrong client reference before closing"""

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = correct_client(
            tx,
            str(session_id),
            body["client_ref"],
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/consent",
    Call(
        needs=Action.RECORD_SESSION,
        takes=ConsentIn,
        gives=OutcomeOut,
        status=201,
        guarded=True,
        tag=NOTES,
        example={"text_id": "microneedling_consent", "ink_png": "iVBORw0KGgo="},
    ),
)
def post_consent(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Keep the client's ink signature under a consent text"""

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = sign_consent(
            tx,
            SignConsent(
                session_id=str(session_id),
                text_id=body["text_id"],
                ink_png=_picture(body["ink_png"]),
            ),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, status=HTTPStatus.CREATED, session_id=str(session_id))


def _picture(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("ink_png", "", "is no Base64", allowed="a PNG in Base64") from error


@serve(
    "POST",
    "/sessions/<uuid:session_id>/amendments",
    Call(
        needs=Action.AMEND_SESSION,
        takes=AmendmentIn,
        gives=OutcomeOut,
        status=201,
        guarded=True,
        signs=True,
        tag=AFTER,
        example={"item": "body_site", "result": "neck", "reason": "The wrong site was tapped."},
    ),
)
def post_amendment(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Sign a correction of an ended session

    The closed record and its state stay as they are; the old value stays visible.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        outcome = amend_session(
            tx,
            AmendSession(session_id=str(session_id), **body),
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return outcome_answer(outcome)

    return write(work, status=HTTPStatus.CREATED, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/incidents",
    Call(
        needs=Action.RECORD_EVENT,
        takes=IncidentIn,
        gives=EntryOut,
        status=201,
        tag=AFTER,
        example={"grade": "minor", "signs": [], "description": "Redness beyond three days."},
    ),
)
def post_incident(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Record a side effect or sharps injury

    Any of the signs that call for a doctor escalates it.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RecordIncident(
            session_id=str(session_id),
            grade=body["grade"],
            signs=tuple(body["signs"]),
            description=body["description"],
        )
        index = record_incident(
            tx, command, actor=asking.actor, now=asking.now, keyring=services().keyring
        )
        return Answer(body={"index": index})

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "POST",
    "/sessions/<uuid:session_id>/follow-ups",
    Call(
        needs=Action.RECORD_EVENT,
        takes=FollowUpIn,
        gives=EntryOut,
        status=201,
        tag=AFTER,
        example={"outcome": "well", "signs": [], "note": "No complaints by telephone."},
    ),
)
def post_follow_up(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Record how the client was on day 2 or 3"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RecordFollowUp(
            session_id=str(session_id),
            outcome=body["outcome"],
            signs=tuple(body["signs"]),
            note=body["note"],
        )
        index = record_follow_up(
            tx, command, actor=asking.actor, now=asking.now, keyring=services().keyring
        )
        return Answer(body={"index": index})

    return write(work, status=HTTPStatus.CREATED)
