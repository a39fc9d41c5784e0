"""One cycle: set against achieved, its curve, faults, flags with their decisions, and its packs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import Program
from compliance.domain.words import PackState
from compliance.errors import Conflict, Refused
from compliance.operations.sterilization.deciding import DecideFlag, decide_flag
from compliance.operations.sterilization.judging import find_program
from compliance.operations.sterilization.overseeing import LoadPack, WholeCycle, read_whole
from compliance.operations.sterilization.spores import SporeRow
from compliance.web.context import page_values, services, show_time
from compliance.web.curves import curve_of, show_span
from compliance.web.house.doors import entitled, explain, say_refusal, show_day
from compliance.web.sterilizers.board import BOARD, CYCLES, IMPORTS, SECTION, place_links
from compliance.web.sterilizers.forms import FlagForm
from compliance.web.sterilizers.wording import (
    FLAGS,
    KINDS,
    OUTCOMES,
    SPORES,
    bar,
    celsius,
    hold,
)

blueprint = Blueprint("sterilizers_cycle", __name__)

ONE: Final = f"{CYCLES}/<uuid:cycle_id>"
_PACKS: Final[Mapping[PackState, tuple[str, str]]] = {
    PackState.REGISTERED: ("Not released", "wait"),
    PackState.RELEASED: ("Released", "good"),
    PackState.USED: ("Used", "idle"),
    PackState.DAMAGED: ("Damaged", "warn"),
    PackState.RECALLED: ("Recalled", "bad"),
}


@blueprint.get(ONE)
def show_cycle(cycle_id: Any) -> ResponseReturnValue:
    return _page(str(cycle_id))


def _page(cycle_id: str, asked: tuple[str, FlagForm] | None = None) -> str:
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        whole = read_whole(tx, cycle_id, actor=actor, keyring=services().keyring)
    row = whole.row
    program = find_program(whole.machine, row)
    return render_template(
        "sterilizers/cycle.html",
        page=page_values(f"Cycle {row.number}", section=SECTION),
        places=place_links("cycles"),
        here=f"{CYCLES}/{row.cycle_id}",
        title=f"{KINDS[row.kind]} {row.number}",
        machine=(f"{whole.machine.code} {whole.machine.name}", f"{BOARD}/{whole.machine.code}"),
        outcome=OUTCOMES[row.outcome],
        released=None if row.released_at is None else _released(whole),
        facts=_facts(whole),
        values=_compared(whole, program),
        program=None if program is None else program.name,
        faults=row.faults,
        flags=_flags(whole, asked),
        curve=curve_of(row.curve, program),
        contents=[each["text"] for each in row.contents],
        indicators=[_indicator(each) for each in row.indicators],
        tests=[_test(test) for test in whole.tests],
        packs=[_pack(pack) for pack in whole.packs],
        raw=_raw(whole),
    )


def _released(whole: WholeCycle) -> str:
    row = whole.row
    by = row.released_by or ""
    when = "" if row.released_at is None else show_time(row.released_at)
    return f"Released by {whole.names.get(by, by)} on {when}"


def _facts(whole: WholeCycle) -> tuple[tuple[str, str], ...]:
    row = whole.row
    lasted = "not known, there is no end"
    if row.ended_at is not None:
        lasted = f"{show_span(round((row.ended_at - row.run_at).total_seconds()))} min"
    return (
        ("Kind", KINDS[row.kind]),
        ("Program", row.program or "none named"),
        ("Started", show_time(row.run_at)),
        ("Ended", "–" if row.ended_at is None else show_time(row.ended_at)),
        ("Lasted", lasted),
        ("Entered", f"{show_time(row.recorded_at)} by {_name(whole, row.operator_id)}"),
    )


def _name(whole: WholeCycle, user_id: str) -> str:
    return whole.names.get(user_id, user_id)


def _compared(whole: WholeCycle, program: Program | None) -> tuple[tuple[Any, ...], ...]:
    """Rows of (what, limit, set, achieved, holds or None)."""
    row = whole.row
    low = None if program is None else program.hold_decicelsius
    high = None if program is None else program.upper_decicelsius
    least = None if program is None else program.hold_seconds
    return (
        (
            "Lowest temperature of the hold",
            None if low is None else f"at least {celsius(low)}",
            celsius(row.set_decicelsius),
            celsius(row.lowest_decicelsius),
            _holds(low, row.lowest_decicelsius),
        ),
        (
            "Highest temperature of the hold",
            None if high is None else f"at most {celsius(high)}",
            None,
            celsius(row.highest_decicelsius),
            _holds(row.highest_decicelsius, high),
        ),
        (
            "Hold",
            None if least is None else f"at least {hold(least)}",
            hold(row.set_hold_seconds),
            hold(row.hold_seconds),
            _holds(least, row.hold_seconds),
        ),
        ("Lowest pressure", None, None, bar(row.lowest_centibar), None),
    )


def _holds(less: int | None, more: int | None) -> bool | None:
    return None if less is None or more is None else less <= more


def _flags(whole: WholeCycle, asked: tuple[str, FlagForm] | None) -> list[dict[str, Any]]:
    decisions = {each.flag: each for each in whole.decisions}
    shown = []
    for flag in whole.row.flags:
        code = flag["code"]
        title, matters = FLAGS.get(code, (code, ""))
        decision = decisions.get(code)
        form = None
        if flag["decision"] is None:
            form = asked[1] if asked and asked[0] == code else None
            form = form or FlagForm(formdata=None, prefix=f"{code}-")
        shown.append(
            {
                "code": code,
                "title": title,
                "reason": flag["reason"],
                "matters": matters,
                "form": form,
                "accepted": None if flag["decision"] is None else flag["decision"]["accepted"],
                "who": None if decision is None else decision.by,
                "when": None if decision is None else show_time(decision.at),
                "index": None if decision is None else decision.index,
                "why": None if decision is None else decision.reason or "erased",
            }
        )
    return shown


def _indicator(each: Mapping[str, Any]) -> tuple[str, str, tuple[str, str]]:
    state = ("End point reached", "good") if each["changed"] else ("Not reached", "bad")
    return f"Type {each['type']} (ISO 11140-1)", each["lot"] or "–", state


def _test(test: SporeRow) -> tuple[str, str, str, tuple[str, str]]:
    read = "–" if test.read_at is None else show_time(test.read_at)
    return test.lot, test.control_lot or "–", read, SPORES[test.outcome]


def _pack(pack: LoadPack) -> dict[str, Any]:
    return {
        "code": pack.code,
        "contents": pack.contents,
        "expires": show_day(pack.expires_on),
        "state": _PACKS[pack.state],
        "session": None if pack.used_in is None else f"/manager/sessions/{pack.used_in}",
    }


def _raw(whole: WholeCycle) -> dict[str, Any] | None:
    """The file a cycle came from; what was typed by hand has none."""
    row = whole.row
    if row.raw_sha256 is None or whole.file is None:
        return None
    name, arrived = whole.file
    first, last = row.raw_lines or (0, 0)
    return {
        "name": name,
        "href": f"{IMPORTS}/{row.raw_sha256}",
        "sha256": row.raw_sha256,
        "lines": f"lines {first} to {last}",
        "arrived": show_time(arrived),
    }


@blueprint.post(f"{ONE}/flags/<flag>")
def decide(cycle_id: Any, flag: str) -> ResponseReturnValue:
    """Decide on one flag, by name and with a reason."""
    actor = entitled(Action.MANAGE_DEVICES)
    form = FlagForm(prefix=f"{flag}-")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        command = DecideFlag(
            cycle_id=str(cycle_id),
            flag=flag,
            accepted=form.verdict.data == "accept",
            reason=form.reason.data,
        )
        try:
            with services().database.writing() as tx:
                decide_flag(
                    tx, command, actor=actor, now=services().clock(), keyring=services().keyring
                )
        except Conflict as error:
            flash(say_refusal(error), "error")
            return redirect(f"{CYCLES}/{cycle_id}", HTTPStatus.SEE_OTHER)
        except Refused as error:
            explain(form, error, beside="reason")
        else:
            flash("Your decision is entered under your name.", "good")
            return redirect(f"{CYCLES}/{cycle_id}", HTTPStatus.SEE_OTHER)
    return _page(str(cycle_id), (flag, form)), status
