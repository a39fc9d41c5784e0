"""The rules that bound a clinic on one day, also a past one: each profile, version and value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.rules import EffectiveRules, Profile, ProfileInvalid
from compliance.ledger.entry import parse_time
from compliance.operations.catalogue import all_profiles, effective_rules
from compliance.operations.clinics import clinic_of
from compliance.store import log
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesOfDay:
    """What bound the clinic on a day."""

    on: date
    today: date
    began_on: date
    """The first day of the clinic's log; days before are told by the profiles it began with."""
    names: tuple[str, ...]
    """The clinic's stack of profiles on that day."""
    rules: EffectiveRules | None
    """None: one of the profiles had no version valid yet."""
    versions: Mapping[str, tuple[Profile, ...]]
    """Every version of each profile of the stack, the oldest first."""


def read_rules(tx: Tx, on: date | None, *, actor: Actor, today: date) -> RulesOfDay:
    """Read the effective rules of a day, of today where none is named."""
    actor.require(Action.READ_THINGS)
    clinic = clinic_of(tx, actor)
    zone = ZoneInfo(clinic.time_zone)
    day = today if on is None else on
    began_on = clinic.created_at.astimezone(zone).date()
    names = _names_on(tx, actor.clinic_id, day, zone) or clinic.profiles
    rules: EffectiveRules | None
    try:
        rules = effective_rules(names, day)
    except ProfileInvalid:
        rules = None
    versions = {
        name: tuple(
            sorted(
                (each for each in all_profiles() if each.id == name),
                key=lambda each: (each.valid_from, each.version),
            )
        )
        for name in names
    }
    return RulesOfDay(
        on=day,
        today=today,
        began_on=began_on,
        names=names,
        rules=rules,
        versions=MappingProxyType(versions),
    )


_SET: Final = "profiles_set"


def _names_on(tx: Tx, clinic_id: str, day: date, zone: ZoneInfo) -> tuple[str, ...]:
    """The stack as the log tells it: what the clinic began with, or the last one set by the day."""
    places = [index for _, index in log.list_places(tx, clinic_id, _SET)]
    bodies = log.read_bodies(tx, clinic_id, [0, *places])
    names: tuple[str, ...] = ()
    for index in sorted(bodies):
        entry: Mapping[str, Any] = json.loads(bodies[index])
        if index == 0 or parse_time(entry["at"]).astimezone(zone).date() <= day:
            names = tuple(entry["data"]["profiles"])
    return names
