"""The manager's first page: is the clinic ready for an inspection, and what is there to do today."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor, Role
from compliance.domain.gate import GateAnswer
from compliance.domain.words import SessionState
from compliance.operations.clinics import clinic_of
from compliance.operations.personal import Keyring
from compliance.operations.treatments.reading import ListedSession, load_many, open_refs
from compliance.store import overview, people, recalls, session_lists, things, waits
from compliance.store.clinics import ClinicRow
from compliance.store.overview import LastReport
from compliance.store.session import Tx
from compliance.store.session_lists import SessionFilter

__all__ = ["LastReport"]

OPEN_STATES: Final = (SessionState.DRAFT, SessionState.IN_PROGRESS, SessionState.TREATED)
OPEN_TOO_LONG: Final = timedelta(days=1)
WAITING_TOO_LONG: Final = timedelta(days=3)
REPORT_EVERY: Final = timedelta(days=31)
CARDS: Final = 30
"""So many sessions of each kind are shown; the rest is a link to the list."""


class Finding(enum.StrEnum):
    """Why a clinic is not ready to be inspected."""

    OPEN_TOO_LONG = "open_too_long"
    WAITING_TOO_LONG = "waiting_too_long"
    INCIDENT_UNANSWERED = "incident_unanswered"
    INJURY_UNREPORTED = "injury_unreported"
    NO_REPORT = "no_report"
    RECALL_OPEN = "recall_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One finding with the facts behind it."""

    finding: Finding
    count: int
    since: datetime
    """The oldest of the things counted; for a missing report the last one, or the founding."""
    session_id: str | None = None
    """Set when one session is meant."""
    recall_id: str | None = None
    """Set when one recall is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSession:
    """A signed session that waits for the sterilization room."""

    listed: ListedSession
    since: datetime
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One moment of one clinic; lists hold at most ``CARDS`` sessions, counts all of them."""

    today: date
    reasons: tuple[Reason, ...]
    """Empty when the clinic is ready to be inspected."""
    open: Sequence[ListedSession]
    open_count: int
    gates: Mapping[str, GateAnswer]
    """What is left to do in each session of ``open``."""
    waiting: Sequence[WaitingSession]
    waiting_count: int
    late: Sequence[ListedSession]
    """Opened today, with at least one answer entered late."""
    late_count: int
    ended: Sequence[ListedSession]
    """Closed or aborted today."""
    ended_count: int
    last_report: LastReport | None


def read_day(tx: Tx, *, actor: Actor, now: datetime, keyring: Keyring) -> DayView:
    """Read the manager's day; the number of queries does not grow beyond ``CARDS`` sessions.

    Raises:
        NotPermitted: the actor may not read sessions.
    """
    actor.require(Action.READ_SESSIONS)
    clinic = clinic_of(tx, actor)
    zone = ZoneInfo(clinic.time_zone)
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone)
    still_open = SessionFilter(states=OPEN_STATES)
    late = SessionFilter(late=True, opened_from=midnight)
    clinic_id = actor.clinic_id
    lines = session_lists.list_sessions(tx, clinic_id, still_open, after=None, limit=CARDS)
    late_lines = session_lists.list_sessions(tx, clinic_id, late, after=None, limit=CARDS)
    ended = session_lists.list_ended_since(tx, clinic_id, midnight, limit=CARDS)
    waiting = _read_waiting(tx, clinic_id, keyring)
    last_report = overview.find_last_report(tx, clinic_id)
    return DayView(
        today=today,
        reasons=_find_reasons(tx, clinic, waiting, last_report, now),
        open=open_refs(tx, keyring, clinic_id, lines),
        open_count=session_lists.count_sessions(tx, clinic_id, still_open),
        gates=load_many(tx, [line.session_id for line in lines], actor=actor, now=now),
        waiting=waiting[:CARDS],
        waiting_count=waits.count_waiting(tx, clinic_id),
        late=open_refs(tx, keyring, clinic_id, late_lines),
        late_count=session_lists.count_sessions(tx, clinic_id, late),
        ended=open_refs(tx, keyring, clinic_id, ended),
        ended_count=session_lists.count_ended_since(tx, clinic_id, midnight),
        last_report=last_report,
    )


def _find_reasons(
    tx: Tx,
    clinic: ClinicRow,
    waiting: Sequence[WaitingSession],
    last_report: LastReport | None,
    now: datetime,
) -> tuple[Reason, ...]:
    found = (
        _recalls(tx, clinic.clinic_id),
        _open_too_long(tx, clinic.clinic_id, now),
        _waiting_too_long(tx, clinic.clinic_id, waiting, now),
        _incidents(tx, clinic.clinic_id),
        _injuries(tx, clinic, last_report),
        _no_report(last_report, clinic.created_at, now),
    )
    return tuple(reason for reason in found if reason is not None)


