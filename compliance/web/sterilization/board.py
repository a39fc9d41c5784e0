"""The board: every sterilizer with what is due on it, what runs, and what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from compliance.domain.sterilization.words import CycleOutcome, SterilizerState
from compliance.operations.packs import WaitRow, list_waiting
from compliance.operations.sterilization.cycles import CycleRow
from compliance.operations.sterilization.loading import DraftRow, read_draft
from compliance.operations.sterilization.standing import (
    Standing,
    list_to_release,
    read_standings,
)
from compliance.operations.things import DeviceRow, list_devices
from compliance.web.context import page_values, services, show_time
from compliance.web.sterilization.room import KINDS, SECTION, STATES, blueprint, operator
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.wording import show_age, show_part, split_citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a sterilizer's card: a word, its state, and what to do about it."""

    name: str
    badge: tuple[str, str, str | None]
    more: str = ""
    action: tuple[str, str] | None = None
    """Label and address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SterilizerCard:
    """One sterilizer as the board shows it."""

    code: str
    name: str
    state: tuple[str, str, str]
    recall_href: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLine:
    """One part that came back from a treatment."""

    device: str
    code: str | None
    """What taking it in sends; None for a device that is out of use."""
    component: str
    age: str
    since: str
    tone: str
    in_load: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleLine:
    """A load that was read out and waits for a decision."""

    name: str
    more: str
    badge: tuple[str, str]
    href: str


@blueprint.get("/sterilization")
def show() -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    with services().database.reading() as tx:
        standings = read_standings(tx, actor=actor, now=now)
        waiting = list_waiting(tx, actor=actor)
        devices = {each.device_id: each for each in list_devices(tx, actor=actor, limit=200)}
        draft = read_draft(tx, actor=actor, now=now)
        to_release = list_to_release(tx, actor=actor, now=now)
    codes = {each.machine.sterilizer_id: each.machine.code for each in standings}
    return render_template(
        "sterilization/board.html",
        page=page_values("Sterilization", section=SECTION),
        cards=tuple(_card(each, now) for each in standings),
        waiting=tuple(_wait(each, devices, draft, standings, now) for each in waiting),
        to_release=tuple(_cycle(each, codes) for each in to_release),
        in_load=len(draft.contents),
        key=fresh_key(now),
    )


def _card(standing: Standing, now: datetime) -> SterilizerCard:
    machine = standing.machine
    retired = machine.state is SterilizerState.RETIRED
    return SterilizerCard(
        code=machine.code,
        name=machine.name,
        state=STATES[machine.state],
        recall_href=f"/recalls/{standing.recall_id}" if standing.recall_id else None,
        lines=()
        if retired
        else (
            *_running(standing, now),
            _day_test(standing),
            _spore(standing, now),
            *_incubating(standing),
            *_last(standing),
        ),
    )


def _running(standing: Standing, now: datetime) -> tuple[Line, ...]:
    load = standing.running
    if load is None:
        return ()
    count = len(load.contents)
    return (
        Line(
            name="Running",
            badge=(f"For {show_age(now - load.started_at)}", "info", "play"),
            more=f"{load.program} · {count} {'thing' if count == 1 else 'things'} inside",
            action=("Read out", f"/sterilization/loads/{load.load_id}"),
        ),
    )


def _day_test(standing: Standing) -> Line:
    href = f"/sterilization/sterilizers/{standing.machine.sterilizer_id}/day-test"
    test = standing.day_test
    if test is not None and test.outcome is CycleOutcome.PASSED:
        return Line(
            name="Day test",
            badge=("Passed", "good", None),
            more=f"Today, {show_time(test.run_at).rpartition(', ')[2]}, cycle {test.number}",
        )
    if test is not None:
        return Line(
            name="Day test",
            badge=("Failed", "bad", None),
            more=f"Today, cycle {test.number}. Find the cause before you repeat it.",
            action=("Enter day test", href),
        )
    if standing.day_test_rule is None:
        return Line(
            name="Day test",
            badge=("Not demanded", "idle", None),
            more="No rule of this clinic asks for one.",
            action=("Enter one", href),
        )
    return Line(
        name="Day test",
        badge=("Due today", "warn", None),
        more=_rule(standing.day_test_rule),
        action=("Enter day test", href),
    )


def _spore(standing: Standing, now: datetime) -> Line:
    due = standing.spore
    if due.due_at is None:
        return Line(
            name="Spore test",
            badge=("Not demanded", "idle", None),
            more="No rule of this clinic sets an interval.",
        )
    day = show_time(due.due_at).partition(",")[0]
    if due.overdue:
        late = now - due.due_at
        # After installation or repair a test is due at once, and nobody is late yet.
        word = "Due now" if late < timedelta(days=1) else f"Overdue for {show_age(late)}"
        return Line(name="Spore test", badge=(word, "bad", None), more=_rule(due.rule))
    return Line(name="Spore test", badge=(f"Due {day}", "good", "clock"), more=_rule(due.rule))


def _rule(rule: str) -> str:
    sentence, place = split_citation(rule)
    return f"{sentence} ({place.replace('_', ' ')})" if place else sentence.capitalize()


def _incubating(standing: Standing) -> tuple[Line, ...]:
    return tuple(
        Line(
            name="Incubating",
            badge=(f"Lot {test.lot}", "wait", "clock"),
            more=f"From the load of {show_time(test.run_at)}",
            action=("Read result", f"/sterilization/spore-tests/{test.test_id}"),
        )
        for test in standing.incubating
    )


def _last(standing: Standing) -> tuple[Line, ...]:
    row = standing.last
    if row is None:
        return (Line(name="Last cycle", badge=("None yet", "idle", None)),)
    return (
        Line(
            name="Last cycle",
            badge=outcome_badge(row),
            more=f"{KINDS[row.kind]} {row.number}, {show_time(row.run_at)}",
            action=("Look", f"/sterilization/cycles/{row.cycle_id}"),
        ),
    )


def outcome_badge(row: CycleRow) -> tuple[str, str, str | None]:
    """Word, tone and icon of what came of a run."""
    if row.outcome is CycleOutcome.FAILED:
        return ("Failed", "bad", None)
    if row.released_at is not None:
        return ("Released", "good", None)
    return ("Passed, not released", "wait", None)


def _wait(
    wait: WaitRow,
    devices: Mapping[str, DeviceRow],
    draft: DraftRow,
    standings: Sequence[Standing],
    now: datetime,
) -> WaitLine:
    device = devices.get(wait.device_id)
    running = [each.running.contents for each in standings if each.running is not None]
    taken = any(
        each["device"] == wait.device_id
        for contents in (draft.contents, *running)
        for each in contents
    )
    age = now - wait.since
    return WaitLine(
        device="An archived device" if device is None else device.label,
        code=None if device is None else device.code,
        component=show_part(wait.component),
        age=show_age(age),
        since=show_time(wait.since),
        tone="wait" if age.days < 1 else "warn",
        in_load=taken,
    )


def _cycle(row: CycleRow, codes: Mapping[str, str]) -> CycleLine:
    word, tone, _ = outcome_badge(row)
    inside = ", ".join(each["text"] for each in row.contents) or "Contents not recorded"
    return CycleLine(
        name=f"{codes.get(row.sterilizer_id, 'Sterilizer')}, cycle {row.number}",
        more=f"{show_time(row.run_at)} · {inside}",
        badge=(word, tone),
        href=f"/sterilization/cycles/{row.cycle_id}",
    )
