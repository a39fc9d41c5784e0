"""Sessions that were left open: how long, what they lack, and the ways to end them honestly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Role
from compliance.domain.gate import GateAnswer
from compliance.operations.overview import OPEN_STATES, OPEN_TOO_LONG
from compliance.operations.treatments.reading import (
    ListedSession,
    SessionFilter,
    list_oldest_sessions,
    load_many,
)
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import page_values, services
from compliance.web.desk.doors import at_desk
from compliance.web.desk.listing import read_titles
from compliance.web.desk.wording import capital, count_of, line_values, whole_days

blueprint = Blueprint("desk_setting_right", __name__)

PAGE: Final = 50
"""Sessions on a page."""

_NAMED: Final = 3
"""So many of the things a session lacks are written out."""


@blueprint.get("/manager/stale")
def show_stale() -> ResponseReturnValue:
    actor = at_desk(Role.MANAGER)
    now = services().clock()
    wanted = SessionFilter(states=OPEN_STATES, opened_to=now - OPEN_TOO_LONG)
    after = read_moment_cursor(request.args.get("cursor"))
    with services().database.reading() as tx:
        listed = list_oldest_sessions(
            tx, wanted, actor=actor, keyring=services().keyring, after=after, limit=PAGE + 1
        )
        found, cursor = cut_page(
            listed, PAGE, lambda each: (each.line.opened_at, each.line.session_id)
        )
        gates = load_many(tx, [each.line.session_id for each in found], actor=actor, now=now)
        titles = read_titles(tx, actor=actor)
    return render_template(
        "desk/stale.html",
        page=page_values("Left open", section="manager"),
        rows=tuple(
            _values(
                each,
                gates[each.line.session_id],
                titles,
                now - each.line.opened_at,
                mine=each.line.practitioner_id == actor.user_id,
            )
            for each in found
        ),
        next_href=f"/manager/stale?cursor={cursor}" if cursor else None,
        first_href="/manager/stale" if after else None,
    )


def _values(
    listed: ListedSession,
    gate: GateAnswer,
    titles: dict[str, str],
    age: timedelta,
    *,
    mine: bool,
) -> dict[str, Any]:
    values = line_values(listed, titles, base="/manager/sessions")
    session_id = listed.line.session_id
    reasons = [blocker.reason for blocker in gate.blockers]
    hidden = len(reasons) - _NAMED
    return {
        **values,
        "age": capital(whole_days(age)),
        "missing": tuple(reasons[:_NAMED]),
        "more": f"and {count_of(hidden, 'thing', 'things')} more" if hidden > 0 else "",
        "mine": mine,
        "go_on": f"/sessions/{session_id}",
        "take_over": f"/sessions/{session_id}/take-over",
        "abort": f"/sessions/{session_id}/abort",
    }
