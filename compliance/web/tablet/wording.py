"""The words the tablet puts on codes. Sentences are plain, kind and exact."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.words import CALL_A_DOCTOR, CONTRAINDICATIONS, Phase, SessionState
from compliance.errors import ComplianceError, IdempotencyMismatch, Refused
from compliance.operations.treatments.evidence_reading import EvidenceRefused

PHASES: Final[Mapping[Phase, str]] = MappingProxyType(
    {Phase.BEFORE: "Before", Phase.DURING: "During", Phase.AFTER: "After"}
)
STATES: Final[Mapping[SessionState, str]] = MappingProxyType(
    {
        SessionState.DRAFT: "Draft",
        SessionState.IN_PROGRESS: "In progress",
        SessionState.TREATED: "Treated, not closed",
        SessionState.AWAITING_REPROCESSING: "Awaiting sterilization",
        SessionState.CLOSED: "Closed",
        SessionState.ABORTED: "Aborted",
    }
)
CONTRAINDICATION_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pregnancy": "Pregnancy",
        "lactation": "Nursing a child",
        "blood_disease": "Blood disease",
        "oncology": "Cancer, now or recently",
        "acute_acne": "Acute acne, pimples",
        "herpes": "Herpes",
        "rosacea": "Rosacea",
        "very_sensitive_skin": "Very sensitive skin",
        "certain_medication": "Certain medication",
        "scars_easily": "Scars easily",
        "eczema": "Eczema",
        "open_wounds": "Open wounds",
        "recent_skin_therapy": "Recent other skin therapy",
    }
)
SIGN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bruising": "Bruising",
        "peeling": "Peeling",
        "infection": "Infection",
        "severe_bleeding": "Severe bleeding",
        "allergic_reaction": "Allergic reaction",
    }
)
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lot": "The lot",
        "expires_on": "The expiry date",
        "contact_seconds": "The contact time",
        "product": "The product",
        "name": "The product's name",
        "pack": "The pack's number",
        "container": "The container",
        "scan": "What was scanned",
        "performed_at": "The time given",
        "reason": "The reason",
        "client_ref": "The client's reference",
        "device_id": "The device",
        "ink": "The signature",
        "code": "The code",
        "contents": "The contents",
        "sterilizer": "The sterilizer",
        "cycle_number": "The cycle number",
        "sterilized_on": "The sterilization date",
        "description": "The description",
        "what": "What happened",
        "why": "Why it happened",
        "corrective_action": "The corrective action",
    }
)

_CITATION: Final = re.compile(
    r"(?P<sentence>.*?) \((?P<place>[A-Za-z0-9-]+/[0-9]+ [a-z_]+); source: .*\)", re.DOTALL
)


def contraindication_choices() -> tuple[tuple[str, str], ...]:
    return tuple((code, CONTRAINDICATION_WORDS[code]) for code in CONTRAINDICATIONS)


def sign_choices() -> tuple[tuple[str, str], ...]:
    return tuple((code, SIGN_WORDS[code]) for code in CALL_A_DOCTOR)


def localized(words: Mapping[str, str], language: str) -> str:
    """The clinic's language where the template speaks it, else English."""
    return words.get(language) or words.get("en", "")


def count_things(count: int, before: str) -> str:
    return f"{count} {'thing' if count == 1 else 'things'} left before {before}"


def split_citation(rule: str) -> tuple[str, str]:
    """Part a printed citation into its sentence and where it stands.

    A citation prints as ``sentence (PROFILE/VERSION key; source: …)``; on a row
    the sentence is what counts, and the place goes behind it.
    """
    found = _CITATION.fullmatch(rule)
    return (rule, "") if found is None else (found["sentence"], found["place"])


def say_refusal(error: ComplianceError, fields: Mapping[str, str] | None = None) -> str:
    """A refusal as a sentence beside the field it is about.

    Args:
        error: what an operation raised.
        fields: the words of this form for fields that have others elsewhere.
    """
    if isinstance(error, IdempotencyMismatch):
        return (
            "This form was sent before with another answer, and that one counts. Look at what is"
            " recorded now, and answer again if it is wrong."
        )
    if isinstance(error, EvidenceRefused):
        return error.problem
    if not isinstance(error, Refused):
        return capitalized(str(error))
    name = error.field.rpartition(".")[2]
    subject = (fields or {}).get(name) or _FIELDS.get(name) or "The answer"
    problem = error.problem.rstrip(".")
    allowed = f" Allowed: {error.allowed}." if error.allowed else ""
    return f"{subject} {problem}.{allowed}"


def capitalized(text: str) -> str:
    sentence = f"{text[:1].upper()}{text[1:]}"
    return sentence if sentence.endswith((".", "!", "?")) else sentence + "."


def show_date(day: date) -> str:
    """Spell a date: 20 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def show_iso_date(text: str) -> str:
    return show_date(date.fromisoformat(text))


def show_age(age: timedelta) -> str:
    """How long something has waited, in the largest unit that says enough."""
    minutes = max(0, int(age.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60
    if days:
        return "1 day" if days == 1 else f"{days} days"
    if hours:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def show_part(component: str) -> str:
    """A part of a device, as its code says it."""
    return component.replace("_", " ").capitalize()


def show_result(result: Any, options: Sequence[tuple[str, str]]) -> str:
    """An answer in words; options are the (value, label) pairs of its item."""
    if result is None:
        return "–"
    if isinstance(result, Mapping):
        unit = "" if result["unit"] == "1" else f" {result['unit']}"
        return f"{result['value']}{unit}"
    return dict(options).get(result) or {"yes": "Yes", "no": "No"}.get(result, str(result))
