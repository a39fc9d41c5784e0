"""What a recall takes back, computed from packs and sessions as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.errors import NotFound
from compliance.store import clinics, meetings, recalls, sterilizers, windows
from compliance.store.meetings import Meeting
from compliance.store.recalls import RecallRow
from compliance.store.session import Tx
from compliance.store.windows import Window

__all__ = ["Meeting", "RecallRow", "Window"]


def find_row(tx: Tx, recall_id: str, *, actor: Actor) -> RecallRow:
    """Raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = recalls.find_recall(tx, actor.clinic_id, recall_id)
    if row is None:
        raise NotFound("there is no such recall in this clinic")
    return row


def window_of(tx: Tx, row: RecallRow) -> Window:
    """The recall with the words and days by which packs without a recorded load are found."""
    if row.sterilizer_id is None:
        return Window(recall=row)
    machine = sterilizers.find_sterilizer(tx, row.clinic_id, row.sterilizer_id)
    clinic = clinics.find_clinic(tx, row.clinic_id)
    if machine is None or clinic is None:
        raise NotFound("the sterilizer of this recall is not on record")
    zone = ZoneInfo(clinic.time_zone)
    return Window(
        recall=row,
        words=windows.names_of(machine.code, machine.name),
        first_day=None if row.since is None else row.since.astimezone(zone).date(),
        last_day=None if row.until is None else row.until.astimezone(zone).date(),
    )


def affected_meetings(tx: Tx, row: RecallRow, _cycles: Sequence[str] = ()) -> list[Meeting]:
    """Every session whose client met what is taken back; a draft has met nothing yet.

    All of them at once, for whoever makes a document of them. Screens ask page by page.
    """
    found = windows.met_by_window(window_of(tx, row))
    return meetings.list_meetings(tx, row.clinic_id, found, after=None, limit=None)


def find_met(tx: Tx, row: RecallRow) -> Any:
    """The search for the sessions that a recall affects, to be paged or counted."""
    return windows.met_by_window(window_of(tx, row))
