"""After the treatment: adverse events, follow-ups and the whole history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.operations.people.listing import read_names
from compliance.operations.treatments.amending import (
    GRADES,
    RecordFollowUp,
    RecordIncident,
    record_follow_up,
    record_incident,
)
from compliance.operations.treatments.reading import (
    HistoryLine,
    SessionRecord,
    read_history,
    read_session,
)
from compliance.store.session import Tx
from compliance.web.context import current_actor, page_values, services, show_time
from compliance.web.tablet.rows import options_of
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.wording import say_refusal, show_result, sign_choices

blueprint = Blueprint("aftercare", __name__)

_AUTH: Final = {
    "password": "signed in by password",
    "pin": "signed in by PIN",
    "token": "by token",
    "system": "the system",
}
_KINDS: Final = {
    "session.opened": "Opened",
    "session.answered": "Answered",
    "session.refused": "Late answer refused: it names something recalled",
    "session.overridden": "Screening overridden",
    "session.taken_over": "Taken over",
    "session.corrected": "Client corrected",
    "consent.signed": "Consent signed by the client",
    "session.started": "Treatment started",
    "session.finished": "Treatment finished",
    "session.signed": "Signed; waits for sterilization",
    "device.returned": "Device sent back to the sterilization room",
    "session.closed": "Closed",
    "session.aborted": "Aborted",
    "session.amended": "Amended",
    "incident.recorded": "Adverse event recorded",
    "followup.recorded": "Follow-up recorded",
}


def _signs() -> list[SelectChoice]:
    return [SelectChoice(value=code, label=words) for code, words in sign_choices()]


class SignsField(SelectMultipleField):  # type: ignore[misc]  # wtforms has no types
    """Boxes to tick, one below the other."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class IncidentForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A side effect or a sharps injury."""

    grade = RadioField(
        "How bad is it?",
        choices=[SelectChoice(value=grade, label=grade.capitalize()) for grade in GRADES],
        validators=[InputRequired("Choose how bad it is.")],
    )
    signs = SignsField("Signs that need a doctor", choices=_signs())
    description = TextAreaField(
        "What happened", validators=[InputRequired("Say what happened."), Length(max=2000)]
    )
    idempotency_key = HiddenField()

    def to_command(self, session_id: str) -> RecordIncident:
        """Return the command for a form that has validated."""
        return RecordIncident(
            session_id=session_id,
            grade=self.grade.data,
            signs=tuple(self.signs.data or ()),
            description=self.description.data,
        )


class FollowUpForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """How the client is on day 2 or 3."""

    outcome = RadioField(
        "How is the client?",
        choices=[
            SelectChoice(value="well", label="Well, nothing unexpected"),
            SelectChoice(value="signs", label="There are signs"),
        ],
        validators=[InputRequired("Choose how the client is.")],
    )
    signs = SignsField("Signs that need a doctor", choices=_signs())
    note = TextAreaField("Note", validators=[Length(max=2000)])
    idempotency_key = HiddenField()

    def to_command(self, session_id: str) -> RecordFollowUp:
        """Return the command for a form that has validated."""
        return RecordFollowUp(
            session_id=session_id,
            outcome=self.outcome.data,
            signs=tuple(self.signs.data or ()),
            note=self.note.data or "",
        )


def _read(session_id: str) -> SessionRecord:
    actor, now = current_actor(), services().clock()
    with services().database.reading() as tx:
        return read_session(tx, session_id, actor=actor, now=now, keyring=services().keyring)


