"""Setting a person's name right, on the person's page."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import Conflict, Refused
from compliance.operations.people.renaming import RenamePerson, rename_person
from compliance.web.context import services
from compliance.web.house.doors import entitled, explain
from compliance.web.house.people import PEOPLE
from compliance.web.house.people_forms import NameForm
from compliance.web.house.person import ONE, person_page

blueprint = Blueprint("house_renaming", __name__)


@blueprint.post(f"{ONE}/name")
def rename(user_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    form = NameForm(prefix="n-")
    if form.validate():
        command = RenamePerson(user_id=user_id, display_name=form.display_name.data)
        try:
            with services().database.writing() as tx:
                rename_person(
                    tx, command, keyring=services().keyring, actor=actor, now=services().clock()
                )
        except (Refused, Conflict) as error:
            explain(form, error, beside="display_name")
        else:
            flash(
                "Saved. Records show this name from now on; the log keeps the former one.", "good"
            )
            return redirect(f"{PEOPLE}/{user_id}", HTTPStatus.SEE_OTHER)
    return person_page(user_id, name=form), HTTPStatus.UNPROCESSABLE_ENTITY
