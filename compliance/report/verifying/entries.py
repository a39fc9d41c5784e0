"""The meaning layer, first half: the entries are readable, complete, this clinic's, and of the period."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from compliance.ledger.canonical import JsonValue, NotCanonical
from compliance.ledger.entry import Entry, decode_entry, parse_time
from compliance.report.payload import AuditFile
from compliance.report.verifying.shape import any_count, any_text, member
from compliance.report.verifying.verdict import Check

_SHOWN_PROBLEMS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """The entries of an audit, decoded."""

    audit: AuditFile

    inside: Sequence[Entry]
    """Every entry of the range, in order; of one session's file, every entry shown."""

    by_index: Mapping[int, Entry]
    """The same and those quoted from outside."""

    def of_kind(self, kind: str) -> Iterator[Entry]:
        """Return the entries of the range that are of this kind."""
        return (entry for entry in self.inside if entry.kind == kind)


def read_log(audit: AuditFile) -> tuple[Check, ReadLog | None]:
    """Decode every entry; without all of them nothing about their meaning can be said.

    Version 1 has no kind of entry that would explain a body's removal, so an entry
    shown as a bare hash is one that somebody did not want to be read.
    """
    code, name = "entries", "Every entry is shown, readable and this clinic's"
    shown = list(audit.entries)
    hidden = [index for index, body in shown if body is None]
    if hidden:
        reason = f"No: {len(hidden)} entries are withheld, the first is number {hidden[0]}."
        return Check(code=code, name=name, holds=False, reason=reason), None
    try:
        inside = [
            decode_entry(index, body, leaf_hash=leaf_hash)
            for (index, body), leaf_hash in zip(shown, audit.leaf_hashes, strict=True)
            if body is not None
        ]
        outside = [decode_entry(index, body) for index, body in audit.context]
    except NotCanonical as error:
        return Check(code=code, name=name, holds=False, reason=f"No: {error}."), None
    clinic = audit.text("clinic", "id")
    foreign = [entry.index for entry in (*inside, *outside) if entry.clinic != clinic]
    if foreign:
        reason = f"No: entry {foreign[0]} is another clinic's."
        return Check(code=code, name=name, holds=False, reason=reason), None
    by_index = {entry.index: entry for entry in (*outside, *inside)}
    if not audit.has_range:
        inside = [by_index[index] for index in sorted(by_index)]
    check = Check(code=code, name=name, holds=True, reason=f"{len(by_index)} entries were read.")
    return check, ReadLog(audit=audit, inside=inside, by_index=by_index)


def check_period(log: ReadLog) -> Check:
    """Ask whether the range holds all that was recorded in the period.

    The range proof shows that nothing is missing *inside* the range. That the range
    does not begin late or end early shows in the two entries next to it, which must
    lie outside the period; so a report has to quote them.
    """
    return answer(
        "period",
        "The range holds everything recorded in the period",
        _period_problems(log),
        "The entries next to the range lie outside the period.",
    )


def check_incarnation(log: ReadLog) -> Check:
    """Ask whether the report owns up to every time the log was put back.

    Each has an entry, which a report quotes wherever in the log it lies; the number of
    the incarnation is that of the last one.
    """
    return answer(
        "incarnation",
        "Every restore of the log is shown",
        _incarnation_problems(log),
        "The log was never put back, or the report shows the entries that say so.",
    )


def check_clock(log: ReadLog) -> Check:
    """Ask whether the recorded times run forward, save where the record itself says otherwise."""
    return answer(
        "clock",
        "The recorded times run forward",
        _clock_problems(log.inside),
        "They do, or the record itself says where the clock was put back.",
    )


