"""What every page of the sterilization room shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.gate import Blocker
from compliance.domain.rules import EffectiveRules
from compliance.domain.sterilization.words import CycleKind, SterilizerState
from compliance.errors import NotFound
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, services
from compliance.web.tablet.sending import once
from compliance.web.tablet.wording import capitalized, split_citation

blueprint = Blueprint("sterilization", __name__)

SECTION: Final = "sterilization"
HOME: Final = "/sterilization"
LOAD: Final = f"{HOME}/load"

STATES: Final = {
    SterilizerState.IN_SERVICE: ("In service", "good", "done"),
    SterilizerState.SUSPENDED: ("Suspended", "bad", "stop"),
    SterilizerState.RETEST: ("Retest", "warn", "cycle"),
    SterilizerState.PRESTERILIZED_ONLY: ("Presterilized only", "wait", "lock"),
    SterilizerState.RETIRED: ("Retired", "idle", "dash"),
}
"""Word, tone and icon of each state."""

_CITED_AS: Final = {"spore_test": "spore_test_max_days"}
"""Where the profiles speak of a rule under another key."""

KINDS: Final = {
    CycleKind.PRODUCTION: "Load",
    CycleKind.DAY_TEST: "Day test",
    CycleKind.VACUUM_TEST: "Vacuum test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One blocker in the words of the page: what is wrong, why, what to do now."""

    what: str
    why: str
    rule: str
    fix_label: str
    fix_href: str | None = None


def obstacles(
    blockers: Iterable[Blocker], ways: Mapping[str, tuple[str, str]], rules: EffectiveRules
) -> tuple[Obstacle, ...]:
    """Blockers as the page lists them.

    Args:
        blockers: as the domain found them.
        ways: by code, the label and address of the page that mends it.
        rules: what binds the clinic, to cite.
    """
    return tuple(_obstacle(each, ways.get(each.code), rules) for each in blockers)


def _obstacle(blocker: Blocker, way: tuple[str, str] | None, rules: EffectiveRules) -> Obstacle:
    return Obstacle(
        what=capitalized(blocker.reason),
        why=blocker.fix if way else "",
        rule=_cite(blocker.rule, rules),
        fix_label=way[0] if way else blocker.fix,
        fix_href=way[1] if way else None,
    )


def _cite(rule: str, rules: EffectiveRules) -> str:
    """The sentence of the strictest profile that speaks of a rule, and where it stands."""
    key = _CITED_AS.get(rule, rule)
    if any(key in profile.citations for profile in rules.profiles):
        sentence, place = split_citation(str(rules.cite(key)))
        return f"{sentence} ({place.replace('_', ' ')})"
    return rule.replace("_", " ")


def operator() -> Actor:
    """The person acting, who may work in this room."""
    actor = current_actor()
    actor.require(Action.REGISTER_PACKS)
    return actor


def writing_once(actor: Actor, produce: Callable[[Tx], Any], *, now: datetime) -> Any:
    """Do what a form asks in one transaction, and once however often it is sent."""
    with services().database.writing() as tx:
        return once(tx, actor, lambda: produce(tx), now=now)


def go(path: str) -> ResponseReturnValue:
    return redirect(path, HTTPStatus.SEE_OTHER)


def zone() -> ZoneInfo:
    return ZoneInfo(current_clinic().time_zone)


def clinic_day(moment: datetime) -> date:
    return moment.astimezone(zone()).date()


def read_clock(text: str | None, *, now: datetime) -> datetime | None:
    """A time of day on the clinic's wall, the last one that was; None when nothing was typed.

    Raises:
        ValueError: the text is no time of day.
    """
    if not (text or "").strip():
        return None
    hour, minute = (int(part) for part in str(text).strip().split(":")[:2])
    local = now.astimezone(zone())
    if (hour, minute) == (local.hour, local.minute):
        # The minute that still runs: its beginning may lie before what began in it.
        return now
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment < local else moment - timedelta(days=1)


def field_of_form(name: str) -> str:
    return request.form.get(name, "")


def row_number() -> int:
    """The row that a form is about; raises ``NotFound`` for anything but a number."""
    text = field_of_form("row")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise NotFound("there is no such row in this load")
    return int(text)


def celsius(tenths: int | None) -> str:
    return "–" if tenths is None else f"{tenths / 10:.1f} °C"


def bar(hundredths: int | None) -> str:
    return "–" if hundredths is None else f"{hundredths / 100:.2f} bar"


def span(seconds: int | None) -> str:
    """A hold as a display shows it: 210 s (3:30)."""
    return "–" if seconds is None else f"{seconds} s ({seconds // 60}:{seconds % 60:02d})"
