"""Packs by hand: registered, released and taken out of use one by one.

A clinic whose sterilizer is kept elsewhere works with this page alone.
"""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from compliance.domain.access import Action, Actor
from compliance.domain.words import PackState
from compliance.errors import ComplianceError, Conflict, NotFound, Refused, SignatureRequired
from compliance.operations.packs import (
    PackRow,
    RegisterPack,
    find_pack,
    list_packs,
    list_waiting,
    register_pack,
    release_act,
    release_pack,
)
from compliance.operations.sterilization.packing import suggest_code
from compliance.operations.things import list_devices
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, page_values, services
from compliance.web.sterilization.pack_lines import Board, pack_line
from compliance.web.sterilization.room import HOME, SECTION, blueprint
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.signing import NotSigned, SigningForm, get_grant, read_signer
from compliance.web.tablet.wording import say_refusal, show_date

_PAGE: Final = 30
HERE: Final = f"{HOME}/packs"


class PackForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A pack as it comes out of a load."""

    code = StringField(
        "Code on the label",
        validators=[InputRequired("Give the pack a code."), Length(max=40)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    device = SelectField("Device inside", validate_choice=False)
    contents = StringField(
        "Contents",
        validators=[InputRequired("Say what is in the pack."), Length(max=200)],
    )
    sterilizer = StringField(
        "Sterilizer", validators=[InputRequired("Name the sterilizer."), Length(max=60)]
    )
    cycle_number = StringField(
        "Cycle number",
        validators=[InputRequired("Give the number of the cycle."), Length(max=40)],
        render_kw={"autocomplete": "off"},
    )
    sterilized_on = DateField("Sterilized on", validators=[InputRequired("Give the date.")])
    expires_on = DateField("Use by", validators=[Optional()])
    idempotency_key = HiddenField()

    def to_command(self) -> RegisterPack:
        """Return the command for a form that has validated."""
        return RegisterPack(
            code=self.code.data.strip(),
            device=self.device.data or None,
            contents=self.contents.data,
            sterilizer=self.sterilizer.data,
            cycle_number=self.cycle_number.data,
            sterilized_on=self.sterilized_on.data,
            expires_on=self.expires_on.data,
        )


@blueprint.get("/sterilization/packs")
def show_packs() -> ResponseReturnValue:
    now = services().clock()
    form = PackForm(formdata=None)
    board = _read()
    today = _today(now)
    _offer(form, board)
    last = board.newest[0] if board.newest else None
    form.code.data = suggest_code([pack.code for pack in board.newest], today)
    form.sterilized_on.data = today
    if last is not None:
        # The packs of one load follow each other: what they share is already there.
        form.sterilizer.data, form.cycle_number.data = last.sterilizer, last.cycle_number
    form.idempotency_key.data = fresh_key(now)
    return _page(form, board, now)


@blueprint.post("/sterilization/packs")
def register() -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.REGISTER_PACKS)
    form, status = PackForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        try:
            with services().database.writing() as tx:
                code = once(
                    tx,
                    actor,
                    lambda: register_pack(tx, form.to_command(), actor=actor, now=now).code,
                    now=now,
                )
        except (Refused, Conflict, NotFound) as error:
            status = _beside(form, error)
        else:
            flash(f"Pack {code} is registered. It waits for its release.", "good")
            return redirect(HERE, HTTPStatus.SEE_OTHER)
    board = _read()
    _offer(form, board)
    form.idempotency_key.data = fresh_key(now)
    return _page(form, board, now), status


def _beside(form: PackForm, error: ComplianceError) -> HTTPStatus:
    """Put the refusal beside its field, or above the form."""
    field = error.field if isinstance(error, Refused) else ""
    if field in form:
        form[field].errors = [say_refusal(error)]
    else:
        form.form_errors.append(say_refusal(error))
    conflict = isinstance(error, Conflict)
    return HTTPStatus.CONFLICT if conflict else HTTPStatus.UNPROCESSABLE_ENTITY


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(current_clinic().time_zone)).date()


def _read() -> Board:
    actor = current_actor()
    actor.require(Action.REGISTER_PACKS)
    with services().database.reading() as tx:
        return Board(
            registered=list_packs(tx, actor=actor, state=PackState.REGISTERED, limit=_PAGE),
            released=list_packs(
                tx, actor=actor, state=PackState.RELEASED, after=_after(), limit=_PAGE + 1
            ),
            newest=list_packs(tx, actor=actor, limit=_PAGE),
            waiting=list_waiting(tx, actor=actor),
            devices={
                device.device_id: device.label
                for device in list_devices(tx, actor=actor, limit=200)
            },
        )


def _after() -> tuple[datetime, str] | None:
    """The last pack of the page before, from the address."""
    moment, _, pack_id = request.args.get("after", "").partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, pack_id) if at.tzinfo is not None and pack_id else None


def _offer(form: PackForm, board: Board) -> None:
    back = {wait.device_id for wait in board.waiting}
    devices = sorted(board.devices.items(), key=lambda each: (each[0] not in back, each[1]))
    form.device.choices = [
        *((device_id, label) for device_id, label in devices),
        ("", "No device: a set of instruments"),
    ]


def _page(form: PackForm, board: Board, now: datetime) -> str:
    shown = board.released[:_PAGE]
    more = len(board.released) > _PAGE
    return render_template(
        "sterilization/packs.html",
        page=page_values("Packs", section=SECTION),
        form=form,
        registered=tuple(pack_line(pack, board, now) for pack in board.registered),
        released=tuple(pack_line(pack, board, now) for pack in shown),
        may_release=current_actor().may(Action.RELEASE_PACKS),
        next_after=f"{shown[-1].registered_at.isoformat()}~{shown[-1].pack_id}" if more else None,
        paged="after" in request.args,
    )


@blueprint.get("/sterilization/packs/<pack_id>/release")
def show_release(pack_id: str) -> ResponseReturnValue:
    now = services().clock()
    pack = find_it(pack_id)
    if pack.state is not PackState.REGISTERED:
        flash(f"Pack {pack.code} is {pack.state.value}; there is nothing to release.", "info")
        return redirect(HERE, HTTPStatus.SEE_OTHER)
    form = SigningForm(formdata=None)
    form.idempotency_key.data = fresh_key(now)
    return _release_page(form, pack, now)


@blueprint.post("/sterilization/packs/<pack_id>/release")
def release(pack_id: str) -> ResponseReturnValue:
    """Check the password in one transaction and release in a second one; a retry counts once."""
    actor, now = current_actor(), services().clock()
    pack = find_it(pack_id)
    form = SigningForm()
    if not form.validate():
        return _release_page(form, pack, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        grant = None
        if pack.state is PackState.REGISTERED:
            grant = get_grant(form, release_act(pack), actor=actor, now=now)
        with services().database.writing() as tx:
            closed = once(tx, actor, lambda: _release(tx, pack, grant, actor, now), now=now)
    except NotSigned as refused:
        return _release_page(form, pack, now), refused.status
    except (Conflict, SignatureRequired) as error:
        flash(say_refusal(error), "error")
        return redirect(HERE, HTTPStatus.SEE_OTHER)
    also = ""
    if closed:
        also = (
            f" {closed} waiting {'session is' if closed == 1 else 'sessions are'} closed with it."
        )
    flash(f"Pack {pack.code} is released.{also}", "good")
    return redirect(HERE, HTTPStatus.SEE_OTHER)


def _release(tx: Tx, pack: PackRow, grant: str | None, actor: Actor, now: datetime) -> int:
    """Release and return how many sessions closed with it."""
    _, closed = release_pack(tx, pack.pack_id, grant=grant, actor=actor, now=now)
    return len(closed)


def find_it(pack_id: str) -> PackRow:
    actor = current_actor()
    actor.require(Action.RELEASE_PACKS)
    with services().database.reading() as tx:
        return find_pack(tx, pack_id, actor=actor)


def _release_page(form: SigningForm, pack: PackRow, now: datetime) -> str:
    return render_template(
        "sterilization/release.html",
        page=page_values(f"Release {pack.code}", section=SECTION),
        code=pack.code,
        action=f"/sterilization/packs/{pack.pack_id}/release",
        facts=facts_of(pack),
        signer=read_signer("release", now),
        form=form,
    )


def facts_of(pack: PackRow) -> tuple[tuple[str, str], ...]:
    return (
        ("Contents", pack.contents),
        ("Load", f"{pack.sterilizer}, cycle {pack.cycle_number}"),
        ("Sterilized on", show_date(pack.sterilized_on)),
        ("Use by", show_date(pack.expires_on)),
    )
