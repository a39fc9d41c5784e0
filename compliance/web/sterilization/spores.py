"""Spore tests on the tablet: started with a load, read with their control."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from compliance.domain.access import Actor
from compliance.domain.sterilization.words import Growth, SporeOutcome, SterilizerState
from compliance.errors import Conflict, Refused
from compliance.operations.sterilization.cycles import CycleRow, find_cycle
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.spores import (
    RecordSporeTest,
    SporeRow,
    record_spore_test,
)
from compliance.operations.sterilization.standing import find_incubating, recall_of
from compliance.store.session import Tx
from compliance.web.context import page_values, services, show_time
from compliance.web.sterilization.measures import options, put_beside
from compliance.web.sterilization.room import (
    HOME,
    SECTION,
    STATES,
    blueprint,
    go,
    operator,
    writing_once,
)
from compliance.web.sterilization.wording import SPORE_WORDS
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import say_refusal, show_date

_FIELDS: Final[Mapping[str, str]] = {"lot": "The lot", "control_lot": "The control's lot"}
_GROWTH: Final = (
    (Growth.NO_GROWTH.value, "No growth"),
    (Growth.GROWTH.value, "Growth"),
)
_WHAT_NOW: Final = {
    SporeOutcome.PASS: "The test counts. It moves the date of the next one.",
    SporeOutcome.FAIL: "Treat everything since the last valid negative test as not sterile.",
    SporeOutcome.INVALID: "It proves nothing, and moves no date. Run another one now.",
    SporeOutcome.PENDING: "Read it after incubation, together with its control.",
    SporeOutcome.REJECT: "A spore test counts only inside a normal load. Run another one now.",
}


class StartForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A strip and its control as they go into the incubator."""

    lot = StringField(
        "Lot of the spore test",
        validators=[InputRequired("Give the lot on the package."), Length(max=40)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    expires_on = DateField("Use by", validators=[InputRequired("Give the date on the package.")])
    control_lot = StringField(
        "Lot of the control",
        validators=[InputRequired("Give the lot of the control."), Length(max=40)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    idempotency_key = HiddenField()


class ResultForm(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """What the incubator shows."""

    result = RadioField(
        "The test from the load",
        choices=options(_GROWTH),
        validators=[InputRequired("Say whether the test grew.")],
    )
    control = RadioField(
        "The control, which was not sterilized",
        choices=options(reversed(_GROWTH)),
        validators=[InputRequired("Say whether the control grew.")],
    )
    idempotency_key = HiddenField()


@blueprint.get("/sterilization/cycles/<cycle_id>/spore-test")
def show_spore_start(cycle_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    return _start_page(StartForm(formdata=None), cycle_id, actor, now)


@blueprint.post("/sterilization/cycles/<cycle_id>/spore-test")
def start_spore_test(cycle_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    form = StartForm()
    if form.validate():
        command = RecordSporeTest(
            cycle_id=cycle_id,
            lot=form.lot.data.strip(),
            expires_on=form.expires_on.data,
            result=Growth.PENDING,
            control=None,
            control_lot=form.control_lot.data.strip(),
        )
        try:
            writing_once(
                actor,
                lambda tx: record_spore_test(tx, command, actor=actor, now=now).test_id,
                now=now,
            )
        except Refused as error:
            put_beside(form, error, say_refusal(error, _FIELDS))
        else:
            flash("The spore test is in incubation. The board reminds you to read it.", "good")
            return go(HOME)
    return _start_page(form, cycle_id, actor, now), HTTPStatus.UNPROCESSABLE_ENTITY


def _start_page(form: StartForm, cycle_id: str, actor: Actor, now: datetime) -> str:
    form.idempotency_key.data = fresh_key(now)
    with services().database.reading() as tx:
        row = find_cycle(tx, cycle_id, actor=actor)
        machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    return render_template(
        "sterilization/spore_start.html",
        page=page_values("Spore test", section=SECTION),
        form=form,
        load=_load(row, machine),
        action=f"{HOME}/cycles/{cycle_id}/spore-test",
        back=f"{HOME}/cycles/{cycle_id}",
    )


def _load(row: CycleRow, machine: SterilizerRow) -> str:
    return f"{machine.code}, cycle {row.number}, {show_time(row.run_at)}"


@blueprint.get("/sterilization/spore-tests/<test_id>")
def show_spore_test(test_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    return _test_page(ResultForm(formdata=None), test_id, actor, now)


@blueprint.post("/sterilization/spore-tests/<test_id>")
def read_spore_test(test_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    form, status = ResultForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        try:
            writing_once(actor, lambda tx: _read(tx, form, test_id, actor, now), now=now)
        except Refused as error:
            put_beside(form, error, say_refusal(error, _FIELDS))
        except Conflict as error:
            form.form_errors.append(say_refusal(error))
            status = HTTPStatus.CONFLICT
        else:
            return go(f"{HOME}/spore-tests/{test_id}")
    return _test_page(form, test_id, actor, now), status


def _read(tx: Tx, form: ResultForm, test_id: str, actor: Actor, now: datetime) -> str:
    test = find_incubating(tx, test_id, actor=actor)
    if test.outcome is not SporeOutcome.PENDING:
        raise Conflict("this spore test was read already")
    command = RecordSporeTest(
        cycle_id=test.cycle_id,
        lot=test.lot,
        expires_on=test.expires_on,
        result=Growth(form.result.data),
        control=Growth(form.control.data),
        control_lot=test.control_lot,
    )
    return record_spore_test(tx, command, actor=actor, now=now).test_id


def _test_page(form: ResultForm, test_id: str, actor: Actor, now: datetime) -> str:
    form.idempotency_key.data = fresh_key(now)
    with services().database.reading() as tx:
        test = find_incubating(tx, test_id, actor=actor)
        row = find_cycle(tx, test.cycle_id, actor=actor)
        machine = find_sterilizer(tx, test.sterilizer_id, actor=actor)
        recall_id = recall_of(tx, test, actor=actor)
    word, tone = SPORE_WORDS[test.outcome]
    return render_template(
        "sterilization/spore_test.html",
        page=page_values("Spore test", section=SECTION),
        form=form,
        pending=test.outcome is SporeOutcome.PENDING,
        verdict=(word, _what_happened(test, machine), tone),
        facts=_facts(test, row, machine),
        state=STATES[machine.state],
        code=machine.code,
        recall_href=f"/recalls/{recall_id}" if recall_id else None,
        action=f"{HOME}/spore-tests/{test_id}",
    )


def _what_happened(test: SporeRow, machine: SterilizerRow) -> str:
    if test.outcome is SporeOutcome.FAIL and machine.state is SterilizerState.SUSPENDED:
        return f"{machine.code} is suspended. {_WHAT_NOW[SporeOutcome.FAIL]}"
    return _WHAT_NOW[test.outcome]


def _facts(test: SporeRow, row: CycleRow, machine: SterilizerRow) -> tuple[tuple[str, Any], ...]:
    words = {Growth.GROWTH.value: "Growth", Growth.NO_GROWTH.value: "No growth"}
    read = (
        ()
        if test.read_at is None
        else (
            ("Read", show_time(test.read_at)),
            ("Result", words.get(test.result, test.result)),
            ("Control", words.get(test.control or "", "Not read")),
        )
    )
    return (
        ("Load", _load(row, machine)),
        ("Lot", f"{test.lot}, use by {_day(test.expires_on)}"),
        ("Control", test.control_lot or "None"),
        *read,
    )


def _day(day: date) -> str:
    return show_date(day)
