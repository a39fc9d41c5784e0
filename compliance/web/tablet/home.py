"""Today: the open sessions, what waits, and whom to ask how they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.gate import GateAnswer
from compliance.domain.words import SessionState
from compliance.operations.templates import list_templates
from compliance.operations.treatments.reading import (
    FollowUpDue,
    ListedSession,
    SessionFilter,
    list_follow_ups_due,
    list_sessions,
    load_many,
)
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, page_values, services, show_time
from compliance.web.tablet.wording import count_things, localized, show_age, show_date

blueprint = Blueprint("tablet", __name__)

MOST_CARDS: Final = 30
"""A card costs a look at the gate, so there are never more of them than fit a day."""

_OPEN: Final = (SessionState.DRAFT, SessionState.IN_PROGRESS, SessionState.TREATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One session as the home screen shows it."""

    client_ref: str
    protocol: str
    state: str
    missing: str | None
    href: str
    started: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A signed session whose device is in the sterilization room."""

    client_ref: str
    device: str
    since: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A client to ask how they are."""

    client_ref: str
    day: str
    overdue: bool
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the database says for this page."""

    mine: list[ListedSession]
    others: list[ListedSession]
    waiting: list[ListedSession]
    gates: Mapping[str, GateAnswer]
    due: list[FollowUpDue]
    titles: Mapping[str, Mapping[str, str]]


@blueprint.get("/tablet")
def show() -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    clinic = current_clinic()
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    with services().database.reading() as tx:
        found = _find(tx, actor=actor, now=now, due_to=today + timedelta(days=1))
    return render_template(
        "tablet/home.html",
        page=page_values("Today", section="tablet"),
        day=f"{today:%A}, {show_date(today)}",
        mine=tuple(_card(each, found, clinic.language) for each in found.mine),
        others=tuple(_others_card(each, found, clinic.language) for each in found.others),
        waiting=tuple(_waiting(each, now) for each in found.waiting),
        due=tuple(_due(each, today) for each in found.due),
    )


def _find(tx: Tx, *, actor: Actor, now: datetime, due_to: date) -> Found:
    keyring = services().keyring
    mine = list_sessions(
        tx,
        SessionFilter(states=_OPEN, practitioner_id=actor.user_id),
        actor=actor,
        keyring=keyring,
        limit=MOST_CARDS,
    )
    everyone = list_sessions(
        tx, SessionFilter(states=_OPEN), actor=actor, keyring=keyring, limit=2 * MOST_CARDS
    )
    others = [each for each in everyone if each.line.practitioner_id != actor.user_id]
    waiting = list_sessions(
        tx,
        SessionFilter(states=(SessionState.AWAITING_REPROCESSING,)),
        actor=actor,
        keyring=keyring,
        limit=MOST_CARDS,
    )
    return Found(
        mine=mine,
        others=others[:MOST_CARDS],
        waiting=waiting,
        gates=load_many(tx, [each.line.session_id for each in mine], actor=actor, now=now),
        due=list_follow_ups_due(tx, actor=actor, now=now, due_to=due_to, keyring=keyring),
        titles={template.id: template.title for template, _ in list_templates(tx, actor=actor)},
    )


def _card(each: ListedSession, found: Found, language: str) -> Card:
    line = each.line
    return Card(
        client_ref=each.client_ref,
        protocol=_protocol(line.template_id, found, language),
        state=line.state.value,
        missing=_missing(line.state, found.gates[line.session_id]),
        href=f"/sessions/{line.session_id}",
        started=None if line.started_at is None else show_time(line.started_at),
    )


def _others_card(each: ListedSession, found: Found, language: str) -> Card:
    line = each.line
    return Card(
        client_ref=each.client_ref,
        protocol=f"{_protocol(line.template_id, found, language)} · {line.practitioner_name}",
        state=line.state.value,
        missing=None,
        href=f"/sessions/{line.session_id}",
        started=None if line.started_at is None else show_time(line.started_at),
    )


def _protocol(template_id: str, found: Found, language: str) -> str:
    return localized(found.titles.get(template_id, {"en": template_id}), language)


def _missing(state: SessionState, gate: GateAnswer) -> str:
    if gate.blockers:
        aim = "you can start" if state is SessionState.DRAFT else "you can close"
        return count_things(len(gate.blockers), aim)
    return {
        SessionState.DRAFT: "Ready to start",
        SessionState.IN_PROGRESS: "The treatment is running",
    }.get(state, "Ready to close")


def _waiting(each: ListedSession, now: datetime) -> Waiting:
    line = each.line
    since = line.finished_at or line.opened_at
    return Waiting(
        client_ref=each.client_ref,
        device=line.device_label,
        since=show_age(now - since),
        href=f"/sessions/{line.session_id}",
    )


def _due(each: FollowUpDue, today: date) -> Due:
    near = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    return Due(
        client_ref=each.client_ref,
        day=near.get(each.due_on, f"Was due {show_date(each.due_on)}"),
        overdue=each.due_on < today,
        href=f"/sessions/{each.session_id}/follow-up",
    )
