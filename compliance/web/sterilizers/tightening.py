"""Taking on one more rule profile: choose, see what it would change, take it on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.operations.adding_profiles import Added, Change, add_profile, preview_profile
from compliance.operations.clinics import clinic_of
from compliance.web.context import page_values, services
from compliance.web.house.doors import clinic_today, entitled
from compliance.web.profile_words import Place, list_places, name_of
from compliance.web.sterilizers.board import RULES, SECTION
from compliance.web.sterilizers.rule_words import describe_value, label_of

blueprint = Blueprint("sterilizers_tightening", __name__)

ADD: Final = f"{RULES}/add"


@blueprint.get(ADD)
def show_choice() -> ResponseReturnValue:
    return _page(request.args.get("profile", "").strip()[:60])


@blueprint.post(ADD)
def add() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    chosen = request.form.get("profile", "").strip()[:60]
    try:
        with services().database.writing() as tx:
            add_profile(tx, chosen, actor=actor, now=services().clock())
    except (Refused, Conflict) as error:
        return _page("", str(error))
    flash(f"{name_of(chosen)} binds this clinic from now on.", "good")
    return redirect(RULES, HTTPStatus.SEE_OTHER)


def _page(chosen: str, problem: str = "") -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    added, refused, taken = _preview(chosen, actor)
    problem = problem or refused
    page = render_template(
        "sterilizers/add_rules.html",
        page=page_values("Add a rule profile", section=SECTION),
        rules=RULES,
        path=ADD,
        chosen=chosen,
        name=name_of(chosen) if added else "",
        problem=problem,
        places=_offered(taken),
        changes=None if added is None else [_change(added, each) for each in added.changes],
    )
    return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if problem else page


def _preview(chosen: str, actor: Actor) -> tuple[Added | None, str, tuple[str, ...]]:
    with services().database.reading() as tx:
        taken = clinic_of(tx, actor).profiles
        if not chosen:
            return None, "", taken
        try:
            return preview_profile(tx, chosen, actor=actor, today=clinic_today()), "", taken
        except (Refused, Conflict) as error:
            return None, str(error), taken


def _offered(taken: tuple[str, ...]) -> list[dict[str, Any]]:
    """The profiles that the clinic has not taken yet, by country."""

    def left(place: Place) -> list[Any]:
        return [choice for choice in place.choices if choice.id not in taken]

    return [{"name": place.name, "choices": left(place)} for place in list_places() if left(place)]


def _change(added: Added, change: Change) -> tuple[str, str, str, str]:
    citation = added.rules.cite(change.key)
    return (
        label_of(change.key),
        describe_value(change.key, change.before),
        describe_value(change.key, change.after),
        f"{citation.rule} · {citation.source}",
    )
