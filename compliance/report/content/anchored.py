"""What time-stamps in the file say, in words; whether they count is for the verifier and its pins."""

from __future__ import annotations

import bisect
import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import JsonObject, child, children, number, text
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.times import LocalTimes

AMBER: Final = timedelta(hours=24)
RED: Final = timedelta(days=7)

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorWords:
    """The words of one language."""

    label: str
    summary: str
    bracket: str
    only_by: str
    only_after: str
    nothing: str
    no_gaps: str
    gaps: str
    level: str
    says: str
    does_not: str
    limits: tuple[str, ...]
    not_independent: str
    extended: str


_WORDS: Final[Mapping[str, AnchorWords]] = MappingProxyType(
    {
        "en": AnchorWords(
            label="Time-stamps",
            summary="{count}, the newest {when} over {size} entries, by {who}",
            bracket="Came into the log after {after} and by {by}, say time-stamps.",
            only_by="Came into the log by {by}, say time-stamps.",
            only_after="Came into the log after {after}, say time-stamps; none is over it yet.",
            nothing="No time-stamp is over this record yet.",
            no_gaps="none over 24 h",
            gaps="{amber} over 24 h, {red} over 7 days",
            level="Trust level 0, or 1 by time-stamps",
            says=(
                "If a check accepts this file, it has not been altered since the clinic signed it, and"
                " every entry of the period is in it. For who takes the word of {who}, the first {size}"
                " entries of the log also existed by the times stated."
            ),
            does_not="This does not prove",
            limits=(
                (
                    "when exactly something was done: time-stamps give the times between which a record"
                    " came into the log;"
                ),
                "that the clinic shows everyone the same log: that takes witnesses;",
                "that what people entered is true.",
            ),
            not_independent=(
                "anything by the time-stamps alone: they are the clinic's own and NOT INDEPENDENT;"
            ),
            extended="with an archive time-stamp",
        ),
        "de": AnchorWords(
            label="Zeitstempel",
            summary="{count}, der neueste vom {when} über {size} Einträge, von {who}",
            bracket="Laut Zeitstempeln nach {after} und bis {by} ins Protokoll gekommen.",
            only_by="Laut Zeitstempeln bis {by} ins Protokoll gekommen.",
            only_after="Laut Zeitstempeln nach {after} ins Protokoll gekommen; noch steht keiner darüber.",
            nothing="Noch steht kein Zeitstempel über diesem Eintrag.",
            no_gaps="keine über 24 h",
            gaps="{amber} über 24 h, {red} über 7 Tage",
            level="Vertrauensstufe 0, mit Zeitstempeln 1",
            says=(
                "Wenn eine Prüfung diese Datei annimmt, ist sie unverändert, seit die Praxis sie signiert"
                " hat, und jeder Eintrag des Zeitraums ist enthalten. Wer {who} glaubt, weiß auch, dass"
                " die ersten {size} Einträge des Protokolls zu den genannten Zeiten bestanden."
            ),
            does_not="Das beweist nicht",
            limits=(
                (
                    "wann genau etwas getan wurde: Zeitstempel geben die Zeiten an, zwischen denen ein"
                    " Eintrag ins Protokoll kam;"
                ),
                "dass die Praxis allen dasselbe Protokoll zeigt: dazu braucht es Zeugen;",
                "dass wahr ist, was eingetragen wurde.",
            ),
            not_independent=(
                "irgendetwas durch die Zeitstempel allein: sie sind von der Praxis selbst und NICHT"
                " UNABHÄNGIG;"
            ),
            extended="mit Archivzeitstempel",
        ),
    }
)


