"""The meaning layer of one session's file: the entries are this session's, and it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.ledger.entry import Entry
from compliance.report.verifying.audit_file import SingleSession
from compliance.report.verifying.entries import ReadLog, answer
from compliance.report.verifying.sessions import check_amendments, closing_problems
from compliance.report.verifying.shape import CLIENT_COPY
from compliance.report.verifying.verdict import Check

_ENDS: Final = frozenset({"session.signed", "session.closed", "session.aborted"})

_EXPLAINING: Final = frozenset(
    {"log.genesis", "template.published", "user.added", "user.changed", "restore"}
    | {"erasure", "key.rotated", "anchor", "clinic.changed", "user.renamed"}
)
"""What a session's file may quote besides the session's own entries."""

_HISTORY: Final = frozenset({"session.opened", "session.started", "session.finished"})
"""Every session that was treated has them; a file for an inspector shows them."""


def check_single(log: ReadLog, single: SingleSession) -> Iterator[Check]:
    """Ask whether a session's file is about that session and shows it signed and complete."""
    # (1) every entry is about this session, or explains one that is;
    # (2) it shows how the session ended: signed, closed with its complete checklist by the
    #     template it names, or aborted; a client's copy of an open session does not exist;
    # (3) an amendment is of that ending.
    yield answer(
        "belongs",
        "Every entry is about this session or explains one that is",
        _foreign(log, single),
        f"{sum(1 for _ in _own(log, single))} entries are about session {single.session_id}.",
    )
    yield answer(
        "sessions",
        "The session was signed, and what is called closed is complete",
        _problems(log, single),
        "It was checked against the checklist it names.",
    )
    yield check_amendments(log)


def _own(log: ReadLog, single: SingleSession) -> Iterator[Entry]:
    return (entry for entry in log.inside if entry.data.get("session") == single.session_id)


def _foreign(log: ReadLog, single: SingleSession) -> Iterator[str]:
    for entry in log.inside:
        if entry.kind not in _EXPLAINING and entry.data.get("session") != single.session_id:
            yield f"entry {entry.index} is about something else"


def _problems(log: ReadLog, single: SingleSession) -> Iterator[str]:
    kinds = [entry.kind for entry in _own(log, single)]
    ends = [kind for kind in kinds if kind in _ENDS]
    if not ends:
        yield "no entry shows that the session was signed, closed or aborted"
    elif ends.count("session.closed") + ends.count("session.aborted") > 1:
        yield "it is said to have ended more than once"
    if single.purpose != CLIENT_COPY:
        # An aborted session may never have been started.
        needed = _HISTORY if "session.aborted" not in ends else {"session.opened"}
        for kind in sorted(needed - set(kinds)):
            yield f"its entry {kind} is not shown"
    yield from closing_problems(log)
