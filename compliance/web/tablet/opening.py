"""Opening a session: three choices on one page, and the warnings that matter then."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import Length, Optional

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.templates import list_templates
from compliance.operations.things import DeviceRow, list_devices
from compliance.operations.treatments.opening import (
    MAX_CLIENT_REF,
    OpenSession,
    open_session,
    preview_warnings,
    recent_client_refs,
)
from compliance.operations.treatments.usual import Usual, find_usual
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, page_values, services
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.wording import localized, say_refusal

blueprint = Blueprint("opening", __name__)

_NEAR = 6
"""So many clients and devices are offered at once; the rest is typed or behind “all”."""


class WarningsNotSeen(Conflict):
    """There are warnings that the person has not had before their eyes."""

    code = "warnings_not_seen"


class OpeningForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Client, protocol and device; a client is never preselected."""

    client = RadioField("Client", validators=[Optional()], validate_choice=False)
    client_ref = StringField(
        "Type or scan the client's reference",
        validators=[Optional(), Length(max=MAX_CLIENT_REF)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    template = RadioField("Protocol", validate_choice=False)
    device = RadioField("Device", validators=[Optional()], validate_choice=False)
    device_code = StringField(
        "Or scan the code on the device",
        validators=[Optional(), Length(max=40)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    seen = HiddenField()
    idempotency_key = HiddenField()

    def chosen_client(self) -> str:
        """The one client that is meant, or an empty text.

        Raises:
            Refused: one was chosen and another one typed.
        """
        chosen, typed = self.client.data or "", (self.client_ref.data or "").strip()
        if chosen and typed and chosen.casefold() != typed.casefold():
            raise Refused(
                "client_ref",
                typed,
                f"is not {chosen}, which is chosen above",
                allowed="clear the field, or choose “Type or scan”",
            )
        return typed or chosen

    def to_command(self) -> OpenSession:
        """Return the command for a form that has validated.

        Raises:
            Refused: no client, or two.
        """
        client = self.chosen_client()
        if not client:
            raise Refused("client_ref", "", "is missing", allowed="choose, type or scan it")
        return OpenSession(
            client_ref=client,
            template=self.template.data or "",
            device=(self.device_code.data or "").strip() or self.device.data or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the page lets one choose from."""

    clients: tuple[str, ...]
    templates: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, str, str], ...]
    """Id, label and code, the one used last first."""
    usual: Usual


@blueprint.get("/sessions/new")
def show() -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    form = OpeningForm(formdata=None)
    form.idempotency_key.data = fresh_key(now)
    with services().database.reading() as tx:
        offer = _offer(tx, actor)
    form.client_ref.data = request.args.get("client_ref", "")[:MAX_CLIENT_REF]
    template_ids = [value for value, _ in offer.templates]
    usual = offer.usual.template_id
    form.template.data = usual if usual in template_ids else (template_ids or [""])[0]
    form.device.data = offer.devices[0][0] if offer.devices else ""
    return _page(form, offer, warnings=())


@blueprint.get("/sessions/new/warnings")
def show_warnings() -> ResponseReturnValue:
    """The warnings for the choices so far, as a piece of the page."""
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    form = OpeningForm(request.args, meta={"csrf": False})
    warnings: list[dict[str, str]] = []
    try:
        client = form.chosen_client()
        if client and form.template.data:
            with services().database.reading() as tx:
                warnings = preview_warnings(
                    tx,
                    client,
                    form.template.data,
                    actor=actor,
                    now=now,
                    keyring=services().keyring,
                )
    except (Refused, NotFound):
        # Half-typed choices are no mistake yet; opening will say what is wrong with them.
        warnings = []
    return render_template(
        "tablet/_warnings.html", warnings=warnings, seen=_fingerprint(warnings), asked=True
    )


@blueprint.post("/sessions/new")
def create() -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    form = OpeningForm()
    if not form.validate():
        return _again(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        command = form.to_command()
        with services().database.writing() as tx:
            session_id = once(tx, actor, lambda: _open(tx, form, command, actor), now=now)
    except WarningsNotSeen:
        return _again(form, HTTPStatus.OK, confirm=True)
    except (Refused, NotFound, Conflict) as error:
        form.form_errors.append(say_refusal(error))
        status = (
            HTTPStatus.CONFLICT if isinstance(error, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return _again(form, status)
    return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)


def _open(tx: Tx, form: OpeningForm, command: OpenSession, actor: Actor) -> str:
    now, keyring = services().clock(), services().keyring
    warnings = preview_warnings(
        tx, command.client_ref, command.template, actor=actor, now=now, keyring=keyring
    )
    if warnings and form.seen.data != _fingerprint(warnings):
        raise WarningsNotSeen("look at the warnings first")
    return open_session(tx, command, actor=actor, now=now, keyring=keyring).session_id


def _fingerprint(warnings: list[dict[str, str]]) -> str:
    """Which warnings were on the screen; others that come up later are shown first."""
    return " ".join(sorted(warning["code"] for warning in warnings))


def _offer(tx: Tx, actor: Actor) -> Offer:
    language = current_clinic().language
    usual = find_usual(tx, actor=actor)
    devices = list_devices(tx, actor=actor, limit=200)
    devices.sort(key=lambda device: (device.device_id != usual.device_id, device.label))
    return Offer(
        clients=tuple(recent_client_refs(tx, actor=actor, keyring=services().keyring, limit=_NEAR)),
        templates=tuple(
            (template.id, localized(template.title, language))
            for template, _ in list_templates(tx, actor=actor)
        ),
        devices=tuple(_device(device) for device in devices),
        usual=usual,
    )


def _device(device: DeviceRow) -> tuple[str, str, str]:
    return device.device_id, device.label, device.code


def _again(form: OpeningForm, status: HTTPStatus, *, confirm: bool = False) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    warnings: list[dict[str, str]] = []
    with services().database.reading() as tx:
        offer = _offer(tx, actor)
        if confirm:
            command = form.to_command()
            warnings = preview_warnings(
                tx,
                command.client_ref,
                command.template,
                actor=actor,
                now=now,
                keyring=services().keyring,
            )
    if status is not HTTPStatus.OK:
        # What was refused may be sent again, corrected: that is another request.
        form.idempotency_key.data = fresh_key(now)
    return _page(form, offer, warnings=tuple(warnings), confirm=confirm), status


def _page(
    form: OpeningForm, offer: Offer, *, warnings: tuple[dict[str, str], ...], confirm: bool = False
) -> str:
    values: dict[str, Any] = {
        "page": page_values("New session", section="tablet"),
        "form": form,
        "offer": offer,
        "near": _NEAR,
        "warnings": warnings,
        "seen": _fingerprint(list(warnings)),
        "confirm": confirm,
    }
    return render_template("tablet/new.html", **values)
