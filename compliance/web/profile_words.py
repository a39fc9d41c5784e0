"""Rule profiles in the words of the person who has to choose among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.rules import Profile
from compliance.operations.catalogue import BASE_PROFILE, all_profiles

PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AU": "Australia",
        "DE": "Germany",
        "UK": "United Kingdom",
        "US": "United States",
    }
)
"""By the first letters of a profile's name."""

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AU-QLD-PAS": "Queensland, personal appearance services",
        "DE-HE-InfHygV": "Hesse, infection hygiene ordinance (InfHygV)",
        "DE-MPBetreibV-2025": "Operators of medical devices (MPBetreibV, 2025)",
        "DE-NiSV": "Non-ionising radiation on people (NiSV)",
        "DE-RKI-BGB": "Record keeping after RKI and BGB",
        "UK-HTM-01-05": "HTM 01-05, decontamination in dental practices",
        "US-CA-HSC-119315": "California, Health and Safety Code 119315",
        "US-CDC-dental": "CDC, infection control in dental settings",
        "US-DC-25-G310": "District of Columbia, 25-G310",
        "US-GA-511-3-8": "Georgia, body art 511-3-8",
        "US-IL-797-900": "Illinois, 77 IAC 797.900",
        "US-IL-Madison": "Illinois, Madison County",
        "US-IN-Hendricks": "Indiana, Hendricks County",
        "US-MI-Livingston-Howell": "Michigan, Livingston County and Howell",
        "US-MN": "Minnesota, body art inspections",
        "US-NEHA-BAMC-2024": "NEHA, Body Art Model Code 2024",
        "US-NYC": "New York City",
        "US-OH-3701-9-08": "Ohio, Administrative Code 3701-9-08",
        "US-OSHA-1910-1030": "OSHA, bloodborne pathogens 1910.1030",
    }
)
"""What a profile is called on the page; one that is not listed goes by its own title."""

_NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pack_max_shelf_days": "A sterile pack is used within {} days.",
        "spore_test_max_days": "Every sterilizer has a spore test at least every {} days.",
        "late_after_minutes": "What is entered more than {} minutes afterwards is marked as late.",
        "records_years": "Records are kept for {} years.",
    }
)
_DEMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "skin_disinfectant_evidence": "The skin disinfectant is recorded with its bottle.",
        "barrier_required": "A handpiece wears a fresh barrier sleeve for every client.",
        "day_test_required": "The sterilizer's daily test passes before it is used.",
        "integrator_required": "A type 5 integrator goes into each load.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One profile as the page offers it."""

    id: str
    title: str
    demands: tuple[str, ...]
    source: str
    primary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The profiles of one country."""

    name: str
    choices: tuple[Choice, ...]


def list_places() -> tuple[Place, ...]:
    """Every profile one can choose, by country."""
    found: dict[str, list[Choice]] = {}
    for profile in _newest():
        if profile.id != BASE_PROFILE:
            place = PLACES.get(profile.id.partition("-")[0], "Elsewhere")
            found.setdefault(place, []).append(_choice(profile))
    return tuple(Place(name=name, choices=tuple(found[name])) for name in sorted(found))


def base_choice() -> Choice:
    """The profile that binds every clinic."""
    return _choice(next(each for each in _newest() if each.id == BASE_PROFILE))


def name_of(profile: str) -> str:
    """What a profile is called on the page."""
    return NAMES.get(profile, profile)


def choosable_names() -> tuple[str, ...]:
    return tuple(choice.id for place in list_places() for choice in place.choices)


def _newest() -> Iterable[Profile]:
    """One profile per name, the newest version, in the order of the catalogue."""
    newest: dict[str, Profile] = {}
    for profile in all_profiles():
        if profile.id not in newest or newest[profile.id].version < profile.version:
            newest[profile.id] = profile
    return newest.values()


def _choice(profile: Profile) -> Choice:
    return Choice(
        id=profile.id,
        title=NAMES.get(profile.id, profile.title),
        demands=tuple(_demands(profile)),
        source=profile.source,
        primary=profile.primary,
    )


def _demands(profile: Profile) -> Iterable[str]:
    """What it says in our words, then the values that no sentence mentions."""
    for key, text in profile.citations.items():
        yield text
        value = profile.values.get(key)
        if key in _NUMBERS and value is not None and not _mentions(text, value):
            yield _NUMBERS[key].format(value)
    for key, value in profile.values.items():
        if key not in profile.citations:
            sentence = _value_sentence(key, value)
            if sentence:
                yield sentence


def _mentions(text: str, value: Any) -> bool:
    return str(value) in "".join(char if char.isdigit() else " " for char in text).split()


def _value_sentence(key: str, value: Any) -> str:
    if key in _NUMBERS:
        return _NUMBERS[key].format(value)
    return _DEMANDS.get(key, "") if value else ""
