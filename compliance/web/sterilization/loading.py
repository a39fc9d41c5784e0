"""The load that somebody puts together: scan, undo, choose the run, start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor
from compliance.domain.gate import Blocked
from compliance.domain.sterilization.words import SterilizerState
from compliance.errors import ComplianceError, Refused
from compliance.operations.sterilization.entering import house_of
from compliance.operations.sterilization.loading import (
    DraftRow,
    ask_start,
    choose_run,
    read_draft,
    scan_in,
    start_load,
    take_out,
    write_in,
)
from compliance.operations.sterilization.machines import SterilizerRow, list_sterilizers
from compliance.store.session import Tx
from compliance.web.context import page_values, services
from compliance.web.sterilization.room import (
    HOME,
    LOAD,
    SECTION,
    STATES,
    Obstacle,
    blueprint,
    celsius,
    field_of_form,
    go,
    obstacles,
    operator,
    row_number,
    span,
    writing_once,
)
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import capitalized, say_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A tile: a sterilizer or a program."""

    value: str
    label: str
    more: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """The page's values."""

    rows: tuple[dict[str, object], ...]
    sterilizers: tuple[Choice, ...]
    programs: tuple[Choice, ...]
    obstacles: tuple[Obstacle, ...]
    blocked: bool
    """Something is wrong beyond what is simply not chosen or scanned yet."""
    warning: str | None
    start_label: str


_UNFINISHED = frozenset({"sterilizer_missing", "program_missing", "contents_missing"})


@blueprint.get("/sterilization/load")
def show_load() -> ResponseReturnValue:
    return _page(operator(), services().clock())


@blueprint.post("/sterilization/load/scan")
def scan_into_load() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    scan = field_of_form("scan").strip()

    def work(tx: Tx) -> list[object]:
        done = scan_in(tx, scan, actor=actor, now=now)
        return [done.text, done.into_load, done.ended_waits]

    try:
        text, into_load, waits = writing_once(actor, work, now=now)
    except ComplianceError as error:
        return _refused(actor, now, error, "scan")
    if not into_load:
        flash(f"{text} is chosen. Scan what goes in.", "good")
    elif waits:
        flash(f"{text} is in the load. A session waits for it and closes with the release.", "good")
    else:
        flash(f"{text} is in the load.", "good")
    return go(LOAD)


@blueprint.post("/sterilization/load/write")
def write_into_load() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    try:
        text = writing_once(
            actor,
            lambda tx: write_in(tx, field_of_form("text"), actor=actor, now=now),
            now=now,
        )
    except ComplianceError as error:
        return _refused(actor, now, error, "text")
    flash(f"{text} is in the load.", "good")
    return go(LOAD)


@blueprint.post("/sterilization/load/out")
def take_out_of_load() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    row = row_number()
    with services().database.writing() as tx:
        take_out(tx, row, actor=actor, now=now)
    return go(LOAD)


@blueprint.post("/sterilization/load/run")
def choose_load_run() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    with services().database.writing() as tx:
        choose_run(
            tx,
            field_of_form("sterilizer"),
            field_of_form("program") or None,
            actor=actor,
            now=now,
        )
    return go(LOAD)


@blueprint.post("/sterilization/load/start")
def start_this_load() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    try:
        load_id = writing_once(
            actor, lambda tx: start_load(tx, actor=actor, now=now).load_id, now=now
        )
    except Blocked:
        return _page(actor, now), HTTPStatus.CONFLICT
    flash("The load is on record. Press start on the sterilizer now.", "good")
    return go(f"{HOME}/loads/{load_id}")


def _refused(
    actor: Actor, now: datetime, error: ComplianceError, field: str
) -> ResponseReturnValue:
    known = isinstance(error, Refused)
    sentence = say_scan(error) if isinstance(error, Refused) else say_refusal(error)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if known else HTTPStatus.CONFLICT
    return _page(actor, now, problem=(field, sentence)), status


def say_scan(error: Refused) -> str:
    """What was scanned and what to do with it, in two sentences."""
    if error.field == "text":
        return f"The description {error.problem}. Allowed: {error.allowed}."
    way = f" {capitalized(error.allowed)}" if error.allowed else ""
    return f"{capitalized(error.problem)}{way}"


def _page(actor: Actor, now: datetime, problem: tuple[str, str] | None = None) -> str:
    with services().database.reading() as tx:
        draft = read_draft(tx, actor=actor, now=now)
        machines = list_sterilizers(tx, actor=actor)
        chosen = next((m for m in machines if m.sterilizer_id == draft.sterilizer_id), None)
        blockers = ask_start(tx, draft, chosen, actor=actor, now=now)
        rules = house_of(tx, actor, now).rules
    ways = {}
    if chosen is not None:
        ways["day_test_missing"] = (
            "Enter the day test",
            f"{HOME}/sterilizers/{chosen.sterilizer_id}/day-test",
        )
        ways["sterilizer_running"] = ("To the board", HOME)
    view = LoadView(
        rows=tuple(dict(each) for each in reversed(draft.contents)),
        sterilizers=_sterilizers(machines, draft),
        programs=() if chosen is None else _programs(chosen, draft),
        obstacles=obstacles(blockers, ways, rules),
        blocked=any(each.code not in _UNFINISHED for each in blockers),
        warning=_warning(chosen),
        start_label=f"Start in {chosen.code}" if chosen else "Start",
    )
    return render_template(
        "sterilization/load.html",
        page=page_values("Load", section=SECTION),
        view=view,
        problem=problem,
        entered=request.form,
        key=fresh_key(now),
    )


def _warning(machine: SterilizerRow | None) -> str | None:
    if machine is None or machine.state is not SterilizerState.RETEST:
        return None
    return (
        f"{machine.code} is in its retest. Put a spore test in; nothing of this load is released"
        " before its result is negative."
    )


def _sterilizers(machines: list[SterilizerRow], draft: DraftRow) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            value=each.sterilizer_id,
            label=each.code,
            more=f"{each.name} · {STATES[each.state][0]}",
            chosen=each.sterilizer_id == draft.sterilizer_id,
        )
        for each in machines
        if each.state is not SterilizerState.RETIRED
    )


def _programs(machine: SterilizerRow, draft: DraftRow) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            value=str(each["name"]),
            label=str(each["name"]),
            more=f"at least {celsius(each['hold_decicelsius'])} for {span(each['hold_seconds'])}",
            chosen=each["name"] == draft.program,
        )
        for each in machine.programs
    )