def anchor_words(language: str) -> AnchorWords:
    """The words of a language; English where there are none."""
    return _WORDS.get(language, _WORDS["en"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One time-stamp as the file tells of it."""

    size: int
    index: int | None
    at: datetime
    authority: str
    independent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """Every time-stamp of a file, ready to be told of."""

    stamps: Sequence[Stamp]
    words: AnchorWords
    times: LocalTimes
    between: tuple[datetime, datetime]
    """The time in which gaps are counted; what was open at an end of it counts as a whole."""

    recorded: Sequence[datetime] = ()
    """When further time-stamps were given, by the entries that record them: a file leaves out
    some of many tokens in between, and what it leaves out is no gap."""

    @property
    def gaps(self) -> str:
        """How many gaps there are, in words."""
        lengths = list(self._gap_lengths())
        red = sum(length > RED for length in lengths)
        amber = sum(length > AMBER for length in lengths)
        if not amber:
            return self.words.no_gaps
        return self.words.gaps.format(amber=amber, red=red)

    @property
    def summary(self) -> str:
        newest = self.stamps[-1]
        return self.words.summary.format(
            count=len(self.stamps),
            when=self.times.moment(newest.at.isoformat()).text,
            size=newest.size,
            who=self.authorities,
        )

    @property
    def authorities(self) -> str:
        return " + ".join(dict.fromkeys(stamp.authority for stamp in self.stamps))

    @property
    def says(self) -> str:
        return self.words.says.format(who=self.authorities, size=self.stamps[-1].size)

    @property
    def limits(self) -> tuple[str, ...]:
        """What the time-stamps do not prove."""
        if all(stamp.independent for stamp in self.stamps):
            return self.words.limits
        return (self.words.not_independent, *self.words.limits)

    def bracket(self, index: int) -> str:
        """Say between which times an entry came into the log."""
        after = max((one.at for one in self._entered_before(index)), default=None)
        by = min((one.at for one in self.stamps if one.size > index), default=None)
        if by is None:
            if after is None:
                return self.words.nothing
            return self.words.only_after.format(after=self._text(after))
        # Times are printed cut to the minute: the bound from above must be rounded up.
        until = self._text(by + _MINUTE - timedelta(milliseconds=1))
        if after is None:
            return self.words.only_by.format(by=until)
        return self.words.bracket.format(after=self._text(after), by=until)

    def _entered_before(self, index: int) -> Iterator[Stamp]:
        return (one for one in self.stamps if one.index is not None and one.index < index)

    def _text(self, moment: datetime) -> str:
        return self.times.moment(moment.isoformat()).text

    def _gap_lengths(self) -> Iterator[timedelta]:
        start, end = self.between
        moments = sorted({*(one.at for one in self.stamps), *self.recorded})
        first, last = bisect.bisect_right(moments, start), bisect.bisect_left(moments, end)
        # A gap that began before the period, or ended after it, is told in its whole length.
        began = moments[first - 1] if first else start
        ended = moments[last] if last < len(moments) else end
        points = [began, *moments[first:last], ended]
        return (later - earlier for earlier, later in itertools.pairwise(points))


def read_anchored(
    data: JsonObject,
    language: str,
    times: LocalTimes,
    *,
    begun: Sequence[str] = (),
    recorded: Sequence[str] = (),
) -> Anchored | None:
    """Read the time-stamps of an ``audit.json``; nothing where there are none.

    Args:
        data: the whole of it.
        language: in which to tell of them.
        times: of the clinic's zone.
        begun: when the log was begun, for there is no gap before that; empty where unknown.
        recorded: what the ``anchor`` entries shown say of when their tokens were given.

    Raises:
        ContentUnreadable: if a field is missing or of another type.
    """
    stamps = tuple(_read(item) for item in children(data, "anchors"))
    if not stamps:
        return None
    made = _moment(text(data, "made_at"))
    if "period" in data:
        period = child(data, "period")
        start, end = _moment(text(period, "from_time")), _moment(text(period, "to_time"))
        start = max([start, *_moments(begun)])
    else:
        start, end = made, made
    return Anchored(
        stamps=stamps,
        words=anchor_words(language),
        times=times,
        between=(start, max(start, min(end, made))),
        recorded=tuple(_moments(recorded)),
    )


def _read(item: JsonObject) -> Stamp:
    return Stamp(
        size=number(item, "size"),
        index=None if item.get("index") is None else number(item, "index"),
        at=_moment(text(item, "gen_time")),
        authority=text(item, "authority"),
        independent=item.get("independent") is True,
    )


def _moments(recorded: Sequence[str]) -> Iterator[datetime]:
    # An entry may say anything. What is no time is no reason to draw no report.
    for each in recorded:
        with contextlib.suppress(ContentUnreadable):
            moment = _moment(each)
            if moment.tzinfo is not None:
                yield moment


def _moment(recorded: str) -> datetime:
    try:
        return datetime.fromisoformat(recorded)
    except ValueError as error:
        raise ContentUnreadable("a recorded time is unreadable") from error
