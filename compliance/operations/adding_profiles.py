"""Taking on one more rule profile: a clinic may tighten its rules, and never loosen them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.rules import EffectiveRules, ProfileInvalid
from compliance.errors import Conflict, Refused
from compliance.operations.catalogue import check_profiles, effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.sealing import append
from compliance.store import clinics
from compliance.store.session import Tx

PROFILES_SET: Final = "clinic.profiles_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that a profile tightens."""

    key: str
    before: Any
    """None where no profile of the clinic said anything."""
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The clinic's rules before a profile and with it."""

    names: tuple[str, ...]
    """The stack with the profile, the base profile last."""
    rules: EffectiveRules
    changes: tuple[Change, ...]


def preview_profile(tx: Tx, profile: str, *, actor: Actor, today: date) -> Added:
    """Say what one more profile would change, without taking it on.

    Raises:
        NotPermitted: the actor's role may not set the clinic's rules.
        Refused: an unknown profile, or one with no version valid today.
        Conflict: the clinic has it already.
    """
    actor.require(Action.MANAGE_DEVICES)
    clinic = clinic_of(tx, actor)
    if profile in clinic.profiles:
        raise Conflict(f"the clinic has taken {profile} already")
    names = check_profiles((*clinic.profiles, profile), field="profile")
    before = effective_rules(clinic.profiles, today)
    try:
        after = effective_rules(names, today)
    except ProfileInvalid as error:
        raise Refused(
            "profile", profile, "has no version that is valid today", allowed="a profile in force"
        ) from error
    return Added(
        names=names,
        rules=after,
        changes=tuple(
            Change(key=key, before=before.values.get(key), after=value)
            for key, value in after.values.items()
            if before.values.get(key) != value and value is not False
        ),
    )


def add_profile(tx: Tx, profile: str, *, actor: Actor, now: datetime) -> Added:
    """Take one more profile on, from now on; entered as ``clinic.profiles_set``.

    There is no way back: a clinic may only tighten its rules, and a profile that could be
    dropped again would bind nobody.

    Raises:
        NotPermitted, Refused, Conflict: as `preview_profile`.
    """
    today = now.astimezone(ZoneInfo(clinic_of(tx, actor).time_zone)).date()
    added = preview_profile(tx, profile, actor=actor, today=today)
    append(tx, actor, PROFILES_SET, {"profiles": list(added.names)}, now=now)
    clinics.update_profiles(tx, actor.clinic_id, added.names)
    return added
