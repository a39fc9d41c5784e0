"""Correcting a closed record: a new signed entry with a reason; the old value stays visible."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Actor, Role
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, ItemKind, ProductKind
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.passwords import LONGEST_PASSWORD
from compliance.operations.signing import MEANINGS
from compliance.operations.things import list_products
from compliance.operations.treatments.amending import (
    AmendSession,
    amend_session,
    amendment_act,
)
from compliance.operations.treatments.reading import SessionRecord, read_session
from compliance.store.session import Tx
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.desk.doors import at_desk
from compliance.web.desk.wording import say_evidence, say_result
from compliance.web.tablet.fields import wanted_places
from compliance.web.tablet.pieces import read_piece
from compliance.web.tablet.wording import (
    contraindication_choices,
    localized,
    say_refusal,
    show_part,
)

blueprint = Blueprint("desk_amending", __name__)

_ROLES: Final = (Role.MANAGER, Role.PRACTITIONER)
_LONGEST_REASON: Final = 2000
FIELDS: Final[Mapping[EvidenceKind, tuple[tuple[str, str, str], ...]]] = {
    EvidenceKind.PACK: (("ref", "Pack number", "text"),),
    EvidenceKind.LOT: (("lot", "Lot", "text"), ("expires_on", "Use by", "date")),
    EvidenceKind.SHARPS: (("container", "Sharps container", "text"),),
    EvidenceKind.RETURNED: (("returned", "Sent back to the sterilization room", "checkbox"),),
    EvidenceKind.DISINFECTION: (
        ("product", "Disinfectant", "select"),
        ("contact_seconds", "Contact time, seconds", "text"),
        ("lot", "Lot", "text"),
        ("barrier", "A fresh barrier sheath was on", "checkbox"),
    ),
    EvidenceKind.PRODUCT: (
        ("name", "Product", "text"),
        ("lot", "Lot", "text"),
        ("expires_on", "Use by", "date"),
    ),
}
"""Name, label and type of the fields of one piece of evidence."""


class AmendForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Reason and password; the result depends on the item and is read beside it."""

    version = HiddenField()
    """How many amendments there were on the screen, so that one pressed twice is entered once."""

    reason = TextAreaField(
        "Why the record is corrected",
        validators=[
            InputRequired("Say why the record is corrected."),
            Length(min=3, max=_LONGEST_REASON, message="Give a reason of 3 to 2000 characters."),
        ],
        render_kw={"rows": 3},
    )
    password = PasswordField(
        "Your password",
        validators=[InputRequired("Sign with your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


@blueprint.get("/manager/sessions/<session_id>/amend")
def show_form(session_id: str) -> ResponseReturnValue:
    actor = at_desk(*_ROLES)
    return _page(session_id, request.args.get("item", ""), AmendForm(formdata=None), actor=actor)


@blueprint.post("/manager/sessions/<session_id>/amend")
def amend(session_id: str) -> ResponseReturnValue:
    actor = at_desk(*_ROLES)
    code = request.args.get("item", "")
    form = AmendForm()
    if form.validate():
        try:
            _amend(session_id, code, form, actor=actor)
        except WrongSecret:
            form.password.errors = ["This password is not right."]
        except TooManyAttempts as error:
            form.password.errors = [
                f"Too many wrong attempts. Try again after {show_time(error.until)}."
            ]
        except Refused as error:
            form.form_errors.append(say_refusal(error))
        else:
            flash("The record is amended. The old value stays beside the new one.", "good")
            return redirect(f"/manager/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    page = _page(session_id, code, form, actor=actor)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _amend(session_id: str, code: str, form: AmendForm, *, actor: Actor) -> None:
    """Read what was typed, let the password be checked for exactly this act, and enter it."""
    now = services().clock()
    with services().database.reading() as tx:
        record, item = _find(tx, session_id, code, actor=actor)
        require_seen(form, record)
        act = amendment_act(tx, session_id, actor=actor)
        result, evidence = _read_answer(record, item)
    grant = issue_grant(
        services().database,
        actor=actor,
        password=form.password.data,
        act_hash=act.hash(),
        now=now,
    )
    command = AmendSession(
        session_id=session_id,
        item=item.code,
        result=result,
        reason=form.reason.data,
        evidence=evidence,
        grant=grant,
    )
    with services().database.writing() as tx:
        amend_session(tx, command, actor=actor, now=now, keyring=services().keyring)


def require_seen(form: AmendForm, record: SessionRecord) -> None:
    """Raises ``Refused`` when the record was amended since the form was shown."""
    if form.version.data not in (None, "", str(len(record.amendments))):
        raise Refused(
            "record",
            form.version.data,
            "was amended meanwhile, perhaps by this very form",
            allowed="look at it again, then sign",
        )


def _find(tx: Tx, session_id: str, code: str, *, actor: Actor) -> tuple[SessionRecord, Item]:
    record = read_session(
        tx, session_id, actor=actor, now=services().clock(), keyring=services().keyring
    )
    if not record.row.state.ended:
        raise Conflict("the session is still open: its items are answered, not amended")
    item = record.loaded.facts.template.item(code)
    if item is None:
        raise NotFound("this checklist has no such item")
    return record, item


def _read_answer(record: SessionRecord, item: Item) -> tuple[Any, list[dict[str, Any]] | None]:
    posted = request.form
    if item.kind is ItemKind.MEASUREMENT:
        value = posted.get("result", "").strip().replace(",", ".")
        return {"value": value, "unit": item.unit}, None
    result = posted.get("result", "")
    if item.evidence == "contraindications":
        codes = posted.getlist("contraindication") if result == "present" else []
        kind = EvidenceKind.CONTRAINDICATION.value
        return result, [{"component": "client", "kind": kind, "ref": code} for code in codes]
    if result != "yes":
        return result, None
    pieces = []
    for component, kind in wanted_places(record.loaded, item):
        typed = {name: posted.get(f"{component}-{name}", "").strip() for name, _, _ in FIELDS[kind]}
        if any(typed.values()):
            given = {name: text for name, text in typed.items() if text}
            pieces.append(read_piece(kind.value, component, given, times={}))
    return result, pieces or None


def _page(session_id: str, code: str, form: AmendForm, *, actor: Actor) -> str:
    with services().database.reading() as tx:
        record, item = _find(tx, session_id, code, actor=actor)
        products = [
            (product.product_id, product.name)
            for product in list_products(tx, actor=actor)
            if product.kind == ProductKind.DISINFECTANT
        ]
    result, evidence = current_answer(record, item)
    form.version.data = str(len(record.amendments))
    return render_template(
        "desk/amend.html",
        page=page_values("Amend a record", section="manager"),
        form=form,
        session_id=session_id,
        number=record.row.closed_index,
        client=record.client_ref,
        item=item.code,
        label=localized(item.label, current_clinic().language),
        old=say_result(item, result),
        old_evidence=say_evidence(evidence),
        control=_control(item, result),
        pieces=_pieces(record, item, evidence, products),
        screening=_screening(item, evidence),
        meaning=MEANINGS["amend"],
        user_name=page_values("").user_name,
    )


def current_answer(record: SessionRecord, item: Item) -> tuple[Any, list[Mapping[str, Any]]]:
    """The value that counts now: the newest amendment of the item, else its answer."""
    for amendment in reversed(record.amendments):
        if amendment.item == item.code:
            return amendment.data["new"], list(amendment.data["evidence_new"])
    answer = record.loaded.answers.get(item.code)
    return (None, []) if answer is None else (answer.result, list(answer.evidence))


def _control(item: Item, current: Any) -> dict[str, Any]:
    """How the new result is entered; what was typed before a refusal stays."""
    typed = request.form.get("result")
    if item.kind is ItemKind.MEASUREMENT:
        value = current["value"] if isinstance(current, Mapping) else ""
        return {
            "kind": "measurement",
            "value": value if typed is None else typed,
            "unit": item.unit,
            "hint": f"From {item.minimum} to {item.maximum} {item.unit}.",
        }
    language = current_clinic().language
    options = [(option.value, localized(option.label, language)) for option in item.options]
    return {
        "kind": "choice",
        "value": current if typed is None else typed,
        "options": tuple(options) or (("yes", "Yes"), ("no", "No")),
    }


def _pieces(
    record: SessionRecord,
    item: Item,
    evidence: list[Mapping[str, Any]],
    products: list[tuple[str, str]],
) -> tuple[dict[str, Any], ...]:
    """The fields of evidence, filled in with what is recorded now."""
    shown = []
    for component, kind in wanted_places(record.loaded, item):
        ref: Mapping[str, Any] = next(
            (
                piece["ref"]
                for piece in evidence
                if (piece["component"], piece["kind"]) == (component, kind.value)
            ),
            {},
        )
        fields = [
            {
                "name": f"{component}-{name}",
                "label": label,
                "type": type_,
                "value": request.form.get(f"{component}-{name}", filled_in(kind, name, ref))
                if request.method == "GET" or type_ != "checkbox"
                else request.form.get(f"{component}-{name}", ""),
                "options": (("", "None"), *products) if type_ == "select" else (),
            }
            for name, label, type_ in FIELDS[kind]
            if not (name == "barrier" and component == "skin")
        ]
        shown.append({"label": show_part(component), "fields": fields})
    return tuple(shown)


def filled_in(kind: EvidenceKind, name: str, ref: Mapping[str, Any]) -> str:
    if kind is EvidenceKind.PACK:
        return str(ref.get("code") or "")
    if kind is EvidenceKind.RETURNED:
        return "yes" if ref else ""
    value = ref.get(name)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _screening(item: Item, evidence: list[Mapping[str, Any]]) -> tuple[tuple[str, str, bool], ...]:
    if item.evidence != "contraindications":
        return ()
    ticked = {str(piece["ref"].get("code")) for piece in evidence}
    if request.method == "POST":
        ticked = set(request.form.getlist("contraindication"))
    return tuple((code, word, code in ticked) for code, word in contraindication_choices())
