"""The rules that bound the clinic on a day, today or past: profiles, versions, values, sources."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.rules import STRICTER, EffectiveRules, Profile
from compliance.operations.rules_of_day import RulesOfDay, read_rules
from compliance.web.context import page_values, services
from compliance.web.house.doors import clinic_today, entitled, show_day
from compliance.web.sterilizers.board import RULES, SECTION, place_links
from compliance.web.sterilizers.rule_words import describe_value, label_of

blueprint = Blueprint("sterilizers_rules", __name__)

_DIRECTIONS: Final = {
    "min": "the smallest wins",
    "max": "the largest wins",
    "true": "one demand is enough",
}


@blueprint.get(RULES)
def show_rules() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    today = clinic_today()
    on, problem = _asked_day(today)
    with services().database.reading() as tx:
        found = read_rules(tx, on, actor=actor, today=today)
    rules = found.rules
    return render_template(
        "sterilizers/rules.html",
        page=page_values("Rules", section=SECTION),
        places=place_links("rules"),
        path=RULES,
        on=found.on.isoformat(),
        day=show_day(found.on),
        is_today=found.on == today,
        problem=problem,
        before=show_day(found.began_on) if found.on < found.began_on else None,
        values=[] if rules is None else [_value(key, rules) for key in STRICTER],
        profiles=[] if rules is None else [_profile(each, found) for each in rules.profiles],
        said=[] if rules is None else _sentences(rules),
        names=", ".join(found.names),
    )


def _asked_day(today: date) -> tuple[date | None, str]:
    text = request.args.get("on", "").strip()[:20]
    if not text:
        return None, ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= today.year + 5:
        return None, "That is not a date. Write it as 2026-11-20."
    return day, ""


def _value(key: str, rules: EffectiveRules) -> dict[str, Any]:
    """One value with the profile that won, and what the others say."""
    winner = rules.origins.get(key)
    others = [
        f"{each.id}: {describe_value(key, each.values[key])}"
        for each in rules.profiles
        if key in each.values and each is not winner
    ]
    base = {
        "label": label_of(key),
        "how": _DIRECTIONS[STRICTER[key]],
        "others": "; ".join(others) or "–",
    }
    if winner is None:
        return {**base, "value": "No profile says", "rule": None, "text": "", "primary": None}
    citation = rules.cite(key)
    return {
        **base,
        "value": describe_value(key, rules.values[key]),
        "rule": citation.rule,
        # Without a sentence of the profile's own, label and value have said it already.
        "text": citation.text if key in winner.citations else "",
        "source": citation.source,
        "primary": winner.primary,
    }


def _profile(profile: Profile, found: RulesOfDay) -> dict[str, Any]:
    versions = found.versions.get(profile.id, ())
    return {
        "id": profile.id,
        "title": profile.title,
        "version": profile.version,
        "from": show_day(profile.valid_from),
        "source": profile.source,
        "primary": profile.primary,
        "others": ", ".join(
            f"{each.version} from {show_day(each.valid_from)}"
            for each in versions
            if each.version != profile.version
        )
        or "–",
    }


def _sentences(rules: EffectiveRules) -> list[tuple[str, str, str]]:
    """What the profiles say beside values: (what, sentence, rule)."""
    keys = sorted({key for profile in rules.profiles for key in profile.citations} - set(STRICTER))
    said = []
    for key in keys:
        citation = rules.cite(key)
        said.append((key.replace("_", " ").capitalize(), citation.text, citation.rule))
    return said
