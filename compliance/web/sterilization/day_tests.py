"""The day test on the tablet: Bowie-Dick, Helix or the machine's own test, before the first load."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Actor
from compliance.domain.sterilization.words import CycleKind, CycleOutcome
from compliance.errors import Refused
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.ending import demand_new_number, suggest_number
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.standing import read_standings
from compliance.store.session import Tx
from compliance.web.context import page_values, services
from compliance.web.sterilization.measures import (
    CHANGED,
    options,
    put_beside,
    read_scaled,
    read_seconds,
    read_strip,
)
from compliance.web.sterilization.reading import FIELDS, limits_of
from compliance.web.sterilization.room import (
    HOME,
    SECTION,
    blueprint,
    go,
    operator,
    read_clock,
    writing_once,
)
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import say_refusal

TESTS = (
    ("bowie_dick", "Bowie-Dick sheet"),
    ("helix", "Helix (hollow load)"),
    ("none", "The machine's own test, without an indicator"),
)


class DayTestForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A day test as it comes out of the chamber."""

    test = RadioField("Which test", choices=options(TESTS), default="bowie_dick")
    changed = RadioField("The indicator", choices=options(CHANGED), validate_choice=False)
    lot = StringField("Lot of the indicator", validators=[Length(max=40)])
    program = RadioField("Program", choices=[], validate_choice=False)
    number = StringField(
        "Cycle number",
        validators=[InputRequired("Give the number that the display shows."), Length(max=40)],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    started = StringField("Began at", validators=[InputRequired("Give the time it began.")])
    lowest = StringField(
        "Lowest temperature",
        validators=[InputRequired("Give the lowest temperature of the hold.")],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    hold = StringField(
        "Hold time",
        validators=[InputRequired("Give how long the temperature was held.")],
        render_kw={"autocomplete": "off"},
    )
    machine_failed = BooleanField("The sterilizer showed an error")
    idempotency_key = HiddenField()


@blueprint.get("/sterilization/sterilizers/<sterilizer>/day-test")
def show_day_test(sterilizer: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    form = DayTestForm(formdata=None)
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
        form.number.data = suggest_number(tx, machine)
    form.program.data = machine.programs[0]["name"]
    return _page(form, machine, actor, now)


@blueprint.post("/sterilization/sterilizers/<sterilizer>/day-test")
def enter_day_test(sterilizer: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
    form = DayTestForm()
    if form.validate():
        try:
            command = _command(form, machine, now)
            passed = writing_once(actor, lambda tx: _record(tx, command, actor, now), now=now)
        except Refused as error:
            put_beside(form, error, say_refusal(error, FIELDS))
        else:
            if passed:
                flash(f"The day test of {machine.code} passed. Loads may run today.", "good")
            else:
                flash(f"The day test of {machine.code} failed. Find the cause first.", "error")
            return go(HOME)
    return _page(form, machine, actor, now), HTTPStatus.UNPROCESSABLE_ENTITY


def _record(tx: Tx, command: RecordCycle, actor: Actor, now: datetime) -> bool:
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    demand_new_number(tx, machine, command.number)
    row = record_cycle(tx, command, actor=actor, now=now)
    return row.outcome is CycleOutcome.PASSED


def _command(form: DayTestForm, machine: SterilizerRow, now: datetime) -> RecordCycle:
    try:
        began = read_clock(form.started.data, now=now)
    except ValueError as error:
        raise Refused("started_at", form.started.data, "is no time of day") from error
    kind = "" if form.test.data == "none" else "2"
    names = {"bowie_dick": "Bowie-Dick", "helix": "Helix"}
    return RecordCycle(
        sterilizer=machine.sterilizer_id,
        number=form.number.data,
        program=form.program.data or "",
        run_at=began,
        kind=CycleKind.DAY_TEST,
        lowest_decicelsius=read_scaled("lowest", form.lowest.data, scale=10),
        hold_seconds=read_seconds("hold", form.hold.data),
        machine_failed=bool(form.machine_failed.data),
        contents=({"device": None, "text": names[form.test.data]},) if kind else (),
        indicators=read_strip(kind, form.changed.data or "", form.lot.data or ""),
    )


def _page(form: DayTestForm, machine: SterilizerRow, actor: Actor, now: datetime) -> str:
    form.program.choices = options((each["name"], each["name"]) for each in machine.programs)
    form.idempotency_key.data = fresh_key(now)
    with services().database.reading() as tx:
        standings = read_standings(tx, actor=actor, now=now)
    rule = next(
        (
            each.day_test_rule
            for each in standings
            if each.machine.sterilizer_id == machine.sterilizer_id
        ),
        None,
    )
    return render_template(
        "sterilization/day_test.html",
        page=page_values(f"Day test {machine.code}", section=SECTION),
        form=form,
        code=machine.code,
        action=f"{HOME}/sterilizers/{machine.sterilizer_id}/day-test",
        rule=rule,
        limits=limits_of(machine, str(form.program.data), ""),
    )
