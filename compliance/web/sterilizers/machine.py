"""One sterilizer: its facts, its tests and cycles, its history, and what a manager does with it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import MOVES, SterilizerState
from compliance.errors import Conflict, Refused
from compliance.operations.inventory.entering import HistoryLine, read_thing_history
from compliance.operations.sterilization.due import SporeDue, spore_test_due
from compliance.operations.sterilization.machines import (
    MoveSterilizer,
    SterilizerRow,
    find_sterilizer,
    move_sterilizer,
    service_sterilizer,
)
from compliance.operations.sterilization.mapping import find_mapping
from compliance.operations.sterilization.overseeing import (
    CycleFilter,
    newest_tests,
    open_texts,
    operation_of,
    search_cycles,
)
from compliance.operations.sterilization.spores import SporeRow
from compliance.store.session import Tx
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.house.doors import clinic_today, entitled, explain, say_refusal, show_day
from compliance.web.sterilizers.board import (
    BOARD,
    CYCLES,
    IMPORTS,
    SECTION,
    operation_words,
    place_links,
    spore_values,
)
from compliance.web.sterilizers.forms import MoveForm, ServiceForm
from compliance.web.sterilizers.listing import cycle_line
from compliance.web.sterilizers.wording import (
    DATE_ORDERS,
    MOVE_WORDS,
    SPORES,
    STATES,
    celsius,
    hold,
    say_history,
)

blueprint = Blueprint("sterilizers_machine", __name__)

ONE: Final = f"{BOARD}/<sterilizer>"
_ORDER: Final = tuple(SterilizerState)
_NEWEST: Final = 8


@blueprint.get(ONE)
def show_machine(sterilizer: str) -> ResponseReturnValue:
    return _page(sterilizer)


def _page(sterilizer: str, **forms: FlaskForm) -> str:
    actor = entitled(Action.MANAGE_DEVICES)
    now = services().clock()
    with services().database.reading() as tx:
        row = find_sterilizer(tx, sterilizer, actor=actor)
        due = spore_test_due(tx, row, actor=actor, now=now)
        values = _values(tx, row, due, actor)
    next_states = [state for state in _ORDER if state in MOVES[row.state]]
    move = forms.get("move") or MoveForm(formdata=None, prefix="m-")
    move.offer(next_states)
    service = forms.get("service") or ServiceForm(formdata=None, prefix="s-")
    if service.on.data is None and not service.errors:
        service.on.data = clinic_today()
    return render_template(
        "sterilizers/machine.html",
        page=page_values(f"{row.code} {row.name}", section=SECTION),
        places=place_links("board"),
        title=f"{row.code} {row.name}",
        here=f"{BOARD}/{row.code}",
        state=STATES[row.state],
        spore=spore_values(due),
        proof=_proof(row, due),
        move=move,
        moves=[MOVE_WORDS[state] for state in next_states],
        service=service,
        cycles_href=f"{CYCLES}?sterilizer={row.code}",
        imports_href=f"{IMPORTS}?sterilizer={row.code}",
        inbox=f"inbox/{current_clinic().slug}/{row.code}/",
        **values,
    )


def _values(tx: Tx, row: SterilizerRow, due: SporeDue, actor: Actor) -> dict[str, Any]:
    history = read_thing_history(tx, "sterilizer", row.sterilizer_id, actor=actor)
    commits = [
        line.data[name]["commit"]
        for line in history
        for name in ("reason", "cause")
        if line.data.get(name)
    ]
    keyring = services().keyring
    reasons = open_texts(tx, commits, actor=actor, keyring=keyring) if commits else {}
    wanted = CycleFilter(sterilizer_id=row.sterilizer_id)
    mapping = find_mapping(tx, row.sterilizer_id, actor=actor)
    return {
        "facts": _facts(row, operation_words(due, operation_of(tx, row, actor=actor))),
        "programs": [
            (
                each["name"],
                celsius(each["hold_decicelsius"]),
                celsius(each["upper_decicelsius"]),
                hold(each["hold_seconds"]),
            )
            for each in row.programs
        ],
        "tests": [_test(each) for each in newest_tests(tx, row, actor=actor)],
        "cycles": [
            cycle_line(each, {row.sterilizer_id: row.code})
            for each in search_cycles(tx, wanted, actor=actor, limit=_NEWEST)
        ],
        "history": [_line(line, reasons) for line in history],
        "mapping": None if mapping is None else mapping.version,
    }


def _facts(row: SterilizerRow, operation: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    chamber = "–" if row.chamber_litres is None else f"{row.chamber_litres} l"
    return (
        ("Type", row.type),
        ("Serial number", row.serial),
        ("Chamber", chamber),
        ("Dates in its logs", dict(DATE_ORDERS)[row.date_order]),
        ("In this state since", show_time(row.state_since)),
        ("Installed", show_day(row.installed_on) or "–"),
        ("Validated", show_day(row.validated_on) or "never entered"),
        ("Maintained", show_day(row.maintained_on) or "never entered"),
        ("Repaired", show_day(row.repaired_on) or "never entered"),
        ("Operation", "; ".join(operation)),
    )


def _proof(row: SterilizerRow, due: SporeDue) -> tuple[bool, str] | None:
    """During a retest: whether the negative test is there that leads back into service."""
    if row.state is not SterilizerState.RETEST:
        return None
    if due.last is not None and due.last.run_at >= row.state_since:
        return True, f"A load of {show_time(due.last.run_at)} was read negative with its control."
    return False, (
        f"No valid negative spore test yet of a load that ran after {show_time(row.state_since)}."
        " Run a load with a spore test and a control of the same lot, and read both."
    )


def _test(test: SporeRow) -> dict[str, Any]:
    return {
        "run": (show_time(test.run_at), f"{CYCLES}/{test.cycle_id}"),
        "lot": test.lot,
        "control": test.control_lot,
        "read": None if test.read_at is None else show_time(test.read_at),
        "state": SPORES[test.outcome],
    }


def _line(line: HistoryLine, reasons: Mapping[str, str]) -> dict[str, Any]:
    act, explained = say_history(line, reasons)
    return {
        "index": line.index,
        "act": act,
        "when": show_time(line.at),
        "who": line.user,
        "changes": explained,
    }


@blueprint.post(f"{ONE}/move")
def move(sterilizer: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = MoveForm(prefix="m-")
    with services().database.reading() as tx:
        row = find_sterilizer(tx, sterilizer, actor=actor)
    form.offer([state for state in _ORDER if state in MOVES[row.state]])
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        command = MoveSterilizer(
            sterilizer=row.sterilizer_id,
            to=SterilizerState(form.to.data),
            reason=form.reason.data,
            cause=form.cause.data or None,
        )
        try:
            with services().database.writing() as tx:
                moved = move_sterilizer(
                    tx, command, actor=actor, now=services().clock(), keyring=services().keyring
                )
        except Conflict as error:
            status = HTTPStatus.CONFLICT
            form.form_errors.append(say_refusal(error))
        except Refused as error:
            explain(form, error, beside="reason")
        else:
            flash(f"{moved.code} is now: {STATES[moved.state][0].lower()}.", "good")
            return redirect(f"{BOARD}/{moved.code}", HTTPStatus.SEE_OTHER)
    return _page(sterilizer, move=form), status


@blueprint.post(f"{ONE}/service")
def enter_service(sterilizer: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = ServiceForm(prefix="s-")
    if form.validate():
        try:
            with services().database.writing() as tx:
                row = service_sterilizer(
                    tx,
                    sterilizer,
                    form.service.data,
                    form.on.data,
                    actor=actor,
                    now=services().clock(),
                )
        except Refused as error:
            explain(form, error, beside="on")
        else:
            due = form.service.data in ("repair", "installation")
            flash("Entered." + (" A spore test is due now." if due else ""), "good")
            return redirect(f"{BOARD}/{row.code}", HTTPStatus.SEE_OTHER)
    return _page(sterilizer, service=form), HTTPStatus.UNPROCESSABLE_ENTITY
