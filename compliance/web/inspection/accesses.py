"""What inspectors read, shown to both sides: all of it to the manager, their own to each inspector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor, Role
from compliance.operations.access_seals import Covered, read_covered
from compliance.operations.inspector_accesses import AccessRow, list_accesses, list_inspectors
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.desk.doors import at_desk
from compliance.web.desk.listing import refuse_unknown_format
from compliance.web.desk.spreadsheets import write_rows
from compliance.web.house.doors import asked_text
from compliance.web.inspection.reads import HREFS, WAYS, say_asked, say_what

blueprint = Blueprint("accesses", __name__)

MANAGER: Final = "/manager/access"
INSPECTOR: Final = "/inspector/access"
PAGE: Final = 50
_BATCH: Final = 500
_HEADINGS: Final = ("When", "Inspector", "What", "Which", "Narrowed", "How", "Token", "Number")


@blueprint.get(MANAGER)
def show_all() -> ResponseReturnValue:
    actor = at_desk(Role.MANAGER)
    refuse_unknown_format(request.args.get("format"))
    chosen = asked_text("inspector", most=80) or None
    if request.args.get("format") == "csv":
        return _sheet(chosen, actor=actor)
    values = _page(actor, chosen, path=MANAGER)
    return render_template(
        "inspection/accesses.html",
        page=page_values("What inspectors read", section="people"),
        **values,
    )


@blueprint.get(INSPECTOR)
def show_own() -> ResponseReturnValue:
    actor = at_desk(Role.INSPECTOR)
    # A manager who inspects too has the list of everybody at their own desk.
    values = _page(actor, actor.user_id, path=INSPECTOR)
    return render_template(
        "inspection/own_accesses.html",
        page=page_values("What you read", section="inspector"),
        **values,
    )


def _page(actor: Actor, chosen: str | None, *, path: str) -> dict[str, Any]:
    after = read_moment_cursor(request.args.get("cursor"))
    with services().database.reading() as tx:
        names = list_inspectors(tx, actor=actor)
        found = list_accesses(tx, actor=actor, user_id=chosen, after=after, limit=PAGE + 1)
        covered = read_covered(tx, actor=actor)
    page, cursor = cut_page(found, PAGE, lambda row: (row.at, row.access_id))
    asked = {"inspector": chosen} if chosen and path == MANAGER else {}
    here = f"{path}?{urlencode(asked)}" if asked else path
    more = {**asked, "cursor": cursor or ""}
    csv = {**asked, "format": "csv"}
    return {
        "rows": tuple(_line(row, names, linked=path == MANAGER) for row in page),
        "fixed": _say_fixed(covered),
        "inspectors": tuple(names.items()),
        "chosen": chosen or "",
        "path": path,
        "next_href": f"{path}?{urlencode(more)}" if cursor else None,
        "first_href": here if after else None,
        "csv_href": f"{path}?{urlencode(csv)}",
    }


def _say_fixed(covered: Covered | None) -> str:
    """How far nobody can take a line away any more."""
    if covered is None:
        return (
            "A fingerprint of these lines goes into the log before every report, and after midnight "
            "of a day on which something was read. From then on no line can be taken away unnoticed."
        )
    return (
        f"Entry {covered.index} of the log, made {show_time(covered.at)}, holds a fingerprint of every "
        "line before it: none of them can be taken away or changed unnoticed. What was read since "
        "follows before the next report, or after midnight."
    )


def _line(row: AccessRow, names: Mapping[str, str], *, linked: bool) -> dict[str, Any]:
    thing = row.thing.partition(", ")[0]
    href = f"{HREFS[row.what]}{thing}" if linked and thing and row.what in HREFS else None
    return {
        "at": show_time(row.at),
        "who": names.get(row.user_id, row.user_id),
        "what": say_what(row.what),
        "href": href,
        "which": _which(row.thing),
        "asked": say_asked(row.asked),
        "way": WAYS[row.way],
    }


def _which(thing: str) -> str:
    """The parts of the address: an id by its end, which is what differs between two.

    A word joiner keeps a narrow column from breaking behind the dots.
    """
    parts = [part if len(part) < _LONG_ID else f"…\u2060{part[-8:]}" for part in thing.split(", ")]
    return " ".join(parts)


_LONG_ID: Final = 36


def _sheet(chosen: str | None, *, actor: Actor) -> Response:
    """The same list, all pages of it, with whole ids, as one file."""
    clinic = current_clinic()
    today = services().clock().astimezone(ZoneInfo(clinic.time_zone)).date()
    response = Response(stream_with_context(_lines(chosen, actor)), mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="inspector-accesses-{clinic.slug}-{today.isoformat()}.csv"'
    )
    return response


def _lines(chosen: str | None, actor: Actor) -> Iterator[str]:
    zone = ZoneInfo(current_clinic().time_zone)
    # Without this mark spreadsheets take UTF-8 for the old alphabet of their country.
    yield "\ufeff" + write_rows([_HEADINGS])
    with services().database.reading() as tx:
        names = list_inspectors(tx, actor=actor)
        after = None
        while True:
            page = list_accesses(tx, actor=actor, user_id=chosen, after=after, limit=_BATCH)
            yield write_rows([_cells(row, names, zone) for row in page])
            if len(page) < _BATCH:
                return
            after = (page[-1].at, page[-1].access_id)


def _cells(row: AccessRow, names: Mapping[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    return (
        row.at.astimezone(zone).isoformat(timespec="seconds"),
        names.get(row.user_id, row.user_id),
        say_what(row.what),
        row.thing,
        say_asked(row.asked),
        WAYS[row.way],
        row.token_id or "",
        str(row.number),
    )


def register_accesses(app: Flask) -> None:
    app.register_blueprint(blueprint)
