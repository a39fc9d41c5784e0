"""The record drawn anew from the signed bytes, as values for the page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

from compliance.report.content.reading import read_content
from compliance.report.content.values import ReportContent, SessionBlock
from compliance.report.payload import AuditFile
from compliance.web.verifying.room import DrawnRoom, redraw_room

MOST_SESSIONS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """What the signed data says; ``unreadable`` where drawing broke off, with all before it."""

    content: ReportContent
    blocks: tuple[SessionBlock, ...]
    left_out: int
    unreadable: bool
    room: DrawnRoom | None


def redraw(audit: AuditFile | None) -> Redrawn | None:
    """Draw the record, at most `MOST_SESSIONS` sessions; None where nothing can be drawn.

    Never raises: what a rejected file says may be nonsense in any way, and the verdict
    about it must be shown all the same.
    """
    if audit is None:
        return None
    try:
        content = read_content(audit)
        total = len(content.sessions)
    except Exception:  # noqa: BLE001 (a stranger's data: no form of nonsense is ruled out)
        return None
    blocks, unreadable = [], False
    try:
        for block in itertools.islice(content.sessions, MOST_SESSIONS):
            blocks.append(block)  # noqa: PERF402 (what was drawn before a fault is kept)
    except Exception:  # noqa: BLE001 (as above)
        unreadable = True
    room = None
    try:
        room = redraw_room(content, MOST_SESSIONS)
    except Exception:  # noqa: BLE001 (as above)
        unreadable = True
    return Redrawn(
        content=content,
        blocks=tuple(blocks),
        left_out=max(0, total - MOST_SESSIONS),
        unreadable=unreadable,
        room=room,
    )
