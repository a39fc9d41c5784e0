"""Closing a session with a signature, ending one without completing it, and what follows."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Action
from compliance.domain.gate import Blocked
from compliance.domain.words import SessionState
from compliance.errors import ComplianceError, Conflict, Refused, SignatureRequired
from compliance.operations.signing import Act
from compliance.operations.treatments.closing import (
    AbortSession,
    CloseSession,
    abort_session,
    close_session,
)
from compliance.operations.treatments.reading import SessionRecord, read_session
from compliance.web.context import (
    current_actor,
    current_clinic,
    page_values,
    services,
    show_time,
)
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.signing import NotSigned, SigningForm, get_grant, read_signer
from compliance.web.tablet.view import gate_lines
from compliance.web.tablet.wording import localized, say_refusal, show_date, show_part

blueprint = Blueprint("closing", __name__)


class AbortForm(SigningForm):
    """A deviation: what happened, why, and what is done about it."""

    what = TextAreaField(
        "What happened", validators=[InputRequired("Say what happened."), Length(max=2000)]
    )
    why = TextAreaField("Why", validators=[InputRequired("Say why."), Length(max=2000)])
    corrective_action = TextAreaField(
        "What is done about it",
        validators=[InputRequired("Say what is done about it."), Length(max=2000)],
    )


@blueprint.get("/sessions/<uuid:session_id>/close")
def show_close(session_id: UUID) -> ResponseReturnValue:
    now = services().clock()
    record = _read(str(session_id), now)
    if record.row.state.ended or record.row.state is SessionState.AWAITING_REPROCESSING:
        return redirect(f"/sessions/{session_id}/closed", HTTPStatus.SEE_OTHER)
    form = SigningForm(formdata=None)
    _prepare(form, record, now)
    return _close_page(form, record, now)


@blueprint.post("/sessions/<uuid:session_id>/close")
def close(session_id: UUID) -> ResponseReturnValue:
    """Check the password in one transaction and close in a second one.

    A crash in between leaves a grant that nothing uses; a crash after the
    second leaves a closed session, and the tablet's retry with the same key gets
    its answer without signing again.
    """
    now = services().clock()
    record = _read(str(session_id), now)
    form = SigningForm()
    if not form.validate():
        return _close_page(form, record, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        grant = _grant_for(form, record, "close", now)
        _close(form, record, grant, now)
    except NotSigned as refused:
        return _close_page(form, record, now), refused.status
    except (Conflict, SignatureRequired) as error:
        fresh = _read(str(session_id), now)
        _prepare(form, fresh, now)
        problem = None if isinstance(error, Blocked) else say_refusal(error)
        return _close_page(form, fresh, now, problem=problem), HTTPStatus.CONFLICT
    return redirect(f"/sessions/{session_id}/closed", HTTPStatus.SEE_OTHER)


def _read(session_id: str, now: datetime) -> SessionRecord:
    actor = current_actor()
    actor.require(Action.SIGN_SESSION)
    with services().database.reading() as tx:
        return read_session(tx, session_id, actor=actor, now=now, keyring=services().keyring)


def _prepare(form: SigningForm, record: SessionRecord, now: datetime) -> None:
    form.version.data = str(record.row.version)
    form.idempotency_key.data = fresh_key(now)


def _grant_for(form: SigningForm, record: SessionRecord, verb: str, now: datetime) -> str | None:
    """Leave to sign the version that was on the screen; None where nothing is left to sign.

    Raises:
        NotSigned: the password is not right.
        SignatureRequired: the session changed since it was shown.
    """
    row = record.row
    if row.state.ended or (verb == "close" and row.state is SessionState.AWAITING_REPROCESSING):
        return None
    if form.version.data != str(row.version):
        raise SignatureRequired(
            "the session changed after this page was opened; look at it again, then sign"
        )
    act = Act(verb=verb, thing=row.session_id, version=row.version)
    return get_grant(form, act, actor=current_actor(), now=now)


def _close(form: SigningForm, record: SessionRecord, grant: str | None, now: datetime) -> None:
    actor = current_actor()
    command = CloseSession(
        session_id=record.row.session_id,
        grant=grant,
        idempotency_key=form.idempotency_key.data or None,
    )
    with services().database.writing() as tx:
        once(
            tx,
            actor,
            lambda: close_session(tx, command, actor=actor, now=now).index,
            now=now,
        )


def _close_page(
    form: SigningForm, record: SessionRecord, now: datetime, *, problem: str | None = None
) -> str:
    language = current_clinic().language
    blockers = gate_lines(record, language) if record.next_step == "close" else ()
    return render_template(
        "tablet/close.html",
        page=page_values(f"{record.client_ref} · Close", section="tablet"),
        href=f"/sessions/{record.row.session_id}",
        client_ref=record.client_ref,
        protocol=localized(record.loaded.facts.template.title, language),
        ready=record.next_step == "close" and record.gate.open,
        state=record.row.state.value,
        waiting=tuple(show_part(part).lower() for part in record.gate.waiting),
        facts=_facts(record),
        blockers=blockers,
        signer=read_signer("close", now),
        form=form,
        problem=problem,
    )


def _facts(record: SessionRecord) -> tuple[tuple[str, str], ...]:
    row = record.row
    moments = (("Started", row.started_at), ("Finished", row.finished_at))
    answers = len(record.loaded.facts.answers)
    late = sum(answer.late for answer in record.loaded.facts.answers.values())
    return (
        ("Client", record.client_ref),
        ("Device", row.device_label),
        *((label, show_time(moment)) for label, moment in moments if moment is not None),
        ("Answers", f"{answers}, {late} of them entered late" if late else str(answers)),
    )


@blueprint.get("/sessions/<uuid:session_id>/closed")
def show_closed(session_id: UUID) -> ResponseReturnValue:
    """The calm end: the record's number, its place, and the next client."""
    now = services().clock()
    record = _read(str(session_id), now)
    row = record.row
    if row.closed_index is None and row.signed_index is None:
        return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    values: dict[str, Any] = {
        "page": page_values(f"{record.client_ref} · Closed", section="tablet"),
        "href": f"/sessions/{session_id}",
        "client_ref": record.client_ref,
        "state": row.state.value,
        "index": row.signed_index if row.closed_index is None else row.closed_index,
        "clinic": current_clinic().name,
        "device": row.device_label,
        "waits": tuple(show_part(wait.component).lower() for wait in record.waits),
        "follow_up": None if row.follow_up_on is None else show_date(row.follow_up_on),
    }
    return render_template("tablet/closed.html", **values)


