"""Correcting a closed record: signed, with a reason, beside the old value."""

from __future__ import annotations

from dataclasses import dataclass
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
from compliance.domain.words import EvidenceKind, ItemKind
from compliance.errors import ComplianceError, Conflict, NotFound, Refused, SignatureRequired
from compliance.operations.treatments.amending import (
    AmendSession,
    amend_session,
    amendment_act,
)
from compliance.store.session import Tx
from compliance.web.context import current_actor, page_values, services
from compliance.web.tablet.fields import ScanForm, scan_form, wanted_places
from compliance.web.tablet.pieces import contact_times, read_piece, send_again
from compliance.web.tablet.proofs import describe
from compliance.web.tablet.rows import Viewing, options_of
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

_BY_HAND = {EvidenceKind.LOT.value}
"""A package that was thrown away cannot be scanned again: its lot is typed."""


class AmendForm(SigningForm):
    """The reason and the signature; the value's control depends on the item."""

    reason = TextAreaField(
        "Why the record is corrected",
        validators=[InputRequired("Say why the record is corrected."), Length(max=2000)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is corrected, and the value that counts now."""

    viewing: Viewing
    item: Item
    result: Any
    evidence: tuple[dict[str, Any], ...]

    @property
    def version(self) -> int:
        return len(self.viewing.record.amendments)


@blueprint.get("/sessions/<uuid:session_id>/amend/<code>")
def show(session_id: UUID, code: str) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.AMEND_SESSION)
    with services().database.reading() as tx:
        subject = _subject(tx, str(session_id), code, now)
    if not subject.viewing.record.row.state.ended:
        return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    form = AmendForm(formdata=None)
    _prepare(form, subject, now)
    return _page(form, subject, now)


@blueprint.post("/sessions/<uuid:session_id>/amend/<code>")
def amend(session_id: UUID, code: str) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.AMEND_SESSION)
    with services().database.reading() as tx:
        subject = _subject(tx, str(session_id), code, now)
        act = amendment_act(tx, str(session_id), actor=actor)
        times = contact_times(tx, actor=actor)
    form = AmendForm()
    if not form.validate():
        return _page(form, subject, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        # A retry of an amendment that was entered finds a newer version, and its own answer.
        current = form.version.data == str(subject.version)
        command = AmendSession(
            session_id=str(session_id),
            item=code,
            result=_result(subject.item),
            reason=form.reason.data,
            evidence=_evidence(subject, times),
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
        return _refused(form, str(session_id), code, error)
    return redirect(f"/sessions/{session_id}#line-{code}", HTTPStatus.SEE_OTHER)


def _refused(
    form: AmendForm, session_id: str, code: str, error: ComplianceError
) -> ResponseReturnValue:
    now = services().clock()
    with services().database.reading() as tx:
        subject = _subject(tx, session_id, code, now)
    _prepare(form, subject, now)
    stale = isinstance(error, SignatureRequired)
    sentence = "The record was corrected meanwhile. Look at it again, then sign."
    form.form_errors.append(sentence if stale else say_refusal(error))
    refused = isinstance(error, Refused)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.CONFLICT
    return _page(form, subject, now), status


def _subject(tx: Tx, session_id: str, code: str, now: datetime) -> Subject:
    viewing = load_viewing(tx, session_id, actor=current_actor(), now=now)
    record = viewing.record
    item = record.loaded.facts.template.item(code)
    if item is None:
        raise NotFound("there is no such item in this checklist")
    newest = next((each for each in reversed(record.amendments) if each.item == code), None)
    if newest is not None:
        pieces = tuple(dict(piece) for piece in newest.data["evidence_new"])
        return Subject(viewing=viewing, item=item, result=newest.data["new"], evidence=pieces)
    answer = record.loaded.facts.answers.get(code)
    return Subject(
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


def _evidence(subject: Subject, times: dict[str, int]) -> list[dict[str, Any]]:
    """What is sent for each part: the fields where they were opened, else what counted before."""
    if subject.item.evidence == "contraindications":
        return [
            {"component": "client", "kind": EvidenceKind.CONTRAINDICATION.value, "ref": code}
            for code in request.form.getlist("contraindication")
            if request.form.get("result") == "present"
        ]
    kept = {(each["component"], each["kind"]): send_again(each) for each in subject.evidence}
    for component, kind in wanted_places(subject.viewing.record.loaded, subject.item):
        prefix = f"{component}-"
        if request.form.get(f"{prefix}change"):
            fields = {
                name.removeprefix(prefix): value
                for name, value in request.form.items()
                if name.startswith(prefix)
            }
            kept[(component, kind)] = read_piece(kind.value, component, fields, times=times)
    return list(kept.values())


def _forms(subject: Subject) -> tuple[ScanForm, ...]:
    forms = []
    for place in wanted_places(subject.viewing.record.loaded, subject.item):
        prefix = f"{place[0]}-"
        entered = {
            name.removeprefix(prefix): value
            for name, value in request.form.items()
            if name.startswith(prefix)
        }
        form = scan_form(subject.item, place, subject.viewing.shelf, entered)
        if form is not None and form.inputs:
            by_hand = form.kind in _BY_HAND and form.typed is not None
            forms.append(form.typed if by_hand and form.typed else form)
    return tuple(forms)


def _page(form: AmendForm, subject: Subject, now: datetime) -> str:
    viewing, item = subject.viewing, subject.item
    options = options_of(item, viewing.language)
    ticked = {str(piece["ref"].get("code", "")) for piece in subject.evidence}
    shown = request.form.get("result", _plain(subject.result))
    return render_template(
        "tablet/amend.html",
        page=page_values(f"{viewing.record.client_ref} · Correct", section="tablet"),
        href=viewing.href,
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
        parts=_forms(subject),
        opened=frozenset(name for name in request.form if name.endswith("-change")),
        signer=read_signer("amend", now),
        form=form,
    )


def _plain(result: Any) -> str:
    if result is None:
        return ""
    return result if isinstance(result, str) else str(result["value"])
