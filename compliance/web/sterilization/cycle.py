"""A load after its run: the verdict with every fault, flags, indicators, packs, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor
from compliance.domain.gate import Blocker
from compliance.domain.rules import EffectiveRules
from compliance.domain.sterilization.words import CycleKind, CycleOutcome
from compliance.errors import Conflict, Refused
from compliance.operations.people.listing import read_names
from compliance.operations.sterilization.cycles import CycleRow, find_cycle
from compliance.operations.sterilization.deciding import DecideFlag, decide_flag, read_chemical
from compliance.operations.sterilization.entering import house_of
from compliance.operations.sterilization.judging import find_program
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.packing import (
    LabelledPack,
    packs_of_cycle,
)
from compliance.operations.sterilization.releasing import ask_release, warn_release
from compliance.operations.sterilization.spores import SporeRow
from compliance.operations.sterilization.standing import tests_of
from compliance.store.session import Tx
from compliance.web.context import page_values, services, show_time
from compliance.web.curves import Curve, curve_of
from compliance.web.sterilization.board import outcome_badge
from compliance.web.sterilization.measures import CHANGED, TYPES, read_strip
from compliance.web.sterilization.reading import FIELDS
from compliance.web.sterilization.room import (
    HOME,
    KINDS,
    SECTION,
    bar,
    blueprint,
    celsius,
    field_of_form,
    go,
    obstacles,
    operator,
    span,
    writing_once,
)
from compliance.web.sterilization.wording import SPORE_WORDS, pack_badge, say_flag
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import say_refusal, show_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the database says of one cycle."""

    row: CycleRow
    machine: SterilizerRow
    blockers: tuple[Blocker, ...]
    warnings: tuple[str, ...]
    """What whoever releases it should know all the same."""
    rules: EffectiveRules
    packs: list[LabelledPack]
    tests: list[SporeRow]
    names: Mapping[str, str]


def find_all(cycle_id: str, actor: Actor, now: datetime) -> Found:
    with services().database.reading() as tx:
        row = find_cycle(tx, cycle_id, actor=actor)
        return Found(
            row=row,
            machine=find_sterilizer(tx, row.sterilizer_id, actor=actor),
            blockers=()
            if row.released_at is not None
            else ask_release(tx, row, actor=actor, now=now),
            warnings=()
            if row.released_at is not None
            else tuple(str(each) for each in warn_release(tx, row, actor=actor, now=now)),
            rules=house_of(tx, actor, row.run_at).rules,
            packs=packs_of_cycle(tx, row.cycle_id, actor=actor),
            tests=tests_of(tx, row.cycle_id, actor=actor),
            names=read_names(tx, clinic_id=actor.clinic_id),
        )