@blueprint.get("/sessions/<uuid:session_id>/abort")
def show_abort(session_id: UUID) -> ResponseReturnValue:
    now = services().clock()
    record = _read(str(session_id), now)
    if record.row.state.ended:
        return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    form = AbortForm(formdata=None)
    _prepare(form, record, now)
    return _abort_page(form, record, now)


@blueprint.post("/sessions/<uuid:session_id>/abort")
def abort(session_id: UUID) -> ResponseReturnValue:
    now, actor = services().clock(), current_actor()
    record = _read(str(session_id), now)
    form = AbortForm()
    if not form.validate():
        return _abort_page(form, record, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        command = AbortSession(
            session_id=str(session_id),
            what=form.what.data,
            why=form.why.data,
            corrective_action=form.corrective_action.data,
            grant=_grant_for(form, record, "abort", now),
        )
        with services().database.writing() as tx:
            once(
                tx,
                actor,
                lambda: (
                    abort_session(
                        tx, command, actor=actor, now=now, keyring=services().keyring
                    ).index
                ),
                now=now,
            )
    except NotSigned as refused:
        return _abort_page(form, record, now), refused.status
    except (Refused, Conflict, SignatureRequired) as error:
        return _refused_abort(form, str(session_id), now, error)
    return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)


def _refused_abort(
    form: AbortForm, session_id: str, now: datetime, error: ComplianceError
) -> ResponseReturnValue:
    fresh = _read(session_id, now)
    _prepare(form, fresh, now)
    form.form_errors.append(say_refusal(error))
    refused = isinstance(error, Refused)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.CONFLICT
    return _abort_page(form, fresh, now), status


def _abort_page(form: AbortForm, record: SessionRecord, now: datetime) -> str:
    return render_template(
        "tablet/abort.html",
        page=page_values(f"{record.client_ref} · Abort", section="tablet"),
        href=f"/sessions/{record.row.session_id}",
        client_ref=record.client_ref,
        treated=record.row.started_at is not None,
        signer=read_signer("abort", now),
        form=form,
    )
