"""Beside the checklist of an open session: consent, override, take-over, the right client."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Action, Actor
from compliance.errors import ComplianceError, Conflict, NotFound, Refused
from compliance.operations.catalogue import CONSENT, consent_text
from compliance.operations.treatments.answering import AnswerItem, answer_item
from compliance.operations.treatments.loading import find_row, load_facts
from compliance.operations.treatments.notes import (
    SignConsent,
    override_item,
    read_consent_ink,
    sign_consent,
    take_over_session,
)
from compliance.operations.treatments.opening import MAX_CLIENT_REF, correct_client
from compliance.operations.treatments.reading import SessionRecord, read_session
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, page_values, services
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.wording import localized, say_refusal

blueprint = Blueprint("notes", __name__)

_PNG_URL = "data:image/png;base64"


class ConsentForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The client's ink, as the canvas gives it."""

    ink = HiddenField(
        validators=[InputRequired("Sign in the field, then press the button."), Length(max=400_000)]
    )
    idempotency_key = HiddenField()

    def to_png(self) -> bytes:
        """Return the picture.

        Raises:
            Refused: it is no PNG data URL.
        """
        kind, _, encoded = (self.ink.data or "").partition(",")
        try:
            ink = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            ink = b""
        if kind != _PNG_URL or not ink:
            raise Refused("ink", len(encoded), "is no picture", allowed="sign again")
        return ink


class ReasonForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """One reason, for a decision that stays in the record."""

    reason = TextAreaField(
        "Reason",
        validators=[InputRequired("Give a reason; it stays in the record."), Length(max=2000)],
    )
    idempotency_key = HiddenField()


class ClientForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The right client."""

    client_ref = StringField(
        "The right client's reference",
        validators=[InputRequired("Type or scan the reference."), Length(max=MAX_CLIENT_REF)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "data-scan": ""},
    )
    idempotency_key = HiddenField()


def _open_record(session_id: str, now: datetime) -> SessionRecord:
    actor = current_actor()
    actor.require(Action.RECORD_SESSION)
    with services().database.reading() as tx:
        return read_session(tx, session_id, actor=actor, now=now, keyring=services().keyring)


def _show(
    session_id: UUID,
    form: FlaskForm,
    page: tuple[str, str],
    status: HTTPStatus = HTTPStatus.OK,
    **more: Any,
) -> ResponseReturnValue:
    """The page of one small form; an ended session is shown instead of it.

    ``page`` is its template and its title.
    """
    template, title = page
    now = services().clock()
    record = _open_record(str(session_id), now)
    if not record.row.state.accepts_answers:
        return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    if not form.is_submitted() or form.form_errors or form.errors:
        form.idempotency_key.data = fresh_key(now)
    text = render_template(
        template,
        page=page_values(f"{record.client_ref} · {title}", section="tablet"),
        href=f"/sessions/{session_id}",
        client_ref=record.client_ref,
        practitioner=record.name_of(record.row.practitioner_id),
        protocol=localized(record.loaded.facts.template.title, current_clinic().language),
        form=form,
        **more,
    )
    return text, status


_CONSENT = ("tablet/consent.html", "Consent")
_OVERRIDE = ("tablet/override.html", "Override")
_TAKE_OVER = ("tablet/take_over.html", "Take over")
_CLIENT = ("tablet/client.html", "Client")
"""Template and title of each page."""


def _try(act: Callable[[Tx, Actor, datetime], int]) -> ComplianceError | None:
    """Do one thing once; the refusal is for the form."""
    actor, now = current_actor(), services().clock()
    try:
        with services().database.writing() as tx:
            once(tx, actor, lambda: act(tx, actor, now), now=now)
    except (Refused, Conflict) as error:
        return error
    return None


def _refused(form: FlaskForm, error: ComplianceError) -> HTTPStatus:
    form.form_errors.append(say_refusal(error))
    conflict = isinstance(error, Conflict)
    return HTTPStatus.CONFLICT if conflict else HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/sessions/<uuid:session_id>/consent")
def show_consent(session_id: UUID) -> ResponseReturnValue:
    return _consent_page(session_id, ConsentForm(formdata=None))


@blueprint.post("/sessions/<uuid:session_id>/consent")
def consent(session_id: UUID) -> ResponseReturnValue:
    """Keep the ink and answer the checklist's item with it, both or neither."""
    form, status = ConsentForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():

        def act(tx: Tx, actor: Actor, now: datetime) -> int:
            signed = SignConsent(session_id=str(session_id), text_id=CONSENT, ink_png=form.to_png())
            keyring = services().keyring
            index = sign_consent(tx, signed, actor=actor, now=now, keyring=keyring).index
            loaded = load_facts(tx, find_row(tx, str(session_id), actor=actor), now=now)
            for item in loaded.facts.template.items:
                if item.evidence == "consent":
                    given = AnswerItem(session_id=str(session_id), item=item.code, result="yes")
                    outcome = answer_item(tx, given, actor=actor, now=now, keyring=keyring)
                    index = outcome.index
            return index

        error = _try(act)
        if error is None:
            target = f"/sessions/{session_id}?phase=before#item-consent_signed"
            return redirect(target, HTTPStatus.SEE_OTHER)
        status = _refused(form, error)
    return _consent_page(session_id, form, status)


