"""Making a clinic: its row, its log, its templates."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.catalogue import check_profiles, seed_templates
from compliance.operations.sealing import begin_log
from compliance.operations.templates import publish_template
from compliance.store import clinics
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx

LANGUAGES: Final = ("en", "de")
"""What reports, checklists and consents are written in."""

LONGEST_NAME: Final = 120
"""Characters; inclusive."""

_SLUG: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){1,38}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateClinic:
    """What is needed to make a clinic; the keys were made before."""

    slug: str
    name: str
    time_zone: str
    language: str
    profiles: tuple[str, ...]
    demo: bool
    note_key: str
    certificate_sha256: str


def create_clinic(tx: Tx, command: CreateClinic, *, actor: Actor, now: datetime) -> ClinicRow:
    """Make a clinic with its log and the seed templates; ``actor.clinic_id`` is its id.

    Raises:
        Refused: a bad slug, name, zone, language or profile.
        Conflict: the slug is taken.
    """
    actor.require(Action.MANAGE_INSTALLATION)
    _check(command)
    if clinics.find_clinic_by_slug(tx, command.slug) is not None:
        raise Conflict(f"there is already a clinic {command.slug!r}")
    clinic = ClinicRow(
        clinic_id=actor.clinic_id,
        slug=command.slug,
        name=command.name,
        time_zone=command.time_zone,
        language=command.language,
        profiles=check_profiles(command.profiles),
        demo=command.demo,
        created_at=now,
    )
    clinics.insert_clinic(tx, clinic)
    genesis = {
        "name": clinic.name,
        "slug": clinic.slug,
        "time_zone": clinic.time_zone,
        "language": clinic.language,
        "demo": clinic.demo,
        "incarnation": 1,
        "profiles": list(clinic.profiles),
        "note_key": command.note_key,
        "certificate_sha256": command.certificate_sha256,
    }
    begin_log(tx, clinic.clinic_id, genesis, actor=actor, now=now)
    for template in seed_templates():
        publish_template(tx, template, actor=actor, now=now)
    return clinic


def find_clinic(tx: Tx, slug: str) -> ClinicRow:
    """Find a clinic by its slug; raises ``NotFound``."""
    clinic = clinics.find_clinic_by_slug(tx, slug)
    if clinic is None:
        raise NotFound(f"there is no clinic {slug!r}")
    return clinic


def clinic_of(tx: Tx, actor: Actor) -> ClinicRow:
    """The clinic an actor works in."""
    clinic = clinics.find_clinic(tx, actor.clinic_id)
    if clinic is None:
        raise NotFound("this clinic does not exist")
    return clinic


def _check(command: CreateClinic) -> None:
    if _SLUG.fullmatch(command.slug) is None:
        raise Refused(
            "slug", command.slug, "is not a slug", allowed="2 to 40 of a-z, 0-9 and single hyphens"
        )
    check_description(command.name, command.language)
    try:
        ZoneInfo(command.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(
            "time_zone", command.time_zone, "is not a time zone", allowed="such as Europe/Dublin"
        ) from error


def check_description(name: str, language: str) -> None:
    """See that a clinic can be called so and report so; raises ``Refused`` with the field."""
    # Control characters and halves of characters can be neither stored everywhere nor drawn.
    odd = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    if odd or not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise Refused("name", name, "is not a name", allowed=f"1 to {LONGEST_NAME} characters")
    if language not in LANGUAGES:
        raise Refused("language", language, "is not offered", allowed=", ".join(LANGUAGES))
