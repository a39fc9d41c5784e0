"""How a running load ends on the tablet: values read out, taken from a log, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor
from compliance.errors import ComplianceError, Conflict, Refused
from compliance.operations.sterilization.cycles import CycleRow
from compliance.operations.sterilization.ending import (
    ReadOut,
    find_load,
    fitting_cycles,
    give_up_load,
    read_out,
    suggest_number,
    take_from_log,
)
from compliance.operations.sterilization.entering import house_of
from compliance.operations.sterilization.importing import ImportFile, import_cycles
from compliance.operations.sterilization.loading import LoadRow
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.store.session import Tx
from compliance.web.context import page_values, services, show_time
from compliance.web.sterilization.board import outcome_badge
from compliance.web.sterilization.measures import (
    ReadingForm,
    put_beside,
    read_scaled,
    read_seconds,
)
from compliance.web.sterilization.room import (
    HOME,
    SECTION,
    blueprint,
    celsius,
    field_of_form,
    go,
    operator,
    read_clock,
    span,
    writing_once,
    zone,
)
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import say_refusal, show_age

FIELDS = {
    "number": "The cycle number",
    "lowest": "The lowest temperature",
    "highest": "The highest temperature",
    "hold": "The hold time",
    "pressure": "The pressure",
    "ended": "The end",
    "ended_at": "The end",
    "indicator": "The indicator",
    "changed": "The end point",
    "reason": "The reason",
    "file": "The log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the program must reach, in words beside the fields."""

    temperature: str
    upper: str
    hold: str
    indicator: str


