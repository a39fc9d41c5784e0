"""The manager's first page and list of sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Role
from compliance.domain.gate import Blocker, GateAnswer
from compliance.operations.overview import (
    REPORT_EVERY,
    DayView,
    Finding,
    Reason,
    WaitingSession,
    read_day,
)
from compliance.operations.safekeeping.journal import backup_state
from compliance.web.context import page_values, services, show_time
from compliance.web.desk.anchoring import anchor_values
from compliance.web.desk.doors import at_desk
from compliance.web.desk.first_steps import list_first_steps
from compliance.web.desk.listing import list_values, read_asked, read_titles, refuse_unknown_format
from compliance.web.desk.spreadsheets import csv_response
from compliance.web.desk.wording import (
    capital,
    capped,
    count_of,
    line_values,
    number_word,
    whole_days,
)
from compliance.web.tablet.wording import show_date, show_part

blueprint = Blueprint("desk_manager", __name__)

SESSIONS: Final = "/manager/sessions"
_NOT_YET_DONE: Final = frozenset({"missing", "evidence_missing", "wrong_state"})
"""Blockers that only say that the work is not finished. Any other one is a problem."""

_STEPS: Final = {"draft": "the start", "in_progress": "the end", "treated": "closing"}


@blueprint.get("/manager")
def show_day() -> ResponseReturnValue:
    actor = at_desk(Role.MANAGER)
    now = services().clock()
    with services().database.reading() as tx:
        day = read_day(tx, actor=actor, now=now, keyring=services().keyring)
        titles = read_titles(tx, actor=actor)
        anchored = anchor_values(tx, actor.clinic_id, now)
        first_steps = list_first_steps(tx, actor=actor)
    opened = [_open_values(day, each, titles) for each in day.open]
    settings = services().settings
    backup = backup_state(settings.data_dir, now, every_hours=settings.backup_every_hours)
    return render_template(
        "desk/day.html",
        page=page_values("Today", section="manager"),
        today=f"{day.today:%A}, {show_date(day.today)}",
        verdict=_verdict(day.reasons, begun=not first_steps, reported=day.last_report is not None),
        first_steps=first_steps,
        anchored=anchored,
        reasons=tuple(_reason_values(reason) for reason in day.reasons),
        stats=_stats(day, opened),
        open=tuple(each for each in opened if not each["problem"]),
        blocked=tuple(each for each in opened if each["problem"]),
        waiting=tuple(_waiting_values(each, titles, now - each.since) for each in day.waiting),
        late=tuple(line_values(each, titles, base=SESSIONS) for each in day.late),
        ended=tuple(line_values(each, titles, base=SESSIONS) for each in day.ended),
        # A demo is thrown away, so nobody has to back it up.
        backup_missing="" if backup.ok or settings.demo else backup.sentence,
        today_query=day.today.isoformat(),
        last_report=None
        if day.last_report is None
        else (show_time(day.last_report.requested_at), f"/reports/{day.last_report.report_id}"),
    )


def _verdict(reasons: tuple[Reason, ...], *, begun: bool, reported: bool) -> tuple[str, str, str]:
    """Word, sentence and tone of the answer on top."""
    if not reasons and not begun:
        return "Yes", "No session was opened yet, so nothing is in the way.", "good"
    if not reasons:
        report = (
            f"the last report is younger than {REPORT_EVERY.days} days"
            if reported
            else f"no report is due before the clinic is {REPORT_EVERY.days} days old"
        )
        return (
            "Yes",
            (
                "No recall is open, every session of the days before is closed, nothing waits too "
                "long for the sterilization room, every escalated incident was followed up, and "
                f"{report}."
            ),
            "good",
        )
    said = [_because(reason) for reason in reasons]
    joined = said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1]
    return "Not yet", f"Because {joined}.", "warn"


def _because(reason: Reason) -> str:
    count = reason.count
    match reason.finding:
        case Finding.OPEN_TOO_LONG:
            return (
                count_of(count, "session has", "sessions have") + " been open for more than a day"
            )
        case Finding.WAITING_TOO_LONG:
            waits = count_of(count, "session has", "sessions have")
            return f"{waits} waited for sterilization for more than three days"
        case Finding.INCIDENT_UNANSWERED:
            has = count_of(count, "escalated incident has", "escalated incidents have")
            return f"{has} no follow-up"
        case Finding.RECALL_OPEN:
            return count_of(count, "recall is", "recalls are") + " open"
        case Finding.INJURY_UNREPORTED:
            was = count_of(count, "injury without a session was", "injuries without a session were")
            return f"{was} recorded since the last report"
        case Finding.NO_REPORT:
            return f"no report was made for {number_word(count)} days"


def _reason_values(reason: Reason) -> dict[str, str]:
    """What to look at, why it matters and where to go, for one line of the list."""
    since = show_time(reason.since)
    count = reason.count
    one = f"{SESSIONS}/{reason.session_id}" if reason.session_id else None
    match reason.finding:
        case Finding.OPEN_TOO_LONG:
            return {
                "what": capital(count_of(count, "open session", "open sessions")),
                "why": f"Opened on {since}."
                if one
                else f"Open for more than a day; the newest was opened on {since}.",
                "do": "Open it" if one else "Work them off",
                "href": one or "/manager/stale",
            }
        case Finding.WAITING_TOO_LONG:
            return {
                "what": capital(
                    count_of(count, "device waits for its cycle", "devices wait for their cycle")
                ),
                "why": f"Sent back on {since}." if one else f"The oldest was sent back on {since}.",
                "do": "Open it" if one else "See what waits",
                "href": one or f"{SESSIONS}?state=awaiting_reprocessing",
            }
        case Finding.INCIDENT_UNANSWERED:
            return {
                "what": capital(count_of(count, "incident to follow up", "incidents to follow up")),
                "why": f"Escalated on {since}{'' if count == 1 else ' and later'}, and nobody "
                "recorded how the client is.",
                "do": "Open it" if count == 1 else "Open the oldest",
                "href": one or SESSIONS,
            }
        case Finding.RECALL_OPEN:
            return {
                "what": capital(count_of(count, "open recall", "open recalls")),
                "why": f"Opened on {since}: clients may have to be told, and packs to be pulled.",
                "do": "Open it" if reason.recall_id else "See them",
                "href": f"/recalls/{reason.recall_id}" if reason.recall_id else "/recalls",
            }
        case _:
            return {**_unreported(reason, since), "do": "Make a report", "href": "/reports"}


def _unreported(reason: Reason, since: str) -> dict[str, str]:
    """What a report would set right, and why."""
    count = reason.count
    if reason.finding is Finding.NO_REPORT:
        return {
            "what": "No report for a month",
            "why": f"A report fixes what the record says. The last moment to count from is {since}.",
        }
    return {
        "what": capital(count_of(count, "injury without a session", "injuries without a session")),
        "why": f"Recorded on {since}{'' if count == 1 else ' and later'}. It stands with no "
        "client, so a report is where an inspector finds it.",
    }


def _problems(gate: GateAnswer) -> list[Blocker]:
    return [blocker for blocker in gate.blockers if blocker.code not in _NOT_YET_DONE]


def _open_values(day: DayView, listed: Any, titles: dict[str, str]) -> dict[str, Any]:
    values = line_values(listed, titles, base=SESSIONS)
    gate = day.gates[listed.line.session_id]
    problems = _problems(gate)
    left = len(gate.blockers)
    step = _STEPS[values["state"]]
    values["left"] = (
        f"{capital(count_of(left, 'thing', 'things'))} left before {step}"
        if left
        else f"Ready for {step}"
    )
    values["problem"] = (
        f"{capital(count_of(len(problems), 'thing is', 'things are'))} in the way of {step}"
        if problems
        else ""
    )
    values["first"] = problems[0].reason if problems else ""
    return values


def _waiting_values(
    waiting: WaitingSession, titles: dict[str, str], age: timedelta
) -> dict[str, Any]:
    values = line_values(waiting.listed, titles, base=SESSIONS)
    values["parts"] = ", ".join(show_part(component) for component in waiting.components)
    values["since"] = show_time(waiting.since)
    values["age"] = capital(whole_days(age))
    return values


def _stats(
    day: DayView, opened: list[dict[str, Any]]
) -> tuple[tuple[str, str, str | None, str], ...]:
    """Label, number, tone and address of the five numbers."""
    today = day.today.isoformat()
    blocked = sum(bool(each["problem"]) for each in opened)
    return (
        ("Open", capped(day.open_count), None, f"{SESSIONS}?state=open"),
        ("Blocked", str(blocked), "bad" if blocked else None, "#blocked"),
        (
            "Waiting for sterilization",
            capped(day.waiting_count),
            "wait" if day.waiting_count else None,
            f"{SESSIONS}?state=awaiting_reprocessing",
        ),
        (
            "Entered late today",
            capped(day.late_count),
            "warn" if day.late_count else None,
            f"{SESSIONS}?late=yes&from={today}",
        ),
        ("Ended today", capped(day.ended_count), "good" if day.ended_count else None, "#ended"),
    )


@blueprint.get(SESSIONS)
def show_sessions() -> ResponseReturnValue:
    actor = at_desk(Role.MANAGER)
    refuse_unknown_format(request.args.get("format"))
    asked = read_asked(request.args)
    if request.args.get("format") == "csv":
        return csv_response(asked, actor=actor)
    with services().database.reading() as tx:
        values = list_values(tx, asked, actor=actor, path=SESSIONS, base=SESSIONS)
    return render_template(
        "desk/sessions.html", page=page_values("Sessions", section="manager"), **values
    )
