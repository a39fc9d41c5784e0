"""The list of sessions: filters from the address, keyset pages, and the same as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from compliance.domain.access import Actor
from compliance.domain.words import SessionState
from compliance.errors import Refused
from compliance.operations.overview import OPEN_STATES
from compliance.operations.people.listing import read_names
from compliance.operations.templates import list_templates
from compliance.operations.treatments.reading import (
    ListedSession,
    SessionFilter,
    client_id_of,
    count_sessions,
    list_sessions,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_clinic, services
from compliance.web.desk.wording import STATES, capped, line_values
from compliance.web.tablet.wording import localized

PAGE: Final = 50
_OPEN: Final = "open"
"""Stands for the three states in which somebody still has something to do."""

_LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as the address has them, and what of them could not be understood."""

    values: Mapping[str, str]
    wanted: SessionFilter
    client: str
    cursor: tuple[datetime, str] | None
    problems: tuple[str, ...] = field(default=())

    @property
    def filtered(self) -> bool:
        return any(self.values.values())

    def query(self, **changes: str) -> str:
        """The address of this list with something changed; empty values are left out."""
        pairs = {**self.values, **changes}
        return urlencode({name: value for name, value in pairs.items() if value})


def read_asked(args: MultiDict[str, str]) -> Asked:
    """Read the filters of an address.

    A filter that is not understood is named and left out: the list is shown wider, and
    says so, instead of an error page in place of a list.

    Raises:
        Refused: a broken cursor, which only a broken program sends.
    """
    problems: list[str] = []
    values = {
        name: args.get(name, "").strip()[:_LONGEST]
        for name in ("state", "from", "to", "practitioner", "client", "late")
    }
    zone = ZoneInfo(current_clinic().time_zone)
    first = _read_day(values, "from", problems)
    last = _read_day(values, "to", problems)
    if first and last and last < first:
        problems.append("The end lies before the beginning, so nothing can be found.")
    wanted = SessionFilter(
        states=_read_states(values, problems),
        opened_from=None if first is None else datetime.combine(first, time(), zone),
        opened_to=None
        if last is None
        else datetime.combine(last + timedelta(days=1), time(), zone),
        practitioner_id=values["practitioner"] or None,
        late=True if values["late"] == "yes" else None,
    )
    return Asked(
        values=values,
        wanted=wanted,
        client=values["client"],
        cursor=read_moment_cursor(args.get("cursor")),
        problems=tuple(problems),
    )


def _read_day(values: dict[str, str], name: str, problems: list[str]) -> date | None:
    text = values[name]
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 9000:
        problems.append(f"“{text}” is not a date. Write it as 2026-11-20.")
        values[name] = ""
        return None
    return day


def _read_states(values: dict[str, str], problems: list[str]) -> tuple[SessionState, ...]:
    text = values["state"]
    if text == _OPEN:
        return OPEN_STATES
    try:
        return (SessionState(text),) if text else ()
    except ValueError:
        problems.append(f"“{text}” is not a state of a session.")
        values["state"] = ""
        return ()


def find_wanted(tx: Tx, asked: Asked, *, actor: Actor) -> SessionFilter | None:
    """The filter with the client looked up in the blind index; None when there is no such client."""
    if not asked.client:
        return asked.wanted
    client_id = client_id_of(tx, asked.client, actor=actor, keyring=services().keyring)
    return None if client_id is None else replace(asked.wanted, client_id=client_id)


def read_titles(tx: Tx, *, actor: Actor) -> dict[str, str]:
    """Titles of the clinic's checklists by id, in its language."""
    language = current_clinic().language
    return {
        template.id: localized(template.title, language)
        for template, _ in list_templates(tx, actor=actor)
    }


def list_values(tx: Tx, asked: Asked, *, actor: Actor, path: str, base: str) -> dict[str, Any]:
    """Everything the list's template needs.

    Args:
        tx: one snapshot.
        asked: the filters.
        actor: who looks.
        path: the address of this list.
        base: the address under which this desk shows a session.
    """
    wanted = find_wanted(tx, asked, actor=actor)
    rows, cursor, count = [], None, 0
    if wanted is not None:
        found = list_sessions(
            tx,
            wanted,
            actor=actor,
            keyring=services().keyring,
            after=asked.cursor,
            limit=PAGE + 1,
        )
        page, cursor = cut_page(found, PAGE, _place)
        titles = read_titles(tx, actor=actor)
        rows = [line_values(each, titles, base=base) for each in page]
        count = count_sessions(tx, wanted, actor=actor)
    return {
        "rows": rows,
        "count": capped(count),
        "one": count == 1,
        "fields": _fields(asked, read_names(tx, clinic_id=actor.clinic_id)),
        "path": path,
        "clear_href": path if asked.filtered else None,
        "next_href": f"{path}?{asked.query(cursor=cursor)}" if cursor else None,
        "first_href": f"{path}?{asked.query()}" if asked.cursor else None,
        "csv_href": f"{path}?{asked.query(format='csv')}",
        "unknown_client": asked.client if wanted is None else None,
        "filtered": asked.filtered,
        "problems": asked.problems,
    }


def _place(listed: ListedSession) -> tuple[datetime, str]:
    return listed.line.opened_at, listed.line.session_id


def _fields(asked: Asked, names: Mapping[str, str]) -> tuple[tuple[Any, ...], ...]:
    """As the macro ``filters`` takes them: name, label, type, value, options."""
    values = asked.values
    states = (
        ("", "All"),
        (_OPEN, "Open"),
        *((state.value, word) for state, word in STATES.items()),
    )
    people = (("", "Everybody"), *names.items())
    late = (("", "All"), ("yes", "With late entries"))
    return (
        ("state", "State", "select", values["state"], states),
        ("from", "Opened from", "date", values["from"], ()),
        ("to", "Opened to", "date", values["to"], ()),
        ("practitioner", "Practitioner", "select", values["practitioner"], people),
        ("client", "Client’s reference", "search", values["client"], ()),
        ("late", "Late entries", "select", values["late"], late),
    )


def refuse_unknown_format(text: str | None) -> None:
    """Raises ``Refused`` unless the list is asked for as a page or as CSV."""
    if text not in (None, "", "csv"):
        raise Refused("format", text, "is not offered", allowed="csv")
