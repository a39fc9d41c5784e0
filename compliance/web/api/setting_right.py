"""Setting a session right: its device before and after the end; and the files handed out."""

from __future__ import annotations

import io
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Response, send_file

from compliance.domain.access import Action
from compliance.operations.people.tokens import Scope
from compliance.operations.reporting.handing_out import hand_out_session
from compliance.operations.reporting.single import ExportSession, export_session
from compliance.operations.treatments.devices import (
    AmendDevice,
    CorrectDevice,
    amend_device,
    correct_device,
)
from compliance.store.session import Tx
from compliance.web.api.reports import BINARY, PDF
from compliance.web.api.routing import Call, calling_actor, serve
from compliance.web.api.schemas.setting_right import DeviceAmendmentIn, RightDeviceIn, SessionFileIn
from compliance.web.api.schemas.shapes import OutcomeOut
from compliance.web.api.writing import (
    REPLAYED,
    Answer,
    Asking,
    Reply,
    keyed_request,
    outcome_answer,
    write,
)
from compliance.web.context import services

NOTES: Final = "Beside the checklist"
AFTER: Final = "After closing"


@serve(
    "POST",
    "/sessions/<uuid:session_id>/device",
    Call(
        needs=Action.RECORD_SESSION,
        takes=RightDeviceIn,
        gives=OutcomeOut,
        guarded=True,
        tag=NOTES,
        example={"device_id": "PEN-2"},
    ),
)
def post_right_device(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Set right a wrong device before closing

    What was answered about the former device is taken back and asked again.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = CorrectDevice(session_id=str(session_id), device=body["device_id"])
        return outcome_answer(correct_device(tx, command, actor=asking.actor, now=asking.now))

    return write(work, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/device-amendments",
    Call(
        needs=Action.AMEND_SESSION,
        takes=DeviceAmendmentIn,
        gives=OutcomeOut,
        status=201,
        guarded=True,
        signs=True,
        tag=AFTER,
        example={
            "device_id": "TIP-1",
            "evidence_before": [
                {
                    "component": "tip",
                    "kind": "lot",
                    "ref": {"lot": "L1", "expires_on": "2028-01-31"},
                }
            ],
            "evidence_after": [{"component": "tip", "kind": "sharps", "ref": "Sharps 1"}],
            "reason": "The tip was used, not the pen.",
        },
    ),
)
def post_device_amendment(session_id: UUID, body: dict[str, Any]) -> Reply:
    """Sign that another device was used, with its evidence

    Three amendments under one signature: the device, how it was sterile before, what
    became of it after. Evidence that is left out makes its item say `no`.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = AmendDevice(
            session_id=str(session_id),
            device=body["device_id"],
            evidence_before=body.get("evidence_before") or (),
            evidence_after=body.get("evidence_after") or (),
            reason=body["reason"],
        )
        outcome = amend_device(
            tx, command, actor=asking.actor, now=asking.now, keyring=services().keyring
        )
        return outcome_answer(outcome)

    return write(work, status=HTTPStatus.CREATED, session_id=str(session_id))


@serve(
    "POST",
    "/sessions/<uuid:session_id>/file",
    Call(
        needs=Action.SIGN_SESSION,
        scope=Scope.EXPORT,
        takes=SessionFileIn,
        gives=BINARY,
        media_type=PDF,
        tag=AFTER,
        refusals=(HTTPStatus.CONFLICT,),
        example={"purpose": "client_copy"},
    ),
)
def post_session_file(session_id: UUID, body: dict[str, Any]) -> Response:
    """Make one session's signed PDF: with its proof for an inspector, or the client's copy

    It is kept, and while it would say nothing else, the same person gets the same file again and no
    other entry is made. An `Idempotency-Key` gets its file again also after more was said; once a
    client it names was erased, the answer is 409 `file_gone`.
    """
    actor = calling_actor()
    keyed = keyed_request(actor)
    hand_out = hand_out_session if keyed is None else export_session
    with tempfile.TemporaryDirectory(prefix="aseptrail-session-") as folder:
        command = ExportSession(
            session_id=str(session_id),
            purpose=body["purpose"],
            output=Path(folder) / "session.pdf",
            keyed=keyed,
        )
        made = hand_out(services().workshop, command, actor=actor, now=services().clock())
        content = io.BytesIO(made.path.read_bytes())
    answer = send_file(
        content, mimetype=PDF, as_attachment=True, download_name=f"session-{made.record}.pdf"
    )
    if made.replayed:
        answer.headers[REPLAYED] = "true"
    return answer
