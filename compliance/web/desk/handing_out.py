"""Handing out one session: the inspector's file with its proof, and the client's copy."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from flask import Blueprint, request, send_file
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor, Role
from compliance.operations.reporting.handing_out import hand_out_session
from compliance.operations.reporting.single import CLIENT_COPY, INSPECTION, ExportSession
from compliance.operations.treatments.reading import SessionRecord
from compliance.web.context import current_clinic, services
from compliance.web.desk.doors import at_desk

blueprint = Blueprint("desk_handing_out", __name__)

_NAMES = {INSPECTION: "record", CLIENT_COPY: "copy"}


@blueprint.post("/manager/sessions/<session_id>/file")
def hand_out(session_id: str) -> ResponseReturnValue:
    """Send the file; a second press gets the same one, and makes no other entry."""
    actor = at_desk(Role.MANAGER, Role.PRACTITIONER)
    purpose = request.form.get("purpose", "")
    with tempfile.TemporaryDirectory(prefix="aseptrail-session-") as folder:
        made = hand_out_session(
            services().workshop,
            ExportSession(
                session_id=session_id, purpose=purpose, output=Path(folder) / "session.pdf"
            ),
            actor=actor,
            now=services().clock(),
        )
        content = io.BytesIO(made.path.read_bytes())
    name = f"{current_clinic().slug}-{_NAMES[purpose]}-{made.record}.pdf"
    return send_file(content, mimetype="application/pdf", as_attachment=True, download_name=name)


def purposes_for(record: SessionRecord, *, actor: Actor) -> tuple[str, ...]:
    """Which files of a session a person may hand out; none of one that is not signed."""
    if record.row.closed_index is None and record.row.signed_index is None:
        return ()
    if actor.may(Action.EXPORT_REPORTS):
        return INSPECTION, CLIENT_COPY
    return (CLIENT_COPY,) if actor.may(Action.SIGN_SESSION) else ()
