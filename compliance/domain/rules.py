"""Rule profiles: dated data that a clinic stacks; the strictest value wins and is cited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from compliance.errors import ComplianceError

PROFILE_SCHEMA: Final = "aseptrail/profile/1"

STRICTER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pack_max_shelf_days": "min",
        "spore_test_max_days": "min",
        "spore_test_max_run_hours": "min",
        "late_after_minutes": "min",
        "records_years": "max",
        "skin_disinfectant_evidence": "true",
        "barrier_required": "true",
        "day_test_required": "true",
        "integrator_required": "true",
        "spore_overdue_blocks": "true",
    }
)
"""How two profiles are compared: the smaller, the larger, or the one that demands."""


class ProfileInvalid(ComplianceError):
    """A profile that is malformed or would loosen what another one demands."""

    code = "profile_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One jurisdiction's or association's values, with where each was read."""

    id: str
    version: int
    valid_from: date
    title: str
    source: str
    primary: bool
    """False for a second-hand source: check it before relying on it."""
    values: Mapping[str, Any]
    citations: Mapping[str, str]
    """What the profile says about a rule key, in our words."""
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The rule a blocker or a warning rests on."""

    rule: str
    """``PROFILE/VERSION key``, stable."""
    text: str
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.rule}; source: {self.source})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveRules:
    """What binds one clinic on one day."""

    values: Mapping[str, Any]
    origins: Mapping[str, Profile]
    """The profile whose value won, per key."""
    profiles: tuple[Profile, ...]

    def cite(self, key: str) -> Citation:
        """Cite the strictest profile that speaks about ``key``; the base profile always does."""
        profile = self.origins.get(key) or next(
            (p for p in self.profiles if key in p.citations), self.profiles[-1]
        )
        text = profile.citations.get(key) or f"{key.replace('_', ' ')}: {profile.values.get(key)}"
        return Citation(
            rule=f"{profile.id}/{profile.version} {key}", text=text, source=profile.source
        )


def read_profile(body: Mapping[str, Any]) -> Profile:
    """Build a profile from its JSON.

    Raises:
        ProfileInvalid: on a missing key or a value that has no order of strictness.
    """
    try:
        profile = Profile(
            id=body["id"],
            version=body["version"],
            valid_from=date.fromisoformat(body["valid_from"]),
            title=body["title"],
            source=body["source"],
            primary=body["primary"],
            values=body["values"],
            citations=body["citations"],
            body=body,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ProfileInvalid(f"profile {body.get('id')!r}: {error}") from error
    unknown = set(profile.values) - set(STRICTER)
    if unknown:
        raise ProfileInvalid(f"profile {profile.id}: unknown values {', '.join(sorted(unknown))}")
    return profile


def stack_profiles(
    profiles: Iterable[Profile], *, names: Sequence[str], on: date
) -> EffectiveRules:
    """Combine the named profiles as valid on a day; the last of ``names`` is the base.

    Raises:
        ProfileInvalid: when a named profile has no version valid on that day.
    """
    chosen = [_version_on(profiles_of(profiles, name), name, on) for name in names]
    values: dict[str, Any] = {}
    origins: dict[str, Profile] = {}
    for profile in chosen:
        for key, value in profile.values.items():
            if key not in values or _is_stricter(key, value, values[key]):
                values[key], origins[key] = value, profile
    return EffectiveRules(values=values, origins=origins, profiles=tuple(chosen))


def profiles_of(profiles: Iterable[Profile], name: str) -> list[Profile]:
    return [profile for profile in profiles if profile.id == name]


def _version_on(versions: Sequence[Profile], name: str, on: date) -> Profile:
    valid = [profile for profile in versions if profile.valid_from <= on]
    if not valid:
        raise ProfileInvalid(f"there is no rule profile {name!r} valid on {on.isoformat()}")
    return max(valid, key=lambda profile: profile.version)


def _is_stricter(key: str, value: Any, than: Any) -> bool:
    match STRICTER[key]:
        case "min":
            return bool(value < than)
        case "max":
            return bool(value > than)
        case _:
            return bool(value) and not than