@blueprint.get("/sterilization/cycles/<cycle_id>")
def show_cycle(cycle_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    return _page(find_all(cycle_id, actor, now), now)


@blueprint.post("/sterilization/cycles/<cycle_id>/indicator")
def read_cycle_indicator(cycle_id: str) -> ResponseReturnValue:
    """A strip that was read after the values were entered, or for a cycle from a log."""
    actor, now = operator(), services().clock()

    def work(tx: Tx) -> bool:
        strips = read_strip(
            field_of_form("indicator"), field_of_form("changed"), field_of_form("lot")
        )
        if not strips:
            raise Refused("indicator", "", "is missing", allowed="the type of the strip")
        read_chemical(tx, cycle_id, strips, actor=actor, now=now)
        return True

    return _change(cycle_id, actor, now, work)


@blueprint.post("/sterilization/cycles/<cycle_id>/flag")
def decide_cycle_flag(cycle_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()

    def work(tx: Tx) -> bool:
        command = DecideFlag(
            cycle_id=cycle_id,
            flag=field_of_form("flag"),
            accepted=field_of_form("decision") == "accept",
            reason=field_of_form("reason"),
        )
        decide_flag(tx, command, actor=actor, now=now, keyring=services().keyring)
        return True

    return _change(cycle_id, actor, now, work)


def _change(cycle_id: str, actor: Actor, now: datetime, work: Any) -> ResponseReturnValue:
    try:
        writing_once(actor, work, now=now)
    except (Refused, Conflict) as error:
        status = HTTPStatus.CONFLICT
        if isinstance(error, Refused):
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        problem = say_refusal(error, FIELDS)
        return _page(find_all(cycle_id, actor, now), now, problem=problem), status
    return go(f"{HOME}/cycles/{cycle_id}")


def _page(found: Found, now: datetime, problem: str | None = None) -> str:
    row = found.row
    production = row.kind is CycleKind.PRODUCTION
    released = row.released_at is not None
    return render_template(
        "sterilization/cycle.html",
        page=page_values(f"Cycle {row.number}", section=SECTION),
        problem=problem,
        title=f"{found.machine.code}, {KINDS[row.kind].lower()} {row.number}",
        href=f"{HOME}/cycles/{row.cycle_id}",
        badge=outcome_badge(row),
        passed=row.outcome is CycleOutcome.PASSED,
        released=released,
        production=production,
        faults=row.faults,
        facts=facts_of(found),
        contents=[each["text"] for each in row.contents],
        curve=_curve(found),
        flags=tuple(say_flag(each, found.names) for each in row.flags),
        strips=tuple(_strip(each) for each in row.indicators),
        strip_types=TYPES,
        strip_ends=CHANGED,
        obstacles=obstacles(_to_show(found), ways_of(found), found.rules),
        packs=tuple(_pack(each) for each in found.packs),
        tests=tuple(_test(each) for each in found.tests),
        key=fresh_key(now),
    )


def _to_show(found: Found) -> Sequence[Blocker]:
    """What is in the way besides the faults, which have a place of their own."""
    faults = set(found.row.faults)
    return [each for each in found.blockers if each.reason not in faults]


def ways_of(found: Found) -> dict[str, tuple[str, str]]:
    day_test = f"{HOME}/sterilizers/{found.machine.sterilizer_id}/day-test"
    return {
        "day_test_missing": ("Enter the day test", day_test),
        "indicator_missing": ("Enter the indicator", "#indicator"),
        "flag_undecided": ("Decide on the flag", "#flags"),
    }


def facts_of(found: Found) -> tuple[tuple[str, str], ...]:
    row = found.row
    program = find_program(found.machine, row)
    needed = (
        ""
        if program is None
        else f"; limits {celsius(program.hold_decicelsius)} to {celsius(program.upper_decicelsius)}"
    )
    hold = "" if program is None else f"; at least {span(program.hold_seconds)}"
    return (
        ("Ran", _ran(row)),
        ("Program", row.program or "Not named"),
        ("Temperature", f"{celsius(row.lowest_decicelsius)}{_to(row)}{needed}"),
        ("Hold", f"{span(row.hold_seconds)}{hold}"),
        ("Lowest pressure", bar(row.lowest_centibar)),
        ("Source", "Log of the sterilizer" if row.raw_sha256 else "Read off the display"),
        ("Operator", found.names.get(row.operator_id, row.operator_id)),
        *_released(found),
    )


def _ran(row: CycleRow) -> str:
    end = "" if row.ended_at is None else f" to {show_time(row.ended_at).rpartition(', ')[2]}"
    return f"{show_time(row.run_at)}{end}"


def _to(row: CycleRow) -> str:
    return "" if row.highest_decicelsius is None else f" to {celsius(row.highest_decicelsius)}"


def _released(found: Found) -> tuple[tuple[str, str], ...]:
    row = found.row
    if row.released_at is None:
        return ()
    by = found.names.get(row.released_by or "", "")
    return (("Released", f"{show_time(row.released_at)}, {by}"),)


def _curve(found: Found) -> Curve | None:
    return curve_of(found.row.curve, find_program(found.machine, found.row))


def _strip(indicator: Mapping[str, Any]) -> tuple[str, str, str]:
    lot = f", lot {indicator['lot']}" if indicator["lot"] else ""
    name = "Bowie-Dick or Helix (type 2)" if indicator["type"] == 2 else f"Type {indicator['type']}"
    done = indicator["changed"]
    return (f"{name}{lot}", "Changed" if done else "Not changed", "good" if done else "bad")


def _pack(labelled: LabelledPack) -> dict[str, Any]:
    pack = labelled.pack
    return {
        "code": pack.code,
        "contents": pack.contents,
        "expires": show_date(pack.expires_on),
        "badge": pack_badge(pack.state),
        "href": f"{HOME}/packs/{pack.pack_id}",
    }


def _test(test: SporeRow) -> dict[str, Any]:
    word, tone = SPORE_WORDS[test.outcome]
    return {
        "name": f"Lot {test.lot}",
        "badge": (word, tone),
        "href": f"{HOME}/spore-tests/{test.test_id}",
    }