def find_last_report(tx: Tx, *, actor: Actor) -> LastReport | None:
    """The newest report that was made to the end, for “since the last report”."""
    actor.require(Action.READ_REPORTS)
    return overview.find_last_report(tx, actor.clinic_id)


def find_access_end(tx: Tx, *, actor: Actor, now: datetime) -> datetime | None:
    """When an inspector's access to this clinic ends, not included; None without an end."""
    return next(
        (
            role.valid_to
            for role in people.find_roles(tx, actor.user_id, valid=now)
            if role.clinic_id == actor.clinic_id and role.role == Role.INSPECTOR
        ),
        None,
    )


def _read_waiting(tx: Tx, clinic_id: str, keyring: Keyring) -> list[WaitingSession]:
    """The sessions that wait longest, oldest first; `list_waits` stops at 200 parts."""
    since: dict[str, datetime] = {}
    parts: dict[str, list[str]] = {}
    for wait in things.list_waits(tx, clinic_id):
        since.setdefault(wait.session_id, wait.since)
        parts.setdefault(wait.session_id, []).append(wait.component)
    lines = session_lists.read_lines(tx, clinic_id, list(since))
    listed = {each.line.session_id: each for each in open_refs(tx, keyring, clinic_id, lines)}
    return [
        WaitingSession(listed=listed[session_id], since=moment, components=tuple(parts[session_id]))
        for session_id, moment in since.items()
    ]


def _open_too_long(tx: Tx, clinic_id: str, now: datetime) -> Reason | None:
    old = SessionFilter(states=OPEN_STATES, opened_to=now - OPEN_TOO_LONG)
    count = session_lists.count_sessions(tx, clinic_id, old)
    if not count:
        return None
    newest = session_lists.list_sessions(tx, clinic_id, old, after=None, limit=1)[0]
    return Reason(
        finding=Finding.OPEN_TOO_LONG,
        count=count,
        since=newest.opened_at,
        session_id=newest.session_id if count == 1 else None,
    )


def _waiting_too_long(
    tx: Tx, clinic_id: str, waiting: Sequence[WaitingSession], now: datetime
) -> Reason | None:
    count = waits.count_waiting(tx, clinic_id, before=now - WAITING_TOO_LONG)
    if not count:
        return None
    oldest = waiting[0]
    return Reason(
        finding=Finding.WAITING_TOO_LONG,
        count=count,
        since=oldest.since,
        session_id=oldest.listed.line.session_id if count == 1 else None,
    )


def _recalls(tx: Tx, clinic_id: str) -> Reason | None:
    """Nothing is more urgent than a client who has to be told."""
    count = recalls.count_open(tx, clinic_id)
    if not count:
        return None
    newest = recalls.list_recalls(tx, clinic_id, after=None, limit=1, state="open")[0]
    return Reason(
        finding=Finding.RECALL_OPEN,
        count=count,
        since=newest.opened_at,
        recall_id=newest.recall_id if count == 1 else None,
    )


def _incidents(tx: Tx, clinic_id: str) -> Reason | None:
    """Escalated ones of sessions, which a follow-up answers."""
    escalated = [
        event
        for event in overview.list_unanswered_incidents(tx, clinic_id)
        if event.data.get("escalated")
    ]
    if not escalated:
        return None
    oldest = escalated[-1]
    return Reason(
        finding=Finding.INCIDENT_UNANSWERED,
        count=len(escalated),
        since=oldest.at,
        session_id=oldest.session_id,
    )


def _injuries(tx: Tx, clinic: ClinicRow, last: LastReport | None) -> Reason | None:
    """Escalated ones of no session, such as a prick while clearing up: no client is followed up,
    so a report that shows it to the inspector answers it."""
    since = clinic.created_at if last is None else last.requested_at
    found = overview.list_loose_incidents(tx, clinic.clinic_id, since=since)
    escalated = [event for event in found if event.data.get("escalated")]
    if not escalated:
        return None
    return Reason(finding=Finding.INJURY_UNREPORTED, count=len(escalated), since=escalated[-1].at)


def _no_report(last: LastReport | None, founded: datetime, now: datetime) -> Reason | None:
    since = founded if last is None else last.requested_at
    if now - since <= REPORT_EVERY:
        return None
    return Reason(finding=Finding.NO_REPORT, count=(now - since).days, since=since)
