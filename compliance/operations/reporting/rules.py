"""The rule profiles that bound a clinic on the days of a period, for its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from compliance.domain.rules import Profile, ProfileInvalid
from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import parse_time
from compliance.operations.catalogue import all_profiles, effective_rules
from compliance.operations.reporting.ranges import Period
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx


@dataclass(slots=True, kw_only=True)
class _Held:
    profile: Profile
    spans: list[tuple[date, date]]


def period_profiles(tx: Tx, clinic: ClinicRow, period: Period) -> list[dict[str, JsonValue]]:
    """Describe each version of a profile that bound the clinic on any day, and on which days.

    Days before the clinic's log began are described by the profiles it began with.
    """
    taken = _taken(tx, clinic)
    held: dict[tuple[str, int], _Held] = {}
    for first, last in _spans(taken, period):
        names = next((names for day, names in reversed(taken) if day <= first), taken[0][1])
        try:
            profiles = effective_rules(tuple(names), first).profiles
        except ProfileInvalid:
            # No version of one of them was valid yet, so nothing can be said of these days.
            continue
        for profile in profiles:
            key = (profile.id, profile.version)
            one = held.setdefault(key, _Held(profile=profile, spans=[]))
            if one.spans and one.spans[-1][1] == first - timedelta(days=1):
                one.spans[-1] = (one.spans[-1][0], last)
            else:
                one.spans.append((first, last))
    return [_described(one) for one in held.values()]


def profile_values(profile: Profile) -> dict[str, JsonValue]:
    """Describe a profile as every signed file does."""
    return {
        "id": profile.id,
        "version": profile.version,
        "valid_from": profile.valid_from.isoformat(),
        "title": profile.title,
        "source": profile.source,
        "primary": profile.primary,
    }


def _described(held: _Held) -> dict[str, JsonValue]:
    profile = held.profile
    return {
        **profile_values(profile),
        "values": dict(profile.values),
        "citations": {
            key: profile.citations[key] for key in profile.values if key in profile.citations
        },
        "in_force": [
            {"from": first.isoformat(), "to": last.isoformat()} for first, last in held.spans
        ],
    }


def _taken(tx: Tx, clinic: ClinicRow) -> list[tuple[date, Sequence[str]]]:
    """(day, names) of every stack the clinic has taken, as the log tells it."""
    places = [index for _, index in log.list_places(tx, clinic.clinic_id, "profiles_set")]
    bodies = log.read_bodies(tx, clinic.clinic_id, [0, *places])
    zone = ZoneInfo(clinic.time_zone)
    taken: list[tuple[date, Sequence[str]]] = []
    for index in sorted(bodies):
        entry: Mapping[str, JsonValue] = json.loads(bodies[index])
        data = entry["data"]
        names = data.get("profiles") if isinstance(data, dict) else None
        if isinstance(names, list):
            day = parse_time(entry["at"]).astimezone(zone).date()
            taken.append((day, [str(name) for name in names]))
    return taken or [(clinic.created_at.astimezone(zone).date(), clinic.profiles)]


def _spans(taken: Sequence[tuple[date, Sequence[str]]], period: Period) -> list[tuple[date, date]]:
    """The stretches of the period within which no other rule came into force."""
    changes = {day for day, _ in taken} | {profile.valid_from for profile in all_profiles()}
    begins = sorted({period.first, *(day for day in changes if period.first < day <= period.last)})
    ends = [*(day - timedelta(days=1) for day in begins[1:]), period.last]
    return list(zip(begins, ends, strict=True))
