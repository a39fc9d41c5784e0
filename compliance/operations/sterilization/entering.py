"""What every act of the sterilization room shares: the form of its entries, and its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.domain.rules import EffectiveRules
from compliance.errors import Refused
from compliance.ledger.entry import format_time
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.personal import Keyring, commit_value
from compliance.store.session import Tx

SHORTEST_REASON: Final = 3
LONGEST_REASON: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The clinic's zone, and the rules of one of its days."""

    zone: ZoneInfo
    today: date
    rules: EffectiveRules


def house_of(tx: Tx, actor: Actor, moment: datetime) -> House:
    """The rules that bind the actor's clinic on the day of a moment.

    What an archive tells from before the clinic was made here is judged by the
    rules of its first day: its profiles may not have existed earlier.
    """
    clinic = clinic_of(tx, actor)
    zone = ZoneInfo(clinic.time_zone)
    bound = max(moment, clinic.created_at).astimezone(zone).date()
    return House(
        zone=zone,
        today=moment.astimezone(zone).date(),
        rules=effective_rules(clinic.profiles, bound),
    )


def as_recorded(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Columns in the form that an entry keeps: times and days as text."""
    return {name: _plain(values[name]) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    # The words of the domain are strings; the record keeps plain ones.
    return str(value) if isinstance(value, str) else value


def commit_reason(
    tx: Tx,
    keyring: Keyring,
    text: str | None,
    *,
    actor: Actor,
    subject: str | None = None,
    field: str = "reason",
) -> dict[str, str]:
    """Keep a free text sealed and return its commitment.

    It is sealed under the key of the person who wrote it, or of the client it is
    about where ``subject`` names one.

    Raises:
        Refused: shorter than 3 or longer than 2000 characters.
    """
    clean = (text or "").strip()
    if not SHORTEST_REASON <= len(clean) <= LONGEST_REASON:
        raise Refused(field, text, "is no reason", allowed="3 to 2000 characters")
    owner = (actor.clinic_id, subject or actor.user_id)
    return commit_value(tx, keyring, subject=owner, field=field, value=clean)