def _page(
    session_id: UUID,
    form: FlaskForm,
    page: tuple[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    current_actor().require(Action.RECORD_EVENT)
    template, title = page
    record = _read(str(session_id))
    if not form.is_submitted() or form.errors:
        form.idempotency_key.data = fresh_key(services().clock())
    text = render_template(
        template,
        page=page_values(f"{record.client_ref} · {title}", section="tablet"),
        href=f"/sessions/{session_id}",
        client_ref=record.client_ref,
        form=form,
    )
    return text, status


def _record(
    session_id: UUID,
    form: FlaskForm,
    page: tuple[str, str],
    act: Callable[[Tx, Actor, datetime], int],
) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    if not form.validate():
        return _page(session_id, form, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with services().database.writing() as tx:
            once(tx, actor, lambda: act(tx, actor, now), now=now)
    except (Refused, Conflict) as error:
        form.form_errors.append(say_refusal(error))
        refused = isinstance(error, Refused)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.CONFLICT
        return _page(session_id, form, page, status)
    flash("Recorded. It cites the session and stays with it.", "good")
    return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)


_INCIDENT: Final = ("tablet/incident.html", "Adverse event")
_FOLLOW_UP: Final = ("tablet/follow_up.html", "Follow-up")
"""Template and title of each page."""


@blueprint.get("/sessions/<uuid:session_id>/incident")
def show_incident(session_id: UUID) -> ResponseReturnValue:
    return _page(session_id, IncidentForm(formdata=None), _INCIDENT)


@blueprint.post("/sessions/<uuid:session_id>/incident")
def incident(session_id: UUID) -> ResponseReturnValue:
    form = IncidentForm()

    def act(tx: Tx, actor: Actor, now: datetime) -> int:
        command = form.to_command(str(session_id))
        return record_incident(tx, command, actor=actor, now=now, keyring=services().keyring)

    return _record(session_id, form, _INCIDENT, act)


@blueprint.get("/sessions/<uuid:session_id>/follow-up")
def show_follow_up(session_id: UUID) -> ResponseReturnValue:
    return _page(session_id, FollowUpForm(formdata=None), _FOLLOW_UP)


@blueprint.post("/sessions/<uuid:session_id>/follow-up")
def follow_up(session_id: UUID) -> ResponseReturnValue:
    form = FollowUpForm()

    def act(tx: Tx, actor: Actor, now: datetime) -> int:
        command = form.to_command(str(session_id))
        return record_follow_up(tx, command, actor=actor, now=now, keyring=services().keyring)

    return _record(session_id, form, _FOLLOW_UP, act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry of the log about the session, in words."""

    index: int
    what: str
    detail: str
    why: str
    who: str
    when: str


@blueprint.get("/sessions/<uuid:session_id>/history")
def show_history(session_id: UUID) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    with services().database.reading() as tx:
        record = read_session(tx, str(session_id), actor=actor, now=now, keyring=services().keyring)
        lines = read_history(tx, str(session_id), actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
    return render_template(
        "tablet/history.html",
        page=page_values(f"{record.client_ref} · History", section="tablet"),
        href=f"/sessions/{session_id}",
        client_ref=record.client_ref,
        lines=tuple(_tell(line, record, names) for line in lines),
    )


def _tell(line: HistoryLine, record: SessionRecord, names: Mapping[str, str]) -> Told:
    undone = line.data.get("undo") is True
    return Told(
        index=line.index,
        what="Taken back" if undone else _KINDS.get(line.kind, line.kind),
        detail=_detail(line, record),
        why=record.text_of(line.data["reason"]) if line.data.get("reason") else "",
        who=f"{names.get(line.user_id, line.user_id)}, {_AUTH.get(line.auth, line.auth)}",
        when=show_time(datetime.fromisoformat(line.at)),
    )


def _detail(line: HistoryLine, record: SessionRecord) -> str:
    """Which item, and the old and the new value."""
    code = line.data.get("item")
    item = record.loaded.facts.template.item(code) if isinstance(code, str) else None
    if item is None:
        return ""
    label = item.label.get("en", item.code)
    if line.kind not in ("session.answered", "session.amended"):
        return label
    options = options_of(item, "en")
    old, new = (_value(line.data[name], options) for name in ("old", "new"))
    return f"{label}: {old} → {new}" if line.data["old"] is not None else f"{label}: {new}"


def _value(result: Any, options: tuple[tuple[str, str], ...]) -> str:
    return "no answer" if result is None else show_result(result, options)
