"""The inspector's challenge: typed in on the spot, found in the next report."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Action, Actor
from compliance.errors import Refused
from compliance.operations.inspections import (
    LONGEST,
    SHORTEST,
    enter_challenge,
    list_challenges,
)
from compliance.operations.people.listing import read_names
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import entitled, explain

blueprint = Blueprint("challenge", __name__)

ADDRESS: Final = "/inspector/challenge"


class ChallengeForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What only the inspector knows until now."""

    challenge = StringField(
        "Your challenge",
        validators=[
            InputRequired("Write something that nobody could foresee."),
            Length(
                min=SHORTEST,
                max=LONGEST,
                message=f"Write {SHORTEST} to {LONGEST} characters.",
            ),
        ],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


@blueprint.get(ADDRESS)
def show() -> ResponseReturnValue:
    actor = entitled(Action.ENTER_CHALLENGE)
    return _page(ChallengeForm(formdata=None), actor=actor)


@blueprint.post(ADDRESS)
def enter() -> ResponseReturnValue:
    actor = entitled(Action.ENTER_CHALLENGE)
    form = ChallengeForm()
    if form.validate():
        try:
            with services().database.writing() as tx:
                made = enter_challenge(tx, form.challenge.data, actor=actor, now=services().clock())
        except Refused as error:
            explain(form, error)
        else:
            flash(f"It is entry {made.index} now. Ask for a report and look for it there.", "good")
            return redirect(ADDRESS, HTTPStatus.SEE_OTHER)
    return _page(form, actor=actor), HTTPStatus.UNPROCESSABLE_ENTITY


def _page(form: ChallengeForm, *, actor: Actor) -> str:
    with services().database.reading() as tx:
        found = list_challenges(tx, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
    return render_template(
        "inspection/challenge.html",
        page=page_values("Challenge", section="inspector"),
        form=form,
        rows=[
            (each.text, each.index, show_time(each.at), names.get(each.user_id, each.user_id))
            for each in found
        ],
    )


def register_challenge(app: Flask) -> None:
    app.register_blueprint(blueprint)
