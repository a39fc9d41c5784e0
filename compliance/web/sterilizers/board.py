"""The manager's board of sterilizers: where each stands and what is due."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.sterilization.words import SterilizerState
from compliance.operations.sterilization.cycles import CycleRow
from compliance.operations.sterilization.due import SporeDue
from compliance.operations.sterilization.overseeing import Operation, count_undecided, operation_of
from compliance.operations.sterilization.standing import Standing, read_standings
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import entitled, show_day
from compliance.web.sterilizers.wording import DUE_WORDS, KINDS, OUTCOMES, STATES, Tone, hours

blueprint = Blueprint("sterilizers_board", __name__)

BOARD: Final = "/manager/sterilizers"
CYCLES: Final = "/manager/cycles"
IMPORTS: Final = "/manager/imports"
RULES: Final = "/manager/rules"
SECTION: Final = "sterilizers"


@blueprint.get(BOARD)
def show_board() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    now = services().clock()
    with services().database.reading() as tx:
        standings = read_standings(tx, actor=actor, now=now)
        totals = [operation_of(tx, each.machine, actor=actor) for each in standings]
        undecided = count_undecided(tx, actor=actor)
    cards = [_card(each, total) for each, total in zip(standings, totals, strict=True)]
    return render_template(
        "sterilizers/board.html",
        page=page_values("Sterilizers", section=SECTION),
        places=place_links("board"),
        cards=cards,
        overdue=sum(1 for each in standings if each.spore.overdue and _counts(each)),
        stopped=sum(
            1
            for each in standings
            if each.machine.state in (SterilizerState.SUSPENDED, SterilizerState.RETEST)
        ),
        undecided=undecided,
        undecided_href=f"{CYCLES}?flags=undecided",
        new_href=f"{BOARD}/new",
    )


def place_links(current: str) -> tuple[tuple[str, str, bool], ...]:
    """The pages of this desk: label, address and whether it is the present one."""
    return tuple(
        (label, href, key == current)
        for key, label, href in (
            ("board", "Board", BOARD),
            ("cycles", "Cycles", CYCLES),
            ("imports", "Log files", IMPORTS),
            ("rules", "Rules", RULES),
        )
    )


def _counts(standing: Standing) -> bool:
    """A retired sterilizer owes no test."""
    return standing.machine.state is not SterilizerState.RETIRED


def _card(standing: Standing, total: Operation) -> dict[str, Any]:
    machine = standing.machine
    return {
        "code": machine.code,
        "name": machine.name,
        "href": f"{BOARD}/{machine.code}",
        "state": STATES[machine.state],
        "since": show_time(machine.state_since),
        "about": f"Type {machine.type}, serial {machine.serial}",
        "retired": machine.state is SterilizerState.RETIRED,
        "day_test": _day_test(standing),
        "day_rule": standing.day_test_rule,
        "spore": spore_values(standing.spore),
        "services": (
            ("Validated", show_day(machine.validated_on)),
            ("Maintained", show_day(machine.maintained_on)),
            ("Repaired", show_day(machine.repaired_on)),
        ),
        "operation": operation_words(standing.spore, total),
        "last": _last(standing.last),
        "running": None if standing.running is None else show_time(standing.running.started_at),
        "incubating": len(standing.incubating),
        "recall": None if standing.recall_id is None else f"/recalls/{standing.recall_id}",
    }


def _day_test(standing: Standing) -> Tone:
    test = standing.day_test
    if test is not None:
        word, tone = OUTCOMES[test.outcome]
        return f"{word}, {show_time(test.run_at)}", tone
    if standing.day_test_rule is None:
        return "Not demanded by your rules", "idle"
    return "Not run yet today", "warn"


def spore_values(due: SporeDue) -> dict[str, Any]:
    """The next spore test in words, with the rule it rests on."""
    if due.due_at is None:
        return {
            "state": ("No rule asks for one", "idle"),
            "why": "None of the clinic's profiles names an interval.",
            "rule": "",
        }
    when = show_time(due.due_at)
    state = (f"Overdue since {when}", "bad") if due.overdue else (f"Due by {when}", "good")
    return {
        "state": state,
        "why": DUE_WORDS[due.by] if due.by is not None else "",
        "rule": due.rule,
    }


def operation_words(due: SporeDue, total: Operation) -> tuple[str, ...]:
    """Hours of operation as sentences: since the last test, in all, and what is not counted."""
    since = hours(due.operation.seconds)
    said = []
    if due.most_run_hours is not None:
        said.append(f"{since} of {due.most_run_hours} h since the last valid spore test")
    elif due.last is not None:
        said.append(f"{since} since the last valid spore test")
    said.append(f"{hours(total.seconds)} in {total.runs} {'run' if total.runs == 1 else 'runs'}")
    if total.without_end:
        runs = "1 run" if total.without_end == 1 else f"{total.without_end} runs"
        said.append(f"{runs} without an end not counted")
    return tuple(said)


def _last(row: CycleRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "href": f"{CYCLES}/{row.cycle_id}",
        "words": f"{KINDS[row.kind]} {row.number}, {show_time(row.run_at)}",
        "state": OUTCOMES[row.outcome],
    }
