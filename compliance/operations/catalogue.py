"""Data that ships with the product: templates, rule profiles, consent texts."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from typing import Any, Final

from compliance.domain.rules import (
    EffectiveRules,
    Profile,
    profiles_of,
    read_profile,
    stack_profiles,
)
from compliance.domain.template import Template, read_template
from compliance.errors import NotFound, Refused

BASE_PROFILE: Final = "ASEPTRAIL-BASE"
CONSENT: Final = "microneedling_consent"


def seed_templates() -> Iterator[Template]:
    """The five seed protocols, each checked like any other template."""
    folder = resources.files("compliance").joinpath("data", "templates")
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".json"):
            yield read_template(json.loads(path.read_text(encoding="utf-8")))


@functools.cache
def all_profiles() -> tuple[Profile, ...]:
    path = resources.files("compliance").joinpath("data", "profiles", "profiles.json")
    return tuple(read_profile(body) for body in json.loads(path.read_text("utf-8"))["profiles"])


def check_profiles(names: tuple[str, ...], *, field: str = "profiles") -> tuple[str, ...]:
    """Return the stack to store: known names, the base profile last.

    Args:
        field: what a refusal names.

    Raises:
        Refused: naming the unknown profile and the known ones.
    """
    for name in names:
        if not profiles_of(all_profiles(), name):
            known = ", ".join(sorted({profile.id for profile in all_profiles()}))
            raise Refused(field, name, "is not a rule profile", allowed=known)
    return (*(name for name in names if name != BASE_PROFILE), BASE_PROFILE)


@functools.lru_cache(maxsize=256)
def effective_rules(names: tuple[str, ...], on: date) -> EffectiveRules:
    """What binds a clinic with this stack of profiles on a day."""
    return stack_profiles(all_profiles(), names=names, on=on)


@functools.cache
def consent_text(text_id: str) -> Mapping[str, Any]:
    """The consent text ``{id, version, text{en, de}}``."""
    # The name comes from outside: it is looked up among the shipped ones, never as a path.
    folder = resources.files("compliance").joinpath("data", "consents")
    path = next((each for each in folder.iterdir() if each.name == f"{text_id}.json"), None)
    if path is None:
        raise NotFound(f"there is no consent text {text_id!r}")
    body: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return body
