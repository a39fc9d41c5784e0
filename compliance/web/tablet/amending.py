"""Correcting a closed record: signed, with a reason, beside the old value."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Action
from compliance.domain.template import Item
from compliance.domain.words import ItemKind
from compliance.errors import ComplianceError, Conflict, NotFound, Refused, SignatureRequired
from compliance.operations.treatments.amending import (
    AmendSession,
    amend_session,
    amendment_act,
)
from compliance.store.session import Tx
from compliance.web.context import current_actor, page_values, services
from compliance.web.tablet.amended_parts import Place, Subject, read_evidence, show_parts
from compliance.web.tablet.pieces import contact_times
from compliance.web.tablet.proofs import describe
from compliance.web.tablet.rows import options_of
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.signing import NotSigned, SigningForm, get_grant, read_signer
from compliance.web.tablet.view import load_viewing
from compliance.web.tablet.wording import (
    contraindication_choices,
    localized,
    say_refusal,
    show_result,
)

blueprint = Blueprint("amending", __name__)


class AmendForm(SigningForm):
    """The reason and the signature; the value's control depends on the item."""

    reason = TextAreaField(
        "Why the record is corrected",
        validators=[InputRequired("Say why the record is corrected."), Length(max=2000)],
    )


@blueprint.get("/sessions/<uuid:session_id>/amend/<code>")
def show(session_id: UUID, code: str) -> ResponseReturnValue:
    return show_amendment(str(session_id), code, _tablet(session_id, code))


@blueprint.post("/sessions/<uuid:session_id>/amend/<code>")
def amend(session_id: UUID, code: str) -> ResponseReturnValue:
    return enter_amendment(str(session_id), code, _tablet(session_id, code))


def _tablet(session_id: UUID, code: str) -> Place:
    record = f"/sessions/{session_id}"
    return Place(
        frame="tablet/_frame.html",
        section="tablet",
        record=record,
        action=f"{record}/amend/{code}",
        done=f"{record}#line-{code}",
    )


def show_amendment(session_id: str, code: str, place: Place) -> ResponseReturnValue:
    """The form; a session that has not ended leads back to where its items are answered."""
    actor, now = current_actor(), services().clock()
    actor.require(Action.AMEND_SESSION)
    with services().database.reading() as tx:
        subject = _subject(tx, session_id, code, place)
    if not subject.viewing.record.row.state.ended:
        return redirect(place.record, HTTPStatus.SEE_OTHER)
    form = AmendForm(formdata=None)
    _prepare(form, subject, now)
    return _page(form, subject, now)


def enter_amendment(session_id: str, code: str, place: Place) -> ResponseReturnValue:
    """Read what was typed, let the password be checked for exactly this act, and enter it."""
    actor, now = current_actor(), services().clock()
    actor.require(Action.AMEND_SESSION)
    with services().database.reading() as tx:
        subject = _subject(tx, session_id, code, place)
        act = amendment_act(tx, session_id, actor=actor)
        times = contact_times(tx, actor=actor)
    form = AmendForm()
    if not form.validate():
        return _page(form, subject, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        # A retry of an amendment that was entered finds a newer version, and its own answer.
        current = form.version.data == str(subject.version)
        command = AmendSession(
            session_id=session_id,
            item=code,
            result=_result(subject.item),
            reason=form.reason.data,
            evidence=read_evidence(subject, times),
            grant=get_grant(form, act, actor=actor, now=now) if current else None,
        )
        with services().database.writing() as tx:
            once(
                tx,
                actor,
                lambda: (
                    amend_session(
                        tx, command, actor=actor, now=now, keyring=services().keyring
                    ).index
                ),
                now=now,
            )
    except NotSigned as refused:
        return _page(form, subject, now), refused.status
    except (Refused, Conflict, SignatureRequired) as error:
        return _refused(form, subject, error)
    return redirect(place.done, HTTPStatus.SEE_OTHER)


def _refused(form: AmendForm, before: Subject, error: ComplianceError) -> ResponseReturnValue:
    now = services().clock()
    session_id = before.viewing.record.row.session_id
    with services().database.reading() as tx:
        subject = _subject(tx, session_id, before.item.code, before.place)
    _prepare(form, subject, now)
    stale = isinstance(error, SignatureRequired)
    sentence = "The record was corrected meanwhile. Look at it again, then sign."
    form.form_errors.append(sentence if stale else say_refusal(error))
    refused = isinstance(error, Refused)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.CONFLICT
    return _page(form, subject, now), status


def _subject(tx: Tx, session_id: str, code: str, place: Place) -> Subject:
    viewing = load_viewing(tx, session_id, actor=current_actor(), now=services().clock())
    record = viewing.record
    item = record.loaded.facts.template.item(code)
    if item is None:
        raise NotFound("there is no such item in this checklist")
    newest = next((each for each in reversed(record.amendments) if each.item == code), None)
    if newest is not None:
        pieces = tuple(dict(piece) for piece in newest.data["evidence_new"])
        new = newest.data["new"]
        return Subject(place=place, viewing=viewing, item=item, result=new, evidence=pieces)
    answer = record.loaded.facts.answers.get(code)
    return Subject(
        place=place,
        viewing=viewing,
        item=item,
        result=None if answer is None else answer.result,
        evidence=() if answer is None else tuple(dict(piece) for piece in answer.evidence),
    )


def _prepare(form: AmendForm, subject: Subject, now: datetime) -> None:
    form.version.data = str(subject.version)
    form.idempotency_key.data = fresh_key(now)


def _result(item: Item) -> Any:
    text = request.form.get("result", "")
    if item.kind is ItemKind.MEASUREMENT:
        return {"value": text.strip().replace(",", "."), "unit": item.unit}
    return text


def _page(form: AmendForm, subject: Subject, now: datetime) -> str:
    viewing, item, place = subject.viewing, subject.item, subject.place
    options = options_of(item, viewing.language)
    ticked = {str(piece["ref"].get("code", "")) for piece in subject.evidence}
    shown = request.form.get("result", _plain(subject.result))
    return render_template(
        "tablet/amend.html",
        page=page_values(f"{viewing.record.client_ref} · Correct", section=place.section),
        place=place,
        number=viewing.record.row.closed_index,
        client_ref=viewing.record.client_ref,
        code=item.code,
        label=localized(item.label, viewing.language),
        now_counts=show_result(subject.result, options),
        evidence=tuple(
            ". ".join((title, *lines))
            for title, lines in (describe(each["kind"], each["ref"]) for each in subject.evidence)
        ),
        options=options or (("yes", "Yes"), ("no", "No")),
        measured=item.kind is ItemKind.MEASUREMENT,
        unit="" if item.unit in (None, "1") else item.unit,
        result=shown,
        screening=contraindication_choices() if item.evidence == "contraindications" else (),
        ticked=set(request.form.getlist("contraindication")) or ticked,
        parts=show_parts(subject),
        opened=frozenset(name for name in request.form if name.endswith("-change")),
        signer=read_signer("amend", now),
        form=form,
    )


def _plain(result: Any) -> str:
    if result is None:
        return ""
    return result if isinstance(result, str) else str(result["value"])
