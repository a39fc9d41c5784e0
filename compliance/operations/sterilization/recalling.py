"""Recalls: what is taken back, whom to call, and when everybody was told."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.tracing import LotNotice, normal_gtin, normal_lot
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_lot_code
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.affected import (
    affected_meetings,
    find_met,
    find_row,
    window_of,
)
from compliance.operations.sterilization.entering import as_recorded, commit_reason
from compliance.scanning.gs1 import parse_gs1
from compliance.store import meetings, recalls, spore_tests, windows
from compliance.store.recalls import RecallRow
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import SterilizerRow

__all__ = ["RecallRow", "affected_meetings", "find_row"]

OUTCOMES: Final = ("reached", "not_reached", "letter_sent", "declined")
TOLD: Final = frozenset({"reached", "letter_sent", "declined"})
"""Outcomes after which nothing more is owed to the client."""

_GS1: Final = re.compile(r"\([0-9]{2,4}\)|[\]\x1d]|01[0-9]{14}.")
"""How a GS1 element string begins: bracketed, as scanners send it, or with a GTIN."""

_A_TIME: Final = 400
"""Ids named in one entry, which holds at most 60 000 bytes."""

FIELDS: Final = ("kind", "lot", "gtin", "since", "last_negative")


def recall_loads(
    tx: Tx, machine: SterilizerRow, failed: SporeRow, *, actor: Actor, now: datetime
) -> RecallRow:
    """Open the recall of a failed test, or count another positive one of an open window.

    Every pack of the window that was not opened becomes ``recalled``. A test that is
    read late and reaches further back than what is open opens a recall of its own.
    """
    negative = spore_tests.last_negative(
        tx, machine.clinic_id, machine.sterilizer_id, before=failed.run_at
    )
    covering = [
        recall
        for recall in recalls.recalls_of(tx, machine.clinic_id, machine.sterilizer_id)
        if recall.until is None
        and (recall.since is None or (negative is not None and negative.run_at >= recall.since))
    ]
    if covering:
        row = covering[-1]
        again = {"recall": row.recall_id, "test": failed.test_id, "positives": row.positives + 1}
        append(tx, actor, "recall.positive", again, now=now)
        recalls.update_recall(tx, row, {"positives": row.positives + 1})
    else:
        row = _open(tx, machine, failed, negative, actor=actor, now=now)
    _pull(tx, row, actor=actor, now=now)
    return find_row(tx, row.recall_id, actor=actor)


def _open(
    tx: Tx,
    machine: SterilizerRow,
    failed: SporeRow,
    negative: SporeRow | None,
    *,
    actor: Actor,
    now: datetime,
) -> RecallRow:
    row = RecallRow(
        clinic_id=machine.clinic_id,
        recall_id=new_id(now),
        kind="spore_test",
        sterilizer_id=machine.sterilizer_id,
        test_id=failed.test_id,
        lot=None,
        gtin=None,
        since=None if negative is None else negative.run_at,
        last_negative=None if negative is None else negative.cycle_id,
        until=None,
        positives=1,
        state="open",
        opened_at=now,
        closed_at=None,
    )
    _enter(tx, row, actor=actor, now=now)
    return row


def _enter(tx: Tx, row: RecallRow, *, actor: Actor, now: datetime) -> None:
    data = {
        "recall": row.recall_id,
        "sterilizer": row.sterilizer_id,
        "test": row.test_id,
        **as_recorded(asdict(row), FIELDS),
    }
    append(tx, actor, "recall.opened", data, now=now)
    recalls.insert_recall(tx, row)


def _pull(tx: Tx, row: RecallRow, *, actor: Actor, now: datetime) -> None:
    """Enter what is taken back, and keep every pack that nobody has opened from being used."""
    window = window_of(tx, row)
    cycles = [
        cycle_id for cycle_id, _, _ in windows.list_cycles(tx, window, after=None, limit=None)
    ]
    packs = windows.list_unopened(tx, window)
    for start in range(0, max(len(cycles), len(packs)), _A_TIME):
        data = {
            "recall": row.recall_id,
            "cycles": cycles[start : start + _A_TIME],
            "packs": packs[start : start + _A_TIME],
        }
        append(tx, actor, "recall.pulled", data, now=now)
    recalls.mark_recalled(tx, row.clinic_id, packs)


def recall_lot(tx: Tx, notice: str, *, actor: Actor, now: datetime) -> RecallRow:
    """Open the recall of a maker's lot notice; the lot is refused from now on.

    Args:
        tx: the caller's transaction.
        notice: the lot number, or the scanned GS1 code that holds it. A code with a GTIN takes
            back that article alone, and what is recorded without an article.
        actor: who received the notice.
        now: the time of the entry.

    Raises:
        Refused: no lot number.
        Conflict: the lot is recalled already.
    """
    actor.require(Action.MANAGE_DEVICES)
    lot, gtin = read_lot(notice)
    hold_log(tx, actor.clinic_id)
    meant = LotNotice(lot=normal_lot(lot), gtin=gtin)
    if any(known.covers(meant) for known in recalls.list_notices(tx, actor.clinic_id)):
        raise Conflict(f"{say_lot(lot, gtin)} is recalled already")
    row = RecallRow(
        clinic_id=actor.clinic_id,
        recall_id=new_id(now),
        kind="lot",
        sterilizer_id=None,
        test_id=None,
        lot=lot,
        gtin=gtin or None,
        since=None,
        last_negative=None,
        until=None,
        positives=0,
        state="open",
        opened_at=now,
        closed_at=None,
    )
    _enter(tx, row, actor=actor, now=now)
    return row


def read_lot(text: str) -> tuple[str, str]:
    """(lot, GTIN or empty): the lot number itself, or what a scanned GS1 code holds.

    Raises:
        Refused: a GS1 code without a lot, or what no label can hold.
    """
    clean = text.strip()
    if _GS1.match(clean) is None:
        return check_lot_code("lot", clean), ""
    scan = parse_gs1(clean)
    return check_lot_code("lot", scan.lot or ""), normal_gtin(scan.udi)


def say_lot(lot: str, gtin: str | None) -> str:
    """A lot with the article that was named with it."""
    return f"lot {lot} of article {gtin}" if gtin else f"lot {lot}"


def list_recalls(
    tx: Tx,
    *,
    actor: Actor,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
    state: str | None = None,
) -> list[RecallRow]:
    """A keyset page, newest first; ``state`` is ``open`` or ``closed``."""
    actor.require(Action.READ_THINGS)
    return recalls.list_recalls(tx, actor.clinic_id, after=after, limit=limit, state=state)


def count_open(tx: Tx, *, actor: Actor) -> int:
    """How many recalls are still to be worked off."""
    actor.require(Action.READ_THINGS)
    return recalls.count_open(tx, actor.clinic_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCall:
    """One attempt to reach the client of a session."""

    recall_id: str
    session_id: str
    outcome: str
    note: str | None = None
    called_at: datetime | None = None


def note_call(tx: Tx, command: NoteCall, *, actor: Actor, now: datetime, keyring: Keyring) -> int:
    """Enter a call and return its index.

    Raises:
        NotFound: the session is not on the worklist.
        Conflict: the recall is closed.
        Refused: an unknown outcome, or a time before the recall or in the future.
    """
    actor.require(Action.RECORD_EVENT)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, command.recall_id, actor=actor)
    if row.state != "open":
        raise Conflict("the recall is closed")
    if command.outcome not in OUTCOMES:
        raise Refused("outcome", command.outcome, "is unknown", allowed=", ".join(OUTCOMES))
    called_at = command.called_at or now
    if not row.opened_at <= called_at <= now:
        raise Refused("called_at", called_at.isoformat(), "is before the recall or in the future")
    client = meetings.is_met(tx, row.clinic_id, command.session_id, find_met(tx, row))
    if client is None:
        raise NotFound("this session is not on the recall's list")
    note = None
    if command.note:
        note = commit_reason(tx, keyring, command.note, actor=actor, subject=client, field="note")
    values = {
        "called_at": called_at,
        "outcome": command.outcome,
        "note": note,
    }
    # The key is not "session": what follows a closed record beside it has its own kinds.
    data = {
        "recall": row.recall_id,
        "met": command.session_id,
        **as_recorded(values, tuple(values)),
    }
    index = append(tx, actor, "recall.called", data, now=now)
    recalls.insert_call(
        tx,
        {
            "clinic_id": row.clinic_id,
            "recall_id": row.recall_id,
            "idx": index,
            "session_id": command.session_id,
            "called_by": actor.user_id,
            **values,
        },
    )
    return index


def close_recall(tx: Tx, recall_id: str, *, actor: Actor, now: datetime) -> RecallRow:
    """Close a recall once the sterilizer is back or retired and every client was told.

    Raises:
        Conflict: something is still to be done; says what.
    """
    actor.require(Action.MANAGE_DEVICES)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, recall_id, actor=actor)
    if row.state != "open":
        raise Conflict("the recall is closed already")
    if row.kind == "spore_test" and row.until is None:
        raise Conflict("the sterilizer has no negative retest yet; the recall goes on until then")
    missing = count_untold(tx, row)
    if missing:
        raise Conflict(f"{missing} of the clients have not been told yet")
    append(tx, actor, "recall.closed", {"recall": row.recall_id}, now=now)
    recalls.update_recall(tx, row, {"state": "closed", "closed_at": now})
    return find_row(tx, row.recall_id, actor=actor)


def count_untold(tx: Tx, row: RecallRow) -> int:
    """Clients of the worklist to whom something is still owed."""
    told = recalls.told_by(row, TOLD)
    return meetings.clients_without(tx, row.clinic_id, find_met(tx, row), told)
