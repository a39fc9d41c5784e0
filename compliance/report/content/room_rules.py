"""The rules in force over the period: for each the strictest value, and who says so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from compliance.domain.rules import (
    STRICTER,
    EffectiveRules,
    Profile,
    ProfileInvalid,
    read_profile,
    stack_profiles,
)
from compliance.report.content.fields import JsonObject, child, children, number, spoken, text
from compliance.report.content.naming import Naming
from compliance.report.content.room_values import RuleLine, RuleSpan
from compliance.report.content.source import ContentUnreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What bound the clinic on a stretch of days, both inclusive."""

    first: date
    last: date
    effective: EffectiveRules


def read_rules(data: JsonObject) -> tuple[Rules, ...]:
    """Return the rules of the period, in order; empty in reports that do not tell values.

    Raises:
        ContentUnreadable: if a profile lacks what the format demands.
    """
    told = [one for one in children(data, "profiles") if "in_force" in one]
    if not told:
        return ()
    profiles = [(_profile(one), _spans(one)) for one in told]
    edges = {first for _, spans in profiles for first, _ in spans}
    edges |= {last + timedelta(days=1) for _, spans in profiles for _, last in spans}
    starts = sorted(edges)
    return tuple(
        _rules(profiles, first, after - timedelta(days=1))
        for first, after in itertools.pairwise(starts)
        if any(_binds(spans, first) for _, spans in profiles)
    )


def rules_on(rules: Sequence[Rules], day: date) -> Rules | None:
    return next((one for one in rules if one.first <= day <= one.last), None)


def read_rule_spans(naming: Naming, rules: Sequence[Rules]) -> tuple[RuleSpan, ...]:
    return tuple(
        RuleSpan(
            days=_days(naming, one),
            profiles=", ".join(f"{each.id} {each.version}" for each in one.effective.profiles),
            lines=tuple(_lines(naming, one)),
        )
        for one in rules
    )


def _rules(
    profiles: Sequence[tuple[Profile, Sequence[tuple[date, date]]]], first: date, last: date
) -> Rules:
    bound = [profile for profile, spans in profiles if _binds(spans, first)]
    try:
        effective = stack_profiles(bound, names=[profile.id for profile in bound], on=first)
    except ProfileInvalid as error:
        raise ContentUnreadable("a rule profile was not valid on its days") from error
    return Rules(first=first, last=last, effective=effective)


def _binds(spans: Sequence[tuple[date, date]], day: date) -> bool:
    return any(first <= day <= last for first, last in spans)


def _profile(value: JsonObject) -> Profile:
    body = {
        "id": text(value, "id"),
        "version": number(value, "version"),
        "valid_from": text(value, "valid_from"),
        "title": text(value, "title"),
        "source": text(value, "source"),
        "primary": value.get("primary") is True,
        # A rule that this version of the software does not know has no order of strictness.
        "values": {key: one for key, one in child(value, "values").items() if key in STRICTER},
        "citations": dict(child(value, "citations")),
    }
    try:
        return read_profile(body)
    except ProfileInvalid as error:
        raise ContentUnreadable("a rule profile is unreadable") from error


def _spans(value: JsonObject) -> list[tuple[date, date]]:
    try:
        return [
            (date.fromisoformat(text(span, "from")), date.fromisoformat(text(span, "to")))
            for span in children(value, "in_force")
        ]
    except ValueError as error:
        raise ContentUnreadable("the days of a rule profile are unreadable") from error


def _days(naming: Naming, rules: Rules) -> str:
    first, last = rules.first.isoformat(), rules.last.isoformat()
    begin, end = naming.times.day(first), naming.times.day(last)
    return begin if begin == end else f"{begin} {naming.words.to} {end}"


def _lines(naming: Naming, rules: Rules) -> Iterator[RuleLine]:
    words = naming.words.room
    for key in sorted(rules.effective.values):
        profile = rules.effective.origins[key]
        source = profile.source if profile.primary else f"{profile.source} {words.second_hand}"
        yield RuleLine(
            rule=words.rules.get(key, spoken(key)),
            value=_value(naming, key, rules.effective.values[key]),
            profile=f"{profile.id}, {naming.words.version.format(version=profile.version)}",
            source=source,
        )


def _value(naming: Naming, key: str, value: object) -> str:
    words = naming.words.room
    if isinstance(value, bool):
        return naming.words.answers["yes" if value else "no"]
    unit = next((words.units[end] for end in words.units if key.endswith(end)), "{value}")
    return unit.format(value=value)
