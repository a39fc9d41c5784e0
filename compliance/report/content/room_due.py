"""Spore tests and day tests that the rules asked for and that the record does not show in time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from compliance.domain.sterilization.due import reached_at
from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import format_time, parse_time
from compliance.report.content.fields import child, text
from compliance.report.content.naming import Naming
from compliance.report.content.room_indexing import SterilizerPlaces
from compliance.report.content.room_rules import Rules, rules_on
from compliance.report.content.room_sterilizers import sterilizer_code
from compliance.report.content.source import ContentUnreadable

_IN_SERVICE = "in_service"
_DUE_AGAIN = frozenset({"repair", "installation"})
_SPORE_DAYS = "spore_test_max_days"
_SPORE_HOURS = "spore_test_max_run_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A test that was due and not there."""

    number: int
    """The entry that shows it: the last valid test, the sterilizer, or the load."""
    when: str
    """RFC 3339."""
    sentence: str


def find_overdue(naming: Naming, rules: Sequence[Rules], horizon: str | None) -> Iterator[Overdue]:
    """Yield what was overdue in the range.

    Args:
        naming: of the range.
        rules: of the period.
        horizon: up to when a missing test can be told; None for a volume before the last.
    """
    for sterilizer, places in naming.positions.room.sterilizers.items():
        yield from _spore_gaps(naming, sterilizer, places, rules)
        if horizon is not None:
            yield from _spore_missing(naming, sterilizer, places, rules, horizon)
    yield from _day_tests(naming, rules)


def _spore_gaps(
    naming: Naming, sterilizer: str, places: SterilizerPlaces, rules: Sequence[Rules]
) -> Iterator[Overdue]:
    """Tests that came late, while loads were run that should have waited for them."""
    negatives = _negatives(naming, sterilizer)
    loads = sorted(
        cycle.run_at
        for cycle in naming.positions.room.cycles.values()
        if cycle.inside and cycle.sterilizer == sterilizer and cycle.kind == "production"
    )
    resets = [at for at, _ in _resets(naming, places)]
    for (earlier, _), (later, index) in itertools.pairwise(negatives):
        found = _due(naming, sterilizer, rules, earlier, later)
        mended = any(earlier < at <= later for at in resets)
        if found is None or mended or not naming.positions.room.spores[index].inside:
            continue
        due, rule = found
        if any(due < run < later for run in loads):
            yield Overdue(
                number=naming.positions.room.spores[index].index,
                when=later,
                sentence=naming.words.room.spore_late.format(
                    sterilizer=sterilizer_code(naming, sterilizer),
                    due=naming.times.moment(due).text,
                    ran=naming.times.moment(later).text,
                    rule=rule,
                ),
            )


def _spore_missing(
    naming: Naming,
    sterilizer: str,
    places: SterilizerPlaces,
    rules: Sequence[Rules],
    horizon: str,
) -> Iterator[Overdue]:
    if _state_at_end(naming, places) != _IN_SERVICE:
        return
    words, code = naming.words.room, sterilizer_code(naming, sterilizer)
    last = next(iter(_negatives(naming, sterilizer)[-1:]), None)
    reset, entry = max(_resets(naming, places))
    if last is None or last[0] < reset:
        when = naming.times.moment(reset).text
        yield Overdue(
            number=entry,
            when=reset,
            sentence=words.spore_never.format(sterilizer=code, when=when),
        )
        return
    found = _due(naming, sterilizer, rules, last[0], horizon)
    if found is not None:
        due, rule = found
        yield Overdue(
            number=naming.positions.room.spores[last[1]].index,
            when=due,
            sentence=words.spore_overdue.format(
                sterilizer=code,
                due=naming.times.moment(due).text,
                ran=naming.times.moment(last[0]).text,
                rule=rule,
            ),
        )


def _day_tests(naming: Naming, rules: Sequence[Rules]) -> Iterator[Overdue]:
    """Loads that were released on a day whose test did not pass, where the rules ask for one."""
    room = naming.positions.room
    passed = {
        (cycle.sterilizer, _day(naming, cycle.run_at))
        for cycle in room.cycles.values()
        if cycle.kind == "day_test" and not cycle.failed
    }
    for cycle in room.cycles.values():
        if not cycle.inside or cycle.kind != "production" or cycle.released is None:
            continue
        day = _day(naming, cycle.run_at)
        bound = rules_on(rules, day)
        if bound is None or not bound.effective.values.get("day_test_required"):
            continue
        if (cycle.sterilizer, day) not in passed:
            yield Overdue(
                number=cycle.index,
                when=cycle.run_at,
                sentence=naming.words.room.day_test_missing.format(
                    sterilizer=sterilizer_code(naming, cycle.sterilizer),
                    day=naming.times.day(day.isoformat()),
                    rule=bound.effective.cite("day_test_required").rule,
                ),
            )


def _negatives(naming: Naming, sterilizer: str) -> list[tuple[str, str]]:
    """(run, test) of the valid negative tests shown, by their runs."""
    return sorted(
        (places.run_at, test)
        for test, places in naming.positions.room.spores.items()
        if places.sterilizer == sterilizer and places.outcome == "pass"
    )


def _resets(naming: Naming, places: SterilizerPlaces) -> list[tuple[str, int]]:
    """(time, entry) of what made a spore test due at once: the installation, and repairs."""
    found = [(text(naming.log.read(places.index), "at"), places.index)]
    for index in places.services:
        entry = naming.log.read(index)
        if child(entry, "data").get("service") in _DUE_AGAIN:
            found.append((text(entry, "at"), index))
    return found


def _state_at_end(naming: Naming, places: SterilizerPlaces) -> str:
    if places.moves:
        return text(child(naming.log.read(places.moves[-1]), "data"), "to")
    return text(child(naming.log.read(places.index), "data"), "state")


def _due(
    naming: Naming, sterilizer: str, rules: Sequence[Rules], ran: str, moment: str
) -> tuple[str, str] | None:
    """When the test after the one that ran was due, if before a moment, and by which rule.

    Hours of operation are those of the runs shown: runs from before the range that nothing
    quotes are missing, so that what is overdue by them may be told later, and never wrongly.
    """
    bound = rules_on(rules, _day(naming, moment))
    if bound is None:
        return None
    days, hours = (bound.effective.values.get(key) for key in (_SPORE_DAYS, _SPORE_HOURS))
    found = []
    if isinstance(days, int):
        found.append((_time(ran) + timedelta(days=days), _SPORE_DAYS))
    if isinstance(hours, int):
        reached = reached_at(_spans(naming, sterilizer, ran, moment), timedelta(hours=hours))
        found += [] if reached is None else [(reached, _SPORE_HOURS)]
    if not found:
        return None
    due, key = min(found)
    told = format_time(due)
    return (told, bound.effective.cite(key).rule) if told < moment else None


def _spans(
    naming: Naming, sterilizer: str, since: str, moment: str
) -> Iterator[tuple[datetime, datetime | None]]:
    """Start and end of the runs after a time, in their order."""
    runs = sorted(
        (cycle.run_at, cycle.ended_at or "")
        for cycle in naming.positions.room.cycles.values()
        if cycle.sterilizer == sterilizer and since < cycle.run_at < moment
    )
    for start, end in runs:
        yield _time(start), _time(end) if end else None


def _day(naming: Naming, moment: str) -> date:
    return _time(moment).astimezone(naming.times.zone).date()


def _time(moment: str) -> datetime:
    try:
        return parse_time(moment)
    except NotCanonical as error:
        raise ContentUnreadable("a recorded time is unreadable") from error
