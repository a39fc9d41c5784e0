"""What the manager is told about time-stamps."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.operations.anchoring.status import AnchorStatus, Gap, read_status
from compliance.store.session import Tx
from compliance.web.context import services, show_time
from compliance.web.desk.wording import count_of, whole_days

_TONES = {Gap.NONE: "good", Gap.AMBER: "warn", Gap.RED: "bad"}
_TITLES = {
    Gap.NONE: "Time-stamped",
    Gap.AMBER: "No time-stamp for a day",
    Gap.RED: "No time-stamp for a week",
}


def anchor_values(tx: Tx, clinic_id: str, now: datetime) -> dict[str, str] | None:
    """Tone, title, sentence and what to do; nothing where no authority is asked."""
    status = read_status(tx, clinic_id, services().workshop.anchors, now=now)
    if status.gap is Gap.OFF:
        return None
    return {
        "tone": _TONES[status.gap],
        "title": _TITLES[status.gap],
        "sentence": _sentence(status, now),
        "todo": _todo(status),
    }


def _sentence(status: AnchorStatus, now: datetime) -> str:
    last = status.last
    if last is None:
        return "Nobody outside has seen the log yet. What is entered now can be doubted until somebody has."
    ago = now - last.gen_time
    when = "less than a day ago" if ago < timedelta(days=1) else f"{whole_days(ago)} ago"
    who = last.authority if last.independent else f"your own authority ({last.authority})"
    return (
        f"The first {last.size} entries of the log were seen {when}, on {show_time(last.gen_time)}, by "
        f"{who}."
    )


def _todo(status: AnchorStatus) -> str:
    if not status.failing:
        return ""
    targets = ", ".join(f"{one.target} ({one.problem})" for one in status.failing)
    tried = count_of(len(status.failing), "does", "do")
    return (
        f"Of those asked, {tried} not answer: {targets}. It is tried again by itself; if it lasts, whoever looks "
        "after this machine checks the address and the connection."
    )
