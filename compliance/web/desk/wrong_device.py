"""The right device: chosen again in an open session, amended with its evidence in an ended one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor, Role
from compliance.domain.evidence import AFTER_KIND, BEFORE_KIND, component_from_json
from compliance.domain.words import EvidenceKind, ProductKind
from compliance.errors import NotFound, Refused
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.signing import MEANINGS
from compliance.operations.things import find_device, list_devices, list_products
from compliance.operations.treatments.amending import amendment_act
from compliance.operations.treatments.devices import (
    AmendDevice,
    CorrectDevice,
    amend_device,
    correct_device,
)
from compliance.operations.treatments.reading import SessionRecord, read_session
from compliance.store.session import Tx
from compliance.web.context import page_values, services, show_time
from compliance.web.desk.device_form import FIELDS, AmendForm, current_answer, require_seen
from compliance.web.desk.doors import at_desk
from compliance.web.tablet.pieces import filled_in, read_piece
from compliance.web.tablet.wording import say_refusal, show_part

blueprint = Blueprint("desk_wrong_device", __name__)

_ROLES: Final = (Role.MANAGER, Role.PRACTITIONER)
_PHASES: Final = (
    ("before", "Sterile before the treatment", BEFORE_KIND),
    ("after", "After the treatment", AFTER_KIND),
)
_WORDS: Final = {"device": "The device"}


@blueprint.get("/manager/sessions/<session_id>/device")
def show_device(session_id: str) -> ResponseReturnValue:
    return _page(session_id, AmendForm(formdata=None), actor=at_desk(*_ROLES))


@blueprint.post("/manager/sessions/<session_id>/device")
def set_device_right(session_id: str) -> ResponseReturnValue:
    actor = at_desk(*_ROLES)
    device = request.args.get("device", "") or request.form.get("device", "")
    with services().database.reading() as tx:
        record = _read(tx, session_id, actor=actor)
    form = AmendForm()
    if record.row.state.ended:
        if form.validate() and _try_amending(session_id, device, form, actor=actor):
            flash("The device is amended with its evidence. The old one stays beside it.", "good")
            return redirect(f"/manager/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    elif _try_correcting(session_id, device, form, actor=actor):
        flash("The device is corrected. What was said of the other one is asked again.", "good")
        # Whoever treats goes on treating; a manager came from the record.
        desk = "/manager" if Role.MANAGER in actor.roles else ""
        return redirect(f"{desk}/sessions/{session_id}", HTTPStatus.SEE_OTHER)
    return _page(session_id, form, actor=actor), HTTPStatus.UNPROCESSABLE_ENTITY


def _try_correcting(session_id: str, device: str, form: AmendForm, *, actor: Actor) -> bool:
    try:
        with services().database.writing() as tx:
            command = CorrectDevice(session_id=session_id, device=device)
            correct_device(tx, command, actor=actor, now=services().clock())
    except Refused as error:
        form.form_errors.append(say_refusal(error, _WORDS))
        return False
    return True


def _try_amending(session_id: str, device: str, form: AmendForm, *, actor: Actor) -> bool:
    try:
        _amend(session_id, device, form, actor=actor)
    except WrongSecret:
        form.password.errors = ["This password is not right."]
    except TooManyAttempts as error:
        form.password.errors = [
            f"Too many wrong attempts. Try again after {show_time(error.until)}."
        ]
    except Refused as error:
        form.form_errors.append(say_refusal(error, _WORDS))
    else:
        return True
    return False


def _amend(session_id: str, device: str, form: AmendForm, *, actor: Actor) -> None:
    """Let the password be checked for exactly this act, and enter it."""
    now = services().clock()
    with services().database.reading() as tx:
        require_seen(form, _read(tx, session_id, actor=actor))
        act = amendment_act(tx, session_id, actor=actor)
        before, after = (_read_pieces(tx, device, phase, actor=actor) for phase in _PHASES)
    grant = issue_grant(
        services().database,
        actor=actor,
        password=form.password.data,
        act_hash=act.hash(),
        now=now,
    )
    command = AmendDevice(
        session_id=session_id,
        device=device,
        evidence_before=before,
        evidence_after=after,
        reason=form.reason.data,
        grant=grant,
    )
    with services().database.writing() as tx:
        amend_device(tx, command, actor=actor, now=now, keyring=services().keyring)


_Phase = tuple[str, str, Mapping[Any, EvidenceKind]]


def _places(tx: Tx, device: str, phase: _Phase, *, actor: Actor) -> list[tuple[str, EvidenceKind]]:
    """Which pieces of evidence a device wants in a phase, by component and kind."""
    found = find_device(tx, device, actor=actor)
    parts = (component_from_json(raw) for raw in found.components)
    return [(part.component, phase[2][part.mode]) for part in parts]


def _read_pieces(tx: Tx, device: str, phase: _Phase, *, actor: Actor) -> list[dict[str, Any]]:
    pieces = []
    for component, kind in _places(tx, device, phase, actor=actor):
        typed = {
            name: request.form.get(f"{phase[0]}-{component}-{name}", "").strip()
            for name, _, _ in FIELDS[kind]
        }
        given = {name: text for name, text in typed.items() if text}
        if given:
            pieces.append(read_piece(kind.value, component, given, times={}))
    return pieces


def _read(tx: Tx, session_id: str, *, actor: Actor) -> SessionRecord:
    return read_session(
        tx, session_id, actor=actor, now=services().clock(), keyring=services().keyring
    )


def _page(session_id: str, form: AmendForm, *, actor: Actor) -> str:
    chosen = request.args.get("device", "")
    with services().database.reading() as tx:
        record = _read(tx, session_id, actor=actor)
        current = next(
            (
                amendment.data["new"]
                for amendment in reversed(record.amendments)
                if amendment.item == "device"
            ),
            {"id": record.row.device_id, "label": record.row.device_label},
        )
        devices = [
            (device.device_id, device.label)
            for device in list_devices(tx, actor=actor, limit=200)
            if device.device_id != current["id"]
        ]
        form.version.data = str(len(record.amendments))
        fields = (
            _fields(tx, chosen, record, actor=actor) if chosen and record.row.state.ended else ()
        )
    return render_template(
        "desk/device.html",
        page=page_values("Set the device right", section="manager"),
        form=form,
        session_id=session_id,
        client=record.client_ref,
        ended=record.row.state.ended,
        number=record.row.closed_index,
        current=current["label"],
        devices=devices,
        chosen=chosen,
        chosen_label=dict(devices).get(chosen, chosen),
        phases=fields,
        meaning=MEANINGS["amend"],
        user_name=page_values("").user_name,
    )


def _recorded(record: SessionRecord, phase: str, component: str, kind: EvidenceKind) -> Any:
    """What counts now for the same part of the former device; most of it often stays true.

    A pack and a single-use piece are of one device and were opened once: only what was
    poured over a part or where it was thrown away is offered again.
    """
    if kind in (EvidenceKind.PACK, EvidenceKind.LOT):
        return {}
    item = record.loaded.facts.template.item(f"device_sterilized_{phase}")
    _, evidence = (None, []) if item is None else current_answer(record, item)
    return next(
        (
            piece["ref"]
            for piece in evidence
            if (piece["component"], piece["kind"]) == (component, kind.value)
        ),
        {},
    )


def _value(entry: str, kind: EvidenceKind, name: str, ref: Any) -> str:
    """What was typed before a refusal stays; else what is recorded."""
    if request.method == "POST":
        return request.form.get(entry, "")
    return filled_in(kind, name, ref)


def _fields(
    tx: Tx, device: str, record: SessionRecord, *, actor: Actor
) -> tuple[dict[str, Any], ...]:
    """The fields of evidence of the device chosen, filled in with what fits of the former one.

    Raises:
        NotFound: there is no such device in this clinic.
    """
    if not device:
        raise NotFound("choose a device")
    products = [
        (product.product_id, product.name)
        for product in list_products(tx, actor=actor)
        if product.kind == ProductKind.DISINFECTANT
    ]
    return tuple(
        {
            "label": phase[1],
            "pieces": tuple(
                {
                    "label": show_part(component),
                    "fields": tuple(
                        {
                            "name": f"{phase[0]}-{component}-{name}",
                            "label": label,
                            "type": type_,
                            "value": _value(
                                f"{phase[0]}-{component}-{name}",
                                kind,
                                name,
                                _recorded(record, phase[0], component, kind),
                            ),
                            "options": (("", "None"), *products) if type_ == "select" else (),
                        }
                        for name, label, type_ in FIELDS[kind]
                    ),
                }
                for component, kind in _places(tx, device, phase, actor=actor)
            ),
        }
        for phase in _PHASES
    )