@blueprint.get("/sterilization/loads/<load_id>")
def show_reading(load_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    load, machine = _find(load_id, actor)
    if load.cycle_id is not None:
        return go(f"{HOME}/cycles/{load.cycle_id}")
    if load.ended_at is not None:
        flash("This load was given up.", "info")
        return go(HOME)
    form = ReadingForm(formdata=None)
    with services().database.reading() as tx:
        form.number.data = suggest_number(tx, machine)
    form.ended.data = now.astimezone(zone()).strftime("%H:%M")
    return _page(form, load, machine, actor, now)


@blueprint.post("/sterilization/loads/<load_id>")
def read_load_out(load_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    load, machine = _find(load_id, actor)
    form, status = ReadingForm(), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        try:
            values = _values(form, now)
            cycle_id = writing_once(
                actor,
                lambda tx: read_out(tx, load_id, values, actor=actor, now=now).cycle_id,
                now=now,
            )
        except Refused as error:
            put_beside(form, error, say_refusal(error, FIELDS))
        except Conflict as error:
            form.form_errors.append(say_refusal(error))
            status = HTTPStatus.CONFLICT
        else:
            return go(f"{HOME}/cycles/{cycle_id}")
    return _page(form, load, machine, actor, now), status


def _values(form: ReadingForm, now: datetime) -> ReadOut:
    try:
        ended_at = read_clock(form.ended.data, now=now)
    except ValueError as error:
        raise Refused("ended", form.ended.data, "is no time of day", allowed="HH:MM") from error
    return ReadOut(
        number=form.number.data,
        lowest_decicelsius=read_scaled("lowest", form.lowest.data, scale=10),
        highest_decicelsius=read_scaled("highest", form.highest.data, scale=10),
        hold_seconds=read_seconds("hold", form.hold.data),
        lowest_centibar=read_scaled("pressure", form.pressure.data, scale=100),
        ended_at=ended_at,
        machine_failed=bool(form.machine_failed.data),
        indicators=form.indicators(),
    )


@blueprint.post("/sterilization/loads/<load_id>/log")
def read_log_of_load(load_id: str) -> ResponseReturnValue:
    """Import the sterilizer's log; when one cycle of it fits, that is the load's."""
    actor, now = operator(), services().clock()
    load, machine = _find(load_id, actor)
    sent = request.files.get("file")
    name, content = (sent.filename or "log", sent.read()) if sent else ("log", b"")

    def work(tx: Tx) -> list[str]:
        command = ImportFile(sterilizer=machine.sterilizer_id, name=name, content=content)
        import_cycles(tx, command, actor=actor, now=now)
        return [each.cycle_id for each in fitting_cycles(tx, load)]

    try:
        with services().database.writing() as tx:
            found = work(tx)
            if len(found) == 1:
                take_from_log(tx, load_id, found[0], actor=actor, now=now)
    except ComplianceError as error:
        return _again(load, machine, actor, now, say_refusal(error, FIELDS))
    if len(found) == 1:
        return go(f"{HOME}/cycles/{found[0]}")
    if found:
        flash("The log is kept. Several of its cycles may be this load: choose one.", "info")
    else:
        flash("The log is kept. None of its cycles ran when this load did.", "error")
    return go(f"{HOME}/loads/{load_id}")


@blueprint.post("/sterilization/loads/<load_id>/cycle")
def choose_cycle_of_load(load_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    cycle_id = field_of_form("cycle")
    with services().database.writing() as tx:
        take_from_log(tx, load_id, cycle_id, actor=actor, now=now)
    return go(f"{HOME}/cycles/{cycle_id}")


@blueprint.post("/sterilization/loads/<load_id>/given-up")
def give_load_up(load_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    load, machine = _find(load_id, actor)
    try:
        with services().database.writing() as tx:
            give_up_load(
                tx,
                load_id,
                field_of_form("reason"),
                actor=actor,
                now=now,
                keyring=services().keyring,
            )
    except ComplianceError as error:
        return _again(load, machine, actor, now, say_refusal(error, FIELDS))
    flash(
        "The load has no cycle. What was inside is not sterile: pack it and run it again.", "warn"
    )
    return go(HOME)


def _find(load_id: str, actor: Actor) -> tuple[LoadRow, SterilizerRow]:
    with services().database.reading() as tx:
        load = find_load(tx, load_id, actor=actor)
        return load, find_sterilizer(tx, load.sterilizer_id, actor=actor)


def _again(
    load: LoadRow, machine: SterilizerRow, actor: Actor, now: datetime, problem: str
) -> ResponseReturnValue:
    form = ReadingForm(formdata=None)
    form.form_errors.append(problem)
    return _page(form, load, machine, actor, now), HTTPStatus.UNPROCESSABLE_ENTITY


def _page(
    form: ReadingForm, load: LoadRow, machine: SterilizerRow, actor: Actor, now: datetime
) -> str:
    form.idempotency_key.data = fresh_key(now)
    with services().database.reading() as tx:
        fitting = fitting_cycles(tx, load)
        rules = house_of(tx, actor, load.started_at).rules
    integrator = bool(rules.values.get("integrator_required"))
    cited = str(rules.cite("integrator_required")) if integrator else ""
    return render_template(
        "sterilization/reading.html",
        page=page_values(f"Read out {machine.code}", section=SECTION),
        form=form,
        action=f"{HOME}/loads/{load.load_id}",
        code=machine.code,
        program=load.program,
        started=show_time(load.started_at),
        age=show_age(now - load.started_at),
        contents=[each["text"] for each in load.contents],
        limits=limits_of(machine, load.program, cited),
        fitting=tuple(_line(each) for each in fitting),
        key=form.idempotency_key.data,
    )


def limits_of(machine: SterilizerRow, program: str, integrator: str) -> Limits | None:
    """What the program of a run must reach; None for a program the sterilizer lacks."""
    found = next((each for each in machine.programs if each["name"] == program), None)
    if found is None:
        return None
    return Limits(
        temperature=f"At least {celsius(found['hold_decicelsius'])}",
        upper=f"At most {celsius(found['upper_decicelsius'])}",
        hold=f"At least {span(found['hold_seconds'])}",
        indicator=integrator or "Type 1 alone never releases a load.",
    )


def _line(row: CycleRow) -> dict[str, object]:
    word, tone, _ = outcome_badge(row)
    return {
        "cycle": row.cycle_id,
        "name": f"Cycle {row.number}",
        "more": f"{show_time(row.run_at)} · {row.program} · {celsius(row.lowest_decicelsius)}",
        "badge": (word, tone),
    }
