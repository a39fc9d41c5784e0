"""The sentences a verdict is told in; a judge should be able to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.report.payload import AuditFile
from compliance.report.verifying.verdict import Check

_ALWAYS: Final = (
    "That what was entered was true when it was entered: a false tick looks like a true one.",
    (
        "That every treatment was entered: what never reached the record leaves no gap in it. "
        "Compare with sterilizer cycles, supplies and appointments."
    ),
    (
        "What the page looks like: pages can be drawn to mislead. Read the report as it is drawn "
        "anew from the signed data."
    ),
)

_WITHOUT_TIMESTAMPS: Final = (
    "When anything was recorded or sealed: all times are those of the clinic's own clock.",
    (
        "That the newest entries are all there: without a time-stamp from outside, the end of the "
        "record could have been cut off before the report was made."
    ),
)

_WITHOUT_HISTORY: Final = (
    (
        "That the clinic shows everyone the same record: it could keep a second one. This shows "
        "only when two reports are compared, so keep what you were given."
    ),
)


def limits_of(audit: AuditFile, level: int) -> tuple[str, ...]:
    """Return what an accepted report of this level does not prove."""
    limits: tuple[str, ...] = _WITHOUT_TIMESTAMPS + (() if level else _WITHOUT_HISTORY) + _ALWAYS
    volume: JsonValue = audit.data["volume"]
    if isinstance(volume, dict) and volume["of"] != 1:
        limits = (
            (
                f"What the other volumes hold: this is volume {volume['number']} of {volume['of']}, "
                "and each is to be checked."
            ),
            *limits,
        )
    return limits


def accepted_sentence(audit: AuditFile, level: int) -> str:
    """Return what an accepted report may be called, and no more."""
    clinic = audit.text("clinic", "name")
    first, last = audit.text("period", "from"), audit.text("period", "to")
    days = first if first == last else f"{first} to {last}"
    sentence = f"The report of {clinic} for {days} has not been altered since the clinic sealed it."
    clinic_data = audit.data["clinic"]
    if isinstance(clinic_data, dict) and clinic_data["demo"]:
        sentence += " It is made of demonstration data and says nothing about real treatments."
    if level:
        sentence += " It is drawn from the same record that you met before."
    return sentence


def rejected_sentence(checks: Sequence[Check]) -> str:
    """Return why a report must not be relied on."""
    failed = next((check for check in checks if check.holds is False), None)
    if failed is None:
        return "The report must not be relied on."
    return f"The report must not be relied on. This does not hold: {failed.name}."
