"""A list as CSV, streamed page by page so that its length costs no memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Response, stream_with_context

from compliance.domain.access import Actor
from compliance.operations.treatments.reading import ListedSession, list_sessions
from compliance.web.context import current_clinic, services
from compliance.web.desk.listing import Asked, find_wanted, read_titles
from compliance.web.desk.wording import STATES

_BATCH: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEADINGS: Final = (
    "Record",
    "Session",
    "Client",
    "Protocol",
    "Version",
    "Device",
    "Practitioner",
    "Opened",
    "Started",
    "Finished",
    "Ended",
    "State",
    "Entered late",
    "Amended",
)


def harmless(cell: str) -> str:
    """Quote what a spreadsheet would run as a formula.

    A client's reference is free text, and “=HYPERLINK(…)” must stay a text on the
    manager's computer.
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def csv_response(asked: Asked, *, actor: Actor) -> Response:
    """The list as it is filtered, all pages of it, as one file."""
    today = services().clock().astimezone(ZoneInfo(current_clinic().time_zone)).date()
    response = Response(stream_with_context(_lines(asked, actor)), mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="sessions-{current_clinic().slug}-{today.isoformat()}.csv"'
    )
    return response


def _lines(asked: Asked, actor: Actor) -> Iterator[str]:
    zone = ZoneInfo(current_clinic().time_zone)
    # Without this mark spreadsheets take UTF-8 for the old alphabet of their country.
    yield "\ufeff" + write_rows([_HEADINGS])
    with services().database.reading() as tx:
        wanted = find_wanted(tx, asked, actor=actor)
        if wanted is None:
            return
        titles = read_titles(tx, actor=actor)
        after = None
        while True:
            page = list_sessions(
                tx, wanted, actor=actor, keyring=services().keyring, after=after, limit=_BATCH
            )
            yield write_rows([_row(each, titles, zone) for each in page])
            if len(page) < _BATCH:
                return
            after = (page[-1].line.opened_at, page[-1].line.session_id)


def _row(listed: ListedSession, titles: dict[str, str], zone: ZoneInfo) -> Sequence[str]:
    line = listed.line
    return (
        "" if line.closed_index is None else str(line.closed_index),
        line.session_id,
        listed.client_ref,
        titles.get(line.template_id, line.template_id),
        str(line.template_version),
        line.device_label,
        line.practitioner_name,
        *(
            _time(moment, zone)
            for moment in (line.opened_at, line.started_at, line.finished_at, line.ended_at)
        ),
        STATES[line.state],
        "yes" if line.late else "no",
        "yes" if line.amended else "no",
    )


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def write_rows(rows: Sequence[Sequence[str]]) -> str:
    """CSV of rows whose cells a spreadsheet cannot run."""
    text = io.StringIO()
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue()