def _consent_page(
    session_id: UUID, form: ConsentForm, status: HTTPStatus = HTTPStatus.OK
) -> ResponseReturnValue:
    text = consent_text(CONSENT)
    words = localized(text["text"], current_clinic().language)
    return _show(session_id, form, _CONSENT, status, text=words)


@blueprint.get("/sessions/<uuid:session_id>/consent.png")
def show_ink(session_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    with services().database.reading() as tx:
        found = read_consent_ink(tx, str(session_id), actor=actor, keyring=services().keyring)
    if found is None:
        raise NotFound("there is no signature, or it was erased")
    return Response(found[0], mimetype=found[1])


@blueprint.get("/sessions/<uuid:session_id>/override")
def show_override(session_id: UUID) -> ResponseReturnValue:
    return _override_page(session_id, ReasonForm(formdata=None))


@blueprint.post("/sessions/<uuid:session_id>/override")
def override(session_id: UUID) -> ResponseReturnValue:
    form, status = ReasonForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        wanted = ("contraindications_screened", form.reason.data)
        error = _try(
            lambda tx, actor, now: (
                override_item(
                    tx, str(session_id), wanted, actor=actor, now=now, keyring=services().keyring
                ).index
            )
        )
        if error is None:
            target = f"/sessions/{session_id}?phase=before#item-contraindications_screened"
            return redirect(target, HTTPStatus.SEE_OTHER)
        status = _refused(form, error)
    return _override_page(session_id, form, status)


def _override_page(
    session_id: UUID, form: ReasonForm, status: HTTPStatus = HTTPStatus.OK
) -> ResponseReturnValue:
    entitled = current_actor().entitled_override
    return _show(session_id, form, _OVERRIDE, status, entitled=entitled)


@blueprint.get("/sessions/<uuid:session_id>/take-over")
def show_take_over(session_id: UUID) -> ResponseReturnValue:
    return _show(session_id, ReasonForm(formdata=None), _TAKE_OVER)


@blueprint.post("/sessions/<uuid:session_id>/take-over")
def take_over(session_id: UUID) -> ResponseReturnValue:
    form, status = ReasonForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        error = _try(
            lambda tx, actor, now: (
                take_over_session(
                    tx,
                    str(session_id),
                    form.reason.data,
                    actor=actor,
                    now=now,
                    keyring=services().keyring,
                ).index
            )
        )
        if error is None:
            return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
        status = _refused(form, error)
    return _show(session_id, form, _TAKE_OVER, status)


@blueprint.get("/sessions/<uuid:session_id>/client")
def show_client(session_id: UUID) -> ResponseReturnValue:
    return _show(session_id, ClientForm(formdata=None), _CLIENT)


@blueprint.post("/sessions/<uuid:session_id>/client")
def set_client(session_id: UUID) -> ResponseReturnValue:
    form, status = ClientForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        error = _try(
            lambda tx, actor, now: (
                correct_client(
                    tx,
                    str(session_id),
                    form.client_ref.data,
                    actor=actor,
                    now=now,
                    keyring=services().keyring,
                ).index
            )
        )
        if error is None:
            return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
        status = _refused(form, error)
    return _show(session_id, form, _CLIENT, status)
