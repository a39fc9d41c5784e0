"""The words of the desk: counts, states and moments as a person says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.counting import count_of as count_of
from compliance.domain.counting import number_word as number_word
from compliance.domain.template import Item, Template
from compliance.domain.words import Phase, SessionState
from compliance.ledger.entry import parse_time
from compliance.operations.reporting import traced_words
from compliance.operations.treatments.reading import ListedSession
from compliance.web.context import current_clinic, show_time
from compliance.web.tablet.wording import localized, show_part

COUNT_CAP: Final = 1000
"""Lists count up to here; beyond it they say so."""

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
PHASES: Final[Mapping[Phase, str]] = MappingProxyType(
    {Phase.BEFORE: "Before", Phase.DURING: "During", Phase.AFTER: "After"}
)
AUTH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "password": "by password",
        "pin": "by PIN",
        "token": "by token, not re-authenticated",
        "system": "by the system",
    }
)


def capped(count: int) -> str:
    return f"more than {COUNT_CAP // 1000} 000" if count > COUNT_CAP else str(count)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def whole_days(age: timedelta) -> str:
    """An age for a list in which only days count."""
    days = age.days
    if days < 1:
        hours = int(age.total_seconds() // 3600)
        return "less than an hour" if hours < 1 else count_of(hours, "hour", "hours")
    return count_of(days, "day", "days")


def show_moment(text: str) -> str:
    """A recorded time in the clinic's zone."""
    return show_time(parse_time(text))


def show_maybe(moment: datetime | None) -> str | None:
    return None if moment is None else show_time(moment)


def item_label(template: Template, code: str) -> str:
    item = template.item(code)
    return show_part(code) if item is None else localized(item.label, current_clinic().language)


def say_result(item: Item | None, result: Any) -> str:
    """An answer in words; a dash where there is none."""
    if result is None:
        return "–"
    if isinstance(result, Mapping):
        return f"{result.get('value')} {result.get('unit')}"
    for option in () if item is None else item.options:
        if option.value == result:
            return localized(option.label, current_clinic().language)
    return {"yes": "Yes", "no": "No"}.get(str(result), str(result).replace("_", " "))


def say_evidence(pieces: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Each piece as one line that can be compared with a label."""
    return traced_words.say_evidence(pieces, current_clinic().time_zone)


def line_values(listed: ListedSession, titles: Mapping[str, str], *, base: str) -> dict[str, Any]:
    """What a list shows of one session.

    Args:
        listed: the line with its client's reference.
        titles: titles of the checklists by id.
        base: the address under which this desk shows a session.
    """
    line = listed.line
    return {
        "session_id": line.session_id,
        "href": f"{base}/{line.session_id}",
        "record": line.closed_index,
        "client": listed.client_ref,
        "protocol": titles.get(line.template_id, show_part(line.template_id)),
        "device": line.device_label,
        "practitioner": line.practitioner_name,
        "opened": show_time(line.opened_at),
        "ended": show_maybe(line.ended_at),
        "state": line.state.value,
        "late": line.late,
        "amended": line.amended,
    }
