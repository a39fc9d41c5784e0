"""Adding a sterilizer with its programs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerType
from compliance.errors import Conflict, Refused
from compliance.importing.values import DateOrder
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.web.context import page_values, services
from compliance.web.house.doors import clinic_today, entitled, explain
from compliance.web.sterilizers.board import BOARD, SECTION
from compliance.web.sterilizers.forms import (
    PROGRAM_ROWS,
    USUAL,
    ProgramRow,
    SterilizerForm,
    read_programs,
    typed_programs,
)

blueprint = Blueprint("sterilizers_making", __name__)


@blueprint.get(f"{BOARD}/new")
def show_form() -> ResponseReturnValue:
    entitled(Action.MANAGE_DEVICES)
    form = SterilizerForm(formdata=None)
    form.installed_on.data = clinic_today()
    return _page(form, USUAL)


def _page(form: SterilizerForm, rows: Sequence[ProgramRow]) -> str:
    empty = [ProgramRow()] * (PROGRAM_ROWS - len(rows))
    return render_template(
        "sterilizers/new.html",
        page=page_values("Add a sterilizer", section=SECTION),
        base=BOARD,
        form=form,
        rows=[*rows, *empty],
    )


@blueprint.post(f"{BOARD}/new")
def add() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = SterilizerForm()
    rows = typed_programs(request.form)
    valid = form.validate()
    try:
        programs = read_programs(rows)
    except ValueError as error:
        form.form_errors.append(str(error))
        valid = False
        programs = ()
    if valid:
        try:
            with services().database.writing() as tx:
                row = add_sterilizer(
                    tx, _command(form, programs), actor=actor, now=services().clock()
                )
        except (Refused, Conflict) as error:
            explain(form, error, beside="code")
        else:
            flash(f"{row.code} is entered. Run a spore test before its loads are used.", "good")
            return redirect(f"{BOARD}/{row.code}", HTTPStatus.SEE_OTHER)
    return _page(form, rows), HTTPStatus.UNPROCESSABLE_ENTITY


def _command(form: SterilizerForm, programs: tuple[Program, ...]) -> AddSterilizer:
    return AddSterilizer(
        code=form.code.data,
        name=form.name.data,
        type=SterilizerType(form.type.data),
        serial=form.serial.data,
        programs=programs,
        installed_on=form.installed_on.data,
        chamber_litres=form.chamber_litres.data,
        date_order=DateOrder(form.date_order.data),
    )
