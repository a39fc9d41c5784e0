"""What the pages of recalls and of the search share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint

from compliance.domain.access import Action, Actor
from compliance.domain.tracing import LotNotice
from compliance.operations.reporting.traced_words import (
    say_found_by,
    say_packs,
    say_refused,
)
from compliance.operations.sterilization.worklist import Met
from compliance.web.context import current_actor, current_clinic, show_time
from compliance.web.desk.wording import say_evidence

blueprint = Blueprint("recalls", __name__)

PAGE: Final = 25
"""Lines of each list on one page."""

STATES: Final = {
    "pulled": ("Pulled", "good"),
    "missing": ("Not there", "bad"),
}
OUTCOMES: Final = {
    "reached": ("Reached", "good"),
    "letter_sent": ("Letter sent", "good"),
    "declined": ("Declined", "good"),
    "not_reached": ("Not reached", "warn"),
}
"""Word and tone of each outcome of a call, in the order of the buttons."""


def at_recalls() -> Actor:
    """Whoever may follow a pack to the clients it met.

    Raises:
        SignInRequired: nobody is signed in.
        NotPermitted: the role does not include it.
    """
    actor = current_actor()
    actor.require(Action.TRACE)
    return actor


def show_date_of(moment: datetime) -> str:
    """The clinic's day of a moment: 20 Nov 2026."""
    local = moment.astimezone(ZoneInfo(current_clinic().time_zone))
    return f"{local.day} {local:%b %Y}"


def session_href(session_id: str, actor: Actor) -> str | None:
    """Where this person reads a session, if they may."""
    if actor.may(Action.AMEND_SESSION):
        return f"/manager/sessions/{session_id}"
    return f"/inspector/sessions/{session_id}" if actor.may(Action.READ_SESSIONS) else None


def met_line(met: Met, actor: Actor, notice: LotNotice | None = None) -> dict[str, Any]:
    """A session in a list of who met something; with a notice, of who met its lot."""
    return {
        "client": met.client_ref,
        "href": session_href(met.meeting.session_id, actor),
        "opened": show_time(met.meeting.opened_at),
        "state": met.meeting.state,
        "packs": say_packs(met),
        "evidence": "; ".join(say_evidence(met.pieces)),
        "refused": say_late(met),
        "found_by": say_found_by(met, notice),
    }


def say_late(met: Met) -> tuple[str, ...]:
    """What late answers say was used, as signed lists say it too."""
    return say_refused(met, show_time)
