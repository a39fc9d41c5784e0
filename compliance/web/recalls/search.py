"""The one search: one field, and who met what it means."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.errors import NotFound
from compliance.operations.sterilization.searching import (
    MEETABLE,
    Thing,
    count_met,
    find_things,
    name_thing,
    read_notice,
    who_met,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import page_values, services
from compliance.web.recalls.room import PAGE, at_recalls, blueprint, met_line
from compliance.web.recalls.sheets import search_sheet

_LONGEST = 200


@blueprint.get("/search")
def show_search() -> ResponseReturnValue:
    actor = at_recalls()
    typed = request.args.get("q", "").strip()[:_LONGEST]
    kind, ref = request.args.get("kind", ""), request.args.get("ref", "")[:_LONGEST]
    with services().database.reading() as tx:
        things: tuple[Thing, ...] = ()
        if kind not in MEETABLE or not ref:
            things = find_things(tx, typed, actor=actor, keyring=services().keyring)
            kind, ref = (things[0].kind, things[0].ref) if len(things) == 1 else ("", "")
        if kind and request.args.get("format") == "csv":
            return search_sheet(name_thing(tx, kind, ref, actor=actor), kind, ref, actor=actor)
        found = _found(tx, kind, ref, actor) if kind else None
    return render_template(
        "recalls/search.html",
        page=page_values("Search", section="search"),
        typed=typed,
        things=tuple(_thing_values(thing, typed) for thing in things) if not kind else (),
        found=found,
        may_export=actor.may(Action.EXPORT_REPORTS),
    )


def _thing_values(thing: Thing, typed: str) -> dict[str, str]:
    query = urlencode({"q": typed, "kind": thing.kind, "ref": thing.ref})
    return {"label": thing.label, "detail": thing.detail, "href": f"/search?{query}"}


def _found(tx: Tx, kind: str, ref: str, actor: Actor) -> dict[str, Any] | None:
    keyring = services().keyring
    try:
        name = name_thing(tx, kind, ref, actor=actor)
        sessions, clients = count_met(tx, kind, ref, actor=actor, keyring=keyring)
    except NotFound:
        return None
    after = read_moment_cursor(request.args.get("cursor"))
    met = who_met(tx, kind, ref, actor=actor, keyring=keyring, after=after, limit=PAGE + 1)
    page, cursor = cut_page(
        met, PAGE, lambda each: (each.meeting.opened_at, each.meeting.session_id)
    )
    notice = read_notice(ref) if kind == "lot" else None
    asked = {"q": request.args.get("q", ""), "kind": kind, "ref": ref}
    return {
        "kind": kind,
        "ref": ref,
        "name": name,
        "sessions": sessions,
        "clients": clients,
        "lines": tuple(met_line(each, actor, notice) for each in page),
        "next_href": f"/search?{urlencode({**asked, 'cursor': cursor})}" if cursor else None,
        "first_href": f"/search?{urlencode(asked)}" if after else None,
        "csv_href": f"/search?{urlencode({**asked, 'format': 'csv'})}",
    }
