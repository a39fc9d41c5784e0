"""The meaning layer of a recall's or a search's file: the lists agree with the entries quoted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.ledger.entry import Entry, parse_time
from compliance.report.verifying.audit_file import TraceFile
from compliance.report.verifying.entries import ReadLog, answer
from compliance.report.verifying.trace_file import RECALL
from compliance.report.verifying.verdict import Check

MOST_CALLS: Final = 500
"""A file quotes the newest so many; of one that quotes as many the older ones may be missing."""

CALL_WORDS: Final[Mapping[str, str]] = {
    "reached": "Reached",
    "letter_sent": "Letter sent",
    "declined": "Declined",
    "not_reached": "Not reached",
}
"""How a list says what came of a call."""

MOST_REFUSED: Final = 500
"""The same of refused answers."""

REFUSED_LINE: Final = "entered late with {thing}, done {done}, refused {refused}"
"""How a list says that a late answer told of a use and was refused."""

_REFUSED: Final = "session.refused"
_ENDS: Final = frozenset({"session.signed", "session.closed", "session.aborted"})
_OF_RECALL: Final = frozenset({"recall.opened", "recall.called", "recall.closed"})
_EXPLAINING: Final = frozenset({"log.genesis", "restore", "key.rotated", "clinic.changed"})
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_MINUTE: Final = r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d"
_CALL: Final = re.compile(rf"(?:^|; )((?:{'|'.join(CALL_WORDS.values())}), {_MINUTE}), ")
_USED_LATE: Final = re.compile(
    rf"(?:^|; )(entered late with (?:pack|lot) .+?, done {_MINUTE}, refused {_MINUTE})(?=; |$)"
)


def check_trace(log: ReadLog, trace: TraceFile) -> Iterator[Check]:
    """Ask whether such a file is about what it says, as far as its entries can show it.

    That a list is complete, and whose reference a line names, they cannot.
    """
    # (1) every entry is of this recall, ends a session, is a refused answer, or explains the log;
    # (2) the title and what is said of the recall are those of its entries;
    # (3) every session and every call that is quoted stands in the list, and no other call;
    # (4) so does every use that a refused answer tells of, and no other.
    yield answer(
        "belongs",
        "Every entry is about this recall, about a session listed, or explains the log",
        _foreign(log, trace),
        f"{len(log.inside)} entries.",
    )
    yield answer(
        "lists",
        "The lists agree with the entries that are quoted",
        _disagreements(log, trace),
        f"{len(_sessions(log))} of {_length(trace)} lines rest on a quoted signature of the session.",
    )


def _foreign(log: ReadLog, trace: TraceFile) -> Iterator[str]:
    for entry in log.inside:
        own = entry.kind in _OF_RECALL and entry.data.get("recall") == trace.recall_id
        if trace.recall_id is None and entry.kind in _OF_RECALL:
            own = False
        if not own and entry.kind not in _EXPLAINING | _ENDS | {_REFUSED}:
            yield f"entry {entry.index} is about something else"


def _disagreements(log: ReadLog, trace: TraceFile) -> Iterator[str]:
    zone = ZoneInfo(log.audit.text("clinic", "time_zone"))
    if not trace.lists or "Treated" not in trace.lists[0].columns:
        yield "its first list does not say when somebody was treated"
        return
    yield from _session_problems(log, _cells(trace, "Treated"), zone)
    yield from _refused_problems(log, trace, zone)
    if trace.purpose == RECALL:
        yield from _recall_problems(log, trace, zone)
        yield from _call_problems(log, _cells(trace, "Calls"), zone)


def _session_problems(log: ReadLog, treated: Sequence[str], zone: ZoneInfo) -> Iterator[str]:
    listed = Counter(treated)
    quoted = Counter(_minute(at, zone) for at in _sessions(log).values())
    for when, count in sorted((quoted - listed).items()):
        yield f"{count} of the sessions quoted, begun {when}, is in no line"


def _sessions(log: ReadLog) -> dict[str, str]:
    """When each session whose ending is quoted was opened."""
    found: dict[str, str] = {}
    for entry in log.inside:
        if entry.kind in _ENDS:
            opened: Any = entry.data["opened"]
            found[str(entry.data["session"])] = str(opened["at"])
    return found


def _refused_problems(log: ReadLog, trace: TraceFile, zone: ZoneInfo) -> Iterator[str]:
    told = Counter(
        line for row in trace.lists[0].rows for cell in row for line in _USED_LATE.findall(cell)
    )
    entries = list(log.of_kind(_REFUSED))
    quoted = Counter(line for entry in entries for line in _used_late(entry, zone))
    for line in sorted(quoted - told):
        yield f"“{line}” is in no line"
    if len(entries) < MOST_REFUSED:
        for line in sorted(told - quoted):
            yield f"“{line}” in a line is no entry"


def _used_late(entry: Entry, zone: ZoneInfo) -> Iterator[str]:
    used: Any = entry.data["used"]
    done = _minute(str(entry.data["performed_at"]), zone)
    for thing in used:
        named = f"{thing['kind']} {thing['code']}"
        yield REFUSED_LINE.format(thing=named, done=done, refused=_recorded(entry, zone))


def _recall_problems(log: ReadLog, trace: TraceFile, zone: ZoneInfo) -> Iterator[str]:
    opened = list(log.of_kind("recall.opened"))
    closed = list(log.of_kind("recall.closed"))
    if len(opened) != 1 or len(closed) > 1:
        yield "the recall was not opened once, and closed once at most"
        return
    lot = opened[0].data.get("lot")
    begins = f"Recall of lot {lot}" if lot is not None else "Recall of sterilizer "
    if not trace.title.startswith(begins) or (lot is not None and trace.title != begins):
        yield "its title is not what the recall takes back"
    state = "closed" if closed else "still open"
    said = f"The recall was opened on {_recorded(opened[0], zone)} and is {state}."
    if said not in trace.sentences:
        yield "it does not say when the recall was opened, and whether it is closed, as the entries do"


def _call_problems(log: ReadLog, cells: Sequence[str], zone: ZoneInfo) -> Iterator[str]:
    told = Counter(call for cell in cells for call in _CALL.findall(cell))
    calls = list(log.of_kind("recall.called"))
    quoted = Counter(
        f"{CALL_WORDS.get(str(entry.data['outcome']), '?')},"
        f" {_minute(str(entry.data['called_at']), zone)}"
        for entry in calls
    )
    for call in sorted(quoted - told):
        yield f"the call “{call}” is in no line"
    if len(calls) < MOST_CALLS:
        for call in sorted(told - quoted):
            yield f"the call “{call}” in a line is no entry"
    for cell in cells:
        if cell != "not called yet" and not _CALL.match(cell):
            yield "a line says something else of calls than when they were made"
            return


def _cells(trace: TraceFile, column: str) -> list[str]:
    first = trace.lists[0]
    if column not in first.columns:
        return []
    at = first.columns.index(column)
    return [row[at] for row in first.rows]


def _length(trace: TraceFile) -> int:
    return len(trace.lists[0].rows) if trace.lists else 0


def _recorded(entry: Entry, zone: ZoneInfo) -> str:
    return _spell(entry.at.astimezone(zone))


def _minute(recorded: str, zone: ZoneInfo) -> str:
    return _spell(parse_time(recorded).astimezone(zone))


def _spell(local: Any) -> str:
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
