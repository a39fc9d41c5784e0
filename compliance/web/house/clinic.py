"""The clinic itself: its name and language can be set right, its time zone and short name cannot."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import InputRequired

from compliance.domain.access import Action
from compliance.errors import Conflict, Refused
from compliance.operations.changing_clinic import (
    ChangeClinic,
    ClinicChange,
    change_clinic,
    find_former_seal,
    list_changes,
)
from compliance.operations.clinics import LONGEST_NAME, clinic_of
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import entitled, explain
from compliance.web.house.fields import choices, text_field

blueprint = Blueprint("house_clinic", __name__)

CLINIC: Final = "/manager/clinic"
LANGUAGE_NAMES: Final = {"en": "English", "de": "Deutsch"}


class ClinicForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What the clinic is called from now on."""

    name = text_field("Name of the clinic", needed="Give the clinic's name.", most=LONGEST_NAME)
    language = SelectField(
        "Language of reports and checklists",
        choices=choices(LANGUAGE_NAMES.items()),
        validators=[InputRequired("Choose a language.")],
    )


@blueprint.get(CLINIC)
def show() -> ResponseReturnValue:
    return _page()


@blueprint.post(CLINIC)
def change() -> ResponseReturnValue:
    actor = entitled(Action.CHANGE_CLINIC)
    form = ClinicForm()
    if form.validate():
        command = ChangeClinic(name=form.name.data, language=form.language.data)
        try:
            with services().database.writing() as tx:
                change_clinic(tx, command, actor=actor, now=services().clock())
        except (Refused, Conflict) as error:
            explain(form, error)
        else:
            flash("Saved. Every report made from now on says so.", "good")
            return redirect(CLINIC, HTTPStatus.SEE_OTHER)
    return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY


def _page(form: ClinicForm | None = None) -> str:
    actor = entitled(Action.CHANGE_CLINIC)
    with services().database.reading() as tx:
        clinic = clinic_of(tx, actor)
        history = list_changes(tx, actor=actor)
    if form is None:
        form = ClinicForm(formdata=None, name=clinic.name, language=clinic.language)
    return render_template(
        "house/clinic.html",
        page=page_values("Clinic", section="clinic"),
        path=CLINIC,
        form=form,
        slug=clinic.slug,
        pairs=(
            ("Name", clinic.name),
            ("Language of reports and checklists", LANGUAGE_NAMES[clinic.language]),
            ("Time zone", clinic.time_zone),
            ("Short name", clinic.slug),
            ("Begun", show_time(clinic.created_at)),
        ),
        former_seal=find_former_seal(services().keys_folder, clinic),
        history=[_line(each) for each in history],
    )


def _line(change: ClinicChange) -> dict[str, Any]:
    changes = []
    if change.old_name != change.new_name:
        changes.append(f"Name: “{change.old_name}” became “{change.new_name}”.")
    if change.old_language != change.new_language:
        old, new = LANGUAGE_NAMES[change.old_language], LANGUAGE_NAMES[change.new_language]
        changes.append(f"Language: {old} became {new}.")
    return {
        "index": change.index,
        "when": show_time(change.at),
        "who": change.user,
        "changes": changes,
    }
