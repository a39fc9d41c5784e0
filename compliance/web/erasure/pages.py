"""Erasing what is personal of a client or a former colleague: one manager asks, another confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Action, Actor
from compliance.domain.erasure import LEGAL_BASES, ErasureState
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.erasure.asking import (
    ErasureRow,
    RequestColleagueErasure,
    RequestErasure,
    confirm_erasure,
    erasure_act,
    find_erasure,
    list_erasures,
    may_confirm,
    request_colleague_erasure,
    request_erasure,
    withdraw_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.operations.erasure.weighing import (
    COLLEAGUE,
    Weighing,
    former_colleagues,
    weigh_erasure,
    weigh_subject,
)
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.listing import read_names
from compliance.operations.people.passwords import LONGEST_PASSWORD
from compliance.operations.signing import MEANINGS
from compliance.operations.treatments.opening import MAX_CLIENT_REF
from compliance.store.session import Tx
from compliance.web.context import current_actor, page_values, services, show_time
from compliance.web.house.doors import entitled, explain, show_day

blueprint = Blueprint("erasure", __name__)

ERASURES: Final = "/manager/erasures"
_STATES: Final = {
    ErasureState.REQUESTED: ("Waits for a second person", "warn"),
    ErasureState.WITHDRAWN: ("Taken back", "idle"),
    ErasureState.ERASED: ("Erased", "good"),
}

_BASES: Final = [
    SelectChoice(value=value, label=label)
    for value, label in (("", "Choose one"), *LEGAL_BASES.items())
]
_NO_BASIS: Final = "Choose the legal basis."
_COLLEAGUE_PREFIX: Final = "former-"
"""Both forms stand on one page, and both ask for the legal basis."""


class AskForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Whom to erase and why one may."""

    client_ref = StringField(
        "Client reference",
        validators=[
            InputRequired("Say whom to erase."),
            Length(max=MAX_CLIENT_REF, message="A reference has at most 80 characters."),
        ],
        render_kw={"autocomplete": "off"},
    )
    basis = SelectField("Legal basis", choices=_BASES, validators=[InputRequired(_NO_BASIS)])


class AskColleagueForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """Which former colleague to erase and why one may."""

    colleague = SelectField("Former colleague", validators=[InputRequired("Choose whom to erase.")])
    basis = SelectField("Legal basis", choices=_BASES, validators=[InputRequired(_NO_BASIS)])

    def offer(self, colleagues: Sequence[tuple[str, str]]) -> None:
        """Fill the choices; has to be called before `validate`."""
        self.colleague.choices = [("", "Choose one"), *colleagues]


class ConfirmForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """The second person's signature."""

    password = PasswordField(
        "Your password",
        validators=[InputRequired("Sign with your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


def register_erasure(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get(ERASURES)
def show_erasures() -> ResponseReturnValue:
    return _list_page(actor=_either())


@blueprint.post(ERASURES)
def ask() -> ResponseReturnValue:
    actor, keyring, now = entitled(Action.REQUEST_ERASURE), services().keyring, services().clock()
    form = AskForm()

    def enter(tx: Tx) -> ErasureRow:
        command = RequestErasure(client_ref=form.client_ref.data, basis=form.basis.data)
        return request_erasure(tx, command, actor=actor, now=now, keyring=keyring)

    entered = _enter(form, enter, beside="client_ref")
    if entered is not None:
        return entered
    return _list_page(form=form, actor=actor), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{ERASURES}/colleagues")
def ask_colleague() -> ResponseReturnValue:
    actor, now = entitled(Action.REQUEST_ERASURE), services().clock()
    form = AskColleagueForm(prefix=_COLLEAGUE_PREFIX)
    with services().database.reading() as tx:
        form.offer(former_colleagues(tx, actor=actor))

    def enter(tx: Tx) -> ErasureRow:
        command = RequestColleagueErasure(user_id=form.colleague.data, basis=form.basis.data)
        return request_colleague_erasure(tx, command, actor=actor, now=now)

    entered = _enter(form, enter, beside="colleague")
    if entered is not None:
        return entered
    return _list_page(colleague_form=form, actor=actor), HTTPStatus.UNPROCESSABLE_ENTITY


def _enter(
    form: FlaskForm, ask_for: Callable[[Tx], ErasureRow], *, beside: str
) -> ResponseReturnValue | None:
    """Enter a request and lead to it, or explain what stands against it beside the field."""
    if not form.validate():
        return None
    try:
        with services().database.writing() as tx:
            row = ask_for(tx)
    except (NotFound, Conflict) as error:
        explain(form, error, beside=beside)
    except Refused as error:
        explain(form, error)
    else:
        flash("The request is entered. Somebody else has to confirm it.", "good")
        return redirect(f"{ERASURES}/{row.erasure_id}", HTTPStatus.SEE_OTHER)
    return None


@blueprint.get(f"{ERASURES}/<erasure_id>")
def show_erasure(erasure_id: str) -> ResponseReturnValue:
    return _page(erasure_id, ConfirmForm(formdata=None), actor=_either())


@blueprint.post(f"{ERASURES}/<erasure_id>/confirm")
def confirm(erasure_id: str) -> ResponseReturnValue:
    actor = entitled(Action.CONFIRM_ERASURE)
    with services().database.reading() as tx:
        row = find_erasure(tx, erasure_id, actor=actor)
    form = ConfirmForm()
    if form.validate():
        try:
            done = _confirm(row, form, actor=actor)
        except (WrongSecret, TooManyAttempts) as error:
            explain(form, error, beside="password")
        else:
            flash(f"Erased, entry {done.ended_index}. The proofs of the record stay valid.", "good")
            return redirect(f"{ERASURES}/{erasure_id}", HTTPStatus.SEE_OTHER)
    return _page(erasure_id, form, actor=actor), HTTPStatus.UNPROCESSABLE_ENTITY


def _confirm(row: ErasureRow, form: ConfirmForm, *, actor: Actor) -> ErasureRow:
    now = services().clock()
    grant = issue_grant(
        services().database,
        actor=actor,
        password=form.password.data,
        act_hash=erasure_act(row).hash(),
        now=now,
    )
    with services().database.writing() as tx:
        done = confirm_erasure(tx, row.erasure_id, grant=grant, actor=actor, now=now)
    # The entry is durable from here on; what a crash leaves undone the next start does.
    complete_erasures(services().workshop, now=now)
    return done


@blueprint.post(f"{ERASURES}/<erasure_id>/withdraw")
def withdraw(erasure_id: str) -> ResponseReturnValue:
    actor = entitled(Action.REQUEST_ERASURE)
    with services().database.writing() as tx:
        withdraw_erasure(tx, erasure_id, actor=actor, now=services().clock())
    flash("The request is taken back. Nothing was erased.", "good")
    return redirect(ERASURES, HTTPStatus.SEE_OTHER)


def _either() -> Actor:
    actor = current_actor()
    return actor if actor.may(Action.REQUEST_ERASURE) else entitled(Action.CONFIRM_ERASURE)


def _list_page(
    *,
    actor: Actor,
    form: AskForm | None = None,
    colleague_form: AskColleagueForm | None = None,
) -> str:
    may_ask = actor.may(Action.REQUEST_ERASURE)
    asked = form or AskForm(formdata=None)
    former = colleague_form or AskColleagueForm(formdata=None, prefix=_COLLEAGUE_PREFIX)
    with services().database.reading() as tx:
        rows = list_erasures(tx, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
        colleagues = former_colleagues(tx, actor=actor) if may_ask else []
        weighing = _weigh(tx, asked, former, actor=actor) if may_ask else None
    former.offer(colleagues)
    return render_template(
        "erasure/list.html",
        page=page_values("Erasures", section="manager"),
        form=asked if may_ask else None,
        former=former if colleagues else None,
        weighing=None if weighing is None else _weighed(weighing),
        rows=[_values(row, names) for row in rows],
    )


def _weigh(tx: Tx, asked: AskForm, former: AskColleagueForm, *, actor: Actor) -> Weighing | None:
    """What is known of whoever was named in a form that came back; None for nobody."""
    now = services().clock()
    try:
        if asked.client_ref.data:
            ref, keyring = asked.client_ref.data, services().keyring
            return weigh_erasure(tx, ref, actor=actor, now=now, keyring=keyring)
        if former.colleague.data:
            return weigh_subject(tx, COLLEAGUE, former.colleague.data, actor=actor, now=now)
    except NotFound:
        pass
    return None


def _page(erasure_id: str, form: ConfirmForm, *, actor: Actor) -> str:
    with services().database.reading() as tx:
        row = find_erasure(tx, erasure_id, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
        weighing = weigh_subject(tx, row.what, row.subject_id, actor=actor, now=services().clock())
    waits = row.state == ErasureState.REQUESTED
    return render_template(
        "erasure/one.html",
        page=page_values("Erasure", section="manager"),
        erasure=_values(row, names),
        form=form if may_confirm(row, actor) else None,
        own=waits and row.requested_by == actor.user_id,
        may_withdraw=waits and actor.may(Action.REQUEST_ERASURE),
        weighing=_weighed(weighing) if waits else None,
        meaning=MEANINGS["erase"],
        user_name=page_values("").user_name,
    )


def _weighed(weighing: Weighing) -> dict[str, Any]:
    return {
        "sessions": weighing.sessions,
        "obstacle": weighing.obstacle,
        "last": show_day(weighing.last_on),
        "until": show_day(weighing.keep_until),
        "still_kept": weighing.still_kept,
        "rule": weighing.rule,
    }


def _values(row: ErasureRow, names: Mapping[str, str]) -> dict[str, Any]:
    colleague = row.what == COLLEAGUE
    return {
        "href": f"{ERASURES}/{row.erasure_id}",
        "subject": f"{'Colleague' if colleague else 'Client'} …{row.subject_id[-8:]}",
        "colleague": names.get(row.subject_id) if colleague else None,
        "basis": LEGAL_BASES.get(row.basis, row.basis),
        "state": _STATES[ErasureState(row.state)],
        "asked_by": names.get(row.requested_by, row.requested_by),
        "asked_at": show_time(row.requested_at),
        "asked_index": row.requested_index,
        "ended_by": None if row.ended_by is None else names.get(row.ended_by, row.ended_by),
        "ended_at": None if row.ended_at is None else show_time(row.ended_at),
        "ended_index": row.ended_index,
        "erased": row.state == ErasureState.ERASED,
        "complete": row.completed_at is not None,
    }
