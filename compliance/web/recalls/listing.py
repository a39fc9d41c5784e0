"""The list of recalls, open ones first, and the form for a maker's notice."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.operations.sterilization.recalling import (
    RecallRow,
    list_recalls,
    recall_lot,
    say_lot,
)
from compliance.operations.sterilization.telling import name_sterilizers
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_actor, page_values, services, show_time
from compliance.web.recalls.room import PAGE, at_recalls, blueprint
from compliance.web.tablet.sending import fresh_key, once
from compliance.web.tablet.wording import say_refusal


@blueprint.get("/recalls")
def show_recalls() -> ResponseReturnValue:
    return _page(at_recalls())


def _page(
    actor: Actor, *, typed: str = "", problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> ResponseReturnValue:
    after = read_moment_cursor(request.args.get("cursor"))
    with services().database.reading() as tx:
        codes = name_sterilizers(tx, actor=actor)
        # Few are ever open at once; the closed ones grow for ever and are paged.
        opened = [] if after else list_recalls(tx, actor=actor, limit=100, state="open")
        closed = list_recalls(tx, actor=actor, after=after, limit=PAGE + 1, state="closed")
    page, cursor = cut_page(closed, PAGE, lambda row: (row.opened_at, row.recall_id))
    values = {
        "open": tuple(recall_line(row, codes) for row in opened),
        "closed": tuple(recall_line(row, codes) for row in page),
        "next_href": f"/recalls?cursor={cursor}#closed" if cursor else None,
        "first_href": "/recalls#closed" if after else None,
        "paged": after is not None,
        "may_open": actor.may(Action.MANAGE_DEVICES),
        "key": fresh_key(services().clock()),
        "typed": typed,
        "problem": problem,
    }
    page_frame = page_values("Recalls", section="recalls")
    return render_template("recalls/list.html", page=page_frame, **values), status


def recall_line(row: RecallRow, codes: dict[str, str]) -> dict[str, Any]:
    """A recall in a list: what it is about and since when."""
    code = codes.get(row.sterilizer_id or "", "a sterilizer")
    return {
        "href": f"/recalls/{row.recall_id}",
        "title": f"L{say_lot(row.lot, row.gtin)[1:]}" if row.lot else f"Sterilizer {code}",
        "why": "A maker’s notice took it back."
        if row.lot
        else f"Spores grew{_times(row.positives)}; everything "
        + (f"since {show_time(row.since)}" if row.since else "it ever ran")
        + " is taken back.",
        "opened": show_time(row.opened_at),
        "closed": None if row.closed_at is None else show_time(row.closed_at),
    }


def _times(positives: int) -> str:
    return "" if positives == 1 else f" in {positives} tests"


@blueprint.post("/recalls/notices")
def take_notice() -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.MANAGE_DEVICES)
    typed = request.form.get("lot", "").strip()[:120]
    try:
        with services().database.writing() as tx:
            recall_id = once(tx, actor, lambda: _open(tx, typed, actor, now), now=now)
    except (Conflict, Refused) as error:
        conflict = isinstance(error, Conflict)
        status = HTTPStatus.CONFLICT if conflict else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(actor, typed=typed, problem=say_refusal(error), status=status)
    flash("The recall is open, and nobody can use this lot any more.", "good")
    return redirect(f"/recalls/{recall_id}", HTTPStatus.SEE_OTHER)


def _open(tx: Tx, typed: str, actor: Actor, now: datetime) -> str:
    return recall_lot(tx, typed, actor=actor, now=now).recall_id