def answer(code: str, name: str, problems: Iterator[str], good: str) -> Check:
    """Turn a list of problems into a check that names the first few."""
    found = list(problems)
    if not found:
        return Check(code=code, name=name, holds=True, reason=good)
    more = len(found) - _SHOWN_PROBLEMS
    tail = f" And {more} more." if more > 0 else ""
    reason = f"No: {'; '.join(found[:_SHOWN_PROBLEMS])}.{tail}"
    return Check(code=code, name=name, holds=False, reason=reason)


def _period_problems(log: ReadLog) -> Iterator[str]:
    start, end = period_limits(log.audit)
    period = member(dict(log.audit.data), "period")
    if (parse_time(member(period, "from_time")), parse_time(member(period, "to_time"))) != (
        start,
        end,
    ):
        yield "its first and last moment are not midnights of the clinic's time zone"
        return
    # Where the clock was wrong for a while, times inside the range may lie anywhere; the
    # order of the entries is what counts, and the anomaly is on record.
    if next(log.of_kind("clock.anomaly"), None) is None:
        for entry in log.inside:
            if not start <= entry.at < end:
                yield f"entry {entry.index} was recorded outside the period"
    yield from _neighbour_problems(log, start, end)


def _incarnation_problems(log: ReadLog) -> Iterator[str]:
    current: JsonValue = 1
    for index in sorted(log.by_index):
        entry = log.by_index[index]
        if entry.kind != "restore":
            continue
        number = any_count(member(dict(entry.data), "incarnation"), "incarnation")
        if not isinstance(current, int) or number <= current:
            yield f"entry {index} restores an incarnation that was over"
        current = number
    if log.audit.data["incarnation"] != current:
        yield f"it calls itself incarnation {log.audit.data['incarnation']}, the entries say {current}"


def _neighbour_problems(log: ReadLog, start: datetime, end: datetime) -> Iterator[str]:
    audit = log.audit
    first, last = _volume_ends(audit)
    if first and audit.start > 0:
        before = log.by_index.get(audit.start - 1)
        if before is None:
            yield f"entry {audit.start - 1}, just before the range, is not shown"
        elif start <= before.at < end:
            yield f"entry {before.index} was recorded in the period and left out"
    if last and audit.end < audit.size:
        after = log.by_index.get(audit.end)
        if after is None:
            yield f"entry {audit.end}, just after the range, is not shown"
        elif start <= after.at < end:
            yield f"entry {after.index} was recorded in the period and left out"


def period_limits(audit: AuditFile) -> tuple[datetime, datetime]:
    """Return the first moment of the period and the first one after it.

    Raises:
        ValueError: if a date or the time zone does not exist.
    """
    zone = ZoneInfo(audit.text("clinic", "time_zone"))
    first = date.fromisoformat(audit.text("period", "from"))
    last = date.fromisoformat(audit.text("period", "to"))
    return (
        datetime.combine(first, time(), zone),
        datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _volume_ends(audit: AuditFile) -> tuple[bool, bool]:
    """Return whether the file begins its period, and whether it ends it."""
    volume: JsonValue = audit.data["volume"]
    if volume is None:
        return True, True
    number, of = member(volume, "number"), member(volume, "of")
    return number == 1, number == of


def _clock_problems(entries: Sequence[Entry]) -> Iterator[str]:
    for earlier, later in itertools.pairwise(entries):
        if later.at < earlier.at and not _is_recorded_step(earlier, later):
            yield f"entry {later.index} is dated before entry {earlier.index}"


def _is_recorded_step(earlier: Entry, later: Entry) -> bool:
    """Return whether an anomaly accounts for the step back, with the very times it states."""
    if later.kind == "clock.anomaly":
        return parse_time(member(dict(later.data), "previous")) == earlier.at
    if earlier.kind == "clock.anomaly":
        return parse_time(member(dict(earlier.data), "observed")) <= later.at
    return False


def entry_text(entry: Entry, *path: str) -> str:
    """Return a text of an entry's data, which a report from us always has."""
    return any_text(member(dict(entry.data), *path), f"entry {entry.index}: {'.'.join(path)}")
